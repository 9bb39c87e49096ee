"""Compares what a fleet told with what a team server answers, through its API alone.

The fleet has to be all that the server was ever told for the days of the run; every figure must lie between what was
acknowledged and that with what may have been taken beside it.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from urllib.parse import urlsplit

from bench.fleet_sums import USAGE, Sums

Row = Mapping[str, object]


class UnansweredError(Exception):
    """The server's API did not answer as it should."""


def differences(url: str, token: str, least: Sums, most: Sums) -> list[str]:
    """Each figure that is out of its bounds, with what it is and what they are; empty where all agree."""
    cost = _report(url, token, "cost")
    found: dict[str, list[int]] = {
        str(row["name"]): [_cost_micros(row) if name == "cost_micros" else int(str(row[name])) for name in USAGE]
        for row in _rows(cost, "cuts")
        if row["dimension"] == "team"
    }
    none = [0] * len(USAGE)
    wrong = [
        f"{team} {name}: {low} <= {now} <= {high}"
        for team in sorted({*found, *most.usage})
        for name, low, now, high in zip(
            USAGE, least.usage.get(team, none), found.get(team, none), most.usage.get(team, none), strict=True
        )
        if not low <= now <= high
    ]
    users = sum(row["dimension"] == "user_id" and row["responses"] != 0 for row in _rows(cost, "cuts"))
    return wrong + _beside(url, token, (least, most), users)


def _beside(url: str, token: str, bounds: tuple[Sums, Sums], users: int) -> list[str]:
    """Figures of the other reports."""
    least, most = bounds
    output, tools = _report(url, token, "output"), _report(url, token, "tools")
    found = {
        "users": (len(least.users), users, len(most.users)),
        "tool results": (
            least.events["tool_result"],
            sum(int(str(row["uses"])) for row in _rows(tools, "tools")),
            most.events["tool_result"],
        ),
        **{
            name: (least.points[key] // 10**6, _figure(output, name), most.points[key] // 10**6)
            for name, key in (
                ("lines_added", "lines_of_code.count:added"),
                ("lines_removed", "lines_of_code.count:removed"),
                ("commits", "commit.count"),
            )
        },
    }
    return [f"{name}: {low} <= {now} <= {high}" for name, (low, now, high) in found.items() if not low <= now <= high]


def waiting_bytes(url: str, token: str) -> int:
    """What is acknowledged and not in the store yet. Raises UnansweredError."""
    return int(str(_asked(url, token, "/api/v1/status").get("waiting_bytes", 0)))


def _report(url: str, token: str, name: str) -> Row:
    return _asked(url, token, f"/api/v1/team/{name}")


def _asked(url: str, token: str, path: str) -> Row:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port or 8378, timeout=120)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise UnansweredError(f"{path} was answered {answer.status}: {body[:300]!r}")
    told: Row = json.loads(body, parse_float=Decimal)
    return told


def _rows(report: Row, name: str) -> Sequence[Row]:
    rows = report[name]
    assert isinstance(rows, list)
    return rows


def _figure(report: Row, name: str) -> int:
    figures = report["figures"]
    assert isinstance(figures, dict)
    return int(str(figures[name]["value"]))


def _cost_micros(row: Row) -> int:
    """What events tell of the cost; of sessions whose events never came, metrics may tell a part beside it."""
    return round((Decimal(str(row["cost_usd"])) - Decimal(str(row["metrics_cost_usd"]))) * 10**6)
