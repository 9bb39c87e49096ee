"""The API's own page: everything that the document says, to look at and to try."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.test_web_pages import serious_faults
from tests.web_stage import Dashboard, visiting
from tokentide.web.api.describing import PREFIX, operations
from tokentide.web.api.routers import api_document
from tokentide.web.pages.api import PLACE


@pytest.mark.parametrize(("dark", "width"), [(False, 1280), (True, 1280), (False, 390), (True, 1920)])
def test_the_page_draws_itself_for_everybody(browser: Browser, dashboard: Dashboard, dark: bool, width: int) -> None:
    with visiting(browser, dashboard, dark=dark, width=width) as visitor:
        visitor.open("/api")
        visitor.shot(f"api-{width}{'-dark' if dark else ''}")
        for summary in visitor.page.locator("details summary").all():
            summary.click()
        assert visitor.complaints == []
        assert visitor.foreign == []
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width
        assert serious_faults(visitor) == []


def test_every_address_and_parameter_of_the_document_is_on_the_page(dashboard: Dashboard) -> None:
    text = dashboard.ask("/api").text
    for path, method, operation in operations(api_document()):
        assert f">{PREFIX}{path}<" in text, path
        assert f">{method.upper()}<" in text
        for parameter in operation.get("parameters", ()):
            assert f"<code>{parameter['name']}</code>" in text, (path, parameter["name"])


def test_every_link_to_try_is_answered(browser: Browser, dashboard: Dashboard) -> None:
    with visiting(browser, dashboard) as visitor:
        visitor.open("/api")
        links = [link.get_attribute("href") or "" for link in visitor.page.get_by_role("link", name="Try").all()]
    assert len(links) > 20
    for link in links:
        assert dashboard.ask(link).status == 200, link
        assert (
            f"curl &#39;{PLACE}{link}&#39;".replace("&", "&amp;").replace("&amp;#39;", "&#39;")
            in dashboard.ask("/api").text
        )


def test_the_data_page_leads_here(browser: Browser, dashboard: Dashboard) -> None:
    with visiting(browser, dashboard) as visitor:
        visitor.open("/data")
        visitor.page.get_by_role("link", name="The API").click()
        expect(visitor.page.get_by_role("heading", level=1)).to_have_text("API")
        expect(visitor.page.locator("nav a[aria-current=page]")).to_have_text("Data")
