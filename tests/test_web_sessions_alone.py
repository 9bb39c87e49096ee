"""Sessions on machines of their own: a process serves one at a time."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.conftest import Machine, usage_line
from tests.test_web_sessions import MADE_UP, write_sessions
from tests.web_stage import Dashboard, fill, quiet, visiting


def test_new_usage_comes_in_without_losing_the_place(browser: Browser, tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    write_sessions(machine)
    fill(machine, days=2)
    with Dashboard(machine).serving() as dashboard, visiting(browser, dashboard) as visitor:
        visitor.open("/sessions?sort=title&order=asc&q=orchard")
        visitor.page.locator("table.rows[data-dressed]").wait_for()
        visitor.page.evaluate("document.querySelector('#sessions .scroll').scrollTop = 1e6")
        last = visitor.page.locator(f".rows tr[aria-rowindex='{MADE_UP + 1}']")
        expect(last).to_contain_text("1")
        session = f"{MADE_UP - 1:08x}-0000-4000-8000-00000000aaaa"
        path = machine.claude / f"projects/-w-orchard/{session}.jsonl"
        line = usage_line("late", "late", "2026-03-12T11:00:00.000Z", session=session, output_tokens=7000)
        with path.open("a") as file:
            file.write(json.dumps({**line, "cwd": "/w/orchard", "gitBranch": "main"}) + "\n")
        expect(last.locator(".c-responses")).to_have_text("2", timeout=15_000)
        expect(last).to_be_in_viewport()
        assert visitor.complaints == []


def test_an_empty_machine_is_told_what_to_do(browser: Browser, tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    quiet(machine)
    with Dashboard(machine).serving() as dashboard, visiting(browser, dashboard) as visitor:
        for path, said in (
            ("/sessions", "No session was found"),
            ("/projects", "No usage"),
            ("/models", "No model was used yet"),
        ):
            visitor.open(path)
            expect(visitor.page.locator("main")).to_contain_text(said)
        assert visitor.complaints == []
