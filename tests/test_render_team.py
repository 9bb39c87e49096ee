"""The reports about a team as JSON, CSV and on a terminal."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console

from tests.team_stage import NOW, OPUS, TENANT, duck_store, event, fill_team, instant, put, response
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.team.asking import TeamAsk
from tokentide.analytics.team.figures import Share, Unit
from tokentide.analytics.team.reports import TEAM_REPORTS, TeamReport, build_team_report
from tokentide.render.team_columns import TeamColumn, members, milliseconds, text_of
from tokentide.render.team_csv import team_csv, team_rows_csv
from tokentide.render.team_json import team_json
from tokentide.render.team_screen import Answer, print_team, rows_of
from tokentide.render.team_tables import FIGURE_TITLES, TEAM_TABLES, team_table
from tokentide.store.team.query import Condition, Scope
from tokentide.store.team.store import TeamStore

UTC = Calendar("UTC")
AT = instant("2026-11-20T09:00")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamStore]:
    with duck_store(tmp_path_factory.mktemp("render")) as opened:
        fill_team(opened, days=10, developers=6)
        put(opened, event("user_prompt", AT, tenant="hostile", user_id="=cmd()\x1b[31m", team="[bold]", version="9"))
        cost = response("request:x", AT, tenant="hostile", user_id="=cmd()\x1b[31m", team="[bold]", cost=1_234_567_890)
        put(opened, cost)
        yield opened


def report(store: TeamStore, name: str, tenant: str = TENANT, *conditions: Condition) -> TeamReport:
    ask = TeamAsk(Scope(tenant), UTC, date(2026, 11, 12), date(2026, 11, 20), conditions)
    return build_team_report(name, store, ask, now=NOW)


def decoded(text: str) -> Answer:
    answer: Answer = json.loads(text, parse_float=Decimal)
    return answer


def printed(answer: Answer, width: int | None = None, **asked: object) -> str:
    console = Console(file=io.StringIO(), width=width or 10_000, color_system=None, highlight=False)
    print_team(console, answer, width, UTC, **asked)  # type: ignore[arg-type]
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


@pytest.mark.parametrize("name", TEAM_REPORTS)
def test_json_has_head_figures_and_every_table_with_its_members(store: TeamStore, name: str) -> None:
    answer = decoded(team_json(report(store, name)))
    assert (answer["format"], answer["report"], answer["timezone"]) == (1, f"team_{name}", "UTC")
    assert (answer["since"], answer["before_until"]) == ("2026-11-12", "2026-11-11")
    figures = answer["figures"]
    assert isinstance(figures, dict)
    assert set(figures) <= set(FIGURE_TITLES)
    for table in TEAM_TABLES[name]:
        rows = rows_of(answer, table)
        assert [list(row) for row in rows] == [table.names] * len(rows), table.name


@pytest.mark.parametrize("name", TEAM_REPORTS)
def test_csv_has_the_names_and_values_of_the_json(store: TeamStore, name: str) -> None:
    built = report(store, name)
    answer = decoded(team_json(built))
    for table in TEAM_TABLES[name]:
        text = team_csv(built, table)
        heading, *lines = csv.reader(io.StringIO(text))
        assert heading == table.names
        assert len(lines) == len(rows_of(answer, table))
        assert team_rows_csv(table, rows_of(answer, table)) == text


def test_money_is_exact_and_shares_bring_what_they_are_of() -> None:
    assert members("cost", Unit.MONEY, 1_234_567_891) == {"cost_usd": Decimal("1.234567891")}
    assert members("cost", Unit.MONEY, None) == {"cost_usd": None}
    assert members("rate", Unit.SHARE, Share(1, 3)) == {"rate": Decimal("0.3333"), "rate_of": 3}
    assert members("rate", Unit.SHARE, Share(0, 0)) == {"rate": None, "rate_of": 0}
    assert members("rate", Unit.SHARE, None) == {"rate": None, "rate_of": None}
    assert members("rate", Unit.COST_SHARE, Share(1, 10**9)) == {"rate": Decimal(0), "rate_of_usd": Decimal(1)}
    assert members("last_at", Unit.INSTANT, AT) == {"last_at": "2026-11-20T09:00:00.000Z"}
    assert members("last_at", Unit.INSTANT, 0) == {"last_at": None}
    assert members("p50_ms", Unit.MS, 1234.5678) == {"p50_ms": Decimal("1234.6")}
    assert members("models", Unit.TEXTS, ("a", "b")) == {"models": ["a", "b"]}


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (None, Unit.COUNT, "-"),
        (1234, Unit.COUNT, "1,234"),
        (Decimal("-1.5"), Unit.MONEY, "-$1.50"),
        (Decimal("0.00961"), Unit.FINE_MONEY, "$0.0096"),
        (Decimal("0.5"), Unit.SHARE, "50.0 %"),
        (5400.0, Unit.MS, "5.4 s"),
        (3700, Unit.SECONDS, "1 h 01 min"),
        (1340, Unit.BYTES, "1.34 kB"),
        (Decimal("0.25"), Unit.NUMBER, "0.25"),
        (True, Unit.FLAG, "yes"),
        (False, Unit.FLAG, ""),
        ("2026-11-20T09:00:00.000Z", Unit.INSTANT, "2026-11-20 09:00"),
        ("no \x1b time", Unit.INSTANT, "no \N{REPLACEMENT CHARACTER} time"),
        (["a", "\x1b"], Unit.TEXTS, "a, \N{REPLACEMENT CHARACTER}"),
        ({"odd": 1}, Unit.COUNT, "-"),
    ],
)
def test_values_read_as_people_write_them(value: object, unit: Unit, shown: str) -> None:
    assert text_of(value, unit, UTC) == shown  # type: ignore[arg-type]


def test_waits_have_two_or_three_digits() -> None:
    assert [milliseconds(ms) for ms in (3.4, 999, 1000, 59_900, 125_000)] == [
        "3 ms",
        "999 ms",
        "1.0 s",
        "59.9 s",
        "2 min",
    ]


def test_an_estimate_is_marked_and_nothing_is_a_dash() -> None:
    column = TeamColumn("p50", "p50_ms", Unit.MS, is_estimate=True)
    assert (column.text({"p50_ms": 12.0}, UTC), column.text({"p50_ms": None}, UTC), column.text({}, UTC)) == (
        "~12 ms",
        "-",
        "-",
    )


@pytest.mark.parametrize("name", TEAM_REPORTS)
@pytest.mark.parametrize("width", [40, 60, 100])
def test_no_line_is_wider_than_the_terminal(store: TeamStore, name: str, width: int) -> None:
    lines = printed(decoded(team_json(report(store, name))), width).splitlines()
    assert len(lines) > 20
    assert max(map(len, lines)) <= width


def test_where_a_terminal_is_narrow_names_still_differ_and_the_latest_days_are_drawn(store: TeamStore) -> None:
    answer = decoded(team_json(report(store, "cost")))
    narrow, wide = (printed(answer, width, only="model_days", most=3) for width in (30, 100))
    models = [line.split()[1] for line in narrow.splitlines() if line.startswith("2026")]
    assert len(set(models)) == len(models) == 3
    drawn = [line for text in (narrow, wide) for line in text.splitlines() if line.startswith("By day")]
    assert drawn[1].endswith(drawn[0].split()[-1])
    assert len(drawn[0]) == 30 < len(drawn[1])


def test_a_terminal_shows_the_latest_days_and_says_what_is_left(store: TeamStore) -> None:
    answer = decoded(team_json(report(store, "cost")))
    text = printed(answer, 80, only="days", most=3)
    assert "2026-11-20" in text
    assert "2026-11-17" not in text
    assert "6 rows earlier: --rows 0" in text
    assert "2026-11-12" in printed(answer, 80, only="days", most=0)


def test_cuts_are_tables_of_their_own(store: TeamStore) -> None:
    text = printed(decoded(team_json(report(store, "cost"))), 100)
    assert [
        title for title in ("By team", "By person", "By model", "By kind of request") if f"\n{title}\n" in text
    ] == [
        "By team",
        "By person",
        "By model",
        "By kind of request",
    ]


def test_figures_say_how_they_changed_since_the_days_before(store: TeamStore) -> None:
    ask = TeamAsk(Scope(TENANT), UTC, date(2026, 11, 16), date(2026, 11, 20))
    built = build_team_report("cost", store, ask, now=NOW)
    cost = built.figures[0]
    assert isinstance(cost.before, int)
    assert cost.before > 0
    line = next(
        line for line in printed(decoded(team_json(built))).splitlines() if line.startswith("Cost  ") and "$" in line
    )
    assert f"{'+' if (cost.change or 0) > 0 else '-'}{abs(cost.change or 0) * 100:.0f} % from $" in line


@pytest.mark.parametrize("name", TEAM_REPORTS)
def test_text_from_data_steers_neither_terminal_nor_spreadsheet(store: TeamStore, name: str) -> None:
    built = report(store, name, "hostile")
    assert "\x1b" not in printed(decoded(team_json(built)), 100)
    for table in TEAM_TABLES[name]:
        cells = [cell for line in csv.reader(io.StringIO(team_csv(built, table))) for cell in line]
        assert not [cell for cell in cells if cell.startswith("=") or "\x1b" in cell]


def test_names_are_shown_as_they_are_not_as_markup(store: TeamStore) -> None:
    text = printed(decoded(team_json(report(store, "people", "hostile"))), 100)
    assert "[bold]" in text
    assert "$1.23" in text


def test_an_answer_of_a_newer_server_is_shown_as_far_as_it_goes() -> None:
    answer: Answer = {
        "report": "team_cost",
        "since": "2026-11-01",
        "figures": {"new_thing": {"unit": "furlongs", "value": 3}, "odd": 7},
        "days": [{"day": "2026-11-01"}, "odd"],
        "cuts": "odd",
    }
    text = printed(answer, 80)
    assert "new_thing  3" in text
    assert "2026-11-01" in text.partition("By day")[2]


def test_filters_and_what_is_left_out_are_in_the_json(store: TeamStore) -> None:
    condition = Condition("version", ("2.1.329",))
    answer = decoded(team_json(report(store, "reliability", TENANT, condition)))
    assert answer["filters"] == {"version": {"values": ["2.1.329"], "is_not": False}}
    assert "duration percentiles: not told apart by version" in list(answer["left_out"])  # type: ignore[arg-type]


def test_the_model_with_no_price_costs_null_not_nothing(store: TeamStore) -> None:
    unpriced = response("request:u", AT, tenant="unpriced", user_id="ana", model=OPUS, output_tokens=5)
    put(store, unpriced)
    answer = decoded(team_json(report(store, "cost", "unpriced")))
    (total,) = rows_of(answer, next(table for table in TEAM_TABLES["cost"] if table.name == "total"))
    assert (total["cost_usd"], total["unpriced_responses"], total["output_tokens"]) == (None, 1, 5)


def test_a_table_is_found_by_its_name() -> None:
    assert team_table("cost") is TEAM_TABLES["cost"][0]
    found = team_table("cost", "days")
    assert found is not None
    assert found.name == "days"
    assert team_table("cost", "nope") is None


def test_every_table_is_in_the_reference() -> None:
    page = (Path(__file__).parent.parent / "docs" / "reference" / "team-json.md").read_text(encoding="utf-8")
    assert [table.name for tables in TEAM_TABLES.values() for table in tables if f"`{table.name}`" not in page] == []
