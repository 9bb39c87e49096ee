"""The status line in the real client: installed by our command, shown on its screen, its push in the ledger."""

from __future__ import annotations

import json
import re
import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Machine
from tests.realclient.api_stand_in import ApiStandIn, ScriptedTurn, ScriptedUsage, serving
from tests.realclient.screen import DUMMY_TOKEN, Screen, need_client_on_screen, running_client
from tokentide.store.sqlite.ledger import Ledger

MODEL = "claude-opus-4-8"
PROMPT = "LIMIT-ME"
USAGE = ScriptedUsage(10, 57, cache_creation_5m=600, cache_creation_1h=400, cache_read=2_000)
SAVER = "import sys; open(sys.argv[1], 'ab').write(sys.stdin.buffer.read().strip() + b'\\n')"
"""A status line that was there before: it keeps what it is told, and says nothing."""


def unified_headers(now: int) -> dict[str, str]:
    """A subscriber's limits as the API sends them: 62 % of five hours, 34 % of the week."""
    five_hour, week = str(now // 600 * 600 + 6_000), str(now // 600 * 600 + 259_200)
    named = {
        "status": "allowed",
        "reset": five_hour,
        "representative-claim": "five_hour",
        "5h-status": "allowed",
        "5h-utilization": "0.62",
        "5h-reset": five_hour,
        "7d-status": "allowed",
        "7d-utilization": "0.34",
        "7d-reset": week,
    }
    return {f"anthropic-ratelimit-unified-{name}": value for name, value in named.items()}


def install_around_saver(machine: Machine) -> None:
    """Install our status line around one that keeps what it is told, a line each, in `pushes.jsonl`."""
    saved = machine.root / "pushes.jsonl"
    former = shlex.join([sys.executable, "-c", SAVER, str(saved)])
    machine.claude.mkdir()
    (machine.claude / "settings.json").write_text(json.dumps({"statusLine": {"type": "command", "command": former}}))
    machine.settings("statusline_sync = false")
    assert machine.run("statusline", "install", "--wrap").returncode == 0


@pytest.fixture
def subscriber(
    machine: Machine,
) -> Iterator[tuple[Screen, ApiStandIn]]:
    """The client at its prompt, our status line installed around one that keeps its input."""
    need_client_on_screen()
    install_around_saver(machine)
    turn = ScriptedTurn(USAGE)
    with (
        serving({PROMPT: [turn] * 3}, unified_headers(int(time.time()))) as server,
        running_client(machine.home, server.base_url, MODEL, machine.folders) as screen,
    ):
        yield screen, server


@pytest.mark.realclient
def test_the_line_is_on_the_screen_and_its_push_in_the_ledger(
    subscriber: tuple[Screen, ApiStandIn], machine: Machine
) -> None:
    screen, server = subscriber
    before = screen.wait_for(lambda text: "Opus 4.8 |" in text, what="our line before any answer")
    assert "62 %" not in before
    screen.type_line(PROMPT)
    shown = screen.wait_for(lambda text: "62 %" in text and "context 2 %" in text, what="the limits in our line")
    line = next(line for line in shown.splitlines() if "62 %" in line)
    assert "Opus 4.8 | high | 5h ██████░░░░ 62 % 1h" in line
    assert "| week 34 % 2d" in line
    assert re.search(r"\| \$0\.0[12] session", line)  # the client asks for a title besides
    headers = server.message_headers
    with Ledger.open(str(machine.ledger)) as ledger:
        readings = {reading.window: reading for reading in ledger.limits.readings()}
        states = ledger.limits.sessions(0)
    assert {window: reading.percent for window, reading in readings.items()} == {"five_hour": 62.0, "seven_day": 34.0}
    assert readings["five_hour"].resets_at == int(headers["anthropic-ratelimit-unified-5h-reset"]) * 1_000_000
    assert {reading.source for reading in readings.values()} == {"statusline"}
    (state,) = states
    assert (state.context_tokens, state.context_window_tokens) == (3_010, 200_000)
    assert state.cost is not None
    assert state.cost >= 10_225_000
    (account,) = machine.json("limits", "--offline", "--json")["accounts"]
    shown_windows = {window["window"]: (window["percent"], window["source"]) for window in account["windows"]}
    assert shown_windows == {"five_hour": (62.0, "statusline"), "seven_day": (34.0, "statusline")}
    assert "62 %" in machine.run("limits", "--offline").stdout
    assert machine.run("statusline", "status").stdout.count("just now") == 1
    assert DUMMY_TOKEN.encode() not in b"".join(
        path.read_bytes() for path in machine.ledger.parent.iterdir() if path.is_file()
    )


@pytest.mark.realclient
def test_the_client_sends_the_keys_that_are_known(subscriber: tuple[Screen, ApiStandIn], machine: Machine) -> None:
    screen, _ = subscriber
    screen.type_line(PROMPT)
    screen.wait_for(lambda text: "62 %" in text and "context 2 %" in text, what="the limits in our line")
    pushes = [json.loads(line) for line in (machine.root / "pushes.jsonl").read_text().splitlines()]
    known = Path(__file__).parent / "statusline"
    assert _shape(pushes[0]) == _shape(json.loads((known / "started-2.1.197.json").read_text()))
    assert _shape(pushes[-1]) == _shape(json.loads((known / "answered-2.1.197.json").read_text()))


def _shape(value: object) -> object:
    """The keys at every level, in order, without what they hold."""
    return {key: _shape(inner) for key, inner in value.items()} if isinstance(value, dict) else None
