"""Pages while the machine changes: new usage comes in by itself, and an empty machine teaches.

One dashboard at a time: the folders are the process's own.
"""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.conftest import Machine, usage_line
from tests.web_stage import Dashboard, quiet, visiting
from tokentide.web.pages.catalogue import PAGES

SLOW = """(part) => {
    const real = window.fetch;
    window.fetch = (asked, wish) => !String(asked).includes(part) ? real(asked, wish) : new Promise((done, failed) => {
        wish?.signal?.addEventListener("abort", () => failed(wish.signal.reason));
        setTimeout(() => real(asked, wish).then(done, failed), 4000);
    });
}"""
"""Answers to addresses with this part come four seconds later."""


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


def test_what_a_person_is_at_is_not_disturbed(browser: Browser, machine: Machine) -> None:
    quiet(machine)
    lines = [
        usage_line("m1", "r1", at="2026-03-12T11:00:00.000Z", model="claude-opus-4-6"),
        usage_line("m2", "r2", at="2026-03-12T11:10:00.000Z", model="claude-sonnet-4-6"),
    ]
    machine.write("-work/s1.jsonl", *lines)
    transcript = machine.claude / "projects" / "-work" / "s1.jsonl"
    with Dashboard(machine).serving() as dashboard, visiting(browser, dashboard) as visitor:
        visitor.open("/costs")
        total = visitor.page.locator("#parts tfoot td").nth(2)
        models = visitor.page.locator("#parts tbody th")
        before = models.all_inner_texts()
        heading = visitor.page.locator("#parts").get_by_role("button", name="Cost")
        heading.click()
        heading.click()
        assert models.all_inner_texts() == before[::-1], "the cheapest first"
        more(transcript, "m3")
        expect(total).to_have_text("3", timeout=10_000)
        assert models.all_inner_texts() == before[::-1], "live changes undid the order"

        visitor.page.evaluate("getSelection().selectAllChildren(document.querySelector('#parts h2'))")
        more(transcript, "m4")
        visitor.page.wait_for_timeout(4000)
        expect(total).to_have_text("3")
        assert visitor.page.evaluate("String(getSelection())") == "What it went to"
        visitor.page.evaluate("getSelection().empty()")
        expect(total).to_have_text("4", timeout=10_000)

        visitor.page.evaluate(SLOW, "grain=week")
        visitor.page.get_by_role("link", name="Week", exact=True).click()
        more(transcript, "m5")
        expect(visitor.page.locator("#cost h2")).to_have_text("Cost by week", timeout=10_000)
        expect(total).to_have_text("5", timeout=10_000)
        visitor.settled()
        assert visitor.complaints == []


def more(transcript: Path, name: str) -> None:
    """One more response."""
    line = usage_line(name, f"r{name}", at="2026-03-12T11:30:00.000Z", model="claude-opus-4-6")
    with open(transcript, "ab") as file:
        file.write(json.dumps(line).encode() + b"\n")


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
