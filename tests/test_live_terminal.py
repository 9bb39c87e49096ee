"""The live view in a real terminal: its keys, its size, its end, and a long first reading."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
from collections.abc import Iterator

import pytest

from tests.conftest import Machine, as_bytes, usage_line
from tests.live_stage import QUIET_RULES
from tests.terminals import PROMPT, Pane, needs_tmux
from tokentide import clock
from tokentide.clock import HOUR_US, MINUTE_US
from tokentide.model.limits import Account, LimitReading
from tokentide.sample import write_sample
from tokentide.store.sqlite.ledger import Ledger

pytestmark = needs_tmux


@pytest.fixture
def pane(machine: Machine) -> Iterator[Pane]:
    now = clock.now_us()
    write_sample(str(machine.claude), now)
    machine.settings("account_poll = false\n")
    (machine.root / "config" / "alerts.toml").write_text(QUIET_RULES)
    with Ledger.open(str(machine.ledger)) as ledger:
        account = Account("sample:sample", "sam@example.com")
        resets_at = now // MINUTE_US * MINUTE_US + 2 * HOUR_US
        ledger.limits.take([account], [LimitReading(account.key, "five_hour", "statusline", now, 62.0, resets_at)])
    found = Pane(machine.root, machine._environ())
    yield found
    found.end()


def test_keys_views_and_the_way_out(pane: Pane) -> None:
    pane.start("live")
    text = pane.wait(lambda text: "62 %" in text and "Burn rate" in text)
    assert text.startswith(" 1 Now")
    pane.press("2")
    pane.wait(lambda text: "Day ▼" in text and "responses" in text)
    pane.press("Enter")
    pane.wait(lambda text: "Days › 20" in text)
    pane.press("Escape")
    pane.wait(lambda text: "Days ›" not in text)
    pane.press("5")
    pane.wait(lambda text: "sessions" in text)
    pane.press("/")
    pane.press("-l", "tidy")
    pane.wait(lambda text: "only: tidy" in text)
    pane.press("Escape")
    pane.wait(lambda text: "only:" not in text)
    pane.press("?")
    pane.wait(lambda text: "the next theme" in text)
    pane.press("Escape")
    pane.wait(lambda text: "the next theme" not in text)
    pane.press("q")
    pane.wait(lambda text: "code=0" in text)
    assert pane.is_plain()


def test_it_follows_the_terminals_size(pane: Pane) -> None:
    pane.start("live")
    pane.wait(lambda text: "62 %" in text)
    for columns, lines in ((40, 20), (120, 40), (60, 12), (80, 24)):
        pane.resize(columns, lines)
        text = pane.wait(lambda text: f"{'?'} help" in text.splitlines()[-1] and "62 %" in text)
        assert all(len(line) <= columns for line in text.splitlines())
    pane.press("C-c")
    pane.wait(lambda text: "code=0" in text)
    assert pane.is_plain()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_kill_leaves_a_clean_terminal(pane: Pane, machine: Machine, number: signal.Signals) -> None:
    command = shlex.join([sys.executable, "-m", "tokentide", "live"])
    pane.press(f"{command} & echo $! > {machine.root}/pid; fg", "Enter")
    pane.wait(lambda text: "62 %" in text)
    os.kill(int((machine.root / "pid").read_text()), number)
    pane.wait(lambda text: text.rstrip().endswith(PROMPT))
    assert pane.is_plain()
    assert "Traceback" not in pane.text()


def test_a_long_first_reading_shows_how_far_it_is(pane: Pane, machine: Machine) -> None:
    filler = json.dumps({"type": "user", "message": {"content": "x" * 1_000_000}}).encode() + b"\n"
    folder = machine.claude / "projects" / "-srv-big"
    folder.mkdir(parents=True)
    for number in range(6):
        with (folder / f"s{number}.jsonl").open("wb") as file:
            for line in range(60):
                file.write(filler)
                at = f"2026-03-10T10:00:{line:02}.000Z"
                file.write(
                    as_bytes(usage_line(f"m{number}-{line}", f"r{number}-{line}", at, session=f"s{number}")) + b"\n"
                )
    pane.start("live")
    pane.wait(lambda text: "Reading your transcripts for the first time" in text and "MB" in text)
    pane.wait(lambda text: "62 %" in text, seconds=60)
    pane.press("6")
    pane.wait(lambda text: "projects" in text)
    pane.press("q")
    pane.wait(lambda text: "code=0" in text)
    report = machine.json("session", "--session", "s0", "--json")
    assert report["totals"]["responses"] == 60


def test_no_colour_where_none_is_wanted(pane: Pane) -> None:
    pane.press("export NO_COLOR=1", "Enter")
    pane.start("live")
    pane.wait(lambda text: "62 %" in text)
    coloured = pane._run("capture-pane", "-p", "-e")
    assert "\x1b[3" not in coloured.replace("\x1b[39m", "")
    assert "38;2" not in coloured
    pane.press("q")
    pane.wait(lambda text: "code=0" in text)
