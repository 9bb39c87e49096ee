"""What holds of every report about a team, whoever asks: sums agree, nobody sees more than they may."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.team_stage import NOW, TEAMS, TENANT, duck_store, fill_team, team_rows
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.team.asking import NARROWS, TeamAsk
from tokentide.analytics.team.cost import CUTS, build_cost
from tokentide.analytics.team.coverage import build_coverage
from tokentide.analytics.team.output import build_output
from tokentide.analytics.team.people import build_people
from tokentide.analytics.team.reliability import build_reliability
from tokentide.analytics.team.reports import TEAM_REPORTS, build_team_report
from tokentide.analytics.team.tools import build_tools
from tokentide.render.team_json import team_json
from tokentide.store.query import Sums
from tokentide.store.team.query import Condition, Scope
from tokentide.store.team.store import TeamStore

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")
DAYS = 28
"""Both changes of the hour of the autumn lie in these days."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamStore]:
    """Nine of a team, and another tenant's people of the same names."""
    with duck_store(tmp_path_factory.mktemp("laws")) as opened:
        fill_team(opened, days=DAYS, developers=9)
        fill_team(opened, days=3, developers=3, tenant="rival", seed=8)
        yield opened


def asked(zone: str = "UTC", scope: Scope = Scope(TENANT), *conditions: Condition) -> TeamAsk:  # noqa: B008
    calendar = Calendar(zone)
    last = calendar.date_of(NOW)
    return TeamAsk(scope, calendar, last - timedelta(days=DAYS), last, conditions)


def added(parts: Iterable[Sums]) -> Sums:
    """The sums of all, field by field."""
    rows = [tuple(getattr(each, name) for name in Sums.__dataclass_fields__) for each in parts]
    return Sums(*map(sum, zip(*rows, strict=True)))


@pytest.mark.parametrize("zone", ZONES)
def test_days_and_every_cut_add_up_to_the_whole_cost(store: TeamStore, zone: str) -> None:
    report = build_cost(store, asked(zone), now=NOW)
    assert report.total.sums.cost > 0
    assert added(row.sums for row in report.days) == report.total.sums
    for cut in report.cuts:
        assert added(row.sums for row in cut.rows) == report.total.sums, cut.dimension
        assert sum(row.metrics_cost for row in cut.rows) == report.total.metrics_cost
        assert {row.share.whole for row in cut.rows} == {report.total.sums.cost}
    assert {cut.dimension for cut in report.cuts} <= set(CUTS)
    for series in (report.model_days, report.team_days):
        assert sum(row.cost for row in series) == report.total.sums.cost


@pytest.mark.parametrize("zone", ZONES)
def test_all_zones_see_the_same_whole(store: TeamStore, zone: str) -> None:
    assert build_cost(store, asked(zone), now=NOW).total == build_cost(store, asked(), now=NOW).total


def test_people_add_up_to_what_the_other_reports_say(store: TeamStore) -> None:
    people, cost = build_people(store, asked(), now=NOW), build_cost(store, asked(), now=NOW)
    output, coverage = build_output(store, asked(), now=NOW), build_coverage(store, asked(), now=NOW)
    assert added(person.sums for person in people.people) == cost.total.sums
    assert coverage.total.cost == cost.total.sums.cost
    assert coverage.total.responses == cost.total.sums.responses
    for made in ("commits", "pull_requests", "lines_added", "lines_removed", "accepted", "rejected"):
        whole = getattr(people.total, made)
        assert whole > 0
        for rows in (output.days, output.teams, output.users):
            assert sum(getattr(row, made) for row in rows) == whole, made


def test_coverage_by_day_and_by_person_adds_up(store: TeamStore) -> None:
    report = build_coverage(store, asked(), now=NOW)
    for name in ("responses", "telemetry_responses", "both_responses", "cost", "both_cost", "metrics_only_cost"):
        whole = getattr(report.total, name)
        assert whole > 0
        assert sum(getattr(row, name) for row in report.days) == whole, name
        assert sum(getattr(row, name) for row in report.users) == whole, name
    for row in (*report.days, *report.users, report.total):
        assert row.telemetry_responses + row.transcript_responses - row.both_responses == row.responses


def test_tools_and_errors_add_up(store: TeamStore) -> None:
    tools, reliability = build_tools(store, asked(), now=NOW), build_reliability(store, asked(), now=NOW)
    assert sum(row.uses for row in tools.tool_days) == sum(row.uses for row in tools.tools)
    assert sum(row.failures for row in tools.failures) == sum(row.failed for row in tools.tools)
    assert sum(row.rejected for row in tools.rejections) == sum(row.rejected for row in tools.tools)
    errors = sum(row.errors for row in reliability.days)
    for rows in (reliability.statuses, reliability.status_days, reliability.status_models):
        assert sum(row.errors for row in rows) == errors > 0


@pytest.mark.parametrize("name", TEAM_REPORTS)
def test_a_team_alone_is_the_same_by_scope_and_by_filter(store: TeamStore, name: str) -> None:
    by_scope = build_team_report(name, store, asked("UTC", Scope(TENANT, ("web",))), now=NOW)
    by_filter = build_team_report(name, store, asked("UTC", Scope(TENANT), Condition("team", ("web",))), now=NOW)
    same = replace(by_filter, head=by_scope.head)
    assert json.loads(team_json(by_scope))["figures"]
    assert team_json(by_scope) == team_json(same)


@pytest.mark.parametrize("name", TEAM_REPORTS)
def test_whoever_may_see_a_part_is_told_nothing_of_the_rest(store: TeamStore, name: str) -> None:
    users = {row.user_id for row in team_rows(days=3, count=9).sightings}
    lead = team_json(build_team_report(name, store, asked("UTC", Scope(TENANT, ("web",))), now=NOW))
    assert not [team for team in TEAMS if team != "web" and team in lead]
    assert not [user for user in users if user in lead and int(user[3:5]) % 3 != 1]
    member = Scope(TENANT, None, ("dev00@example.org",))
    alone = team_json(build_team_report(name, store, asked("UTC", member), now=NOW))
    assert not [user for user in users - {"dev00@example.org"} if user in alone]
    nobody = build_team_report(name, store, asked("UTC", Scope("nobody")), now=NOW)
    assert nobody.head.is_empty


@pytest.mark.parametrize("name", TEAM_REPORTS)
def test_another_tenant_changes_nothing(store: TeamStore, name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    with duck_store(tmp_path_factory.mktemp("alone")) as alone:
        fill_team(alone, days=3, developers=3, tenant="rival", seed=8)
        ask = asked("UTC", Scope("rival"))
        told = [team_json(build_team_report(name, each, ask, now=NOW)) for each in (alone, store)]
    assert told[0] == told[1]


@pytest.mark.parametrize("name", TEAM_REPORTS)
def test_every_filter_that_is_offered_works_and_no_filter_lets_nothing_through(store: TeamStore, name: str) -> None:
    for column in NARROWS[name]:
        ask = asked("UTC", Scope(TENANT), Condition(column, ("of nobody's",)))
        report = build_team_report(name, store, ask, now=NOW)
        assert not any(_plain(figure.value) for figure in report.figures), column


def _plain(value: object) -> object:
    return getattr(value, "part", value)


def test_asking_twice_and_for_parts_of_the_time_adds_up(store: TeamStore) -> None:
    whole = asked()
    assert whole.since
    assert whole.until
    middle = whole.since + timedelta(days=11)
    parts = [replace(whole, until=middle), replace(whole, since=middle + timedelta(days=1))]
    costs = [build_cost(store, ask, now=NOW).total.sums for ask in parts]
    assert added(costs) == build_cost(store, whole, now=NOW).total.sums
    latter = build_cost(store, replace(whole, since=date(2026, 11, 11)), now=NOW).figures[0]
    former = build_cost(store, TeamAsk(Scope(TENANT), Calendar("UTC"), date(2026, 11, 1), date(2026, 11, 10)), now=NOW)
    assert latter.before == former.figures[0].value
