"""Every query of Grafana's dashboard over ClickHouse runs, and those that matter tell what our own totals tell."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from typing import Any

import pytest

from tests.team_engines import OpenEngine
from tests.team_stage import NOW, TENANT, fill_team
from tests.test_deploy import DASHBOARDS, targets_of
from tokentide.clock import DAY_US, HOUR_US, QUARTER_US, SECOND_US
from tokentide.model.latency import quantile
from tokentide.store.clickhouse.engine import ClickHouseEngine
from tokentide.store.query import Period
from tokentide.store.team.query import Condition, Scope, TeamQuery
from tokentide.store.team.store import TeamStore
from tokentide.store.team.tables import LATENCY, TALLY, USAGE

BOARD: dict[str, Any] = json.loads((DASHBOARDS / "team-clickhouse.json").read_text())
END = (NOW // QUARTER_US + 1) * QUARTER_US
START = END - 20 * DAY_US


def substituted(sql: str, engine: ClickHouseEngine, values: dict[str, list[str]]) -> str:
    """As Grafana does it."""
    database, _, suffix = engine.dialect.everywhere("usage_quarter").partition(".")
    plain = {
        "__from": str(START // 1000),
        "__to": str(END // 1000),
        "database": database,
        "tenant": TENANT,
        "shards": suffix.removeprefix("usage_quarter"),
    }
    for name, value in plain.items():
        sql = sql.replace(f"${{{name}}}", value)
    for name, several in values.items():
        quoted = ",".join(f"'{each}'" for each in several)
        sql = sql.replace(f"${{{name}:singlequote}}", quoted)
    assert "$" not in sql, sql
    return sql


def asked(engine: ClickHouseEngine, sql: str) -> list[Any]:
    """The rows, as any client of a server gets them: without settings of ours."""
    node = engine._shards[0].replicas[0].node
    rows: list[Any] = json.loads(node.run(f"{sql} FORMAT JSONCompact"))["data"]
    return rows


@pytest.mark.parametrize("name", ["chdb", "server", "cluster"])
def test_every_query_runs_and_tells_the_truth(name: str, open_engine: OpenEngine) -> None:
    engine = open_engine(name)
    assert isinstance(engine, ClickHouseEngine)
    store = TeamStore(engine)
    fill_team(store, days=20, developers=6)
    fill_team(store, days=20, developers=6, tenant="other", seed=8)
    values: dict[str, list[str]] = {}
    for variable in BOARD["templating"]["list"]:
        if variable["type"] == "query":
            found = asked(engine, substituted(variable["query"], engine, {}))
            values[variable["name"]] = [str(row[0]) for row in found]
    assert values["team"] == ["data", "platform", "web"]
    answers = {}
    for title, target in targets_of(BOARD):
        answers[title] = asked(engine, substituted(target["rawSql"], engine, values))
    empty = {title for title, rows in answers.items() if not rows}
    assert empty <= {"Cost by speed", "Cost by plugin", "Cost by MCP server", "API errors", "Retries used up, refusals"}
    _core(store, answers)
    narrowed = {**values, "team": ["web"]}
    total = next(target["rawSql"] for title, target in targets_of(BOARD) if title == "Total cost")
    (share,) = asked(engine, substituted(total, engine, narrowed))
    assert 0 < float(share[0]) < float(answers["Total cost"][0][0])


def _core(store: TeamStore, answers: dict[str, list[Any]]) -> None:
    """Totals of our own compiler over the same stretch."""
    whole = (Period("all", START, END),)

    def of(cube: Any, measure: str, *dimensions: str) -> dict[str, int]:
        found = store.totals(Scope(TENANT), TeamQuery(cube, (measure,), dimensions, whole))
        return {(group.keys[0] if group.keys else ""): group.values[0] for group in found.groups}

    assert float(answers["Total cost"][0][0]) == pytest.approx(of(USAGE, "auto_cost")[""] / 1e9)
    by_model = of(USAGE, "auto_cost", "model")
    assert {row[0]: pytest.approx(float(row[1]) * 1e9) for row in answers["Cost by model"]} == by_model
    hourly: dict[str, float] = {}
    for _, model, cost in answers["Cost by model (hourly)"]:
        hourly[model] = hourly.get(model, 0) + float(cost) * 1e9
    assert hourly == pytest.approx(by_model)
    by_name = of(TALLY, "records", "name")
    assert sum(int(row[1]) for row in answers["Tool use in all"]) == by_name["tool_result"]
    assert {row[0]: int(row[1]) for row in answers["Events by name"]}.items() <= by_name.items()
    assert float(answers["Total lines of code"][0][0]) == pytest.approx(
        of(TALLY, "amount", "name")["lines_of_code.count"] / 1e6
    )
    hour, model, *quantiles = answers["Request duration"][0]
    start = int(datetime.fromisoformat(str(hour)).replace(tzinfo=timezone.utc).timestamp()) * SECOND_US
    where = tuple(
        Condition(*each) for each in (("model", (model,)), ("name", ("api_request",)), ("clock", ("duration",)))
    )
    query = TeamQuery(LATENCY, ("records",), ("bucket",), (Period("hour", start, start + HOUR_US),), where)
    counts = [(int(group.keys[0]), group.values[0]) for group in store.totals(Scope(TENANT), query).groups]
    for share, told in zip((0.5, 0.95, 0.99), quantiles, strict=True):
        assert float(told) == pytest.approx(quantile(counts, share))
    for row in answers["Request duration"]:
        assert float(row[2]) <= float(row[3]) <= float(row[4])
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d", str(row[0])) for row in answers["Tool calls"])
    assert len(answers["Tool calls"]) == 300
