"""Windows, their history, forecasts and blocks: the API beside the command line, and the pages in a browser."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.conftest import Machine
from tests.test_web_pages import serious_faults
from tests.web_stage import Dashboard, fill, visiting

DAYS = 40


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    machine = Machine(tmp_path_factory.mktemp("limits"))
    fill(machine, DAYS)
    with Dashboard(machine).serving() as dashboard:
        yield dashboard


def rows(text: str) -> list[dict[str, str]]:
    """CSV by its heading."""
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("limits", ["limits"]),
        ("forecast", ["forecast"]),
        ("block", ["block"]),
        ("block?recent=true&token_limit=max", ["block", "--recent", "--token-limit", "max"]),
        ("block?last=3d&session_length=2", ["block", "--last", "3d", "--session-length", "2"]),
        ("block?active=true", ["block", "--active"]),
    ],
)
def test_the_api_says_what_the_command_line_says(dashboard: Dashboard, target: str, words: list[str]) -> None:
    code, out, err = dashboard.machine.call(*words, "--json", "--offline")
    assert code == 0, err
    assert dashboard.ask(f"/api/v1/{target}").json() == json.loads(out)


def test_a_history_has_the_points_of_the_command_line_from_the_first_day_on(dashboard: Dashboard) -> None:
    _, out, _ = dashboard.machine.call("limits", "--history", "--days", "8", "--json", "--offline")
    told, said = json.loads(out)["windows"], dashboard.ask("/api/v1/limits/history?last=8d").json()["windows"]
    assert [each["window"] for each in said] == [each["window"] for each in told]
    for mine, theirs in zip(said, told, strict=True):
        assert mine["points"][1:], "the sample has readings"
        assert mine["points"][1:] == [point for point in theirs["points"] if point in mine["points"][1:]]


def test_a_history_ends_with_the_last_day_asked_for(dashboard: Dashboard) -> None:
    said = dashboard.ask("/api/v1/limits/history?since=2026-03-01&until=2026-03-05&window=five_hour").json()
    (window,) = said["windows"]
    assert window["points"][-1]["at"] < "2026-03-06"
    assert window["points"][1]["at"] >= "2026-03-01"
    lines = rows(dashboard.ask("/api/v1/limits/history?since=2026-03-01&until=2026-03-05&format=csv").text)
    five = [line for line in lines if line["window"] == "five_hour"]
    assert [(line["at"], float(line["percent"])) for line in five] == [
        (point["at"], point["percent"]) for point in window["points"]
    ]


def test_a_course_leads_from_the_opening_to_the_forecast(dashboard: Dashboard) -> None:
    limits = dashboard.ask("/api/v1/limits").json()["accounts"][0]["windows"]
    courses = dashboard.ask("/api/v1/limits/course").json()["windows"]
    forecasts = dashboard.ask("/api/v1/forecast").json()["accounts"][0]["windows"]
    assert [each["window"] for each in courses] == [each["window"] for each in limits]
    for course, window, forecast in zip(courses, limits, forecasts, strict=True):
        assert course["forecast"] == forecast
        assert course["percent"] == window["percent"] == course["points"][-1]["percent"]
        percents = [point["percent"] for point in course["points"]]
        assert percents == sorted(percents), "within one window use only grows"
        assert course["opens_at"] <= course["points"][0]["at"] <= course["resets_at"] == window["resets_at"]
    lines = rows(dashboard.ask("/api/v1/limits/course?format=csv&window=five_hour").text)
    assert {line["window"] for line in lines} == {"five_hour"}
    assert lines[-1]["basis"] == "forecast"
    assert float(lines[-1]["percent"]) == forecasts[0]["percent_at_reset"]["p50"]


def test_past_windows_have_the_highest_point_of_their_history(dashboard: Dashboard) -> None:
    points = dashboard.ask("/api/v1/limits/history?last=30d&window=five_hour").json()["windows"][0]["points"]
    past = dashboard.ask("/api/v1/limits/past?last=30d&window=five_hour").json()["windows"]
    assert past
    for each in past:
        own = [point["percent"] for point in points if point["resets_at"] == each["resets_at"]]
        assert each["percent"] == max(own)
    lines = rows(dashboard.ask("/api/v1/limits/past?last=30d&window=five_hour&format=csv").text)
    assert [line["resets_at"] for line in lines] == [each["resets_at"] for each in past]


def test_tables_of_now_are_to_keep(dashboard: Dashboard) -> None:
    limits = rows(dashboard.ask("/api/v1/limits?format=csv").text)
    told = dashboard.ask("/api/v1/limits").json()["accounts"][0]["windows"]
    assert [(line["window"], float(line["percent"])) for line in limits] == [
        (each["window"], each["percent"]) for each in told
    ]
    forecasts = rows(dashboard.ask("/api/v1/forecast?format=csv").text)
    account = dashboard.ask("/api/v1/forecast").json()["accounts"][0]
    assert [float(line["odds"]) for line in forecasts] == [each["odds"] for each in account["windows"]]
    assert [float(line["usd_per_percent"]) for line in forecasts] == [
        each["usd_per_percent"] for each in account["calibrations"]
    ]
    blocks = rows(dashboard.ask("/api/v1/block?format=csv&last=7d").text)
    shown = [row for row in dashboard.ask("/api/v1/block?last=7d").json()["rows"] if not row["is_gap"]]
    assert [line["block"] for line in blocks] == [row["block"] for row in shown]


@pytest.mark.parametrize("target", ["limits?window=x", "block?token_limit=many", "block?session_length=0"])
def test_what_makes_no_sense_is_refused_by_name(dashboard: Dashboard, target: str) -> None:
    answer = dashboard.ask(f"/api/v1/{target}")
    assert answer.status == 422
    assert target.partition("?")[2].partition("=")[0] in answer.json()["error"]


def test_a_replay_is_that_of_the_command_line_and_tells_how_far_it_is(dashboard: Dashboard) -> None:
    answers: list[Any] = []
    asking = threading.Thread(target=lambda: answers.append(dashboard.ask("/api/v1/forecast/backtest?days=20")))
    asking.start()
    progress: list[tuple[int, int]] = []
    while asking.is_alive():
        told = dashboard.ask("/api/v1/forecast/backtest/progress").json()
        progress.append((told["done"], told["total"]))
        if told["total"]:
            refused = dashboard.ask("/api/v1/forecast/backtest?days=19")
            assert refused.status in (200, 503)
    asking.join()
    code, out, _ = dashboard.machine.call("forecast", "--backtest", "--days", "20", "--json", "--offline")
    assert code == 0
    assert answers[0].json() == json.loads(out)
    shown = [done for done, total in progress if total]
    assert shown == sorted(shown)
    assert shown, "no progress was told"
    lines = rows(dashboard.ask("/api/v1/forecast/backtest?days=20&format=csv").text)
    bins = [each for window in answers[0].json()["accounts"][0]["windows"] for each in window["reliability"]]
    assert [int(line["cases"]) for line in lines] == [each["cases"] for each in bins]


def test_the_replay_has_a_page_with_a_chart_and_its_table(browser: Browser, dashboard: Dashboard) -> None:
    with visiting(browser, dashboard) as visitor:
        visitor.open("/limits")
        visitor.page.click("a[data-replay]", no_wait_after=True)
        visitor.page.wait_for_url("**/limits/replay", timeout=60_000)
        visitor.settled()
        visitor.page.click("details.table summary")
        assert "this forecast" in visitor.page.inner_text("#main")
        assert visitor.page.locator(".chart[data-chart=reliability][data-state=drawn]").count() == 1
        visitor.shot("limits-replay")
        assert serious_faults(visitor) == []
        assert visitor.complaints == []


def test_each_window_has_a_chart_of_its_own_and_days_change_the_history(browser: Browser, dashboard: Dashboard) -> None:
    with visiting(browser, dashboard) as visitor:
        visitor.open("/limits")
        page = visitor.page
        assert page.locator("#heading .chart[data-state=drawn]:visible").count() == 3
        assert page.locator("#history .chart[data-state=drawn]:visible").count() == 3
        few = page.locator("#past tbody tr").count()
        page.click(".ranges a:has-text('30 days')")
        page.wait_for_url("**/limits?last=30d")
        visitor.settled()
        assert page.locator("#past tbody tr").count() > few
        assert page.locator("#history .chart[data-state=drawn]:visible").count() == 3
        assert visitor.complaints == []


def test_filters_that_mean_nothing_to_windows_are_named(browser: Browser, dashboard: Dashboard) -> None:
    with visiting(browser, dashboard) as visitor:
        visitor.open("/limits?project=shop-api")
        assert "filter of project" in visitor.page.inner_text("#main")
