"""What is around every page: filters kept in the address, links, colours, live changes, downloads, the keyboard."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.web_stage import Dashboard, Visitor, visiting
from tokentide.web.frame import ALL_TIME
from tokentide.web.pages.catalogue import PAGES

SLOW = """(part) => {
    const real = window.fetch;
    window.fetch = (...asked) => String(asked[0]).includes(part)
        ? new Promise((done) => setTimeout(done, 1000)).then(() => real(...asked)) : real(...asked);
}"""
"""Answers to addresses with this part come a second later."""
DRAWN = "document.querySelector('#cost .canvas').data?.[0].x.length ?? 0"
"""How many bars of a colour the chart of costs has."""
FILTERED = [page for page in PAGES if page.filters]


@pytest.fixture
def visitor(browser: Browser, dashboard: Dashboard) -> Iterator[Visitor]:
    with visiting(browser, dashboard) as visitor:
        yield visitor
        assert visitor.complaints == []
        assert visitor.foreign == []


def query(visitor: Visitor) -> dict[str, list[str]]:
    return parse_qs(urlsplit(visitor.page.url).query)


@pytest.mark.parametrize("page", [each for each in FILTERED if "last" in each.filters], ids=lambda page: page.title)
def test_each_stretch_of_days_is_a_link_that_brings_itself_back(
    page: object, browser: Browser, dashboard: Dashboard
) -> None:
    path = page.path  # type: ignore[attr-defined]
    with visiting(browser, dashboard) as visitor:
        visitor.open(path)
        names = visitor.page.locator(".ranges a").all_inner_texts()
        assert names == ["Today", "7 days", "30 days", "90 days", "This month", "12 months", "All time"]
        for name in names:
            visitor.page.get_by_role("link", name=name, exact=True).click()
            expect(visitor.page.locator(".ranges a[aria-current]")).to_have_text(name)
            visitor.settled()
        assert query(visitor) == {"last": [ALL_TIME]}
        visitor.page.reload()
        expect(visitor.page.locator(".ranges a[aria-current]")).to_have_text("All time")
        assert visitor.complaints == []


@pytest.mark.parametrize("page", [each for each in FILTERED if "project" in each.filters], ids=lambda page: page.title)
def test_filters_narrow_every_page_and_can_be_taken_away(page: object, browser: Browser, dashboard: Dashboard) -> None:
    path = page.path  # type: ignore[attr-defined]
    with visiting(browser, dashboard) as visitor:
        visitor.open(path)
        visitor.page.locator("#filters").get_by_role("combobox", name="Project").select_option(label="shop-api")
        expect(visitor.page.locator(".chips li")).to_have_count(2)
        visitor.page.locator("#filters").get_by_role("combobox", name="Model").select_option(label="opus-5")
        expect(visitor.page.locator(".chips li")).to_have_count(3)
        visitor.settled()
        assert query(visitor)["project"][0].endswith("shop-api")
        assert "opus-5" in query(visitor)["model"][0]
        visitor.page.reload()
        expect(visitor.page.locator(".chips li")).to_have_count(3)
        visitor.page.get_by_role("link", name="Remove model opus-5").click()
        expect(visitor.page.locator(".chips li")).to_have_count(2)
        visitor.page.get_by_role("link", name="Clear all").click()
        expect(visitor.page.locator(".chips li")).to_have_count(0)
        assert query(visitor) == {}
        assert visitor.complaints == []


def test_two_projects_are_alternatives(visitor: Visitor, dashboard: Dashboard) -> None:
    visitor.open("/costs?last=30d")
    for name in ("shop-api", "notes"):
        visitor.page.locator("#filters").get_by_role("combobox", name="Project").select_option(label=name)
        expect(visitor.page.locator(".chips")).to_contain_text(name)
    told = dashboard.ask("/api/v1/project?last=30d").json()["rows"]
    both = sum(row["responses"] for row in told if row["project"].endswith(("shop-api", "notes")))
    shown = dashboard.ask("/api/v1/daily?last=30d&" + urlsplit(visitor.page.url).query).json()
    assert shown["totals"]["responses"] == both


def test_days_from_and_to_are_kept_beside_the_other_filters(visitor: Visitor) -> None:
    visitor.open("/costs?grain=week&model=opus")
    visitor.page.get_by_label("From").fill("2026-03-01")
    visitor.page.get_by_label("From").dispatch_event("change")
    expect(visitor.page.locator(".ranges a[aria-current]")).to_have_count(0)
    assert query(visitor) == {"grain": ["week"], "model": ["opus"], "since": ["2026-03-01"]}


def test_back_and_forward_lead_through_the_states_of_a_page(visitor: Visitor) -> None:
    visitor.open("/costs")
    visitor.page.get_by_role("link", name="Week", exact=True).click()
    expect(visitor.page.locator("#cost h2")).to_have_text("Cost by week")
    visitor.page.go_back()
    expect(visitor.page.locator("#cost h2")).to_have_text("Cost by day")
    visitor.page.go_forward()
    expect(visitor.page.locator("#cost h2")).to_have_text("Cost by week")
    visitor.settled()


def test_filters_go_along_to_other_pages(visitor: Visitor) -> None:
    visitor.open("/")
    visitor.page.locator("#filters").get_by_role("combobox", name="Project").select_option(label="notes")
    expect(visitor.page.locator(".chips")).to_contain_text("notes")
    visitor.page.get_by_role("navigation").get_by_role("link", name="Costs").click()
    visitor.settled()
    expect(visitor.page.locator(".chips")).to_contain_text("notes")


def test_the_keyboard_stays_where_it_was_when_a_view_changes(visitor: Visitor) -> None:
    visitor.open("/costs")
    visitor.page.get_by_role("link", name="Week", exact=True).focus()
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator("#cost h2")).to_have_text("Cost by week")
    assert visitor.page.evaluate("document.activeElement.textContent") == "Week"
    visitor.settled()


def test_of_two_quick_choices_the_last_is_drawn_whichever_answer_comes_first(visitor: Visitor) -> None:
    visitor.open("/costs?grain=month")
    visitor.page.evaluate(SLOW, "/api/v1/weekly")
    visitor.page.get_by_role("link", name="Week", exact=True).click()
    expect(visitor.page.locator("#cost h2")).to_have_text("Cost by week")
    visitor.page.get_by_role("link", name="Day", exact=True).click()
    expect(visitor.page.locator("#cost h2")).to_have_text("Cost by day")
    days = visitor.page.evaluate(DRAWN)
    visitor.page.wait_for_timeout(1500)
    assert visitor.page.evaluate(DRAWN) > 5
    assert visitor.page.evaluate(DRAWN) >= days


def test_a_server_that_is_gone_is_told_and_what_was_shown_stays(browser: Browser, dashboard: Dashboard) -> None:
    with visiting(browser, dashboard) as visitor:
        visitor.open("/costs")
        visitor.context.set_offline(True)
        visitor.page.get_by_role("link", name="Week", exact=True).click()
        expect(visitor.page.locator("#toasts")).to_contain_text("does not answer")
        expect(visitor.page.locator("#cost h2")).to_have_text("Cost by day")
        visitor.context.set_offline(False)
        visitor.page.get_by_role("link", name="Week", exact=True).click()
        expect(visitor.page.locator("#cost h2")).to_have_text("Cost by week")
        visitor.settled()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.title)
def test_a_phone_shows_where_one_is(page: object, browser: Browser, dashboard: Dashboard) -> None:
    with visiting(browser, dashboard, width=390) as visitor:
        visitor.open(page.path)  # type: ignore[attr-defined]
        box = visitor.page.locator(".top nav [aria-current]").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


@pytest.mark.parametrize("width", [360, 390, 1280])
def test_no_amount_is_cut_in_the_table_of_sessions(browser: Browser, dashboard: Dashboard, width: int) -> None:
    with visiting(browser, dashboard, width=width) as visitor:
        visitor.open("/sessions")
        cells = visitor.page.locator("#sessions tbody:not(.room) .c-cost:visible, #sessions tbody .c-tokens:visible")
        room = cells.evaluate_all("""all => all.map((each) => {
            each.textContent = each.matches('.c-cost') ? '$19,424.04 + ?' : '12,345,678,901';
            return each.clientWidth - each.scrollWidth;
        })""")
        assert len(room) > 5
        assert min(room) == 0


def test_paper_is_white_and_tables_are_whole_on_it(browser: Browser, dashboard: Dashboard) -> None:
    with visiting(browser, dashboard, dark=True) as visitor:
        visitor.open("/costs")
        visitor.page.emulate_media(media="print", color_scheme="dark")
        told = visitor.page.evaluate("""() => {
            const style = (at) => getComputedStyle(document.querySelector(at));
            return [style('body').color, style('.panel').backgroundColor, style('.scroll').overflowY, style('.top').display,
                    style('#cost .xtick text').fill];
        }""")
        assert told == ["rgb(22, 36, 43)", "rgb(255, 255, 255)", "visible", "none", "rgb(22, 36, 43)"]


def test_downloads_are_what_the_api_answers(visitor: Visitor, dashboard: Dashboard) -> None:
    visitor.open("/costs?last=7d&stack=project")
    kept: dict[str, bytes] = {}
    for name in ("CSV", "JSON"):
        with visitor.page.expect_download() as download:
            visitor.page.locator("#cost").get_by_role("link", name=name).click()
        assert download.value.suggested_filename == f"tokentide-cost.{name.lower()}" or name == "CSV"
        kept[name] = download.value.path().read_bytes()
    assert kept["JSON"] == dashboard.ask("/api/v1/daily?last=7d&by=project").body
    rows = list(csv.DictReader(io.StringIO(kept["CSV"].decode())))
    told = json.loads(kept["JSON"])
    assert len(rows) == sum(len(row["breakdown"]) for row in told["rows"])
    assert sum(int(row["total_tokens"]) for row in rows) == told["totals"]["total_tokens"]


def test_colours_are_kept_in_the_browser_and_nothing_flashes(visitor: Visitor) -> None:
    visitor.open("/")
    light = visitor.page.evaluate("getComputedStyle(document.body).backgroundColor")
    visitor.page.get_by_label("Colours").select_option("dark")
    dark = visitor.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark != light
    visitor.page.reload(wait_until="commit")
    visitor.page.wait_for_selector("body")
    assert visitor.page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert visitor.page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
    visitor.settled()


def test_everything_is_reached_by_the_keyboard(visitor: Visitor) -> None:
    visitor.open("/costs")
    visitor.page.keyboard.press("Tab")
    assert visitor.page.evaluate("document.activeElement.className") == "skip"
    visitor.page.keyboard.press("Enter")
    assert visitor.page.evaluate("document.activeElement.id") == "main"
    heading = visitor.page.locator("#parts").get_by_role("button", name="Tokens")
    heading.focus()
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator("#parts th[aria-sort]")).to_have_attribute("aria-sort", "descending")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator("#parts th[aria-sort]")).to_have_attribute("aria-sort", "ascending")
    cells = visitor.page.locator("#parts tbody td:nth-child(2)").evaluate_all(
        "all => all.map(each => +each.dataset.value)"
    )
    assert cells == sorted(cells)
    assert len(cells) > 1


def test_a_chart_tells_its_figures_where_the_pointer_is(visitor: Visitor) -> None:
    visitor.open("/costs?last=7d")
    canvas = visitor.page.locator("#cost .canvas")
    box = canvas.bounding_box()
    assert box is not None
    visitor.page.mouse.move(box["x"] + box["width"] - 60, box["y"] + box["height"] * 0.6)
    expect(canvas.locator(".hoverlayer")).to_contain_text("opus-5")
    expect(canvas.locator(".hoverlayer")).to_contain_text("$")


def test_pages_say_the_same_without_scripts(browser: Browser, dashboard: Dashboard) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1000, "height": 800})
    page = context.new_page()
    page.goto(dashboard.address + "/costs?last=7d")
    page.locator("#filters").get_by_label("Project").select_option(label="notes")
    page.get_by_role("button", name="Apply").click()
    assert "notes" in parse_qs(urlsplit(page.url).query)["project"][0]
    expect(page.locator("#parts tbody tr").first).to_be_visible()
    page.get_by_text("Show the table").click()
    expect(page.locator("#cost tbody tr").first).to_be_visible()
    context.close()


def test_a_wrong_address_is_told_in_words(dashboard: Dashboard) -> None:
    for target, status, told in (
        ("/nowhere", 404, "no such page"),
        ("/costs?lsat=7d", 422, "lsat"),
        ("/costs?last=soon", 422, "such as 7d"),
        ("/costs?since=2026-03-10&until=2026-03-01", 400, "swap them"),
        ("/costs?timezone=Mars/Base", 400, "Mars/Base"),
    ):
        reply = dashboard.ask(target)
        assert (reply.status, told in reply.text) == (status, True), (target, reply.text)
        assert "Traceback" not in reply.text
