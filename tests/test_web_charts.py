"""What charts draw, read out of the library: the figures, the place and the words of every point."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser

from tests.conftest import Machine
from tests.web_stage import NOW, SETTINGS, Dashboard, Visitor, fill, quiet, visiting
from tokentide.clock import DAY_US, MINUTE_US
from tokentide.render.report_json import instant

UNPRICED = "mystery-9"


def write_usage(folder: Path) -> None:
    """A day a week with every model; the last quarter of an hour is one that has no price."""
    rows = [(NOW - week * 7 * DAY_US, model) for week in range(1, 9) for model in ("claude-opus-4-8", UNPRICED)]
    rows += [(NOW - DAY_US, model) for model in ("claude-sonnet-4-6", "claude-haiku-4-5-20251001", "claude-opus-4-8")]
    rows += [(NOW - minute * MINUTE_US, UNPRICED) for minute in range(15, 0, -1)]
    lines = [_line(number, at, model) for number, (at, model) in enumerate(rows)]
    place = folder / "projects" / "-home-u-app"
    place.mkdir(parents=True)
    (place / "aaaaaaaa-0000-4000-8000-000000000001.jsonl").write_text("\n".join(lines) + "\n")


def _line(number: int, at: int, model: str) -> str:
    usage = {"input_tokens": 10, "output_tokens": 2000, "cache_read_input_tokens": 50_000}
    message = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": model, "usage": usage}
    return json.dumps(
        {
            "type": "assistant",
            "uuid": f"u{number}",
            "sessionId": "aaaaaaaa-0000-4000-8000-000000000001",
            "cwd": "/home/u/app",
            "timestamp": instant(at),
            "version": "2.1.0",
            "requestId": f"req_{number}",
            "message": message | {"content": [], "stop_reason": "end_turn"},
        }
    )


@pytest.fixture
def unpriced(machine: Machine, browser: Browser) -> Iterator[Visitor]:
    quiet(machine)
    write_usage(machine.claude)
    with Dashboard(machine).serving() as dashboard, visiting(browser, dashboard) as visitor:
        yield visitor


def drawn(visitor: Visitor, where: str = ".chart") -> list[dict[str, Any]]:
    """The traces of a chart."""
    found: list[dict[str, Any]] = visitor.page.evaluate(
        """(where) => document.querySelector(`${where} .canvas`).data.map((each) => (
        { name: each.name, x: [...each.x], y: [...each.y], told: each.hovertemplate, words: each.customdata }))""",
        where,
    )
    return found


def placed(visitor: Visitor) -> list[tuple[float, float]]:
    """Where the bars of the first trace begin and end, in milliseconds of the axis."""
    found: list[tuple[float, float]] = visitor.page.evaluate(
        "() => document.querySelector('.chart .canvas').calcdata[0].map((each) => [each.p0, each.p1])"
    )
    return found


def test_what_has_no_price_is_never_drawn_as_nothing(unpriced: Visitor) -> None:
    unpriced.open("/costs?last=30d")
    found = {each["name"]: each for each in drawn(unpriced)}
    assert set(found[UNPRICED]["told"]) >= {"no price"}
    assert "$0.00" not in unpriced.page.locator("#main").inner_text()
    sonnet = found["sonnet-4-6"]
    assert [y is None for y in sonnet["y"]].count(False) == 1
    unpriced.open("/models")
    (row,) = unpriced.page.locator("#models tbody tr").filter(has_text=UNPRICED).all_inner_texts()
    assert row.split("\t")[-2:] == ["?", "no price"]
    for path in ("/", "/live"):
        unpriced.open(path)
        assert "? an hour" in " ".join(unpriced.page.locator("#main").inner_text().split())
        assert "$0.00 at its end" not in unpriced.page.locator("#main").inner_text()
    assert unpriced.complaints == []


@pytest.mark.parametrize(("grain", "days"), [("week", 7), ("month", 28)])
def test_a_bar_stands_over_its_week_or_month(unpriced: Visitor, grain: str, days: int) -> None:
    unpriced.open(f"/costs?last=9999m&grain={grain}")
    names = drawn(unpriced)[0]["x"]
    report = unpriced.dashboard.ask(f"/api/v1/{grain}ly").json()
    assert names == [row[grain] for row in report["rows"]]
    for name, (begin, end) in zip(names, placed(unpriced), strict=True):
        first = datetime.fromisoformat(f"{name}-01"[:10] + "T00:00:00+00:00").timestamp() * 1000
        assert first <= begin < end <= first + (days + 4) * 86_400_000
    assert unpriced.complaints == []


def test_a_single_month_is_named_below_its_bar(unpriced: Visitor) -> None:
    unpriced.open("/costs?today=true&grain=month")
    assert unpriced.page.locator(".chart .xtick").all_text_contents() == ["2026-03"]


def test_names_of_weeks_have_room_on_a_phone(machine: Machine, browser: Browser) -> None:
    fill(machine, days=400)
    with Dashboard(machine).serving() as dashboard, visiting(browser, dashboard, width=390) as visitor:
        visitor.open("/costs?last=9999m&grain=week")
        boxes = [each.bounding_box() for each in visitor.page.locator(".chart .xtick").all()]
        shown = [each for each in boxes if each and each["width"]]  # one that would not fit at the edge is left out
        assert len(shown) > 1
        assert all(a["x"] + a["width"] < b["x"] for a, b in pairwise(shown))


def test_charts_say_the_time_of_the_report(machine: Machine, browser: Browser) -> None:
    fill(machine, days=8)
    with Dashboard(machine).serving() as dashboard, visiting(browser, dashboard) as visitor:
        visitor.open("/insight/context?timezone=Asia/Kathmandu")
        words = drawn(visitor)[0]["words"]
        growth = dashboard.ask("/api/v1/context").json()["growth"]
        zone = ZoneInfo("Asia/Kathmandu")
        assert words == [f"{datetime.fromisoformat(each['at']).astimezone(zone):%Y-%m-%d %H:%M:%S}" for each in growth]
        visitor.open("/?timezone=Pacific/Chatham")
        course = dashboard.ask("/api/v1/limits/course?window=five_hour").json()["windows"][0]
        first = datetime.fromisoformat(course["points"][0]["at"]).astimezone(ZoneInfo("Pacific/Chatham"))
        line = drawn(visitor)[0]
        assert line["x"][1] == f"{first:%Y-%m-%d %H:%M:%S}"
        card = visitor.page.locator("#limits-1 .window .value").first.inner_text()
        table = visitor.page.locator("#heading tbody td").first.text_content()
        assert (f"{line['words'][-1]} %", table) == (card, card)


def test_yen_have_no_cents_in_charts_either(machine: Machine, browser: Browser) -> None:
    fill(machine, days=8)
    machine.settings(f'{SETTINGS}currency = "JPY"\nusd_rate = 150\n')
    with Dashboard(machine).serving() as dashboard, visiting(browser, dashboard) as visitor:
        visitor.open("/costs?last=9999m")
        report = dashboard.ask("/api/v1/daily").json()
        sums = [0.0] * len(report["rows"])
        for trace in drawn(visitor):
            assert {each.removesuffix(" + ?") for each in trace["told"]} <= {"%{y:$,.0f}", "<1 JPY", "no price"}
            sums = [a + (b or 0) for a, b in zip(sums, trace["y"], strict=True)]
        assert sums == pytest.approx([150 * row["cost_usd"] for row in report["rows"]])
        assert visitor.complaints == []


TEXTS = ("9 min", "no price", "$1,234.56", "<$0.01", "2 h 05 min", "-$3.20", "~$3", "1.2M", "980K", "88 B", "1.10 MB")


def test_tables_sort_by_what_their_figures_mean(unpriced: Visitor) -> None:
    unpriced.open("/models")
    order = unpriced.page.evaluate(
        """async (texts) => {
          const table = document.createElement("table");
          table.dataset.sortable = "";
          table.createTHead().insertRow().innerHTML = '<th class="number">Amount</th>';
          const body = table.createTBody();
          for (const text of texts) body.insertRow().insertCell().textContent = text;
          document.getElementById("main").append(table);
          (await import("/static/tables.js")).dressTables(document);
          table.querySelector("button").click();
          return [...body.rows].map((row) => row.textContent);
        }""",
        TEXTS,
    )
    assert order == [
        "1.2M", "1.10 MB", "980K", "2 h 05 min", "$1,234.56", "9 min", "88 B", "~$3", "<$0.01", "-$3.20", "no price",
    ]  # fmt: skip


def test_amounts_of_windows_are_in_the_currency_of_the_page(machine: Machine) -> None:
    quiet(machine)
    write_usage(machine.claude)
    machine.settings(f'{SETTINGS}plan = "pro"\ncurrency = "EUR"\nusd_rate = 2\n')
    with Dashboard(machine).serving() as dashboard:
        text = dashboard.ask("/limits").text
        told = dashboard.ask("/api/v1/limits").json()["accounts"][0]["windows"][0]
        assert told["is_estimate"]
        assert " of €" in text.partition('class="reset"')[2].partition("</p>")[0]
