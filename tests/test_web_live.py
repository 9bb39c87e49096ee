"""The live page in a real browser: what is written appears by itself, in every tab, after a restart; alerts come up."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.conftest import Machine
from tests.web_stage import NOW, QUIET_RULES, Dashboard, fill, quiet, visiting
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from tokentide.model.limits import ACCOUNT, FIVE_HOUR, LimitReading
from tokentide.render.report_json import instant
from tokentide.sample_limits import ACCOUNT as SAMPLE
from tokentide.store.sqlite.ledger import Ledger

SESSION = "5e551011-0000-4000-8000-000000000777"
RULES = f"""{QUIET_RULES}
[[rule]]
kind = "percent"
percent = [95]
[[rule]]
kind = "odds"
enabled = false
"""
"""One that the readings of the sample do not raise yet."""
AT_MOST_SECONDS = 6.0
"""Generous for a busy machine; it takes about two seconds, of which 1.5 are the page's own pause."""


@pytest.fixture
def dashboard(machine: Machine) -> Iterator[Dashboard]:
    quiet(machine)
    with Dashboard(machine).serving() as dashboard:
        yield dashboard


class Writer:
    """Writes one session's transcript, line by line, as Claude Code does."""

    def __init__(self, machine: Machine, session: str = SESSION, project: str = "/srv/atlas") -> None:
        self.session, self.project, self.count = session, project, 0
        self.path = machine.claude / "projects" / "-srv-atlas" / f"{session}.jsonl"

    def respond(self, minutes_ago: float = 1.0, output: int = 1_000, text: str = "") -> None:
        """One more response."""
        self.count += 1
        usage = {"input_tokens": 100, "output_tokens": output, "cache_read_input_tokens": 50_000}
        content = [{"type": "text", "text": text or "Done."}]
        line = {
            "type": "assistant",
            "sessionId": self.session,
            "cwd": self.project,
            "version": "2.1.197",
            "timestamp": instant(NOW - round(minutes_ago * MINUTE_US)),
            "requestId": f"req_{self.session}_{self.count}",
            "uuid": f"u{self.session}{self.count}",
            "message": {
                "id": f"msg_{self.session}_{self.count}",
                "model": "claude-opus-4-8",
                "role": "assistant",
                "content": content,
                "stop_reason": "end_turn",
                "usage": usage,
            },
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")


def shown(page: Page, session: str = SESSION) -> str:
    """The tokens of the half hour that a page shows for a session; empty where it shows none."""
    told = page.locator(f"[data-session='{session}'] .tokens")
    return told.inner_text() if told.count() else ""


def until(is_so: Callable[[], bool], page: Page, what: str, seconds: float = 15.0) -> float:
    """Wait, and say how long that was."""
    begun = time.monotonic()
    while not is_so():
        assert time.monotonic() - begun < seconds, f"never came: {what}"
        page.wait_for_timeout(50)
    return time.monotonic() - begun


def test_a_session_appears_and_grows_without_a_reload(machine: Machine, dashboard: Dashboard, browser: Browser) -> None:
    writer = Writer(machine)
    with visiting(browser, dashboard) as visitor:
        page = visitor.page
        visitor.open("/live")
        assert "Start a session" in page.inner_text("#main")
        page.evaluate("window.stayed = true")
        waits = []
        for tokens in ("51.1K", "102K", "153K"):
            writer.respond()
            waits.append(until(lambda tokens=tokens: shown(page) == tokens, page, tokens))  # type: ignore[misc]
        assert max(waits) < AT_MOST_SECONDS
        assert page.evaluate("window.stayed"), "the page was loaded anew"
        card = page.locator(f"[data-session='{SESSION}']").inner_text()
        assert "atlas" in card
        assert "context ~5 % of 1.00M tokens" in card
        visitor.settled()
        assert visitor.complaints == []
        assert visitor.foreign == []


def test_all_of_six_tabs_change_and_another_listens_when_the_first_is_closed(
    machine: Machine, dashboard: Dashboard, browser: Browser
) -> None:
    writer = Writer(machine)
    with visiting(browser, dashboard) as visitor:
        tabs = [visitor.page, *(visitor.context.new_page() for _ in range(5))]
        for tab in tabs:
            tab.goto(dashboard.address + "/live")
            tab.wait_for_selector(".pulse[data-state=live]")
        until(lambda: dashboard.ask("/api/v1/status").json()["listeners"] == 1, tabs[0], "one listener")
        writer.respond()
        for tab in tabs:
            until(lambda tab=tab: shown(tab) == "51.1K", tab, "the session in every tab")  # type: ignore[misc]
        tabs[0].close()
        rest = tabs[1:]
        until(lambda: dashboard.ask("/api/v1/status").json()["listeners"] == 1, rest[0], "one listener again")
        writer.respond()
        for tab in rest:
            until(lambda tab=tab: shown(tab) == "102K", tab, "the growth in every tab")  # type: ignore[misc]


def test_a_page_outlives_a_restart_of_the_server_and_says_so(machine: Machine, browser: Browser) -> None:
    quiet(machine)
    writer = Writer(machine)
    writer.respond()
    dashboard = Dashboard(machine)
    with visiting(browser, dashboard) as visitor:
        page = visitor.page
        with dashboard.serving():
            visitor.open("/live")
            assert shown(page) == "51.1K"
            page.wait_for_selector(".pulse[data-state=live]")
        page.wait_for_selector(".pulse[data-state=lost]")
        assert page.inner_text("#pulse") in ("connection lost", "not reachable")
        writer.respond()
        dashboard.port = int(dashboard.host.rpartition(":")[2])
        with dashboard.serving():
            page.wait_for_selector(".pulse[data-state=live]", timeout=20_000)
            until(lambda: shown(page) == "102K", page, "what was written meanwhile")


def test_an_alert_comes_up_in_an_open_page(machine: Machine, browser: Browser) -> None:
    fill(machine, days=3)
    (machine.root / "config" / "alerts.toml").write_text(RULES)
    with Dashboard(machine).serving() as dashboard, visiting(browser, dashboard) as visitor:
        visitor.open("/live")
        visitor.page.wait_for_selector(".pulse[data-state=live]")
        with Ledger.open(str(machine.ledger)) as ledger:
            reading = LimitReading(SAMPLE.key, FIVE_HOUR, ACCOUNT, NOW, 97.0, NOW + 2 * HOUR_US)
            ledger.limits.take([SAMPLE], [reading])
        code, out, err = machine.call("alerts", "check", "--offline")
        assert code == 0, out + err
        toast = visitor.page.wait_for_selector(".toast")
        assert toast is not None
        assert toast.inner_text().startswith("5 hours: 97 % used")
        severity = dashboard.ask("/api/v1/alerts").json()["alerts"][0]["severity"]
        assert f"severity-{severity}" in str(toast.get_attribute("class"))
        until(lambda: "97 % used" in visitor.page.inner_text("#alerts"), visitor.page, "the alert in the list")
        visitor.shot("live-toast")


def test_names_out_of_transcripts_are_text(machine: Machine, dashboard: Dashboard, browser: Browser) -> None:
    evil = '"><img src=x onerror=alert(1)>'
    Writer(machine, session="<script>alert(2)</script>", project=f"/srv/{evil}").respond()
    with visiting(browser, dashboard) as visitor:
        visitor.open("/live")
        until(lambda: "onerror" in visitor.page.inner_text("#main"), visitor.page, "the project")
        assert not visitor.page.locator("#main img, #main script").count()
        assert visitor.complaints == []


def test_what_a_response_said_is_nowhere(machine: Machine, dashboard: Dashboard) -> None:
    Writer(machine).respond(text="the secret of the house")
    _until_told(lambda: dashboard.ask("/api/v1/live").json()["sessions"] != [])
    for path in ("/live", "/api/v1/live", "/api/v1/live/responses", "/api/v1/live?format=csv"):
        assert "secret" not in dashboard.ask(path).text


def _until_told(is_so: Callable[[], bool]) -> None:
    for _ in range(100):
        if is_so():
            return
        time.sleep(0.1)
    raise AssertionError("never told")


def test_the_api_says_what_the_command_line_says(machine: Machine) -> None:
    fill(machine, days=10)
    with Dashboard(machine).serving() as dashboard:
        code, out, _ = machine.call("live", "--once", "--json", "--offline")
        told, said = json.loads(out), dashboard.ask("/api/v1/live").json()
        assert said["status"]["code"] == code
        assert _ageless(said) == _ageless(told)
        code, out, _ = machine.call("alerts", "history", "--json")
        assert dashboard.ask("/api/v1/alerts").json() == json.loads(out)


def _ageless(report: dict[str, object]) -> dict[str, object]:
    """A report without the instant of its forecasts, which hold for a minute."""
    return {name: value for name, value in report.items() if name != "problems"}


def test_sessions_and_responses_are_tables_to_keep(machine: Machine) -> None:
    fill(machine, days=3)
    with Dashboard(machine).serving() as dashboard:
        sessions = dashboard.ask("/api/v1/live?format=csv")
        told = dashboard.ask("/api/v1/live").json()["sessions"]
        assert sessions.headers["content-disposition"] == 'attachment; filename="tokentide-live.csv"'
        assert [line.split(",")[0] for line in sessions.text.splitlines()[1:]] == [each["session"] for each in told]
        assert told
        responses = dashboard.ask("/api/v1/live/responses").json()["responses"]
        ages = [each["at"] for each in responses]
        assert ages == sorted(ages, reverse=True)
        assert 0 < len(responses) <= 20
        assert len(dashboard.ask("/api/v1/live/responses?format=csv").text.splitlines()) == 1 + len(responses)


def test_the_last_hours_are_a_chart_with_its_table(machine: Machine, browser: Browser) -> None:
    fill(machine, days=3)
    with Dashboard(machine).serving() as dashboard, visiting(browser, dashboard) as visitor:
        live, chart = (dashboard.ask(f"/api/v1/{path}").json() for path in ("live", "live/chart"))
        assert [each["cost_usd"] for each in chart["steps"]] == live["chart"]["cost_usd"]
        assert chart["step_seconds"] == live["chart"]["step_seconds"] == 300
        assert chart["steps"][-1]["at"] == instant(NOW)
        lines = dashboard.ask("/api/v1/live/chart?format=csv").text.splitlines()
        assert len(lines) == 1 + len(chart["steps"])
        visitor.open("/live")
        visitor.page.click("#recent summary")
        spent = [each for each in chart["steps"] if each["cost_usd"]]
        assert visitor.page.locator("#recent tbody tr").count() == len(spent) > 0


def test_live_figures_of_two_accounts_at_once_are_refused(dashboard: Dashboard) -> None:
    answer = dashboard.ask("/api/v1/live?account=ada&account=bob")
    assert answer.status == 400
    assert "name one" in answer.json()["error"]


def test_alerts_are_those_of_the_days_asked_for(machine: Machine) -> None:
    fill(machine, days=3)
    with Dashboard(machine).serving() as dashboard:
        machine.call("alerts", "check", "--offline")
        found = dashboard.ask("/api/v1/alerts").json()["alerts"]
        assert found, "the sample raises one"
        assert found[0]["at"] == instant(NOW // SECOND_US * SECOND_US)
        assert dashboard.ask("/api/v1/alerts?until=2026-03-11").json()["alerts"] == []
        lines = dashboard.ask("/api/v1/alerts?format=csv").text.splitlines()
        assert len(lines) == 1 + len(found)
        dashboard.now += 8 * DAY_US
        assert dashboard.ask("/api/v1/alerts?last=3d").json()["alerts"] == []


def test_pictures_of_the_page_are_kept(machine: Machine, dashboard: Dashboard, browser: Browser) -> None:
    writers = [
        Writer(machine, session=f"5e551011-0000-4000-8000-00000000080{n}", project=f"/srv/{n}") for n in range(4)
    ]
    for number, writer in enumerate(writers):
        for minutes in range(1, 12):
            writer.respond(minutes_ago=minutes * (number + 1), output=700 * minutes)
    for width in (390, 1280):
        with visiting(browser, dashboard, width=width, dark=width == 1280) as visitor:
            visitor.open("/live")
            until(lambda: visitor.page.locator(".running li").count() == 4, visitor.page, "four sessions")
            visitor.settled()
            visitor.shot(f"live-four-{width}")
            assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width
