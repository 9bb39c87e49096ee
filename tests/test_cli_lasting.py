"""Commands that stay collect garbage, seldom, and without what they began with."""

from __future__ import annotations

import gc
import subprocess
import sys

from tokentide.cli.lasting import YOUNG, stay

STAYS = """
import gc
gc.disable()
from tokentide.cli.lasting import stay
stay()
print(gc.isenabled(), gc.get_threshold()[0], gc.get_freeze_count() > 1000)
made = [[] for _ in range(3 * gc.get_threshold()[0])]
print(sum(each["collections"] for each in gc.get_stats()) > 0)
"""


def test_a_command_that_stays_collects_garbage_seldom_and_never_looks_through_what_it_began_with() -> None:
    found = subprocess.run([sys.executable, "-c", STAYS], capture_output=True, text=True, timeout=60, check=True)
    assert found.stdout.split() == ["True", str(YOUNG), "True", "True"]


def test_the_process_of_another_is_left_as_it_is() -> None:
    before = gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()
    stay()
    assert (gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()) == before
