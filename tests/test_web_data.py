"""The page of data: where it is looked, what could not be read, how we are; and the same over the API."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.conftest import Machine, usage_line
from tests.web_stage import Dashboard, quiet, visiting
from tokentide.web.data import PAGE_SIZE

HOSTILE = "<img src=x onerror=alert(1)>"
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Seven files of a hundred bad lines each, one of them with a bad name, and a good one with a bad count."""
    machine = Machine(tmp_path_factory.mktemp("data"))
    quiet(machine)
    for number in range(6):
        machine.write(f"-work-p{number}/s{number}.jsonl", *(["rubbish"] * 100))
    machine.write(f"-work-{HOSTILE.replace('/', '')}/bad.jsonl", *(["rubbish"] * 120))
    machine.write(
        "-work-good/good.jsonl", usage_line(), '{"type":"assistant","message":{"usage":{"input_tokens":"x"}}}'
    )
    return machine


@pytest.fixture(scope="module")
def dashboard(machine: Machine) -> Iterator[Dashboard]:
    with Dashboard(machine).serving() as dashboard:
        yield dashboard


def test_the_doctor_says_the_same_here_and_on_the_command_line(machine: Machine, dashboard: Dashboard) -> None:
    told = machine.call("doctor", "--json", now="2026-03-12T12:00:00Z")[1]
    answer = dashboard.ask("/api/v1/doctor")
    assert json.loads(told) == answer.json()
    assert answer.json()["ledger"]["check"] == "ok"
    assert dashboard.ask("/api/v1/doctor?check=false").json()["ledger"]["check"] is None


def test_every_problem_is_in_the_json_and_the_csv(dashboard: Dashboard) -> None:
    report = dashboard.ask("/api/v1/problems").json()
    assert report["problems"] == sum(each["problems"] for each in report["reasons"]) + 20
    assert len(report["problem_list"]) == report["problems"] - 20
    rows = list(csv.DictReader(io.StringIO(dashboard.ask("/api/v1/problems?format=csv").text)))
    assert [(row["path"], row["line"], row["reason"]) for row in rows] == [
        (each["path"], str(each["line"]), each["reason"]) for each in report["problem_list"]
    ]
    few = dashboard.ask("/api/v1/problems?search=work-p3&reason=no+JSON+object").json()["problem_list"]
    assert len(few) == 100
    assert all("work-p3" in each["path"] for each in few)
    assert dashboard.ask("/api/v1/problems?colour=red").status == 422


def test_problems_are_counted_by_reason_narrowed_and_turned_over(browser: Browser, dashboard: Dashboard) -> None:
    with visiting(browser, dashboard) as visitor:
        visitor.open("/data")
        page = visitor.page
        expect(page.locator("#problems")).to_contain_text("places could not be read")
        expect(page.locator("#problems tbody tr")).to_have_count(PAGE_SIZE)
        page.locator("#problems .pager a", has_text="Next").click()
        expect(page.locator("#problems .pager")).to_contain_text("Page 2 of 4")
        page.locator("#problems .reasons a", has_text="no JSON object").click()
        expect(page.locator("#problems .reasons a[aria-current]")).to_contain_text("700")
        page.locator("#problems input[type=search]").fill("work-p3")
        page.get_by_role("button", name="Find").click()
        expect(page.locator("#problems tbody tr")).to_have_count(100)
        with page.expect_download() as download:
            page.locator("#problems .keep a", has_text="CSV").click()
        assert download.value.path().read_text().count("\n") == 100
        visitor.open("/data?search=onerror")
        expect(page.locator("#problems tbody tr").first).to_contain_text(HOSTILE)
        assert page.locator("#problems img").count() == 0
        visitor.open("/data?search=nowhere")
        expect(page.locator("#problems")).to_contain_text("None is like that")
        assert visitor.complaints == []


def test_health_is_told_and_the_ledger_checked_on_demand(browser: Browser, dashboard: Dashboard) -> None:
    with visiting(browser, dashboard) as visitor:
        visitor.open("/data")
        page = visitor.page
        expect(page.locator("#folders")).to_contain_text(str(dashboard.machine.claude))
        expect(page.locator("#sources tbody tr")).to_contain_text("claude_code")
        expect(page.locator("#health")).to_contain_text("genai-prices")
        page.get_by_role("button", name="Check it now").click()
        expect(page.locator("#health .said")).to_have_text("The engine finds it sound.")
        page.get_by_role("button", name="Read again now").click()
        expect(page.locator("#folders .said")).to_have_text("Read 0 files of 8.")
        assert visitor.complaints == []


def test_reading_again_takes_what_is_new_and_only_by_json(dashboard: Dashboard) -> None:
    assert dashboard.ask("/api/v1/sync", "POST", {"content-type": "text/plain"}, b"{}").status == 415
    assert dashboard.ask("/api/v1/sync", "POST", {**JSON, "origin": "http://evil.example"}, b"{}").status == 403
    assert dashboard.ask("/api/v1/sync").status in (405, 422)
    assert dashboard.ask("/api/v1/sync", "POST", JSON, b"{}").json()["done"] == "read 0 files of 8"


def test_a_machine_without_usage_is_told_what_to_do(tmp_path_factory: pytest.TempPathFactory) -> None:
    machine = Machine(tmp_path_factory.mktemp("empty"))
    quiet(machine)
    with Dashboard(machine).serving() as dashboard:
        page = dashboard.ask("/data").text
        assert "No usage was found yet" in page
        assert "Nothing was unreadable." in page
        assert dashboard.ask("/settings").status == 200


def test_the_token_of_a_login_is_on_no_page(tmp_path_factory: pytest.TempPathFactory) -> None:
    machine = Machine(tmp_path_factory.mktemp("login"))
    quiet(machine)
    secret = "sk-ant-oat01-THIS-MUST-NOT-APPEAR"
    machine.claude.mkdir(parents=True, exist_ok=True)
    login = {"claudeAiOauth": {"accessToken": secret, "refreshToken": secret, "expiresAt": 1_900_000_000_000}}
    path = machine.claude / ".credentials.json"
    path.write_text(json.dumps(login))
    path.chmod(0o644)
    with Dashboard(machine).serving() as dashboard:
        page = dashboard.ask("/data").text
        assert str(path) in page
        assert "good for" in page
        assert "others may read this file" in page
        for target in ("/data", "/settings", "/api/v1/doctor", "/api/v1/settings", "/api/v1/problems"):
            assert secret not in dashboard.ask(target).text
