"""Sessions in the browser: thousands of them, sorted, searched and scrolled; one of them as a timeline."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Dialog, expect

from tests.conftest import Machine, usage_line
from tests.web_stage import Dashboard, Visitor, fill, visiting

MADE_UP = 420
HOSTILE = "<img src=x onerror=alert(1)></script><b>bold</b> {{ 7 * 7 }} \u202ertl\u200f"
HOSTILE_FOLDER = "/home/sam/<b onclick=alert(2)>atlas"
HOSTILE_BRANCH = "<script>alert(3)</script>"
HOSTILE_ID = "feedbeef-0000-4000-8000-000000000001"
HEADINGS = {
    "Session": "title",
    "Project": "project",
    "Branch": "branch",
    "Models": "models",
    "Last used": "last",
    "Responses": "responses",
    "Input": "input",
    "Output": "output",
    "Cache write": "cache-write",
    "Cache read": "cache-read",
    "Total": "tokens",
    "Cost": "cost",
}


def write_sessions(machine: Machine) -> None:
    """Many small ones, and one whose names are an attack."""
    for number in range(MADE_UP):
        session = f"{number:08x}-0000-4000-8000-00000000aaaa"
        title = {"type": "ai-title", "aiTitle": f"Orchard task t{number:03}", "sessionId": session}
        line = usage_line(f"m{number}", f"r{number}", f"2026-02-{1 + number % 28:02}T10:00:00.000Z", session=session)
        machine.write(f"-w-orchard/{session}.jsonl", packed(title), {**line, "cwd": "/w/orchard", "gitBranch": "main"})
    title = {"type": "ai-title", "aiTitle": HOSTILE, "sessionId": HOSTILE_ID}
    lines = [
        {
            **usage_line(f"h{n}", f"hr{n}", f"2026-03-11T10:0{n}:00.000Z", "claude-opus-4-8", HOSTILE_ID),
            "cwd": HOSTILE_FOLDER,
            "gitBranch": HOSTILE_BRANCH,
        }
        for n in range(3)
    ]
    machine.write(f"-home-sam-atlas/{HOSTILE_ID}.jsonl", packed(title), *lines)


def packed(line: dict[str, str]) -> str:
    """As the client writes it."""
    return json.dumps(line, separators=(",", ":"))


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    machine = Machine(tmp_path_factory.mktemp("sessions"))
    write_sessions(machine)
    fill(machine)
    with Dashboard(machine).serving() as dashboard:
        yield dashboard


@pytest.fixture
def visitor(browser: Browser, dashboard: Dashboard) -> Iterator[Visitor]:
    with visiting(browser, dashboard, width=1900) as visitor:
        yield visitor
        assert visitor.complaints == []
        assert visitor.foreign == []


def ids(dashboard: Dashboard, query: str) -> list[str]:
    return [row["session_id"] for row in dashboard.ask(f"/api/v1/session?{query}").json()["rows"]]


def dearest(dashboard: Dashboard) -> str:
    """A session of the sample with much in it."""
    return ids(dashboard, "sort=responses")[0]


def asked(visitor: Visitor) -> dict[str, list[str]]:
    return parse_qs(urlsplit(visitor.page.url).query)


# The API.


def test_the_list_is_that_of_the_command_line(dashboard: Dashboard) -> None:
    status, told, _ = dashboard.machine.call("session", "--json", "--by", "model", "--order", "asc")
    assert status == 0
    mine, other = dashboard.ask("/api/v1/session?by=model&order=asc").json(), json.loads(told)
    assert len(mine["rows"]) > MADE_UP
    assert {**mine, "generated_at": ""} == {**other, "generated_at": ""}


def test_what_is_searched_for_is_what_json_and_csv_hold_in_the_same_order(dashboard: Dashboard) -> None:
    query = "q=orchard+t41&sort=title&order=desc"
    found = dashboard.ask(f"/api/v1/session?{query}").json()
    lines = list(csv.DictReader(io.StringIO(dashboard.ask(f"/api/v1/session?{query}&format=csv").text)))
    titles = [row["title"] for row in found["rows"]]
    assert titles == [f"Orchard task t{n:03}" for n in range(419, 409, -1)]
    assert [line["title"] for line in lines] == titles
    assert found["totals"]["responses"] == len(titles)
    assert found["totals"]["cost_usd"] == pytest.approx(sum(row["cost_usd"] for row in found["rows"]))


@pytest.mark.parametrize("sort", [*HEADINGS.values(), "key"])
def test_each_order_is_the_other_ones_reverse(dashboard: Dashboard, sort: str) -> None:
    report = dashboard.ask(f"/api/v1/session?sort={sort}&order=asc").json()
    values = [value_of(row, sort) for row in report["rows"]]
    assert values == sorted(values)
    down = dashboard.ask(f"/api/v1/session?sort={sort}&order=desc").json()
    assert [value_of(row, sort) for row in down["rows"]] == sorted(values, reverse=True)


def value_of(row: dict[str, Any], sort: str) -> Any:
    """What a row is sorted by."""
    names = {"last": "last_at", "key": "session_id", "cost": "cost_usd", "responses": "responses"}
    if sort == "title":
        return str(row["title"] or row["session_id"]).casefold()
    if sort == "project":
        return str(row["project"]).rpartition("/")[2].casefold()
    if sort == "models":
        return ", ".join(row["models"])
    if sort == "cache-write":
        return row["cache_creation_5m_tokens"] + row["cache_creation_1h_tokens"]
    if sort == "cost":
        return row["cost_usd"] or 0
    return row[
        names.get(sort)
        or {"tokens": "total_tokens", "branch": "branch"}.get(sort)
        or f"{sort.replace('-', '_')}_tokens"
    ]


def test_one_session_is_that_of_the_command_line(dashboard: Dashboard) -> None:
    session = dearest(dashboard)
    status, told, _ = dashboard.machine.call("session", session, "--json")
    assert status == 0
    mine = dashboard.ask(f"/api/v1/session/{session[:11]}").json()
    assert mine["turns"]
    assert {**mine, "generated_at": ""} == {**json.loads(told), "generated_at": ""}


def test_turns_are_kept_as_csv(dashboard: Dashboard) -> None:
    session = dearest(dashboard)
    turns = dashboard.ask(f"/api/v1/session/{session}").json()["turns"]
    answer = dashboard.ask(f"/api/v1/session/{session}?format=csv")
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert [(line["number"], line["at"], int(line["total_tokens"])) for line in lines] == [
        (str(turn["number"]), turn["at"], turn["total_tokens"]) for turn in turns
    ]
    assert all("response" in line["happened"] for line in lines if line["responses"] != "0")


@pytest.mark.parametrize(
    ("wish", "said"), [("zzz", "no session in the ledger begins with"), ("0000", "several sessions begin")]
)
def test_what_names_no_single_session_is_not_found_and_says_so(dashboard: Dashboard, wish: str, said: str) -> None:
    for path in (f"/api/v1/session/{wish}", f"/sessions/{wish}"):
        answer = dashboard.ask(path)
        assert answer.status == 404
        assert said in answer.text


# The table.


def test_scrolling_leads_to_the_last_of_hundreds_with_few_of_them_on_the_page(visitor: Visitor) -> None:
    visitor.open("/sessions?sort=title&order=asc&q=orchard")
    table = visitor.page.locator("table.rows[data-dressed]")
    expect(table).to_have_attribute("aria-rowcount", str(MADE_UP + 1))
    for number in (0, 150, MADE_UP - 1):
        visitor.page.evaluate(
            "at => { const box = document.querySelector('#sessions .scroll'); box.scrollTop = at * box.scrollHeight }",
            number / MADE_UP,
        )
        row = visitor.page.locator(f".rows tr[aria-rowindex='{number + 2}']")
        expect(row).to_contain_text(f"Orchard task t{number:03}")
        expect(row).to_be_in_viewport()
    visitor.shot("sessions-scrolled")
    heights = visitor.page.evaluate(
        "[...document.querySelectorAll('.rows tbody')].map(each => Math.round(each.getBoundingClientRect().height))"
    )
    assert len(heights) == 5
    assert max(heights[:4]) - min(heights[:4]) <= 2, "rows that are not there take as much room as those that are"


def test_the_way_back_leads_to_where_one_was(visitor: Visitor) -> None:
    visitor.open("/sessions?sort=title&order=asc&q=orchard")
    visitor.page.locator("table.rows[data-dressed]").wait_for()
    visitor.page.evaluate("document.querySelector('#sessions .scroll').scrollTop = 1e6")
    link = visitor.page.get_by_role("link", name=f"Orchard task t{MADE_UP - 1}")
    link.wait_for()
    visitor.page.wait_for_timeout(400)
    link.click()
    expect(visitor.page.locator("h1")).to_have_text(f"Orchard task t{MADE_UP - 1}")
    visitor.page.go_back()
    expect(visitor.page.get_by_role("link", name=f"Orchard task t{MADE_UP - 1}")).to_be_in_viewport()


def test_typing_narrows_the_table_and_the_address_and_what_is_kept(visitor: Visitor, tmp_path: Path) -> None:
    visitor.open("/sessions")
    visitor.page.locator("#q").press_sequentially("task t419", delay=15)
    expect(visitor.page.locator(".rows tbody tr")).to_have_count(1)
    expect(visitor.page.locator("#found")).to_contain_text("1 of ")
    expect(visitor.page.locator("#q")).to_be_focused()
    assert asked(visitor) == {"q": ["task t419"]}
    with visitor.page.expect_download() as download:
        visitor.page.locator("#sessions .keep a", has_text="CSV").click()
    download.value.save_as(tmp_path / "kept.csv")
    kept = csv.DictReader(io.StringIO((tmp_path / "kept.csv").read_text()))
    assert [line["title"] for line in kept] == ["Orchard task t419"]
    visitor.page.reload()
    expect(visitor.page.locator(".rows tbody tr")).to_have_count(1)
    visitor.page.locator("#q").fill("no such thing")
    expect(visitor.page.locator("#sessions .empty")).to_contain_text("No session matches")
    visitor.page.get_by_role("link", name="Show all").click()
    expect(visitor.page.locator(".rows tbody tr").first).to_be_visible()
    assert "q" not in asked(visitor)
    expect(visitor.page.locator("#q")).to_have_value("")


@pytest.mark.parametrize("heading", HEADINGS)
def test_each_heading_sorts_by_mouse_and_by_keyboard(visitor: Visitor, dashboard: Dashboard, heading: str) -> None:
    sort = HEADINGS[heading]
    visitor.open("/sessions?sort=key")
    head = visitor.page.locator(f"th.c-{sort}").first
    head.get_by_role("link", name=heading).click()
    expect(head).to_have_attribute(
        "aria-sort", "ascending" if sort in ("title", "project", "branch", "models") else "descending"
    )
    first = head.get_attribute("aria-sort") or ""
    assert_first(visitor, dashboard, sort, first)
    visitor.page.locator(f"#sort-{sort}").focus()
    visitor.page.keyboard.press("Enter")
    other = "descending" if first == "ascending" else "ascending"
    expect(head).to_have_attribute("aria-sort", other)
    expect(visitor.page.locator(f"#sort-{sort}")).to_be_focused()
    assert_first(visitor, dashboard, sort, other)
    visitor.page.go_back()
    expect(head).to_have_attribute("aria-sort", first)


def assert_first(visitor: Visitor, dashboard: Dashboard, sort: str, way: str) -> None:
    session = ids(dashboard, f"sort={sort}&order={'asc' if way == 'ascending' else 'desc'}")[0]
    link = visitor.page.locator(".rows tbody th a").first
    expect(link).to_have_attribute("href", f"/sessions/{session}")


def test_without_scripts_there_are_pages(browser: Browser, dashboard: Dashboard) -> None:
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(f"{dashboard.address}/sessions?sort=title&order=asc&q=orchard")
        expect(page.locator(".rows tbody tr")).to_have_count(100)
        page.get_by_role("link", name="Next").click()
        expect(page.locator(".rows tbody th").first).to_have_text("Orchard task t100")
        expect(page.locator(".pager")).to_contain_text(f"101 to 200 of {MADE_UP}")
        page.get_by_role("link", name="Previous").click()
        page.fill("#q", "task t007")
        page.get_by_role("button", name="Search").click()
        expect(page.locator(".rows tbody tr")).to_have_count(1)
        assert "sort=title" in page.url
    finally:
        context.close()


# One session.


@pytest.mark.parametrize(("dark", "width"), [(False, 1280), (True, 1920), (False, 390)])
def test_a_session_is_drawn_without_a_complaint(browser: Browser, dashboard: Dashboard, dark: bool, width: int) -> None:
    with visiting(browser, dashboard, dark=dark, width=width) as visitor:
        visitor.open(f"/sessions/{dearest(dashboard)[:11]}")
        visitor.shot(f"session-{width}{'-dark' if dark else ''}")
        assert visitor.page.locator(".chart[data-state=drawn]").count() == 3
        assert visitor.page.locator("#turns tbody tr").count() > 1
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width
        violations = Axe().run(visitor.page).response["violations"]
        assert [each["id"] for each in violations if each["impact"] in ("serious", "critical")] == []
        assert visitor.complaints == []
        assert visitor.foreign == []


def test_the_head_of_a_session_tells_what_the_report_tells(visitor: Visitor, dashboard: Dashboard) -> None:
    session = dearest(dashboard)
    report = dashboard.ask(f"/api/v1/session/{session}").json()
    visitor.open(f"/sessions/{session}")
    text = visitor.page.locator("#facts").inner_text()
    assert f"${report['totals']['cost_usd']:,.2f}" in text
    assert f"{report['totals']['responses']} responses" in text
    assert visitor.page.locator(".facts code").inner_text() == session
    expect(visitor.page.locator("nav a[aria-current]")).to_have_text("Sessions")
    drawn = visitor.page.evaluate("document.querySelector('#context .canvas').data[0].y")
    assert [int(size) for size in drawn] == report["context_tokens"]
    bars = visitor.page.evaluate("document.querySelector('#turns .canvas').data.map(each => [...each.y])")
    assert sum(cost or 0 for bar in bars for cost in bar) == pytest.approx(report["totals"]["cost_usd"])


def test_names_that_are_an_attack_are_text(visitor: Visitor, dashboard: Dashboard) -> None:
    said: list[str] = []

    def hear(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    visitor.page.on("dialog", hear)
    shown = HOSTILE.replace("\u202e", "\N{REPLACEMENT CHARACTER}")
    visitor.open("/sessions?q=bold")
    expect(visitor.page.locator(".rows tbody th a")).to_have_text(shown)
    expect(visitor.page.locator(".rows tbody .c-branch")).to_have_text(HOSTILE_BRANCH)
    expect(visitor.page.locator(".rows tbody .c-project")).to_have_text("<b onclick=alert(2)>atlas")
    visitor.page.locator(".rows tbody th a").click()
    visitor.settled()
    expect(visitor.page.locator("h1")).to_have_text(shown)
    assert visitor.page.title() == f"{shown} · tokentide"
    visitor.open(f"/projects?project={quote(HOSTILE_FOLDER)}")
    expect(visitor.page.locator("#projects-title")).to_have_text("<b onclick=alert(2)>atlas")
    expect(visitor.page.locator("#branches tbody th").first).to_have_text(HOSTILE_BRANCH)
    assert said == []
    line = dashboard.ask("/api/v1/session?q=bold&format=csv").text.splitlines()[1]
    assert next(csv.reader([line]))[1].startswith("<img src=x onerror=alert(1)>")


def test_labels_of_charts_are_text_though_the_library_knows_tags(visitor: Visitor) -> None:
    visitor.open("/projects?last=9999m")
    labels = visitor.page.locator("#projects .chart svg .ytick text").all_text_contents()
    assert "<b onclick=alert(2)>atlas" in [label.strip() for label in labels]
    assert visitor.page.locator("#projects .chart svg :is(a, b, tspan[style])").count() == 0
