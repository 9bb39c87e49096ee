"""The panel in a real terminal: redrawn in place, resized, and gone without a trace."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from tests.conftest import Machine
from tests.terminals import PROMPT, Pane, needs_tmux
from tokentide import clock
from tokentide.clock import MINUTE_US
from tokentide.model.limits import Account, LimitReading
from tokentide.store.sqlite.ledger import Ledger

pytestmark = needs_tmux


@pytest.fixture
def pane(machine: Machine) -> Iterator[Pane]:
    put(machine, 62.0)
    environ = machine._environ()
    found = Pane(machine.root, environ)
    yield found
    found.end()


def put(machine: Machine, percent: float) -> None:
    """What a status line would put into the ledger."""
    now = clock.now_us()
    with Ledger.open(str(machine.ledger)) as ledger:
        reading = LimitReading(
            "k", "five_hour", "statusline", now, percent, now // MINUTE_US * MINUTE_US + 90 * MINUTE_US
        )
        ledger.limits.take([Account("k", "ada@example.com")], [reading])


def start(pane: Pane, *options: str) -> str:
    pane.press(f"{sys.executable} -m tokentide panel {' '.join(options)}", "Enter")
    return pane.wait(lambda text: "└" in text and "62 %" in text)


def box_of(text: str) -> list[str]:
    """The lines of the box, without what lies right of it."""
    return [line.rstrip() for line in text.splitlines() if line.startswith(("┌", "│", "└"))]


def has_box(width: int) -> Callable[[str], bool]:
    """True for a screen with a whole box of that width."""
    return lambda text: any(line.endswith("┐") and len(line) == width for line in box_of(text))


def test_it_is_redrawn_in_place(pane: Pane, machine: Machine) -> None:
    first = start(pane, "--interval", "1")
    assert pane.state() == (False, True)
    put(machine, 85.0)
    second = pane.wait(lambda text: "85 %" in text)
    assert "62 %" not in second
    assert second.count("┌") == 1
    assert len(box_of(first)) == len(box_of(second))
    assert first.splitlines()[0].startswith("┌")


def test_it_follows_the_terminals_width_both_ways(pane: Pane) -> None:
    start(pane)
    for columns in (40, 30, 100, 80):
        pane.resize(columns, 30)
        text = pane.wait(has_box(min(columns, 60)))
        assert text.count("┌") == text.count("└") == text.count("┘") == 1
        assert text.splitlines()[0].startswith("┌")
        assert not [line for line in text.splitlines() if line.strip() and not line.startswith(("┌", "│", "└"))]


def test_a_low_terminal_shows_what_fits(pane: Pane) -> None:
    start(pane)
    pane.resize(80, 5)
    text = pane.wait(lambda text: "62 %" in text and len(text.rstrip("\n").splitlines()) <= 5)
    assert text.splitlines()[0].startswith("┌")


def test_ctrl_c_leaves_the_shell_the_cursor_and_the_last_picture(pane: Pane) -> None:
    pane.press("echo before", "Enter")
    start(pane)
    pane.press("x", "y")
    time.sleep(0.6)
    assert "xy" not in pane.text()
    pane.press("C-c")
    text = pane.wait(lambda text: text.rstrip().endswith(PROMPT) and "62 %" in text)
    assert pane.state() == (True, False)
    assert "before" in text
    assert "Traceback" not in text
    pane.press("echo code=$?", "Enter")
    pane.wait(lambda text: "code=0" in text)
    assert pane.text(history=True).count("┌") == 1


def test_ctrl_z_gives_the_shell_back_and_fg_the_panel(pane: Pane) -> None:
    start(pane)
    pane.press("C-z")
    pane.wait(lambda text: "Stopped" in text)
    assert pane.state() == (True, False)
    pane.press("fg", "Enter")
    pane.wait(lambda text: text.startswith("┌") and "62 %" in text)
    assert pane.state() == (False, True)
    pane.press("C-c")
    pane.wait(lambda text: text.rstrip().endswith(PROMPT))


def test_a_kill_leaves_a_clean_terminal_too(pane: Pane, machine: Machine) -> None:
    pane.press(f"{sys.executable} -m tokentide panel & echo $! > {machine.root}/pid; fg", "Enter")
    pane.wait(lambda text: text.startswith("┌") and "62 %" in text)
    subprocess.run(["kill", (machine.root / "pid").read_text().strip()], check=True)
    pane.wait(lambda text: text.rstrip().endswith(PROMPT))
    assert pane.state() == (True, False)


def test_a_ledger_that_breaks_meanwhile_is_a_line_in_the_panel(pane: Pane, machine: Machine) -> None:
    start(pane, "--interval", "1")
    with Ledger.open(str(machine.ledger)):
        pass
    for path in machine.ledger.parent.glob("ledger.sqlite3*"):
        path.unlink()
    machine.ledger.write_bytes(b"no ledger " * 1000)
    text = pane.wait(lambda text: "is damaged" in text)
    assert "62 %" in text
