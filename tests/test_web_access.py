"""Who is let in: the login page, sessions, the header of scripts, and how tries are limited."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from playwright.sync_api import expect
from starlette.requests import Request

from tests.conftest import Machine
from tests.hardships import until
from tests.raw_http import Wire, request
from tests.test_web_pages import serious_faults
from tests.web_stage import Dashboard, Reply, certificate, chromium, fill, visiting
from tokentide.serving.sockets import tls_of
from tokentide.web import hub
from tokentide.web.access import MOST_OF_ONE, SESSION_SECONDS, TokenAccess, own_path
from tokentide.web.attempts import MOST_ADDRESSES, MOST_OF_ADDRESS, MOST_OVER_ALL, WINDOW_SECONDS, Attempts
from tokentide.web.gate import Doorway

TOKEN = "correct-horse-battery-staple"
WRONG = "wrong-horse-battery-staple"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    machine = Machine(tmp_path_factory.mktemp("access"))
    fill(machine, days=3)
    return machine


@pytest.fixture
def dashboard(filled: Machine) -> Iterator[Dashboard]:
    """One that asks for the token; a new one each time, since tries are counted."""
    with Dashboard(filled, token=TOKEN).serving() as dashboard:
        yield dashboard
        assert dashboard.faults == []


def log_in(dashboard: Dashboard, token: str = TOKEN, wanted: str = "/", **headers: str) -> Reply:
    own = {"Origin": dashboard.address, "Content-Type": "application/x-www-form-urlencoded", **headers}
    return dashboard.ask("/login", "POST", own, urlencode({"token": token, "next": wanted}).encode())


def cookie_of(reply: Reply) -> str:
    """The cookie as a browser sends it back."""
    ((name, morsel),) = SimpleCookie(reply.headers["set-cookie"]).items()
    return f"{name}={morsel.value}"


# Without the token.


@pytest.mark.parametrize("path", ["/", "/costs?last=7d", "/nowhere"])
def test_a_page_leads_to_the_login_and_back(dashboard: Dashboard, path: str) -> None:
    told = dashboard.ask(path)
    assert told.status == 303
    assert told.headers["location"] == ("/login" if path == "/" else f"/login?next={quote(path, safe='')}")
    assert told.body == b""
    form = dashboard.ask(told.headers["location"])
    assert form.status == 200
    assert f'name="next" value="{path}"' in form.text


@pytest.mark.parametrize(
    "path", ["/api/v1/daily", "/api/v1/events", "/api/v1/openapi.json", "/api/v1/nothing", "/metrics"]
)
def test_a_script_is_told_to_send_the_token(dashboard: Dashboard, path: str) -> None:
    told = dashboard.ask(path)
    assert told.status == 401
    assert told.headers["www-authenticate"].startswith("Bearer")
    assert "Bearer" in told.json()["error"]


def test_a_part_of_a_page_is_refused_and_not_redirected(dashboard: Dashboard) -> None:
    assert dashboard.ask("/", headers={"x-tokentide-part": "view"}).status == 401
    assert dashboard.ask("/settings", "POST", {"Origin": dashboard.address}, b"").status == 401


def test_styles_and_scripts_are_for_all(dashboard: Dashboard) -> None:
    assert dashboard.ask("/static/login.css").status == 200
    for path in ("/static/../", "/static/%2e%2e/api/v1/daily", "/staticx", "//static/"):
        told = dashboard.ask(path)
        assert told.status in (303, 307, 404), path
        assert "tokens" not in told.text


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_the_host_and_the_origin_are_looked_at_before_the_token(dashboard: Dashboard, method: str) -> None:
    assert dashboard.ask("/login", method, {"Host": "evil.example"}).status == 421
    assert dashboard.ask("/login", method, {"Origin": "https://evil.example"}).status == 403


# With it.


def test_the_token_opens_a_session_that_a_logout_ends(dashboard: Dashboard) -> None:
    told = log_in(dashboard, wanted="/costs?last=7d")
    assert told.status == 303
    assert told.headers["location"] == "/costs?last=7d"
    cookie = told.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert "domain" not in cookie
    assert "secure" not in cookie
    known = {"Cookie": cookie_of(told)}
    page = dashboard.ask("/costs", headers=known)
    assert page.status == 200
    assert 'action="/logout"' in page.text
    assert dashboard.ask("/api/v1/daily", headers=known).status == 200
    assert dashboard.ask("/login?next=/costs", headers=known).headers["location"] == "/costs"
    assert dashboard.ask("/logout", headers=known).status == 405
    out = dashboard.ask("/logout", "POST", {**known, "Origin": dashboard.address})
    assert out.status == 303
    assert "max-age=0" in out.headers["set-cookie"].lower()
    assert dashboard.ask("/costs", headers=known).status == 303


def test_behind_tls_the_cookie_is_for_tls_alone(filled: Machine) -> None:
    with Dashboard(filled, token=TOKEN).serving() as dashboard:
        secure = log_in(dashboard, Origin=dashboard.address.replace("http:", "https:"))
    assert "secure" in secure.headers["set-cookie"].lower()


def test_with_tls_of_its_own_too(filled: Machine, tmp_path: Path) -> None:
    with Dashboard(filled, token=TOKEN, tls=tls_of(*certificate(tmp_path))).serving() as dashboard:
        secure = log_in(dashboard)
        assert "secure" in secure.headers["set-cookie"].lower()
        assert dashboard.ask("/costs", headers={"Cookie": cookie_of(secure)}).status == 200
        assert log_in(dashboard, Origin=dashboard.address.replace("https:", "http:")).status == 403


def test_a_script_sends_the_token_in_a_header(dashboard: Dashboard) -> None:
    for scheme in ("Bearer", "bearer", "BEARER"):
        told = dashboard.ask("/api/v1/daily", headers={"Authorization": f"{scheme} {TOKEN}"})
        assert told.status == 200
        assert "set-cookie" not in told.headers
    for wrong in (f"Basic {TOKEN}", TOKEN, "Bearer", f"Bearer {WRONG}"):
        assert dashboard.ask("/api/v1/daily", headers={"Authorization": wrong}).status == 401


def test_a_wrong_token_is_said_to_be_wrong(dashboard: Dashboard) -> None:
    told = log_in(dashboard, WRONG, "/costs")
    assert told.status == 401
    assert "That is not the token." in told.text
    assert 'value="/costs"' in told.text
    assert "set-cookie" not in told.headers


def test_the_token_is_in_no_answer(dashboard: Dashboard) -> None:
    known = {"Cookie": cookie_of(log_in(dashboard))}
    answers = [
        log_in(dashboard),
        log_in(dashboard, f"{TOKEN}x"),
        dashboard.ask("/login"),
        dashboard.ask("/nowhere", headers=known),
    ]
    answers += [
        dashboard.ask(path, headers=known) for path in ("/", "/costs", "/api/v1/status", "/api/v1/openapi.json")
    ]
    for answer in answers:
        assert TOKEN not in answer.text
        assert TOKEN not in str(answer.headers)
    assert dashboard.ask(f"/?token={TOKEN}").status == 303, "no token is taken from an address"


def test_a_cookie_of_another_does_not_keep_one_out(dashboard: Dashboard) -> None:
    cookie = cookie_of(log_in(dashboard))
    name = cookie.partition("=")[0]
    tossed = f"{name}=tossed; {cookie}; {name}=; other=1"
    assert dashboard.ask("/api/v1/status", headers={"Cookie": tossed}).status == 200
    for bad in (f"{name}=", f"{name}={'x' * 4000}", f"{name}", "=;=;;", "\xff\xfe", f"{name}=\xe4"):
        assert dashboard.ask("/api/v1/status", headers={"Cookie": bad}).status == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"token",
        b"&" * 60_000,
        b"a=1&" * 10_000,
        b"token=" + b"x" * 60_000,
        b"token=%",
        b'{"token":1}',
    ],
)
def test_a_form_of_anything_is_refused(dashboard: Dashboard, body: bytes) -> None:
    told = dashboard.ask("/login", "POST", {"Origin": dashboard.address}, body)
    assert told.status == 401
    assert 'name="next" value="/"' in told.text


# Where a login leads.


@pytest.mark.parametrize(
    "text",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "evil",
        "",
        "/\t/evil.example",
        "/\n/evil",
        "/ x",
        "/a\\b",
        "javascript:alert(1)",
        "/login",
        "/login?next=/x",
        "/logout",
        "/é",
        "/" + "x" * 3000,
        "//[::1",
        " /",
        "/\x00",
        "/\x7f",
        "http:/x",
        "/%0d%0aset-cookie:x=1\r\nx: y",
    ],
)
def test_a_login_leads_to_no_other_server(text: str) -> None:
    assert own_path(text) == "/"


@pytest.mark.parametrize(
    "text", ["/", "/costs", "/costs?last=7d&project=%2Fhome", "/sessions/a%2Fb", "/a//b", "/?x=//y", "/a:b@c"]
)
def test_a_login_leads_to_where_one_wanted_to_go(text: str) -> None:
    assert own_path(text) == text


def test_an_open_redirect_is_not_answered(dashboard: Dashboard) -> None:
    assert log_in(dashboard, wanted="//evil.example/x").headers["location"] == "/"
    assert dashboard.ask("//evil.example/%2e%2e").headers["location"] == "/login"


# How often one may try.


def test_tries_are_limited_also_for_scripts(dashboard: Dashboard) -> None:
    known = {"Cookie": cookie_of(log_in(dashboard))}
    for _ in range(MOST_OF_ADDRESS - 1):
        assert log_in(dashboard, WRONG).status == 401
    assert dashboard.ask("/metrics", headers={"Authorization": f"Bearer {WRONG}"}).status == 401
    told = log_in(dashboard)
    assert told.status == 429, "also the right token has to wait: else tries would not be limited"
    assert 0 < int(told.headers["retry-after"]) <= WINDOW_SECONDS
    assert "try again in" in told.text
    assert dashboard.ask("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status == 429
    assert dashboard.ask("/api/v1/status", headers=known).status == 200, "who is in stays in"


def test_an_address_may_try_again_after_a_while() -> None:
    attempts = Attempts()
    for second in range(MOST_OF_ADDRESS):
        assert attempts.wait_seconds("10.0.0.1", second) == 0
        attempts.failed("10.0.0.1", second)
    assert attempts.wait_seconds("10.0.0.1", 5) == 55
    assert attempts.wait_seconds("::ffff:10.0.0.1", 5) == 55
    assert attempts.wait_seconds("10.0.0.2", 5) == 0
    assert attempts.wait_seconds("10.0.0.1", 60) == 0


def test_a_network_of_addresses_is_one() -> None:
    attempts = Attempts()
    for index in range(MOST_OF_ADDRESS):
        attempts.failed(f"2001:db8::{index}", 0)
    assert attempts.wait_seconds("2001:db8::ffff%eth0", 1) == 59
    assert attempts.wait_seconds("2001:db8:0:1::1", 1) == 0


def test_many_addresses_together_are_limited_and_forgotten() -> None:
    attempts = Attempts()
    for index in range(MOST_OVER_ALL):
        attempts.failed(f"10.0.0.{index}", 0)
    assert attempts.wait_seconds("192.168.1.1", 1) == 59
    for index in range(5_000):
        attempts.failed(f"10.1.{index // 250}.{index % 250}", 100)
    assert len(attempts) == MOST_ADDRESSES


class Hours:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_session_ends_by_itself_and_there_are_not_too_many() -> None:
    hours = Hours()
    access = TokenAccess(TOKEN, Doorway.of(8377, ["127.0.0.1"]), hours)
    request = asked_with()
    first = _cookie(access, request)
    assert access._session(asked_with(first)) == ""
    hours.now = SESSION_SECONDS - 1.0
    assert access._session(asked_with(first)) == ""
    hours.now = SESSION_SECONDS + 1.0
    assert access._session(asked_with(first)) is None
    second = _cookie(access, request)
    for _ in range(MOST_OF_ONE):
        _cookie(access, request)
    assert access._session(asked_with(second)) is None
    assert len(access._sessions) == MOST_OF_ONE


def test_who_signs_in_again_and_again_signs_nobody_else_out() -> None:
    access = _Anybody(Doorway.of(8377, ["127.0.0.1"]), Hours())
    other = access._welcome(asked_with(), "/", "bo").headers["set-cookie"].partition(";")[0]
    for _ in range(MOST_OF_ONE + 1):
        access._welcome(asked_with(), "/", "ada")
    assert access._session(asked_with(other)) == "bo"


class _Anybody(TokenAccess):
    """Lets stay whoever has signed in."""

    def __init__(self, doorway: Doorway, seconds: Hours) -> None:
        super().__init__(TOKEN, doorway, seconds)

    def may_stay(self, holder: str) -> bool:
        return bool(holder)


def asked_with(cookie: str = "") -> Request:
    headers = [(b"cookie", cookie.encode())] if cookie else []
    return Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers})


def _cookie(access: TokenAccess, request: Request) -> str:
    told = access._welcome(request, "/", "").headers["set-cookie"]
    return told.partition(";")[0]


def test_after_a_logout_an_open_stream_tells_nothing(dashboard: Dashboard) -> None:
    cookie = cookie_of(log_in(dashboard))
    with Wire.to(dashboard) as wire:
        wire.send(request(dashboard, f"Cookie: {cookie}", target="/api/v1/events"))
        wire.until(b"alive")
        assert dashboard.ask("/logout", "POST", {"Origin": dashboard.address, "Cookie": cookie}).status == 303
        known = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        reset = json.dumps({"changes": {"reset_hour": 4}}).encode()
        assert dashboard.ask("/api/v1/settings", "PUT", known, reset).status == 200
        assert b"event:" not in wire.rest()
        until(lambda: dashboard.ask("/api/v1/status", headers=known).json()["listeners"] == 0)


# In a browser.


def test_a_tab_that_was_logged_out_in_another_leads_to_the_login(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "BEAT_SECONDS", 0.2)
    with chromium() as browser, visiting(browser, dashboard) as visitor:
        page = visitor.page
        page.goto(f"{dashboard.address}/login?next=/data")
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_role("button", name="Log in").click()
        expect(page.locator("#pulse")).to_have_attribute("data-state", "live")
        cookies = "; ".join(f"{each['name']}={each['value']}" for each in visitor.context.cookies())
        dashboard.ask("/logout", "POST", {"Origin": dashboard.address, "Cookie": cookies})
        page.wait_for_url(re.compile("/login"), timeout=20_000)


def test_a_person_logs_in_looks_and_logs_out(dashboard: Dashboard) -> None:
    with chromium() as browser, visiting(browser, dashboard, width=390) as visitor:
        page = visitor.page
        page.goto(f"{dashboard.address}/costs?last=7d")
        visitor.shot("login-390")
        page.get_by_label("Token").fill(WRONG)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("alert")).to_have_text("That is not the token.")
        visitor.complaints.clear()
        assert serious_faults(visitor) == []
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(re.compile(r"/costs\?last=7d$"))
        visitor.settled()
        expect(page.locator("#pulse")).to_have_attribute("data-state", "live")
        assert visitor.complaints == []
        visitor.shot("logged-in-390")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.evaluate("document.cookie") == ""
        page.get_by_role("button", name="Log out").click()
        page.wait_for_url(re.compile("/login$"))
        page.go_back()
        page.reload()
        page.wait_for_url(re.compile("/login"))
        assert visitor.foreign == []
