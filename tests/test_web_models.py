"""Projects, models and prices in the browser and in the API."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.conftest import Machine, usage_line
from tests.web_stage import SETTINGS, Dashboard, Visitor, fill, visiting

UNPRICED = 'claude-next-9 "<b>x</b>"'
OWN = "claude-own-1"
OWN_PRICE = f'[prices."{OWN}"]\ninput_usd_per_mtok = 7.125\noutput_usd_per_mtok = 9\n'


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    machine = Machine(tmp_path_factory.mktemp("models"))
    for number, model in enumerate((UNPRICED, OWN)):
        line = usage_line(f"o{number}", f"o{number}", "2026-03-11T10:00:00.000Z", model, f"own-{number}")
        machine.write(f"-w-own/own-{number}.jsonl", {**line, "cwd": "/w/own"})
    fill(machine)
    machine.settings(SETTINGS + OWN_PRICE)
    with Dashboard(machine).serving() as dashboard:
        yield dashboard


@pytest.fixture
def visitor(browser: Browser, dashboard: Dashboard) -> Iterator[Visitor]:
    with visiting(browser, dashboard) as visitor:
        yield visitor
        assert visitor.complaints == []
        assert visitor.foreign == []


def serious(visitor: Visitor) -> list[str]:
    found = Axe().run(visitor.page).response["violations"]
    return [each["id"] for each in found if each["impact"] in ("serious", "critical")]


# Prices.


@pytest.mark.parametrize(
    ("query", "arguments"),
    [
        ("", ()),
        ("?at=2026-01-31", ("--at", "2026-01-31")),
        ("?model=claude-sonnet-5", ("claude-sonnet-5",)),
        (f"?model={OWN}&at=2026-02-01T10:00:00Z", (OWN, "--at", "2026-02-01T10:00:00Z")),
        ("?model=no-such-model", ("no-such-model",)),
    ],
)
def test_prices_are_those_of_the_command_line(dashboard: Dashboard, query: str, arguments: tuple[str, ...]) -> None:
    _, told, _ = dashboard.machine.call("prices", "--json", *arguments)
    assert dashboard.ask(f"/api/v1/prices{query}").json() == json.loads(told)


def test_prices_of_what_was_used_name_those_without_one_first(dashboard: Dashboard) -> None:
    models = dashboard.ask("/api/v1/prices?used=true").json()["models"]
    assert models[0]["model"] == UNPRICED
    assert models[0]["rates"] is None
    assert all(each["rates"] for each in models[1:])
    own = next(each for each in models if each["model"] == OWN)
    assert (own["source"], own["rates"]["input_usd_per_mtok"]) == ("override in settings", 7.125)
    lines = list(csv.DictReader(io.StringIO(dashboard.ask("/api/v1/prices?used=true&format=csv").text)))
    assert [line["model"] for line in lines] == [each["model"] for each in models]
    assert [line["output_usd_per_mtok"] for line in lines if line["model"] in (UNPRICED, OWN)] == ["", "9"]


@pytest.mark.parametrize(
    "query", ["at=yesterday", "at=0001-01-01T00:00:00%2B14:00", "at=9999-12-31T23:59:59-14:00", "at=0001-01-01"]
)
def test_an_instant_that_is_none_is_refused_in_words(dashboard: Dashboard, query: str) -> None:
    answer = dashboard.ask(f"/api/v1/prices?{query}")
    assert answer.status == 400
    assert "give a day as 2026-03-31" in answer.json()["error"]


def test_the_page_shows_each_rate_and_where_it_is_from(visitor: Visitor, dashboard: Dashboard) -> None:
    visitor.open("/models?last=12m")
    rows = visitor.page.locator("#prices tbody tr")
    told = {cells[0]: cells for cells in (row.locator("th, td").all_inner_texts() for row in rows.all())}
    priced = [each for each in dashboard.ask("/api/v1/prices?used=true").json()["models"] if each["rates"]]
    assert set(told) == {each["model"] for each in priced}
    for each in priced:
        rates = list(each["rates"].values())[:5]
        assert [float(cell) for cell in told[each["model"]][1:6]] == rates
        assert each["source"] in told[each["model"]]
    assert told[OWN][1] == "7.125"


def test_a_model_without_a_price_is_said_loudly_with_what_to_do(visitor: Visitor) -> None:
    visitor.open("/models")
    panel = visitor.page.locator("#unpriced")
    expect(panel).to_contain_text("1 model without a price")
    expect(panel).to_contain_text(f"{UNPRICED}, 1 response in these days")
    expect(panel).to_contain_text("tokentide prices --update")
    assert panel.locator("b").count() == 0
    expect(visitor.page.locator("#models tbody")).to_contain_text("no price")
    visitor.shot("models-unpriced")


def test_what_is_offered_as_a_setting_is_one(visitor: Visitor, dashboard: Dashboard) -> None:
    from tokentide.settings import load_settings

    visitor.open("/models")
    offered = visitor.page.locator("#unpriced pre").inner_text()
    path = dashboard.machine.root / "offered.toml"
    path.write_text(offered)
    assert list(load_settings(str(path), {}).prices) == [UNPRICED]


def test_models_lead_to_their_costs_and_add_up(visitor: Visitor, dashboard: Dashboard) -> None:
    visitor.open("/models?last=30d&project=shop-api")
    report = dashboard.ask("/api/v1/model?last=30d&project=shop-api").json()
    expect(visitor.page.locator("#models tbody tr")).to_have_count(len(report["rows"]))
    expect(visitor.page.locator("#models tfoot")).to_contain_text(f"${report['totals']['cost_usd']:,.2f}")
    visitor.page.locator("#models tbody th a").first.click()
    assert parse_qs(urlsplit(visitor.page.url).query) == {
        "last": ["30d"],
        "project": ["shop-api"],
        "model": [report["rows"][0]["model"]],
    }
    assert urlsplit(visitor.page.url).path == "/costs"


# Projects.


def test_a_project_leads_to_its_branches_costs_and_sessions(visitor: Visitor, dashboard: Dashboard) -> None:
    visitor.open("/projects")
    report = dashboard.ask("/api/v1/project?last=30d&by=session").json()
    rows = visitor.page.locator("#projects tbody tr")
    expect(rows).to_have_count(len(report["rows"]))
    dearest = report["rows"][0]
    first = rows.first.locator("th, td").all_inner_texts()
    assert str(len(dearest["breakdown"])) in first
    assert f"{100 * dearest['cost_usd'] / report['totals']['cost_usd']:.1f} %" in first
    rows.first.locator("a").click()
    expect(visitor.page.locator("#branches")).to_be_visible()
    visitor.settled()
    branches = dashboard.ask(f"/api/v1/branch?last=30d&project={dearest['project']}").json()["rows"]
    expect(visitor.page.locator("#branches tbody tr")).to_have_count(len(branches))
    assert serious(visitor) == []
    visitor.shot("projects-one")
    visitor.page.locator("#projects").get_by_role("link", name="Sessions").click()
    expect(visitor.page.locator("#found")).to_contain_text(f"{len(dearest['breakdown'])} sessions")
    visitor.page.go_back()
    visitor.page.locator("#projects tbody a").click()
    assert urlsplit(visitor.page.url).path == "/costs"
    expect(visitor.page.locator(".chips")).to_contain_text(dearest["project"].rpartition("/")[2])


def test_bars_are_the_dearest_projects_as_the_report_has_them(visitor: Visitor, dashboard: Dashboard) -> None:
    visitor.open("/projects")
    bars = visitor.page.evaluate("[...document.querySelector('#projects .canvas').data[0].x]")
    rows = dashboard.ask("/api/v1/project?last=30d").json()["rows"]
    assert bars[::-1] == [row["cost_usd"] for row in rows if row["cost_usd"]][:12]
