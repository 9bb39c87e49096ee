"""The guard in the real client: installed by our command, its warning, its block and an alert on the screen."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator

import pytest

from tests.conftest import Machine
from tests.realclient.api_stand_in import ApiStandIn, ScriptedTurn, ScriptedUsage, serving
from tests.realclient.screen import Screen, need_client_on_screen, running_client
from tokentide import clock
from tokentide.clock import HOUR_US
from tokentide.model.alerts import Alert, Claim
from tokentide.model.limits import FIVE_HOUR, STATUSLINE, LimitReading
from tokentide.sources.claude_code.account import account_in
from tokentide.store.sqlite.ledger import Ledger

MODEL = "claude-opus-4-8"
WORD = "GUARDED"
HELLO = shlex.join([sys.executable, "-c", "print('hello from another hook')"])


def used(machine: Machine, percent: float) -> None:
    """What the account's five hours are like now."""
    now = clock.now_us()
    account = account_in(str(machine.claude), str(machine.home))
    reading = LimitReading(account.key, FIVE_HOUR, STATUSLINE, now, percent, now + 2 * HOUR_US)
    with Ledger.open(str(machine.ledger)) as ledger:
        ledger.limits.take([account], [reading])


def alert(machine: Machine, title: str) -> None:
    """An alert of now."""
    now = clock.now_us()
    claim = Claim(title, now)
    with Ledger.open(str(machine.ledger)) as ledger:
        assert ledger.alerts.claim([(claim, Alert(claim.key, "percent", "", "", now, "warning", title, ""))], now)


@pytest.fixture
def client(machine: Machine, request: pytest.FixtureRequest) -> Iterator[tuple[Screen, ApiStandIn]]:
    """The client at its prompt, our hooks beside another one; the five hours are used up."""
    need_client_on_screen()
    machine.claude.mkdir()
    other = {"hooks": {"UserPromptSubmit": [{"hooks": [{"type": "command", "command": HELLO}]}]}}
    (machine.claude / "settings.json").write_text(json.dumps(other))
    machine.settings("statusline_sync = false")
    assert machine.run("guard", "install", *request.param).returncode == 0
    used(machine, 100.0)
    alert(machine, "Week: 95 % used")
    with (
        serving({WORD: [ScriptedTurn(ScriptedUsage(10, 57))] * 9}, {}) as server,
        running_client(machine.home, server.base_url, MODEL, machine.folders) as screen,
    ):
        yield screen, server


def sent(server: ApiStandIn) -> list[str]:
    """The prompts that reached the API; the client asks for a session's title besides."""
    bodies = (json.dumps(seen.body) for seen in server.requests if seen.turn is not None)
    return [body for body in bodies if "<session>" not in body]


@pytest.mark.realclient
@pytest.mark.parametrize("client", [()], indirect=True)
def test_a_warning_is_shown_and_the_prompt_goes_off(client: tuple[Screen, ApiStandIn], machine: Machine) -> None:
    screen, server = client
    screen.wait_for(lambda text: "SessionStart:startup says: tokentide: Week: 95 % used" in text, what="the alert")
    screen.type_line(f"{WORD} one")
    shown = screen.wait_for(lambda text: "Done." in text, what="the answer")
    assert "UserPromptSubmit says: tokentide: 5 hours 100 % used, resets" in shown
    assert len(sent(server)) == 1
    assert "hello from another hook" in sent(server)[0]
    alert(machine, "5 hours: will be full about noon")
    screen.type_line(f"{WORD} two")
    shown = screen.wait_for(lambda text: text.count("Done.") == 2, what="the second answer")
    assert "UserPromptSubmit says: tokentide: 5 hours: will be full about noon" in shown
    assert shown.count("100 % used") == 1


@pytest.mark.realclient
@pytest.mark.parametrize("client", [("--block",)], indirect=True)
def test_a_prompt_is_held_back_and_can_pass(client: tuple[Screen, ApiStandIn], machine: Machine) -> None:
    screen, server = client
    screen.type_line(f"{WORD} one")
    shown = screen.wait_for(lambda text: "Original prompt" in text, what="the block")
    assert "operation blocked by hook" in shown
    assert "tokentide guard: 5 hours 100 % used, resets" in shown
    assert "begin it with go! or type `tokentide guard snooze 30m` in a shell" in shown
    assert sent(server) == []
    screen.type_line(f"go! {WORD} two")
    screen.wait_for(lambda text: "Done." in text, what="the answer to the one that passes")
    assert len(sent(server)) == 1
    assert machine.run("guard", "snooze", "5m").returncode == 0
    screen.type_line(f"{WORD} three")
    screen.wait_for(lambda text: text.count("Done.") == 2, what="the answer while it is silent")


@pytest.mark.realclient
@pytest.mark.parametrize("client", [("--block",)], indirect=True)
def test_a_guard_that_cannot_answer_stops_nobody(client: tuple[Screen, ApiStandIn], machine: Machine) -> None:
    screen, server = client
    machine.ledger.write_bytes(b"no database at all")
    screen.type_line(f"{WORD} one")
    screen.wait_for(lambda text: "Done." in text, what="the answer")
    assert len(sent(server)) == 1
    assert "LedgerDamagedError" in (machine.ledger.parent / "errors.log").read_text()
