"""What somebody sees who knows nothing of it yet: an empty machine, words that need no explaining, examples that work."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.conftest import Machine
from tests.web_stage import QUIET_RULES, SETTINGS, Dashboard, fill, visiting
from tokentide.web.pages.catalogue import PAGES

OF_USAGE = ("/", "/costs", "/sessions", "/projects", "/models", "/activity", "/insight/breakdown", "/insight/what-if")
"""Pages that show nothing where there is no usage."""


def test_an_empty_machine_is_told_where_to_look_and_nowhere_to_widen_what_is_empty(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.settings(SETTINGS)
    (machine.root / "config" / "alerts.toml").write_text(QUIET_RULES)
    with Dashboard(machine).serving() as dashboard:
        for path in OF_USAGE:
            text = dashboard.ask(path).text.partition("<main")[2]
            assert "found on this machine yet" in text, path
            assert 'href="/data"' in text, path
            assert "demo serve" in text, path
            assert "Show all time" not in text, path
        assert 'href="/data"' in dashboard.ask("/live").text.partition("<main")[2]
        assert {page.path for page in PAGES} >= {path for path in OF_USAGE if path.count("/") == 1}


def test_a_filled_machine(browser: Browser, tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    fill(machine)
    with Dashboard(machine).serving() as dashboard:
        _days_without_usage(dashboard)
        _the_burn_rate(dashboard)
        _what_costs_are(dashboard)
        _examples(browser, dashboard)


def _days_without_usage(dashboard: Dashboard) -> None:
    days = "since=2020-01-01&until=2020-01-02"
    for path in OF_USAGE[1:]:
        if path != "/sessions":
            assert "Show all time" in dashboard.ask(f"{path}?{days}").text, path
    whole = dashboard.ask("/costs?last=9999m&session=no-such-session").text
    assert "Take filters away above" in whole
    assert "Show all time" not in whole


def _the_burn_rate(dashboard: Dashboard) -> None:
    """The hour comes first, as on the main screen of the terminal."""
    burn = dashboard.ask("/api/v1/overview").json()["burn"]
    text = dashboard.ask("/").text.partition("Burn rate</dt><dd>")[2].partition("</dd>")[0]
    hour, half = (f"${burn[name]['cost_usd_per_hour']:,.2f}" for name in ("last_60_minutes", "last_30_minutes"))
    assert hour != half
    assert text.startswith(hour)
    assert f"the last half hour at {half}" in text


def _what_costs_are(dashboard: Dashboard) -> None:
    for path in ("/", "/costs"):
        assert "Costs: list price, not a bill." in dashboard.ask(path).text
        assert "Costs: as reported, not a bill." in dashboard.ask(f"{path}?mode=display").text
    for path in ("/", "/limits"):
        assert "The mark on a bar" in dashboard.ask(path).text
    assert "so far, where the reset is still ahead" in dashboard.ask("/limits").text


def _examples(browser: Browser, dashboard: Dashboard) -> None:
    """Examples to copy ask the server that the page came from, whatever its port."""
    with visiting(browser, dashboard) as visitor:
        visitor.open("/api")
        examples = visitor.page.locator("pre code")
        expect(examples.first).to_contain_text(dashboard.address)
        assert all(dashboard.address in text for text in examples.all_text_contents())
        assert visitor.complaints == []
