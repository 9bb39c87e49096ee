"""Every page in a real browser: it draws, it complains of nothing, it asks nobody else."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.web_stage import Dashboard, Visitor, visiting
from tokentide.web.pages.catalogue import BELOW, PAGES

PATHS = [page.path for page in (*PAGES, *BELOW)]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("dark", "width"), [(False, 1280), (True, 1280), (False, 390), (True, 1920)])
def test_a_page_draws_itself_without_a_complaint(
    browser: Browser, dashboard: Dashboard, path: str, dark: bool, width: int
) -> None:
    with visiting(browser, dashboard, dark=dark, width=width) as visitor:
        visitor.open(known(path, dashboard))
        visitor.shot(
            f"{path.partition('{')[0].lstrip('/').replace('/', '-') or 'overview'}-{width}{'-dark' if dark else ''}"
        )
        assert visitor.complaints == []
        assert visitor.foreign == []
        assert not visitor.page.locator(".chart[data-state=failed]").count()
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width, (
            "the page is wider than the screen"
        )


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("dark", "width"), [(False, 1280), (True, 1280), (False, 390)])
def test_a_page_has_no_serious_fault_of_accessibility(
    browser: Browser, dashboard: Dashboard, path: str, dark: bool, width: int
) -> None:
    with visiting(browser, dashboard, dark=dark, width=width) as visitor:
        visitor.open(known(path, dashboard))
        visitor.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        assert serious_faults(visitor) == []


def known(path: str, dashboard: Dashboard) -> str:
    """A page's path, with the dearest session where it is that of one."""
    start, opened, _name = path.partition("{")
    if not opened:
        return path
    found = dashboard.ask("/api/v1/session").json()["rows"]
    return start + str(max(found, key=lambda row: row["cost_usd"])["session_id"])


def serious_faults(visitor: Visitor) -> list[str]:
    """What axe-core finds that keeps somebody out."""
    found = Axe().run(visitor.page).response["violations"]
    return [
        f"{each['id']}: {node['html'][:160]}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]
