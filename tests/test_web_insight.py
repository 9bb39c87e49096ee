"""Insight on the dashboard: advice, context, breakdown, compare, what-if; the same figures as the command line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.test_web_pages import serious_faults
from tests.web_stage import Dashboard, Visitor, visiting
from tokentide.analytics.dimensions import DIMENSIONS

PATHS = (
    "/insight",
    "/insight/context",
    "/insight/breakdown",
    "/insight/breakdown?by=project&by=model",
    "/insight/breakdown?by=day&last=90d",
    "/insight/compare",
    "/insight/compare?a=project:shop-api&b=project:notes",
    "/insight/what-if",
    "/insight/what-if?on_model=claude-haiku-4-5&price=opus:input=4&last=90d",
)
SAME = (
    ("advise", "advise"),
    ("advise?last=7d&rule=failures", "advise --last 7d --rule failures"),
    ("context", "context"),
    ("breakdown", "breakdown"),
    ("breakdown?by=tool&by=model&sort=calls", "breakdown --by tool,model --sort calls"),
    ("breakdown?by=prompt&project=notes", "breakdown --by prompt --project notes"),
    ("compare", "compare"),
    ("compare?a=project:shop-api&b=project:notes&last=30d", "compare project:shop-api project:notes --last 30d"),
    ("compare?a=this-month&whole=true", "compare this-month --whole"),
    ("what-if", "what-if"),
    ("what-if?on_model=haiku&batch=true&no_cache=true", "what-if --model haiku --batch --no-cache"),
    (
        "what-if?price=opus:input=4,output=9&speed=fast&model=opus",
        "what-if --price opus:input=4,output=9 --speed fast --only-model opus",
    ),
    ("what-if?cheap=haiku&below_tokens=900&plans=true", "what-if --cheap haiku --below-tokens 900 --plans"),
)
SENSELESS = (
    ("breakdown?by=colour", "cannot be broken down by 'colour'"),
    ("breakdown?by=tool&by=tool", "each only once"),
    ("breakdown?by=tool,model,day", "at most two"),
    ("breakdown?format=csv", "say which"),
    ("advise?rule=nonsense", "there is no rule 'nonsense'"),
    ("compare?a=yesteryear", "give a period"),
    ("compare?a=project:nowhere&b=project:notes", "no such project"),
    ("compare?a=7d&last=30d", "periods have their own days"),
    ("what-if?on_model=gpt", "no such model"),
    ("what-if?price=opus:input=lots", "give NAME=USD"),
    ("what-if?price=input", "name the model first"),
    ("context?session=..%2F..%2Fetc%2Fpasswd", "etc/passwd"),
)


@pytest.fixture
def visitor(browser: Browser, dashboard: Dashboard) -> Iterator[Visitor]:
    with visiting(browser, dashboard) as visitor:
        yield visitor
        assert visitor.complaints == []
        assert visitor.foreign == []


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize(("target", "words"), SAME, ids=[target for target, _ in SAME])
def test_the_api_says_what_the_command_line_says(dashboard: Dashboard, target: str, words: str) -> None:
    code, printed, said = dashboard.machine.call(*words.split(), "--json")
    reply = dashboard.ask(f"/api/v1/{target}")
    assert (code, reply.status) == (0, 200), said + reply.text
    assert reply.text.strip() == printed.strip()


@pytest.mark.parametrize(("target", "told"), SENSELESS, ids=[target for target, _ in SENSELESS])
def test_what_makes_no_sense_is_told_in_a_sentence(dashboard: Dashboard, target: str, told: str) -> None:
    reply = dashboard.ask(f"/api/v1/{target}")
    assert reply.status == 400
    assert told in reply.json()["error"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("dark", "width"), [(False, 1280), (True, 390)])
def test_a_page_draws_itself_without_a_complaint(
    browser: Browser, dashboard: Dashboard, path: str, dark: bool, width: int
) -> None:
    with visiting(browser, dashboard, dark=dark, width=width) as visitor:
        visitor.open(path)
        assert visitor.complaints == []
        assert visitor.foreign == []
        assert not visitor.page.locator(".chart[data-state=failed]").count()
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width
        assert serious_faults(visitor) == []


@pytest.mark.parametrize("name", DIMENSIONS)
def test_every_dimension_has_its_page(dashboard: Dashboard, name: str) -> None:
    page = dashboard.ask(f"/insight/breakdown?by={name}&last=90d")
    assert page.status == 200
    assert f"What it goes back to: {DIMENSIONS[name].title}" in page.text


def test_the_sections_are_gone_through_without_a_reload_and_carry_filters(visitor: Visitor) -> None:
    visitor.open("/insight?project=shop-api")
    visitor.page.evaluate("window.isTheSame = true")
    sections = visitor.page.locator(".sections")
    for name in ("Breakdown", "What if", "Compare", "Context", "Advice"):
        sections.get_by_role("link", name=name, exact=True).click()
        expect(sections.locator("a[aria-current]")).to_have_text(name)
        visitor.settled()
        assert parse_qs(urlsplit(visitor.page.url).query) == {"project": ["shop-api"]}
    assert visitor.page.evaluate("window.isTheSame") is True


def test_two_dimensions_are_chosen_and_stay_when_a_filter_changes(visitor: Visitor) -> None:
    visitor.open("/insight/breakdown")
    visitor.page.get_by_label("Share out by").select_option("project")
    expect(visitor.page.locator("#breakdown-title")).to_have_text("What it goes back to: Project")
    visitor.page.get_by_label("then by").select_option("model")
    expect(visitor.page.locator("#breakdown-title")).to_have_text("What it goes back to: Project › Model")
    visitor.page.locator("#filters").get_by_role("combobox", name="Project").select_option(label="notes")
    expect(visitor.page.locator("#breakdown-title")).to_have_text("What it goes back to: Project › Model")
    expect(visitor.page.locator("#breakdown tbody tr").first).to_contain_text("notes")
    assert parse_qs(urlsplit(visitor.page.url).query)["by"] == ["project", "model"]


def test_two_sides_are_typed_and_compared(visitor: Visitor) -> None:
    visitor.open("/insight/compare")
    visitor.page.get_by_label("A", exact=True).fill("project:shop-api")
    visitor.page.get_by_label("B", exact=True).fill("project:notes")
    visitor.page.get_by_role("button", name="Compare").click()
    expect(visitor.page.locator("#why-title")).to_contain_text("Why B costs")
    visitor.settled()
    assert visitor.page.locator("#why .chart[data-state=drawn]").count() == 1
    visitor.page.get_by_role("link", name="This month", exact=True).last.click()
    expect(visitor.page.locator("#why .note").first).to_contain_text("until now")


def test_a_range_of_other_pages_does_not_break_periods(dashboard: Dashboard) -> None:
    page = dashboard.ask("/insight/compare?last=90d")
    assert page.status == 200
    assert 'data-api="/api/v1/compare"' in page.text
    assert dashboard.ask("/insight/compare?a=project:nowhere&b=project:notes").status == 400


def test_a_scenario_is_asked_for_by_the_form(visitor: Visitor) -> None:
    visitor.open("/insight/what-if")
    every = visitor.page.locator("#scenarios tbody tr").count()
    visitor.page.get_by_label("Everything on").select_option("claude-haiku-4-5")
    visitor.page.get_by_label("without the prompt cache").check()
    visitor.page.get_by_role("button", name="Reckon").click()
    expect(visitor.page.locator("#scenarios tbody tr")).to_have_count(2)
    visitor.settled()
    assert every > 2
    assert not visitor.page.locator("#plans-1").count()
    query = parse_qs(urlsplit(visitor.page.url).query)
    assert (query["on_model"], query["no_cache"]) == (["claude-haiku-4-5"], ["true"])
    visitor.page.get_by_role("link", name="all that make sense").click()
    expect(visitor.page.locator("#scenarios tbody tr")).to_have_count(every)
    expect(visitor.page.locator("#plans-1")).to_contain_text("claude.com/pricing")


def test_a_session_is_chosen(visitor: Visitor, dashboard: Dashboard) -> None:
    visitor.open("/insight/context")
    choices = visitor.page.locator("#session option")
    value = choices.nth(4).get_attribute("value") or ""
    visitor.page.locator("#session").select_option(value)
    expect(visitor.page.locator("#window")).to_contain_text("Part")
    visitor.settled()
    assert parse_qs(urlsplit(visitor.page.url).query) == {"session": [value]}
    report = dashboard.ask(f"/api/v1/context?session={value}").json()
    expect(visitor.page.locator("#window .big")).to_contain_text(f"{report['total_tokens']:,}")
    assert visitor.page.locator(".cells rect").count() == 200


def test_a_session_that_is_not_here_is_told(dashboard: Dashboard) -> None:
    page = dashboard.ask("/insight/context?session=nowhere")
    assert page.status == 200
    assert "That session is not here" in page.text


def test_csv_holds_what_json_holds(dashboard: Dashboard) -> None:
    advice = dashboard.ask("/api/v1/advise?last=30d").json()["advice"]
    lines = rows(dashboard.ask("/api/v1/advise?last=30d&format=csv").text)
    assert [line["rule"] for line in lines] == [each["rule"] for each in advice]
    assert [float(line["saving_usd"]) for line in lines] == [each["saving_usd"] for each in advice]
    report = dashboard.ask("/api/v1/what-if").json()
    lines = rows(dashboard.ask("/api/v1/what-if?format=csv").text)
    assert [float(line["cost_usd"]) for line in lines] == [each["cost_usd"] for each in report["scenarios"]]
    lines = rows(dashboard.ask("/api/v1/what-if?format=csv&table=plans").text)
    plans = [plan for each in report["plans"] for plan in each["plans"]]
    assert [line["plan"] for line in lines] == [plan["plan"] for plan in plans]
    assert lines[0]["weeks_windows"] == str(plans[0]["weeks"]["windows"])
    context = dashboard.ask("/api/v1/context").json()
    lines = rows(dashboard.ask("/api/v1/context?format=csv").text)
    assert sum(int(line["tokens"]) for line in lines if not line["name"]) == context["total_tokens"]
    for table, told in (("growth", context["growth"]), ("biggest", context["biggest"]), ("agents", context["agents"])):
        lines = rows(dashboard.ask(f"/api/v1/context?format=csv&table={table}").text)
        assert len(lines) == len(told)
        if told:
            assert [*lines[0]] == [*told[0]]
    lines = rows(dashboard.ask("/api/v1/context?format=csv&table=rebuilds").text)
    assert [line["cause"] for line in lines] == [each["cause"] for each in context["cache"]["rebuilds"]]
    compared = dashboard.ask("/api/v1/compare").json()
    lines = rows(dashboard.ask("/api/v1/compare?format=csv&table=models").text)
    assert sum(float(line["a_cost_usd"]) for line in lines) == pytest.approx(compared["a"]["cost_usd"])
    assert sum(float(line["difference_usd"]) for line in lines) == pytest.approx(compared["difference"]["cost_usd"])


def test_a_wrong_wish_on_a_page_that_comes_later_is_told_there(dashboard: Dashboard) -> None:
    page = dashboard.ask(f"/insight/what-if?price={quote('opus:input=<b>')}")
    assert page.status == 400
    assert "<b>" not in page.text
