"""Activity and insight on ledgers of their own: hostile names, empty ones, large ones, other settings."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.conftest import Machine, usage_line
from tests.web_stage import Dashboard, fill, quiet, visiting
from tokentide.analytics.advice.rules import RULES
from tokentide.web.insight import AT_ONCE


def test_the_week_begins_where_the_settings_say(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    fill(machine, days=10)
    machine.settings('timezone = "UTC"\naccount_poll = false\nstart_of_week = "sunday"\n')
    with Dashboard(machine).serving() as dashboard:
        page = dashboard.ask("/activity").text
        assert page.index(">Sun</text>") < page.index(">Tue</text>") < page.index(">Sat</text>")


def test_names_out_of_data_are_text(tmp_path: Path, browser: Browser) -> None:
    machine = Machine(tmp_path)
    quiet(machine)
    line = {**usage_line(), "cwd": "/home/<script>alert(1)</script>"}
    tool = {"type": "tool_use", "id": "t1", "name": "<img src=x onerror=alert(2)>", "input": {}}
    line["message"] = {**line["message"], "content": [tool]}  # type: ignore[dict-item]
    machine.write("p/s1.jsonl", line)
    with Dashboard(machine).serving() as dashboard, visiting(browser, dashboard) as visitor:
        for path in ("/activity", "/insight/breakdown?by=tool", "/insight/breakdown?by=project", "/insight/context"):
            visitor.open(path)
            assert not visitor.page.locator("main img, main script").count()
        assert "<img src=x onerror=alert(2)>" in dashboard.ask("/api/v1/breakdown?by=tool").text
        assert visitor.complaints == []


def test_a_rule_is_left_out_for_once_or_for_good(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    fill(machine)
    with Dashboard(machine).serving() as dashboard:
        page = dashboard.ask("/insight").text
        assert all(rule.name in page for rule in RULES)
        assert "failures: switched off" in dashboard.ask("/insight?without=failures").text
    machine.settings('timezone = "UTC"\naccount_poll = false\nadvice_off = ["failures"]\n')
    with Dashboard(machine).serving() as dashboard:
        assert "15 rules, 1 switched off" in dashboard.ask("/insight").text
        told = dashboard.ask("/api/v1/advise").json()["checked"]
        assert [each["outcome"] for each in told if each["rule"] == "failures"] == ["off"]


def test_an_empty_ledger_teaches(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    quiet(machine)
    with Dashboard(machine).serving() as dashboard:
        for path in ("/activity", "/insight", "/insight/context", "/insight/breakdown", "/insight/what-if"):
            page = dashboard.ask(path)
            assert page.status == 200
            assert 'class="empty"' in page.text
        assert "the ledger is empty" in dashboard.ask("/insight/compare").text


def test_what_goes_through_many_responses_comes_after_the_page(tmp_path: Path, browser: Browser) -> None:
    machine = Machine(tmp_path)
    quiet(machine)
    lines = [
        usage_line(f"m{number}", f"r{number}", f"2026-03-11T{number // 600:02}:{number // 10 % 60:02}:00.000Z")
        for number in range(AT_ONCE + 50)
    ]
    machine.write("p/s1.jsonl", *lines)
    with Dashboard(machine).serving() as dashboard, visiting(browser, dashboard) as visitor:
        for path, panel in (
            ("/insight", "#advice"),
            ("/insight/breakdown", "#breakdown"),
            ("/insight/compare?a=7d", "#figures"),
            ("/insight/what-if?batch=true&no_cache=true", "#scenarios"),
        ):
            assert "data-later=" in dashboard.ask(path).text
            visitor.open(path)
            expect(visitor.page.locator(f"#later {panel}")).to_be_visible()
            expect(visitor.page.locator("#later")).not_to_have_attribute("aria-busy", "true")
            assert "at_once" not in visitor.page.url
        machine.write("p/s1.jsonl", *lines, usage_line("new", "new", "2026-03-12T11:59:00.000Z"))
        expect(visitor.page.locator("#later #scenarios .note").first).to_contain_text(f"{AT_ONCE + 51:,} responses")
        assert not visitor.page.locator(".skeleton").count()
        assert visitor.complaints == []
