"""tokentide team: what a server's answer looks like to a person, and what is said where there is none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.conftest import Machine
from tests.loopback import Answer, Request, answering
from tests.team_stage import NOW, TENANT, duck_store, fill_team
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.team.asking import TeamAsk
from tokentide.analytics.team.reports import TEAM_REPORTS, build_team_report
from tokentide.errors import ServerError, UsageError
from tokentide.render.team_json import team_json
from tokentide.store.team.query import Condition, Scope
from tokentide.store.team.store import TeamStore

CLOCK = "2026-11-20T15:00:00Z"
TOKEN = "ttide_made-up"
Serve = Callable[[Request], Answer]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamStore]:
    with duck_store(tmp_path_factory.mktemp("team")) as opened:
        fill_team(opened, days=8, developers=6)
        yield opened


def told(store: TeamStore, request: Request) -> Answer:
    """A server's answer: the report that the address asks for, of the last days of the stage."""
    url = urlsplit(request.target)
    asked = parse_qs(url.query)
    if request.headers.get("authorization") != f"Bearer {TOKEN}":
        return 401, {}, b'{"error": "no"}'
    until = date(2026, 11, 20)
    days = int(asked["last"][0].rstrip("d"))
    conditions = tuple(Condition(name, tuple(asked[name])) for name in ("team", "version") if name in asked)
    ask = TeamAsk(Scope(TENANT), Calendar(asked["timezone"][0]), until - timedelta(days=days - 1), until, conditions)
    report = build_team_report(url.path.removeprefix("/api/v1/team/"), store, ask, now=NOW)
    return 200, {"content-type": "application/json"}, team_json(report).encode()


def call(machine: Machine, base: str, *arguments: str, **environ: str) -> tuple[int, str, str]:
    return machine.call(
        "team", *arguments, "--server", base, now=CLOCK, TOKENTIDE_SERVER_TOKEN=TOKEN, TZ="UTC", **environ
    )


@pytest.mark.parametrize("name", TEAM_REPORTS)
def test_every_report_is_shown_as_tables_json_and_csv(machine: Machine, store: TeamStore, name: str) -> None:
    with answering(lambda request: told(store, request)) as base:
        code, out, err = call(machine, base, name, "--last", "5d", "--width", "100")
        assert (code, out.splitlines()[0]) == (0, f"{name.capitalize()}  2026-11-16 to 2026-11-20 (UTC)")
        assert "newest record" in err
        code, text, _ = call(machine, base, name, "--last", "5d", "--json")
        ask = TeamAsk(Scope(TENANT), Calendar("UTC"), date(2026, 11, 16), date(2026, 11, 20))
        assert (code, text.rstrip("\n")) == (0, team_json(build_team_report(name, store, ask, now=NOW)))
        code, csv, _ = call(machine, base, name, "--last", "5d", "--csv")
        assert code == 0
        assert len(csv.splitlines()) > 1


def test_without_a_report_the_figures_of_all_are_shown(machine: Machine, store: TeamStore) -> None:
    with answering(lambda request: told(store, request)) as base:
        code, out, _ = call(machine, base, "--last", "5d")
    assert code == 0
    for name in TEAM_REPORTS:
        assert f"{name.capitalize()}  2026-11-16" in out
    assert "Daily active users" in out
    assert "Told by telemetry" in out


def test_without_a_report_json_has_all_of_them(machine: Machine, store: TeamStore) -> None:
    with answering(lambda request: told(store, request)) as base:
        _, text, err = call(machine, base, "--last", "5d", "--json")
        _, cost, _ = call(machine, base, "cost", "--last", "5d", "--json")
        with pytest.raises(UsageError, match=f"behind `team`: {', '.join(TEAM_REPORTS)}"):
            call(machine, base, "--csv")
    whole = json.loads(text, parse_float=str)
    assert (whole["format"], whole["report"], tuple(whole["reports"])) == (1, "team", TEAM_REPORTS)
    assert whole["reports"]["cost"] == json.loads(cost, parse_float=str)
    assert "newest record" in err


def test_a_name_that_nothing_has_is_told_with_those_that_are_near(machine: Machine, store: TeamStore) -> None:
    with answering(lambda request: told(store, request)) as base:
        _, _, err = call(machine, base, "cost", "--last", "5d", "--team", "platfrom", "--team", "web")
        assert "no team 'platfrom' in these days, nor as many before; known here: platform" in err
        assert "'web'" not in err
        _, _, err = call(machine, base, "cost", "--last", "5d", "--team", "0")
        assert "no team '0'" in err
        assert "known here: " in err
        _, _, err = call(machine, base, "cost", "--last", "5d", "--team", "web")
        assert "no team" not in err


def test_filters_days_and_zone_go_to_the_server(machine: Machine, store: TeamStore) -> None:
    seen: list[str] = []

    def serve(request: Request) -> Answer:
        seen.append(request.target)
        return told(store, request)

    with answering(serve) as base:
        options = ("--team", "web", "--team", "data", "--version", "2.1.329", "--last", "3d", "-z", "Asia/Kolkata")
        code, out, _ = call(machine, base, "people", *options)
    assert code == 0
    assert "platform" not in out
    asked = parse_qs(urlsplit(seen[0]).query)
    assert asked == {"last": ["3d"], "timezone": ["Asia/Kolkata"], "team": ["web", "data"], "version": ["2.1.329"]}


def test_without_days_the_last_thirty_are_asked_for(machine: Machine, store: TeamStore) -> None:
    with answering(lambda request: told(store, request)) as base:
        _, out, _ = call(machine, base, "adoption")
    assert out.startswith("Adoption  2026-10-22 to 2026-11-20")


def test_one_table_can_be_chosen_and_an_unknown_one_names_the_others(machine: Machine, store: TeamStore) -> None:
    with answering(lambda request: told(store, request)) as base:
        _, csv, _ = call(machine, base, "people", "--csv", "--table", "seats")
        assert csv.splitlines()[0] == "seat_usd,users,of,value_above_usd,value_below_usd"
        with pytest.raises(UsageError, match="people, total, seats"):
            call(machine, base, "people", "--table", "nope")


def test_what_is_left_out_is_said(machine: Machine, store: TeamStore) -> None:
    with answering(lambda request: told(store, request)) as base:
        _, _, err = call(machine, base, "reliability", "--version", "2.1.329")
    assert "left out: duration percentiles: not told apart by version" in err


def test_without_a_server_it_is_said_how_to_name_one(machine: Machine) -> None:
    with pytest.raises(UsageError, match=r"--server URL.*127\.0\.0\.1:8378"):
        machine.call("team", "cost", now=CLOCK)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((401, {}, b""), "does not know this token"),
        ((403, {}, b"{}"), "may not look"),
        ((404, {}, b"<html>"), "no tokentide team server"),
        ((400, {}, b'{"error": "cost cannot be narrowed by terminal"}'), "cannot be narrowed by terminal"),
        ((200, {}, b"<html>a proxy</html>"), "makes no sense"),
        ((200, {}, b"[" * 100_000), "makes no sense"),
        ((200, {}, b'{"report": "team_cost", "format": 2}'), "answers in format 2, this tokentide knows 1"),
        ((200, {}, b'{"report": "daily", "format": 1}'), "makes no sense"),
        ((200, {}, b"\xff\xfe"), "makes no sense"),
    ],
)
def test_an_answer_that_is_none_is_said_in_a_line(machine: Machine, answer: Answer, said: str) -> None:
    with answering(lambda _: answer) as base, pytest.raises(ServerError, match=said) as caught:
        call(machine, base, "cost")
    assert TOKEN not in str(caught.value)


def test_a_hostile_answer_does_not_steer_the_terminal(machine: Machine) -> None:
    row = {"user_id": "\x1b[2J", "team": "\u202e", "cost_usd": "\x1b]0;", "models": ["\x07"]}
    body = {
        "report": "team_people",
        "format": 1,
        "since": "\x1b[31m",
        "timezone": "No/Where",
        "last_at": "\x1b",
        "left_out": ["\x1b[1m"],
        "figures": {"\x1b[5m": {"unit": "money", "value_usd": "\x1b"}},
        "people": [row, "odd", 7],
    }
    with answering(lambda _: (200, {}, json.dumps(body).encode())) as base:
        code, out, err = call(machine, base, "people", "--width", "80")
    assert code == 0
    assert not [character for character in "\x1b\x07\u202e" if character in out + err]


def test_an_empty_server_says_where_to_begin(machine: Machine, tmp_path: Path) -> None:
    with duck_store(tmp_path) as empty, answering(lambda request: told(empty, request)) as base:
        code, out, err = call(machine, base, "adoption")
        whole = call(machine, base)
    assert code == whole[0] == 0
    assert out.startswith("Adoption")
    assert out.count("\n") == 1, "zeros tell nothing"
    assert whole[1] == ""
    assert err.count("docs/how-to/team-telemetry.md") == whole[2].count("docs/how-to/team-telemetry.md") == 1


def test_nobody_is_reached_says_so(machine: Machine) -> None:
    with answering(lambda _: (200, {}, b"")) as base:
        pass
    with pytest.raises(ServerError, match="no connection"):
        call(machine, base, "cost")
