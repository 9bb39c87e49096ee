"""The page of limits on machines of its own: nothing known, a new reading, two accounts."""

from __future__ import annotations

from playwright.sync_api import Browser

from tests.conftest import Machine
from tests.test_web_pages import serious_faults
from tests.web_stage import NOW, Dashboard, fill, quiet, visiting
from tokentide.clock import HOUR_US
from tokentide.model.limits import ACCOUNT, FIVE_HOUR, Account, LimitReading
from tokentide.render.report_json import instant
from tokentide.sources.claude_code.instants import parse_instant
from tokentide.store.sqlite.ledger import Ledger


def test_a_new_reading_redraws_every_course(machine: Machine, browser: Browser) -> None:
    fill(machine, days=8)
    with Dashboard(machine).serving() as dashboard, visiting(browser, dashboard) as visitor:
        visitor.open("/")
        visitor.page.wait_for_selector(".pulse[data-state=live]")
        with Ledger.open(str(machine.ledger)) as ledger:
            (account,) = ledger.limits.accounts()
            told = dashboard.ask("/api/v1/limits").json()["accounts"][0]["windows"][0]
            reset = parse_instant(told["resets_at"])
            ledger.limits.take([account], [LimitReading(account.key, FIVE_HOUR, ACCOUNT, NOW, 93.0, reset)])
        visitor.page.wait_for_selector("#limits-1:has-text('93 %')")
        visitor.settled()
        assert visitor.page.locator("#heading .chart[data-state=drawn]:visible").count() == 3
        assert "93 %" in str(visitor.page.locator("#heading .canvas").first.get_attribute("aria-label"))
        visitor.page.goto(f"{dashboard.address}/limits")
        visitor.settled()
        assert visitor.complaints == []


def test_where_nothing_is_known_the_page_teaches(machine: Machine, browser: Browser) -> None:
    quiet(machine)
    with Dashboard(machine).serving() as dashboard, visiting(browser, dashboard, width=390) as visitor:
        visitor.open("/limits")
        told = visitor.page.inner_text("#main")
        assert "tokentide statusline install" in told
        assert "tokentide limits --plan max5" in told
        visitor.open("/limits/replay")
        assert "Nothing to replay yet" in visitor.page.inner_text("#main")
        assert serious_faults(visitor) == []
        assert visitor.complaints == []


def test_two_accounts_have_their_own_charts_and_are_filtered(machine: Machine, browser: Browser) -> None:
    fill(machine, days=8)
    evil = Account("eve:org", "<b>eve</b>@example.com", "Engines")
    with Ledger.open(str(machine.ledger)) as ledger:
        reading = LimitReading(evil.key, FIVE_HOUR, ACCOUNT, NOW - HOUR_US, 31.0, NOW + 2 * HOUR_US)
        ledger.limits.take([evil], [reading, reading._replace(at=NOW, percent=40.0)])
    with Dashboard(machine).serving() as dashboard, visiting(browser, dashboard) as visitor:
        visitor.open("/limits")
        assert "<b>eve</b>@example.com" in visitor.page.inner_text("#heading")
        assert visitor.page.locator("#heading .chart:visible").count() == 4
        assert not visitor.page.locator("#main b").count()
        visitor.open("/limits?account=eve")
        assert visitor.page.locator("#heading .chart:visible").count() == 1
        course = dashboard.ask("/api/v1/limits/course?account=eve").json()["windows"]
        assert [point["at"] for point in course[0]["points"]] == [instant(NOW - HOUR_US), instant(NOW)]
        assert visitor.complaints == []
