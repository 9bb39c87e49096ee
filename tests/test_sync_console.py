"""Fetching into the ledger: only what is missing, going on after a fault, the manners of the panel's month."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests import admin_organization as org
from tests import admin_stand_in as api
from tests.admin_organization import code_row
from tests.admin_stand_in import AdminStandIn, Trouble, admin_stand_in, at, busy_month, client_of
from tokentide.analytics.console import ConsoleAsk, build_console
from tokentide.analytics.console_costs import month_cost
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from tokentide.errors import LedgerDamagedError
from tokentide.model.billing import (
    API_KEY,
    CODE,
    COST,
    USAGE,
    USAGE_HOURS,
    USER,
    WORKSPACE,
    CostSnapshot,
    DirectoryEntry,
    Fetch,
)
from tokentide.settings import Settings
from tokentide.sources.admin_api.client import ONE_TRY
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.console import ConsoleIdentity, person_of, refresh_month
from tokentide.sync.console_fetch import ConsoleFetcher, Fetched, Wanted

FIRST, MIDNIGHT = at("2026-03-01T00:00:00Z"), at("2026-03-13T00:00:00Z")
NOON = at("2026-03-12T12:00:00Z")
ALL = Wanted(FIRST, MIDNIGHT, (USAGE, COST, CODE), (USER, WORKSPACE, API_KEY))


@pytest.fixture
def stand_in() -> Iterator[AdminStandIn]:
    with admin_stand_in() as served:
        busy_month(served)
        yield served


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(str(tmp_path / "ledger.sqlite3")) as opened:
        yield opened


def fetch(ledger: Ledger, stand_in: AdminStandIn, wanted: Wanted = ALL, now: int = NOON) -> Fetched:
    stand_in.asked.clear()
    stand_in._served.clear()
    return ConsoleFetcher(ledger, client_of(stand_in, patience=ONE_TRY), now=now).fetch(wanted)


def cost_of(ledger: Ledger, start: int = FIRST, end: int = MIDNIGHT) -> int:
    ask = ConsoleAsk(org.ORGANIZATION, start, end, COST, "day")
    return build_console(ledger, ask, now=NOON).totals.measures.get("cost", 0)


def days_asked(stand_in: AdminStandIn) -> list[str]:
    return [asked.query["starting_at"][0][8:10] for asked in stand_in.asked if asked.path == api.CODE]


def test_a_first_fetch_asks_for_everything_once(ledger: Ledger, stand_in: AdminStandIn) -> None:
    fetched = fetch(ledger, stand_in)
    assert fetched.organization == org.ORGANIZATION
    assert fetched.faults == ()
    assert fetched.requests == len(stand_in.asked)
    assert stand_in.paths() == [
        "me",
        "users",
        "workspaces",
        "api_keys",
        "analytics/usage",
        "usage_report/messages",
        "cost_report",
        *["usage_report/claude_code"] * 12,
    ]
    assert cost_of(ledger) == 12 * 80_500_000  # a tenth of a nano-USD a day is nothing


def test_what_is_fresh_is_not_asked_for_again(ledger: Ledger, stand_in: AdminStandIn) -> None:
    fetch(ledger, stand_in)
    assert fetch(ledger, stand_in, now=NOON + 4 * MINUTE_US).requests == 0


def test_later_only_what_may_have_changed_is_asked_for(ledger: Ledger, stand_in: AdminStandIn) -> None:
    fetch(ledger, stand_in)
    before = cost_of(ledger)
    fetch(ledger, stand_in, now=NOON + HOUR_US)
    assert days_asked(stand_in) == ["11", "12"]
    assert stand_in.paths().count("usage_report/messages") == 1
    assert cost_of(ledger) == before


def test_a_day_settles_a_day_after_its_end(ledger: Ledger, stand_in: AdminStandIn) -> None:
    fetch(ledger, stand_in)
    stand_in.now += timedelta(days=2)
    later = replace(ALL, end=MIDNIGHT + 2 * DAY_US)
    fetch(ledger, stand_in, later, NOON + 2 * DAY_US)
    assert days_asked(stand_in) == ["11", "12", "13", "14"]
    fetch(ledger, stand_in, later, NOON + 2 * DAY_US + HOUR_US)
    assert days_asked(stand_in) == ["13", "14"]


def test_newer_reports_are_revised_for_a_month(ledger: Ledger, stand_in: AdminStandIn) -> None:
    stand_in.has_analytics = True
    wanted = Wanted(at("2026-02-01T00:00:00Z"), MIDNIGHT, (USAGE, COST))
    fetch(ledger, stand_in, wanted)
    assert set(stand_in.paths()) == {"me", "analytics/usage", "analytics/cost"}
    fetch(ledger, stand_in, wanted, NOON + HOUR_US)
    assert {asked.query["starting_at"][0] for asked in stand_in.asked} == {"2026-03-11T00:00:00Z"}
    fetch(ledger, stand_in, wanted, NOON + DAY_US)
    asked = {asked.query["starting_at"][0] for asked in stand_in.asked if asked.path == api.NEW_COST}
    assert asked == {"2026-02-10T00:00:00Z"}


def test_a_fetch_goes_on_where_it_broke_off(ledger: Ledger, stand_in: AdminStandIn) -> None:
    stand_in.troubles = [Trouble(api.CODE, 503, after=5)]
    fetched = fetch(ledger, stand_in)
    (fault,) = fetched.faults
    assert "Claude Code's report: not complete" in fault
    assert "goes on from there" in fault
    assert days_asked(stand_in) == ["01", "02", "03", "04", "05", "06"]
    stand_in.troubles = []
    assert fetch(ledger, stand_in, now=NOON + MINUTE_US).faults == ()
    assert days_asked(stand_in) == ["06", "07", "08", "09", "10", "11", "12"]
    assert cost_of(ledger) == 12 * 80_500_000


@pytest.mark.parametrize("has_analytics", [False, True])
def test_pages_that_came_in_are_kept(ledger: Ledger, stand_in: AdminStandIn, has_analytics: bool) -> None:
    stand_in.has_analytics = has_analytics
    stand_in.page_buckets, stand_in.page_rows = 4, 10
    path = api.NEW_COST if has_analytics else api.COST
    stand_in.troubles = [Trouble(path, 500, after=2)]
    wanted = Wanted(FIRST, MIDNIGHT, (COST,))
    assert fetch(ledger, stand_in, wanted).faults
    partial = cost_of(ledger)
    assert 0 < partial < 12 * 80_500_000
    stand_in.troubles = []
    assert not fetch(ledger, stand_in, wanted, NOON + MINUTE_US).faults
    (first, *_) = [asked for asked in stand_in.asked if asked.path == path]
    assert first.query["starting_at"] == ["2026-03-04T00:00:00Z" if has_analytics else "2026-03-09T00:00:00Z"]
    assert cost_of(ledger) == 12 * 80_500_000


def test_a_refused_report_does_not_stop_the_others(ledger: Ledger, stand_in: AdminStandIn) -> None:
    stand_in.troubles = [Trouble(api.COST, 403, message="Missing scopes: read:spend_limits")]
    fetched = fetch(ledger, stand_in)
    (fault,) = fetched.faults
    assert "read:spend_limits" in fault
    assert days_asked(stand_in)


def test_a_refused_key_stops_everything(ledger: Ledger, stand_in: AdminStandIn) -> None:
    stand_in.key = api.KEY[:-4] + "gone"
    client = client_of(stand_in)
    stand_in.key = api.KEY
    fetched = ConsoleFetcher(ledger, client, now=NOON).fetch(ALL)
    assert stand_in.paths() == ["me"]
    assert "not accepted" in fetched.faults[0]
    assert fetched.organization == ""


def test_nothing_is_kept_of_an_organisation_that_has_no_id(ledger: Ledger, stand_in: AdminStandIn) -> None:
    stand_in.troubles = [Trouble(api.ME, 200, body=b"{}", times=1)]
    fetched = fetch(ledger, stand_in)
    assert stand_in.paths() == ["me"]
    assert (fetched.organization, ledger.buckets.directory("", USER)) == ("", [])
    stand_in.troubles = []
    assert fetch(ledger, stand_in).organization == org.ORGANIZATION


def test_a_long_pause_holds_for_the_next_process_too(ledger: Ledger, stand_in: AdminStandIn) -> None:
    stand_in.troubles = [Trouble(api.USAGE, 429, {"retry-after": "1600"}, times=1)]
    assert fetch(ledger, stand_in).retry_seconds == 1600
    fetched = fetch(ledger, stand_in, now=NOON + 1500 * SECOND_US)
    assert stand_in.asked == []
    assert "again in 100 s" in fetched.faults[0]
    stand_in.troubles = []
    assert fetch(ledger, stand_in, now=NOON + 1600 * SECOND_US).faults == ()


def test_a_key_that_may_not_read_the_newer_reports_is_remembered(ledger: Ledger, stand_in: AdminStandIn) -> None:
    fetch(ledger, stand_in)
    fetch(ledger, stand_in, now=NOON + HOUR_US)
    assert "analytics/usage" not in stand_in.paths()
    fetch(ledger, stand_in, now=NOON + 8 * DAY_US)
    assert "analytics/usage" in stand_in.paths()


def test_days_before_the_newer_reports_come_from_the_classic_ones(ledger: Ledger, stand_in: AdminStandIn) -> None:
    stand_in.has_analytics = True
    fetch(ledger, stand_in, Wanted(at("2025-12-30T00:00:00Z"), at("2026-01-03T00:00:00Z"), (COST,)))
    assert stand_in.paths() == ["me", "analytics/cost", "cost_report"]
    assert len(ledger.buckets.fetches(org.ORGANIZATION, "cost", 0, NOON)) == 2
    assert len(ledger.buckets.fetches(org.ORGANIZATION, "analytics_cost", 0, NOON)) == 2


def test_both_families_are_never_added_up(ledger: Ledger, stand_in: AdminStandIn) -> None:
    fetch(ledger, stand_in)
    classic = cost_of(ledger)
    stand_in.has_analytics = True
    fetch(ledger, stand_in, now=NOON + 8 * DAY_US)
    assert "analytics/cost" in stand_in.paths()
    assert cost_of(ledger) == classic


def test_an_enterprise_key_reads_the_newer_reports_only(ledger: Ledger, stand_in: AdminStandIn) -> None:
    stand_in.has_analytics, stand_in.key = True, api.SCOPED_KEY
    fetched = fetch(ledger, stand_in)
    assert set(stand_in.paths()) == {"me", "analytics/usage", "analytics/cost"}
    (fault,) = fetched.faults
    assert "needs an Admin key" in fault
    ask = ConsoleAsk(fetched.organization, FIRST, MIDNIGHT, by="user")
    rows = build_console(ledger, ask, now=NOON).rows
    assert {row.name for row in rows} >= {"ada@example.com", "bob@example.com"}
    assert fetch(ledger, stand_in, replace(ALL, may_lack=(CODE,)), NOON + DAY_US).faults == ()


def test_hours_are_fetched_beside_days(ledger: Ledger, stand_in: AdminStandIn) -> None:
    fetch(ledger, stand_in, Wanted(FIRST, MIDNIGHT, (USAGE_HOURS,)))
    ask = ConsoleAsk(org.ORGANIZATION, FIRST, MIDNIGHT, USAGE, "hour")
    rows = build_console(ledger, ask, now=NOON).rows
    assert [row.key for row in rows[:3]] == ["2026-03-01 09:00", "2026-03-01 10:00", "2026-03-01 11:00"]


def test_names_that_are_gone_disappear(ledger: Ledger, stand_in: AdminStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch(ledger, stand_in)
    monkeypatch.setattr(org, "USER_ITEMS", org.USER_ITEMS[:1])
    fetch(ledger, stand_in, replace(ALL, names_age_us=0), NOON + DAY_US)
    assert [entry.id for entry in ledger.buckets.directory(org.ORGANIZATION, USER)] == [org.ADA]


def test_names_stay_while_two_processes_fetch_them(ledger: Ledger) -> None:
    """The one that began earlier writes between the pages and the end of the other."""
    store, (early, late) = ledger.buckets, (NOON, NOON + 1)
    store.name("o", [DirectoryEntry(USER, "u", "Ada", fetched_at=late)])
    store.name("o", [DirectoryEntry(USER, "u", "Ada", fetched_at=early)])
    store.close_directory("o", USER, Fetch("directory user", 0, 0, late))
    assert [entry.id for entry in store.directory("o", USER)] == ["u"]


# The month of the panel


@dataclass
class Desk:
    """A home with a key and a login, and the ledger of it."""

    home: Path
    ledger: Ledger
    stand_in: AdminStandIn

    @property
    def environ(self) -> dict[str, str]:
        return {
            "HOME": str(self.home),
            "TOKENTIDE_API_URL": self.stand_in.url,
            "ANTHROPIC_ADMIN_API_KEY": api.KEY,
            "USER": "bob",
        }

    def log_in(self, email: str) -> None:
        login = {"oauthAccount": {"emailAddress": email, "accountUuid": "u", "organizationUuid": "o"}}
        (self.home / ".claude.json").write_text(json.dumps(login))

    def refresh(self, now: int = NOON, person: str | None = None) -> ConsoleIdentity:
        return refresh_month(self.ledger, self.environ, Settings(), now=now, person=person)


@pytest.fixture
def desk(tmp_path: Path, ledger: Ledger, stand_in: AdminStandIn) -> Desk:
    (tmp_path / "home").mkdir()
    made = Desk(tmp_path / "home", ledger, stand_in)
    made.log_in("Ada@Example.com")
    return made


def test_the_month_of_the_person_who_is_logged_in(desk: Desk) -> None:
    identity = desk.refresh()
    assert identity == ConsoleIdentity(org.ORGANIZATION, "ada@example.com", "")
    month = month_cost(desk.ledger, now=NOON, organization=identity.organization, person=identity.person)
    assert (month.organization, month.month, month.cost) == (org.NAME, "2026-03", 12 * 1_500_000_000)
    assert (month.projection, month.rate_per_hour, month.fault) == (None, None, "")
    assert month.fetched_at == NOON
    assert set(desk.stand_in.paths()) == {"me", "users", "usage_report/claude_code"}


@pytest.mark.parametrize(
    ("login", "asked", "person"),
    [
        ("ada@example.com", "Cyd@example.com", "cyd@example.com"),
        ("ada@example.com", "CI-Key", "CI-Key"),
        ("ada@example.com", None, "ada@example.com"),
        ("", None, "bob@example.com"),
    ],
)
def test_who_sits_here(desk: Desk, login: str, asked: str | None, person: str) -> None:
    desk.log_in(login)
    assert desk.refresh(person=asked).person == person


def test_nobody_is_guessed(desk: Desk) -> None:
    (desk.home / ".claude.json").unlink()
    desk.refresh()
    for user in ("", "bo", "example.com", "zoe"):
        environ = desk.environ | {"USER": user}
        assert person_of(desk.ledger, environ, Settings(), org.ORGANIZATION) == ""


def test_a_person_without_rows_has_no_cost_rather_than_nothing(desk: Desk) -> None:
    identity = desk.refresh(person="cyd@example.com")
    month = month_cost(desk.ledger, now=NOON, organization=identity.organization, person=identity.person)
    assert (month.cost, month.projection) == (None, None)


def test_it_asks_once_in_five_minutes(desk: Desk) -> None:
    desk.refresh()
    asked = len(desk.stand_in.asked)
    assert desk.refresh(NOON + 299 * SECOND_US).person == "ada@example.com"
    assert len(desk.stand_in.asked) == asked
    desk.refresh(NOON + 300 * SECOND_US)
    assert len(desk.stand_in.asked) == asked + 2  # yesterday and today


def test_growth_becomes_a_rate_and_a_projection(desk: Desk) -> None:
    desk.refresh()
    desk.stand_in.code.append(code_row("2026-03-12", cents=300))
    later = NOON + 20 * MINUTE_US
    identity = desk.refresh(later)
    month = month_cost(desk.ledger, now=later, organization=identity.organization, person=identity.person)
    cost = 12 * 1_500_000_000 + 3_000_000_000
    assert month.cost == cost
    assert (month.rate_per_hour, month.rate_window_us) == (9_000_000_000, 30 * MINUTE_US)
    hours = (at("2026-04-01T00:00:00Z") - later) * 9_000_000_000 // HOUR_US
    assert month.projection == cost + hours


@pytest.mark.parametrize(
    ("headers", "pause"), [({}, 300), ({"retry-after": "0"}, 300), ({"retry-after": "1600"}, 1600)]
)
def test_asked_too_often_leaves_the_server_alone(desk: Desk, headers: dict[str, str], pause: int) -> None:
    desk.stand_in.troubles = [Trouble(api.CODE, 429, headers)]
    identity = desk.refresh()
    assert "asked too often" in identity.fault
    assert identity.person == "ada@example.com"
    asked = len(desk.stand_in.asked)
    desk.stand_in.troubles = []
    assert desk.refresh(NOON + (pause - 1) * SECOND_US).fault == identity.fault
    assert len(desk.stand_in.asked) == asked
    assert desk.refresh(NOON + pause * SECOND_US).fault == ""
    assert len(desk.stand_in.asked) == asked + 12


def test_failures_in_a_row_are_answered_with_longer_pauses(desk: Desk) -> None:
    desk.stand_in.troubles = [Trouble(api.ME, 500)]
    now, pauses = NOON, []
    for _ in range(6):
        desk.refresh(now)
        following = desk.ledger.limits.poll(f"console {client_of(desk.stand_in).key.secret.fingerprint}").next_at
        pauses.append((following - now) // SECOND_US)
        now = following
    assert pauses == [300, 600, 1200, 2400, 3600, 3600]
    assert len(desk.stand_in.asked) == 6


def test_a_partial_month_makes_no_snapshot(desk: Desk) -> None:
    desk.stand_in.troubles = [Trouble(api.CODE, 500, after=3)]
    identity = desk.refresh()
    assert desk.ledger.buckets.snapshots(org.ORGANIZATION, "ada@example.com", "2026-03") == []
    month = month_cost(desk.ledger, now=NOON, organization=identity.organization, person=identity.person)
    assert "not complete" in month.fault


def test_a_new_month_begins_from_nothing(desk: Desk) -> None:
    desk.refresh()
    april = at("2026-04-01T00:00:10Z")
    desk.stand_in.now = datetime.fromisoformat("2026-04-01T00:00:10Z")
    identity = desk.refresh(april)
    month = month_cost(desk.ledger, now=april, organization=identity.organization, person=identity.person)
    assert (month.month, month.cost, month.rate_per_hour) == ("2026-04", None, None)


def test_without_a_key_it_says_where_one_comes_from(desk: Desk) -> None:
    environ = {"HOME": str(desk.home)}
    identity = refresh_month(desk.ledger, environ, Settings(), now=NOON)
    assert "Admin keys" in identity.fault
    assert (identity.organization, identity.person) == ("", "ada@example.com")
    desk.refresh()
    assert refresh_month(desk.ledger, environ, Settings(), now=NOON).organization == org.ORGANIZATION
    environ["ANTHROPIC_ADMIN_API_KEY"] = "sk-ant-api03-abcdefghijklmnopqrstuvwxyz"
    assert "ordinary API key" in refresh_month(desk.ledger, environ, Settings(), now=NOON).fault


def test_a_ledger_that_is_not_kept_asks_nobody(desk: Desk) -> None:
    with desk.ledger.in_memory() as copy:
        refresh_month(copy, desk.environ, Settings(), now=NOON)
    assert desk.stand_in.asked == []


def test_two_processes_started_together_make_one_look(desk: Desk) -> None:
    code = (
        "import os, sys\n"
        "from tokentide.settings import Settings\n"
        "from tokentide.store.sqlite.ledger import Ledger\n"
        "from tokentide.sync.console import refresh_month\n"
        "with Ledger.open(sys.argv[1]) as ledger:\n"
        "    refresh_month(ledger, os.environ, Settings(), now=int(sys.argv[2]))\n"
    )
    command = [sys.executable, "-c", code, desk.ledger.path, str(NOON)]
    both = [subprocess.Popen(command, env=desk.environ) for _ in range(2)]
    assert [process.wait(timeout=60) for process in both] == [0, 0]
    assert desk.stand_in.paths().count("usage_report/claude_code") == 12


def test_old_snapshots_are_dropped(ledger: Ledger) -> None:
    for months, when in (("2026-01", FIRST - 59 * DAY_US), ("2026-03", NOON)):
        ledger.buckets.take_snapshot("o", CostSnapshot("ada", when, months, 1), NOON - 62 * DAY_US)
    assert ledger.buckets.snapshots("o", "ada", "2026-01") == []
    assert len(ledger.buckets.snapshots("o", "ada", "2026-03")) == 1


def test_a_bucket_that_cannot_be_read_is_damage(ledger: Ledger, stand_in: AdminStandIn) -> None:
    fetch(ledger, stand_in)
    for table, column in (("buckets", "measures"), ("directory", "details")):
        with sqlite3.connect(ledger.path) as raw:
            raw.execute(f"UPDATE {table} SET {column} = '{{'")
        raw.close()
        with pytest.raises(LedgerDamagedError):
            build_console(ledger, ConsoleAsk(org.ORGANIZATION, FIRST, MIDNIGHT), now=NOON)
