"""The reports about a team are the same, to the nano-dollar, whatever engine keeps the rows."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from tests.team_engines import OpenEngine
from tests.team_stage import NOW, TENANT, duck_store, fill_team
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.team.asking import TeamAsk
from tokentide.analytics.team.reports import TEAM_REPORTS, build_team_report
from tokentide.render.team_json import team_json
from tokentide.store.team.query import Condition, Scope
from tokentide.store.team.store import TeamStore

DAYS, PEOPLE = 4, 8


def reports(store: TeamStore) -> dict[str, str]:
    """Every report as JSON: all of the tenant in a zone of half hours, and one team narrowed to a version."""
    calendar = Calendar("Asia/Kolkata")
    until = calendar.date_of(NOW)
    whole = TeamAsk(Scope(TENANT), calendar, until - timedelta(days=DAYS), until)
    narrowed = TeamAsk(
        Scope(TENANT, ("platform",)), Calendar("UTC"), whole.since, until, (Condition("version", ("2.1.329",)),)
    )
    return {
        f"{name} {number}": team_json(build_team_report(name, store, ask, now=NOW))
        for name in TEAM_REPORTS
        for number, ask in enumerate((whole, narrowed))
    }


@pytest.mark.parametrize("name", ["chdb", "server", "cluster"])
def test_every_report_is_the_same_on_every_engine(name: str, open_engine: OpenEngine, tmp_path: Path) -> None:
    with duck_store(tmp_path) as embedded:
        fill_team(embedded, days=DAYS, developers=PEOPLE)
        expected = reports(embedded)
    store = TeamStore(open_engine(name))
    fill_team(store, days=DAYS, developers=PEOPLE)
    told = reports(store)
    assert json.loads(expected["people 0"])["total"]["cost_usd"] > 0
    for report, text in expected.items():
        assert told[report] == text, report
