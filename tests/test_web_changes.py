"""Pages while the machine changes: new usage comes in by itself, and an empty machine teaches.

One dashboard at a time: the folders are the process's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.conftest import Machine, usage_line
from tests.web_stage import Dashboard, chromium, quiet, visiting
from tokentide.web.pages.catalogue import PAGES


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def test_new_usage_appears_by_itself_and_leaves_the_rest_alone(browser: Browser, machine: Machine) -> None:
    quiet(machine)
    machine.write("-work/s1.jsonl", usage_line("m1", "r1", at="2026-03-12T11:00:00.000Z"))
    with Dashboard(machine).serving() as dashboard, visiting(browser, dashboard) as visitor:
        visitor.open("/")
        today = visitor.page.locator("#spent .figures div").first
        expect(today).to_contain_text("1 response")
        visitor.page.locator("#days summary").click()
        visitor.page.evaluate("for (const id of ['alerts', 'filters']) document.getElementById(id).mark = 'the same'")
        with open(machine.claude / "projects" / "-work" / "s1.jsonl", "ab") as file:
            file.write(json.dumps(usage_line("m2", "r2", at="2026-03-12T11:30:00.000Z")).encode() + b"\n")
        expect(today).to_contain_text("2 responses", timeout=10_000)
        assert visitor.page.locator("#days details").evaluate("each => each.open"), "an opened table was closed"
        kept = visitor.page.evaluate("['alerts', 'filters'].map((id) => document.getElementById(id).mark)")
        assert kept == ["the same", "the same"]
        visitor.settled()
        assert visitor.complaints == []


def test_an_empty_machine_is_told_what_to_do(browser: Browser, machine: Machine) -> None:
    quiet(machine)
    with Dashboard(machine).serving() as dashboard:
        for page in PAGES:
            with visiting(browser, dashboard, width=390) as visitor:
                visitor.open(page.path)
                visitor.shot(f"empty-{page.title.lower()}")
                assert visitor.complaints == [], page.title
        with visiting(browser, dashboard) as visitor:
            visitor.open("/")
            expect(visitor.page.locator(".empty")).to_contain_text("tokentide demo serve")
