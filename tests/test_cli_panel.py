"""`tokentide panel` against stand-ins for the account's and the Admin API, and with what lies on the machine alone."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from tests import admin_stand_in as admin
from tests.account_stand_in import LOGIN, TOKEN, USAGE_ENTERPRISE, AccountStandIn, log_in
from tests.conftest import Machine
from tests.pace_maker import LANGFUSE_KEY, SECRET_VALUE, PaceMaker, instant
from tokentide.analytics.panel import Panel
from tokentide.cli.panel_feed import PanelFeed
from tokentide.errors import LedgerUnwritableError
from tokentide.model.limits import Account, LimitReading
from tokentide.store.sqlite.ledger import Ledger

NOW = "2026-03-12T12:10:00Z"


@pytest.fixture
def organization(machine: Machine) -> Iterator[Machine]:
    with admin.admin_stand_in(NOW) as served:
        admin.busy_month(served)
        machine.environ |= {"ANTHROPIC_ADMIN_API_KEY": admin.KEY, "TOKENTIDE_API_URL": served.url}
        (machine.home / ".claude.json").write_text(json.dumps({"oauthAccount": LOGIN}))
        yield machine


def panel(machine: Machine, *more: str, now: str = NOW) -> dict[str, Any]:
    code, out, _ = machine.call("panel", "--json", *more, now=now)
    assert code == 0
    found: dict[str, Any] = json.loads(out)
    return found


def test_code_mode_from_the_account(subscriber: Machine, api: AccountStandIn) -> None:
    code, out, err = subscriber.call("panel", now=NOW)
    assert (code, err) == (0, "")
    for words in (
        "👤 Ada (ada@example.com)",
        "🏢 Analytical Engines MAX 20x",
        "⚡ Tier: default_claude_max_20x",
        "62 %",
    ):
        assert words in out
    assert "⏰ Resets in: 1h 40m" in out
    assert "Updated: 12:10:00" in out
    assert api.count("usage") == 1


def test_the_manners_hold_over_calls(subscriber: Machine, api: AccountStandIn) -> None:
    for minute in (10, 11, 12, 13, 14):
        subscriber.call("panel", now=f"2026-03-12T12:{minute}:30Z")
        subscriber.call("panel", "--json", now=f"2026-03-12T12:{minute}:40Z")
    assert api.count("usage") == 1
    subscriber.call("panel", now="2026-03-12T12:16:00Z")
    assert api.count("usage") == 2


def test_nobody_is_asked_where_that_is_switched_off(subscriber: Machine, api: AccountStandIn) -> None:
    subscriber.call("panel", "--offline", now=NOW)
    subscriber.settings("account_poll = false\n")
    _, out, _ = subscriber.call("panel", now=NOW)
    assert not api.asked
    assert "No limits are known here yet." in out


def test_an_enterprise_without_windows_shows_its_spend(subscriber: Machine, api: AccountStandIn) -> None:
    api.script.usage = USAGE_ENTERPRISE
    _, out, _ = subscriber.call("panel", now=NOW)
    assert "€1,234.56 of €5,000.00" in out
    assert "0 %" not in out


def test_an_expired_login_is_one_line_that_says_what_to_do(machine: Machine) -> None:
    log_in(machine, expires="2026-03-12T12:12:00Z")
    code, out, _ = machine.call("panel", now=NOW)
    assert code == 0
    assert "run `claude` once" in out


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_old_numbers_stay_with_their_age_when_the_account_refuses(
    subscriber: Machine, api: AccountStandIn, status: int
) -> None:
    subscriber.call("panel", now=NOW)
    api.script.status = status
    _, out, _ = subscriber.call("panel", now="2026-03-12T12:30:00Z")
    assert "62 %" in out
    assert "Updated: 12:10:00 (20 min old, account)" in out
    assert "next try in" in out


def test_nothing_known_says_what_to_do(machine: Machine) -> None:
    code, out, _ = machine.call("panel", now=NOW)
    assert code == 0
    assert "tokentide statusline install" in " ".join(out.replace("│", " ").split())
    found = panel(machine)
    assert (found["mode"], found["accounts"], found["month"]) == ("code", [], None)


def test_a_wrong_admin_key_is_named_where_there_is_nothing_else(machine: Machine) -> None:
    machine.environ["ANTHROPIC_ADMIN_API_KEY"] = "sk-ant-api03-not-of-an-admin"
    _, out, _ = machine.call("panel", now=NOW)
    assert "an ordinary API key" in " ".join(out.replace("│", " ").split())


def test_readings_in_the_ledger_are_enough(machine: Machine) -> None:
    with Ledger.open(str(machine.ledger)) as ledger:
        reading = LimitReading("k", "five_hour", "statusline", instant(NOW) - 1, 12.0, instant(NOW) + 10**9)
        ledger.limits.take(
            [Account("k", "ada@example.com"), Account("l", "bob@example.com")], [reading, reading._replace(account="l")]
        )
    _, out, _ = machine.call("panel", now=NOW)
    assert out.count("┌ Claude Code Usage") == 2
    _, out, _ = machine.call("panel", "--account", "BOB", now=NOW)
    assert "ada@example.com" not in out
    _, out, _ = machine.call("panel", "--account", "nobody", now=NOW)
    assert "no account matches nobody" in out


# Console mode.


def test_an_admin_key_alone_means_console_mode(organization: Machine) -> None:
    code, out, err = organization.call("panel", now=NOW)
    assert (code, err) == (0, "")
    for words in (
        "Console Usage",
        "🏢 Acme Robotics",
        "═══ Month-to-Date (March 2026) ═══",
        "(ada@example.com)",
        "Rate: not known",
    ):
        assert words in out
    found = panel(organization)
    assert (found["mode"], found["month"]["person"], found["month"]["month"]) == (
        "console",
        "ada@example.com",
        "2026-03",
    )


def test_a_login_comes_before_an_admin_key_unless_told(organization: Machine) -> None:
    log_in(organization)
    assert panel(organization, "--offline")["mode"] == "code"
    assert panel(organization, "--offline", "--mode", "console")["mode"] == "console"
    assert panel(organization, "--mode", "console", "--user", "Bob@Example.com")["month"]["person"] == "bob@example.com"


def test_console_mode_without_a_key_says_where_one_is_from(machine: Machine) -> None:
    code, out, _ = machine.call("panel", "--mode", "console", now=NOW)
    assert code == 0
    assert "ANTHROPIC_ADMIN_API_KEY" in out


# Pace Maker.


def test_pace_maker_is_shown_and_its_answers_are_kept(machine: Machine) -> None:
    (machine.home / ".claude.json").write_text(json.dumps({"oauthAccount": LOGIN}))
    maker = PaceMaker(machine.home, tempo_mode="on")
    maker.answer("2026-03-12T12:08:00Z", (78, "2026-03-12T14:10:00Z"), (40, "2026-03-16T00:00:00Z"), id=1)
    maker.decide("2026-03-12T12:08:00Z", 45)
    _, out, _ = machine.call("panel", now=NOW)
    for words in (
        "⚠ THROTTLING",
        "5-Hour Target:",
        "60 %",
        "+21.0 % (over budget)",
        "Next delay: 45s",
        "Tempo: enabled",
    ):
        assert words in out
    found = panel(machine)
    (account,) = found["accounts"]
    assert account["windows"][0]["source"] == "pace_maker"
    assert account["pace_maker"]["status"] == "throttling"
    assert account["pace_maker"]["windows"][1]["target_percent"] == pytest.approx(70.14)
    with Ledger.open(str(machine.ledger)) as ledger:
        assert len(ledger.limits.readings()) == 2


def test_a_new_answer_of_pace_maker_is_taken_and_an_old_one_only_once(machine: Machine) -> None:
    maker = PaceMaker(machine.home)
    for minute in (0, 5):
        maker.answer(f"2026-03-12T12:0{minute}:00Z", (10 + minute, "2026-03-12T14:10:00Z"), (0, None), session_id="s")
    panel(machine)
    maker.answer("2026-03-12T12:12:00Z", (30, "2026-03-12T14:10:00Z"), (0, None), session_id="s")
    panel(machine, now="2026-03-12T12:13:00Z")
    with Ledger.open(str(machine.ledger)) as ledger:
        assert [reading.percent for reading in ledger.limits.readings()] == [10, 15, 30]


def test_pace_maker_is_not_shown_at_another_account(machine: Machine) -> None:
    test_pace_maker_is_shown_and_its_answers_are_kept(machine)
    with Ledger.open(str(machine.ledger)) as ledger:
        reading = LimitReading("k", "five_hour", "statusline", instant(NOW) - 1, 12.0, instant(NOW) + 10**9)
        ledger.limits.take([Account("k", "bob@example.com")], [reading])
    assert [account["pace_maker"] is not None for account in panel(machine)["accounts"]] == [False, True]
    assert panel(machine, "--account", "bob")["accounts"][0]["pace_maker"] is None


def test_answers_are_not_taken_for_a_login_that_does_not_say_whose_it_is(subscriber: Machine) -> None:
    (subscriber.home / ".claude.json").write_text("{}")
    PaceMaker(subscriber.home).answer("2026-03-12T12:08:00Z", (78, "2026-03-12T14:10:00Z"), (40, None), id=1)
    found = panel(subscriber)
    (account,) = found["accounts"]
    assert account["windows"][0]["source"] == "account"
    assert account["pace_maker"] is not None


# The worker.


def settled(feed: PanelFeed, now: int) -> Panel:
    """What the feed hands out once its worker has ended."""
    feed.newest(now)
    assert feed._worker is not None
    feed._worker.join(10)
    return feed.newest(now)


def test_the_feed_looks_for_news_when_it_is_time() -> None:
    first, asked = Panel("code", (), None), list[int]()

    def load(now: int) -> Panel:
        asked.append(now)
        return Panel("code", (), None, f"at {now}")

    feed = PanelFeed(first, load, 100)
    assert settled(feed, 1000).fault == "at 1000"
    assert settled(feed, 1099).fault == "at 1000"
    assert settled(feed, 1100).fault == "at 1100"
    assert asked == [1000, 1100]


def test_an_expected_error_is_shown_and_any_other_is_raised() -> None:
    def locked(_now: int) -> Panel:
        raise LedgerUnwritableError("ledger", "database is locked")

    def broken(_now: int) -> Panel:
        raise ValueError("a mistake of ours")

    assert "database is locked" in settled(PanelFeed(Panel("code", (), None), locked, 100), 1).fault
    with pytest.raises(ValueError, match="a mistake of ours"):
        settled(PanelFeed(Panel("code", (), None), broken, 100), 1)


# Safety.


def test_no_secret_appears_anywhere(subscriber: Machine, api: AccountStandIn) -> None:
    PaceMaker(subscriber.home).answer("2026-03-12T12:08:00Z", (78, "2026-03-12T14:10:00Z"), (40, None), id=1)
    subscriber.environ["ANTHROPIC_ADMIN_API_KEY"] = admin.KEY
    said = ""
    for words in ((), ("--json",), ("--mode", "console")):
        api.script.status = 200 if not words else 401
        said += "".join(str(part) for part in subscriber.call("panel", *words, now=NOW))
    said += "".join(path.read_bytes().decode("latin-1") for path in (subscriber.root / "data").iterdir())
    for secret in (TOKEN, admin.KEY, LANGFUSE_KEY, SECRET_VALUE):
        assert secret not in said
    with sqlite3.connect(subscriber.ledger) as connection:
        assert not [line for line in connection.iterdump() if TOKEN in line or admin.KEY in line]
    connection.close()


@pytest.mark.parametrize("words", [("--interval", "0"), ("--interval", "x"), ("--mode", "web")])
def test_a_wrong_command_line(machine: Machine, words: tuple[str, str]) -> None:
    with pytest.raises(SystemExit) as ended:
        machine.call("panel", *words)
    assert ended.value.code == 2


def test_without_a_terminal_it_prints_once_and_in_plain_signs_where_the_encoding_asks(machine: Machine) -> None:
    done = machine.run("panel")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    done = machine.run("panel", environ={"PYTHONIOENCODING": "ascii"})
    assert done.stdout.isascii()
    assert done.stdout.startswith("+ Claude Code Usage ---")
