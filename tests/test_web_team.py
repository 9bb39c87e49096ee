"""The team's dashboard: its pages, its API, who may come in, and what changes while one looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from ipaddress import ip_network
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.ledgers import BOOK
from tests.raw_http import Wire, answered, request, status
from tests.team_stage import NOW, fill_team
from tests.team_web_stage import TeamSite, team_store
from tests.web_stage import Dashboard, Reply, chromium, visiting
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.team.asking import TeamAsk
from tokentide.analytics.team.reports import TEAM_REPORTS, build_team_report
from tokentide.clock import DAY_US, SECOND_US
from tokentide.render.team_csv import team_csv
from tokentide.render.team_json import team_json
from tokentide.render.team_tables import FIGURE_TITLES, TEAM_TABLES
from tokentide.server.tenants.tokens import INGEST, VIEWER, Grant
from tokentide.server.tenants.viewers import MappedViewers
from tokentide.store.query import CostMode
from tokentide.store.team.query import Scope
from tokentide.web.team.access import Doors, ProxyTrust
from tokentide.web.team.catalogue import PAGES

PATHS = [page.path for page in PAGES]
PEOPLE = 130
ADMIN = Grant(VIEWER, role="admin", label="Ada <admin>")
HEADER = "X-Forwarded-User"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamSite]:
    folder = tmp_path_factory.mktemp("team")
    store = team_store(folder)
    fill_team(store, developers=PEOPLE, days=4)
    yield TeamSite(folder, store)
    store.engine.close()


@pytest.fixture(scope="module")
def dashboard(site: TeamSite) -> Iterator[Dashboard]:
    with site.serving() as dashboard:
        yield dashboard
    assert site.faults == []


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[TeamSite]:
    store = team_store(tmp_path)
    yield TeamSite(tmp_path, store)
    store.engine.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


# Pages and API.


@pytest.mark.parametrize("path", PATHS)
def test_every_page_shows_figures_and_leads_to_its_files(dashboard: Dashboard, path: str) -> None:
    told = dashboard.ask(path)
    assert told.status == 200
    assert "figures" in told.text
    assert 'aria-current="page"' in told.text
    for link in _links(told.text, "/api/"):
        assert dashboard.ask(link).status == 200, link


def _links(page: str, start: str) -> set[str]:
    found = {part.partition('"')[0] for part in page.split('href="')[1:]}
    return {link.replace("&amp;", "&") for link in found if link.startswith(start)}


@pytest.mark.parametrize("name", TEAM_REPORTS)
def test_the_api_gives_the_report_byte_for_byte(site: TeamSite, dashboard: Dashboard, name: str) -> None:
    ask = TeamAsk(Scope("default"), Calendar("UTC"), *_last_30(), (), CostMode.AUTO, BOOK.cost_nano_usd)
    report = build_team_report(name, site.store, ask, now=NOW)
    assert dashboard.ask(f"/api/v1/team/{name}").text == team_json(report)
    for table in TEAM_TABLES[name]:
        told = dashboard.ask(f"/api/v1/team/{name}?format=csv&table={table.name}")
        assert told.text == team_csv(report, table)
        assert told.headers["content-disposition"] == f'attachment; filename="tokentide-team-{name}-{table.name}.csv"'
        alone = dashboard.ask(f"/api/v1/team/{name}?table={table.name}").json()
        assert len(alone[table.name]) == len(table.rows(report))


def _last_30() -> tuple[date, date]:
    today = Calendar("UTC").date_of(NOW)
    return Calendar("UTC").back(today, 30, "day"), today


def test_every_chart_has_a_script_and_data_that_are_there(dashboard: Dashboard) -> None:
    for path in PATHS:
        page = dashboard.ask(path).text
        apis = {part.partition('"')[0].replace("&amp;", "&") for part in page.split('data-api="')[1:]}
        assert apis or path in ("/people", "/server")
        for api in apis:
            assert dashboard.ask(api).status == 200
        assert ("charts-team.js" in page) == bool(apis) or path == "/server"


@pytest.mark.parametrize(
    ("query", "code", "told"),
    [
        ("?tenant=globex", 422, "tenant: not known here"),
        ("?since=2026-11-20&until=2026-11-01", 400, "swap"),
        ("?timezone=Atlantis", 400, "Atlantis"),
        ("?last=x", 422, "7d, 4w or 3m"),
        ("?since=1999-01-01", 400, "days"),
    ],
)
def test_a_wrong_address_is_told_of_in_a_sentence(dashboard: Dashboard, query: str, code: int, told: str) -> None:
    for path in ("/cost", "/api/v1/team/cost"):
        answer = dashboard.ask(path + query)
        assert answer.status == code
        assert told in answer.text


def test_a_table_that_a_report_has_not_is_told_of(dashboard: Dashboard) -> None:
    told = dashboard.ask("/api/v1/team/cost?format=csv&table=salaries")
    assert told.status == 400
    assert "it has cuts, days" in told.json()["error"]


def test_filters_narrow_and_stay_in_links(dashboard: Dashboard) -> None:
    whole = dashboard.ask("/api/v1/team/people").json()["people"]
    web = dashboard.ask("/api/v1/team/people?team=web").json()["people"]
    assert 0 < len(web) < len(whole)
    assert {row["team"] for row in web} == {"web"}
    page = dashboard.ask("/adoption?team=web&last=7d").text
    assert 'href="/cost?last=7d&amp;team=web"' in page
    assert 'aria-label="Remove team web"' in page


def test_people_are_found_sorted_and_come_in_parts(dashboard: Dashboard) -> None:
    first = dashboard.ask("/people").text
    active = len(dashboard.ask("/api/v1/team/people").json()["people"])
    assert 100 < active <= PEOPLE
    assert f"1 to 100 of {active}" in first
    assert f'data-total="{active}"' in first
    second = dashboard.ask("/people?skip=100").text
    assert first.count("<tr aria-rowindex") == 101
    assert second.count("<tr aria-rowindex") == active - 100 + 1
    names = _names(dashboard.ask("/people?sort=user-id&order=asc").text)
    assert names == sorted(names)
    assert _names(dashboard.ask("/people?sort=user-id&order=desc&skip=100").text)[-1] == "dev00@example.org"
    assert _names(dashboard.ask("/people?q=DEV101+data").text) == ["dev101@example.org"]
    assert "Nobody matches" in dashboard.ask("/people?q=nobody%3Cb%3E").text
    assert dashboard.ask("/people?sort=%27+OR+1").status == 200


def _names(page: str) -> list[str]:
    return [part.partition("<")[0] for part in page.split("<bdi>") if part.startswith("dev")]


def test_the_description_of_the_api_holds_what_there_is(dashboard: Dashboard) -> None:
    document = dashboard.ask("/api/v1/openapi.json").json()
    assert set(document["paths"]) == {f"/api/v1/{each}" for each in ("team/{name}", "ask", "events", "status")}
    assert {tag["name"] for tag in document["tags"]} == {"team", "server"}


def test_a_shard_that_is_missing_is_told_of_on_every_report(site: TeamSite, dashboard: Dashboard) -> None:
    site.store.engine.missing = ("db2:8123",)  # type: ignore[misc]
    try:
        for path in ("/", "/cost?last=90d", "/people?last=90d"):
            page = dashboard.ask(f"{path}{'&' if '?' in path else '?'}timezone=Asia/Tokyo").text
            assert "Not all of the store can be reached: db2:8123 lacks" in page
        assert dashboard.ask("/api/v1/team/tools?timezone=Asia/Tokyo").json()["missing_shards"] == ["db2:8123"]
    finally:
        site.store.engine.missing = ()  # type: ignore[misc]


def test_an_empty_store_says_what_to_set(empty: TeamSite) -> None:
    with empty.serving() as dashboard:
        for path in PATHS:
            page = dashboard.ask(path).text
            assert ("CLAUDE_CODE_ENABLE_TELEMETRY" in page) == (path != "/server")
            assert "http://localhost:4318" in page
    assert empty.faults == []


def test_every_headline_figure_has_a_title(dashboard: Dashboard) -> None:
    for name in TEAM_REPORTS:
        assert set(dashboard.ask(f"/api/v1/team/{name}").json()["figures"]) <= set(FIGURE_TITLES)


# Who may come in.


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def _log_in(dashboard: Dashboard, token: str) -> Reply:
    kind = {"content-type": "application/x-www-form-urlencoded", "origin": dashboard.address}
    return dashboard.ask("/login", "POST", kind, f"token={token}".encode())


def _cookie(reply: Reply) -> dict[str, str]:
    return {"cookie": reply.headers["set-cookie"].partition(";")[0]}


def test_on_loopback_without_a_viewers_token_everything_is_open(empty: TeamSite) -> None:
    with empty.serving() as dashboard:
        assert dashboard.ask("/server").status == 200
        empty.token(Grant(INGEST))
        empty.now += 2 * SECOND_US
        assert dashboard.ask("/server").status == 200
        empty.token(ADMIN)
        empty.now += 2 * SECOND_US
        assert dashboard.ask("/server").status == 303
        assert dashboard.ask("/api/v1/team/cost").status == 401


def test_a_revoked_viewer_opens_no_door_and_ends_the_session(empty: TeamSite) -> None:
    with empty.serving() as dashboard:
        text, token = empty.directory.create(ADMIN)
        welcome = _log_in(dashboard, text)
        assert welcome.status == 303
        assert "HttpOnly" in welcome.headers["set-cookie"]
        cookie = _cookie(welcome)
        page = dashboard.ask("/", headers=cookie)
        assert page.status == 200
        assert "Ada &lt;admin&gt;" in page.text
        assert "Log out" in page.text
        empty.directory.revoke(token.id)
        assert dashboard.ask("/", headers=cookie).status == 303
        assert dashboard.ask("/api/v1/team/cost", headers=_bearer(text)).status == 401
        assert dashboard.ask("/").status == 303, "without a token for viewers left, nobody is let in"


def test_a_session_ends_when_its_token_expires(empty: TeamSite) -> None:
    with empty.serving() as dashboard:
        cookie = _cookie(_log_in(dashboard, empty.token(replace(ADMIN, expires_at=NOW + DAY_US))))
        assert dashboard.ask("/", headers=cookie).status == 200
        empty.now = NOW + DAY_US
        assert dashboard.ask("/", headers=cookie).status == 303


def test_a_token_for_sending_does_not_let_look(empty: TeamSite) -> None:
    with empty.serving() as dashboard:
        sender = empty.token(Grant(INGEST))
        empty.token(ADMIN)
        assert dashboard.ask("/api/v1/team/cost", headers=_bearer(sender)).status == 401
        told = _log_in(dashboard, sender)
        assert told.status == 401
        assert "no token of a viewer" in told.text
        assert "tokentide server token create" in told.text


def test_who_tries_tokens_has_to_wait_and_locks_nobody_out(empty: TeamSite) -> None:
    with empty.serving() as dashboard:
        good = empty.token(ADMIN)
        for _ in range(5):
            assert _log_in(dashboard, "ttide_" + "A" * 43).status == 401
        refused = dashboard.ask("/api/v1/team/cost", headers=_bearer("ttide_" + "B" * 43))
        assert refused.status == 429
        assert int(refused.headers["retry-after"]) > 0
        assert dashboard.ask("/api/v1/team/cost", headers=_bearer(good)).status == 200
        assert _log_in(dashboard, good).status == 303
        empty.seconds += 61
        assert dashboard.ask("/api/v1/team/cost", headers=_bearer("ttide_" + "B" * 43)).status == 401


def test_an_open_stream_ends_with_its_token(empty: TeamSite) -> None:
    with empty.serving() as dashboard:
        text, token = empty.directory.create(ADMIN)
        cookie = _cookie(_log_in(dashboard, text))["cookie"]
        with Wire.to(dashboard) as wire:
            wire.send(request(dashboard, f"Cookie: {cookie}", target="/api/v1/events"))
            wire.until(b"alive")
            empty.directory.revoke(token.id)
            empty.version += 1
            assert b"changed" not in wire.rest()


MAPPING = """[viewers]
"ada@example.org" = {role = "admin"}
"bo@example.org" = {role = "lead", team = "web"}
"dev00@example.org" = {role = "member"}
"""


def _proxied(site: TeamSite, network: str) -> None:
    path = site.folder / "mapping.toml"
    path.write_text(MAPPING)
    trust = ProxyTrust(HEADER, [ip_network(network)], MappedViewers(str(path)))
    site.doors = lambda: Doors(trust, is_open=False, renaming=lambda _tenant, user: user)


def test_a_proxy_names_who_looks(site: TeamSite, tmp_path: Path) -> None:
    proxied = TeamSite(tmp_path, site.store)
    _proxied(proxied, "127.0.0.0/8")
    with proxied.serving() as dashboard:
        assert dashboard.ask("/server", headers={HEADER: "ada@example.org"}).status == 200
        lead = dashboard.ask("/api/v1/team/people", headers={HEADER: "Bo@Example.org"}).json()["people"]
        assert {row["team"] for row in lead} == {"web"}
        member = dashboard.ask("/api/v1/team/people", headers={HEADER: "dev00@example.org"}).json()["people"]
        assert [row["user_id"] for row in member] == ["dev00@example.org"]
        refused = dashboard.ask("/", headers={HEADER: "eve@example.org"})
        assert (refused.status, "[viewers]" in refused.text) == (403, True)
        assert dashboard.ask("/").status == 303, "without the header a token is asked for"
        assert dashboard.ask("/", headers={HEADER: "a" * 400}).status == 400
        assert dashboard.ask("/login", headers={HEADER: "ada@example.org"}).headers["location"] == "/"
    assert proxied.faults == []


def test_two_names_of_a_proxy_are_none(site: TeamSite, tmp_path: Path) -> None:
    proxied = TeamSite(tmp_path, site.store)
    _proxied(proxied, "127.0.0.1/32")
    with proxied.serving() as dashboard, Wire.to(dashboard) as wire:
        wire.send(request(dashboard, f"{HEADER}: dev00@example.org", f"{HEADER}: ada@example.org", target="/"))
        assert b" 400 " in wire.until(b"name one person")


def test_the_header_counts_from_the_proxy_alone(site: TeamSite, tmp_path: Path) -> None:
    proxied = TeamSite(tmp_path, site.store)
    _proxied(proxied, "10.0.0.0/8")
    token = proxied.token(ADMIN)
    with proxied.serving() as dashboard:
        told = dashboard.ask("/api/v1/team/cost", headers={HEADER: "ada@example.org"})
        assert told.status == 403
        assert "--proxy-from" in told.json()["error"]
        with_token = {HEADER: "ada@example.org", **_bearer(token)}
        assert dashboard.ask("/api/v1/team/cost", headers=with_token).status == 403
        assert dashboard.ask("/api/v1/team/cost", headers=_bearer(token)).status == 200


def test_a_broken_mapping_lets_nobody_in_and_says_so(site: TeamSite, tmp_path: Path) -> None:
    proxied = TeamSite(tmp_path, site.store)
    _proxied(proxied, "127.0.0.0/8")
    with proxied.serving() as dashboard:
        (tmp_path / "mapping.toml").write_text("[viewers")
        told = dashboard.ask("/", headers={HEADER: "ada@example.org"})
        assert told.status == 503
        assert "mapping.toml" in told.text


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"host": "evil.example"}, 421),
        ({"origin": "https://evil.example"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
    ],
)
def test_the_gate_is_that_of_the_personal_dashboard(dashboard: Dashboard, headers: dict[str, str], code: int) -> None:
    told = dashboard.ask("/api/v1/team/cost", headers=headers)
    assert told.status == code
    assert "default-src 'none'" in told.headers["content-security-policy"]


def test_only_questions_may_be_long(dashboard: Dashboard) -> None:
    body = b"x" * (100 << 10)
    assert dashboard.ask("/api/v1/ask", "POST", body=body).status == 400
    assert dashboard.ask("/login", "POST", body=body).status == 413
    declared = request(dashboard, "Content-Length: 5242880", target="/api/v1/ask", method="POST")
    assert status(answered(dashboard, declared)) == 413


# What changes while one looks.


def test_what_the_writer_takes_is_told_and_shown(empty: TeamSite) -> None:
    with empty.serving() as dashboard, Wire.to(dashboard) as wire:
        assert dashboard.ask("/api/v1/team/people").json()["people"] == []
        wire.send(request(dashboard, target="/api/v1/events"))
        assert b'"version": 1' in wire.until(b"alive")
        fill_team(empty.store, developers=3, days=2)
        empty.version += 1
        assert b'"version": 2' in wire.until(b'"version": 2')
        assert len(dashboard.ask("/api/v1/team/people").json()["people"]) > 1


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_a_browser_has_nothing_to_complain_of(
    browser: Browser, dashboard: Dashboard, width: int, *, dark: bool
) -> None:
    with visiting(browser, dashboard, dark=dark, width=width) as visitor:
        for path in PATHS:
            visitor.open(path)
            assert visitor.page.locator(".chart[data-state=failed]").count() == 0, path
            assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width, path
            visitor.shot(f"team{path.replace('/', '-').rstrip('-')}-{width}")
        assert visitor.complaints == []
        assert visitor.foreign == []


def test_people_are_searched_while_one_types(browser: Browser, dashboard: Dashboard) -> None:
    with visiting(browser, dashboard) as visitor:
        active = len(dashboard.ask("/api/v1/team/people").json()["people"])
        visitor.open("/people")
        assert visitor.page.inner_text("#found") == f"{active} people"
        visitor.page.fill("#q", "dev007")
        visitor.page.fill("#q", "dev07")
        visitor.page.wait_for_selector("#found:has-text('1 of')")
        assert "dev07@example.org" in visitor.page.inner_text("#people")
        visitor.page.fill("#q", "")
        visitor.page.wait_for_selector(f"#found:text-is('{active} people')")
        visitor.page.evaluate("document.querySelector('#people .scroll').scrollTo(0, 1e6)")
        visitor.page.wait_for_selector(f"tr[aria-rowindex='{active + 1}']")
        assert visitor.complaints == []
