"""Activity on the dashboard: the heat map, hours, tools, the picture, and the API beside the command line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import pytest
from playwright.sync_api import Browser, expect

from tests.web_stage import Dashboard, Visitor, visiting

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def visitor(browser: Browser, dashboard: Dashboard) -> Iterator[Visitor]:
    with visiting(browser, dashboard) as visitor:
        yield visitor
        assert visitor.complaints == []
        assert visitor.foreign == []


@pytest.mark.parametrize("query", ["", "?last=7d", "?since=2026-03-01&until=2026-03-05&project=shop-api"])
def test_the_api_says_what_the_command_line_says(dashboard: Dashboard, query: str) -> None:
    options = [f"--{name}={value}" for name, (value,) in parse_qs(query.removeprefix("?")).items()]
    _, printed, _ = dashboard.machine.call("activity", *options, "--json")
    assert dashboard.ask(f"/api/v1/activity{query}").text.strip() == printed.strip()
    _, printed, _ = dashboard.machine.call("activity", *options, "--csv")
    assert dashboard.ask(f"/api/v1/activity{query}{'&' if query else '?'}format=csv").text.strip() == printed.strip()


def test_the_hours_of_the_week_add_up_to_everything(dashboard: Dashboard) -> None:
    report = dashboard.ask("/api/v1/activity").json()
    week = report["week_hours"]
    for name in ("responses", "total_tokens", "prompts"):
        assert sum(slot[name] for slot in week) == report["totals"][name]
    for hour in report["hours"]:
        assert sum(slot["responses"] for slot in week if slot["hour"] == hour["hour"]) == hour["responses"]
    for day in report["weekdays"]:
        assert sum(slot["prompts"] for slot in week if slot["weekday"] == day["weekday"]) == day["prompts"]


def test_the_tables_of_csv_are_those_of_json(dashboard: Dashboard) -> None:
    report = dashboard.ask("/api/v1/activity").json()
    for table, told in (("week_hours", report["week_hours"]), ("tools", report["tools"]), ("days", report["rows"])):
        lines = list(csv.DictReader(io.StringIO(dashboard.ask(f"/api/v1/activity?format=csv&table={table}").text)))
        assert [*lines[0]] == [*told[0]]
        assert [line[key] for line in lines for key in line] == [
            "" if value is None else str(value) for row in told for value in row.values()
        ]


def test_every_day_is_a_square_that_leads_to_what_it_cost(visitor: Visitor, dashboard: Dashboard) -> None:
    report = dashboard.ask("/api/v1/activity?last=12m").json()
    visitor.open("/activity")
    squares = visitor.page.locator(".heat a")
    assert squares.count() == len(report["rows"])
    assert visitor.page.locator(".heat a rect:not(.shade-0)").count() == report["active_days"]
    visitor.page.get_by_role("link", name=re.compile("Thu 12 Mar 2026")).click()
    expect(visitor.page.locator("h1")).to_have_text("Costs")
    assert parse_qs(urlsplit(visitor.page.url).query) == {"since": ["2026-03-12"], "until": ["2026-03-12"]}


def test_the_filters_go_along_to_a_days_costs(visitor: Visitor) -> None:
    visitor.open("/activity?project=shop-api&last=90d")
    target = visitor.page.locator(".heat a").last.get_attribute("href")
    assert target == "/costs?project=shop-api&since=2026-03-12&until=2026-03-12"


def test_arrow_keys_walk_through_the_days(visitor: Visitor) -> None:
    visitor.open("/activity")
    visitor.page.locator(".heat a[tabindex='0']").focus()
    assert (visitor.page.locator(":focus").get_attribute("aria-label") or "").startswith("Thu 12 Mar 2026")
    visitor.page.keyboard.press("ArrowLeft")
    assert (visitor.page.locator(":focus").get_attribute("aria-label") or "").startswith("Thu 5 Mar 2026")
    visitor.page.keyboard.press("ArrowUp")
    assert (visitor.page.locator(":focus").get_attribute("aria-label") or "").startswith("Wed 4 Mar 2026")
    assert visitor.page.locator(".heat a[tabindex='0']").count() == 1


@pytest.mark.parametrize("measure", ["cost", "tokens", "prompts", "responses"])
def test_shades_stand_for_what_is_asked_for(visitor: Visitor, measure: str) -> None:
    visitor.open(f"/activity?by={measure}")
    expect(visitor.page.locator(".tabs a[aria-current]")).to_have_text(measure.capitalize())
    told = visitor.page.locator(".heat a").last.get_attribute("aria-label") or ""
    assert ("$" in told) == (measure == "cost")
    assert visitor.page.locator(".chart[data-chart=week-hours][data-state=drawn]").count() == 1


def test_the_picture_names_projects_only_where_that_is_asked_for(dashboard: Dashboard) -> None:
    plain = dashboard.ask("/api/v1/activity.svg?theme=dark")
    assert plain.headers["content-type"] == "image/svg+xml"
    assert plain.headers["content-disposition"] == 'attachment; filename="tokentide-activity-dark.svg"'
    assert ET.fromstring(plain.body).tag == f"{SVG}svg"
    assert "shop-api" not in plain.text
    assert "shop-api" in dashboard.ask("/api/v1/activity.svg?with_names=true").text


def test_nothing_done_teaches_and_draws_nothing(dashboard: Dashboard) -> None:
    page = dashboard.ask("/activity?since=2020-01-01&until=2020-01-02")
    assert page.status == 200
    assert "Nothing was done in these days" in page.text
    reply = dashboard.ask("/api/v1/activity.svg?since=2020-01-01&until=2020-01-02")
    assert (reply.status, reply.json()) == (400, {"error": "there is nothing to draw in these days"})
