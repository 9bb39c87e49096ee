"""The made-up team: somebody has always been at work on the day that is looked at first; nothing of it stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import Machine
from tokentide.clock import DAY_US
from tokentide.sample_team import team_rows
from tokentide.sources.claude_code.instants import parse_instant

LONGEST_SECONDS = 60


@pytest.mark.parametrize("clock", ["00:40", "04:50", "11:59", "12:01", "23:59"])
def test_somebody_has_worked_on_the_last_day_whatever_the_hour(clock: str) -> None:
    now = parse_instant(f"2026-11-22T{clock}:00Z")
    assert now is not None
    rows = team_rows(now=now, days=3)
    today = now // DAY_US * DAY_US
    seen = {row.user_id for row in rows.sightings if row.happened_at >= today}
    assert len(seen) > 5
    assert max(row.happened_at for row in rows.records) <= now


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_demo_that_is_ended_while_it_is_made_up_leaves_nothing(machine: Machine, tmp_path: Path, name: str) -> None:
    place = tmp_path / "places"
    place.mkdir()
    demo = subprocess.Popen(
        [sys.executable, "-m", "tokentide", "demo", "server", "--port", "0"],
        env={**machine._environ(), "TMPDIR": str(place)},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert demo.stderr is not None
    try:
        began = time.monotonic()
        while "a few seconds" not in demo.stderr.readline():
            assert time.monotonic() < began + LONGEST_SECONDS
        assert list(place.iterdir())
        demo.send_signal(getattr(signal, name))
        assert demo.wait(LONGEST_SECONDS) == 128 + getattr(signal, name)
    finally:
        demo.kill()
        demo.wait()
        demo.stderr.close()
    assert list(place.iterdir()) == []
