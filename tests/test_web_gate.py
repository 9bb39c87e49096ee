"""Attacks on the dashboard, each tried on the real server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser

from tests.conftest import Machine, usage_line
from tests.loopback import answering
from tests.raw_http import Wire, answered, request, status
from tests.web_stage import Dashboard, quiet, visiting
from tokentide.web.gate import HEADERS, MOST_BODY_BYTES, Doorway

SCRIPT = "<script>document.title='owned'</script>"
NAMES = (
    SCRIPT,
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}",
    "javascript:alert(1)",
    "';alert(1)//",
    "\u202e\x1b[31mred",
    '<a href="https://evil.example"><b>bold</b></a><br>',
)
PAGES = (
    "/",
    "/costs",
    f"/costs?project={quote(SCRIPT)}",
    "/sessions",
    "/projects",
    "/models",
    "/activity",
    "/live",
    "/data",
    "/insight",
    "/insight/breakdown?by=model",
    "/insight/breakdown?by=project,model",
    "/insight/breakdown?by=tool",
    "/insight/compare",
    f"/sessions/{quote('s0' + SCRIPT, safe='')}",
)
MARKED_UP = ".js-plotly-plot svg a, .js-plotly-plot tspan[style*='font-weight']"
"""What the library of charts makes of tags in names, if it is let."""
STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """A dashboard on a machine whose projects, sessions and models have hostile names."""
    machine = Machine(tmp_path_factory.mktemp("gate"))
    quiet(machine)
    for index, name in enumerate(NAMES):
        line = usage_line(
            f"m{index}", f"r{index}", at="2026-03-12T11:00:00.000Z", session=f"s{index}{name}", model=name
        )
        content = [{"type": "tool_use", "id": f"t{index}", "name": name, "input": {}}]
        message = line["message"]
        assert isinstance(message, dict)
        message["content"] = content
        title = {"type": "ai-title", "sessionId": f"s{index}{name}", "aiTitle": name}
        machine.write(f"-p{index}/s{index}.jsonl", {**line, "cwd": f"/home/me/{name.replace('/', '_')}"}, title)
    with Dashboard(machine).serving() as dashboard:
        yield dashboard
        assert dashboard.faults == []


# What we are called.


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "localhost.evil.example:{port}",
        "",
        "127.0.0.1:{port}@evil.example",
        "127.0.0.1:{port} ",
        "[::1]:{port}",
        "10.0.0.1:{port}",
    ],
)
def test_another_name_is_refused(dashboard: Dashboard, host: str) -> None:
    port = dashboard.host.rpartition(":")[2]
    told = answered(dashboard, request(dashboard, f"Host: {host.format(port=port)}"))
    is_same = host.strip() == "127.0.0.1:{port}"  # blanks around a header mean nothing
    assert status(told) == (200 if is_same else 421)


def test_a_name_in_capitals_is_the_same(dashboard: Dashboard) -> None:
    port = dashboard.host.rpartition(":")[2]
    assert status(answered(dashboard, request(dashboard, f"Host: LocalHost:{port}"))) == 200


def test_two_hosts_and_none_are_refused(dashboard: Dashboard) -> None:
    two = request(dashboard, f"Host: {dashboard.host}", f"Host: {dashboard.host}")
    assert status(answered(dashboard, two)) in (400, 421)
    assert status(answered(dashboard, b"GET / HTTP/1.0\r\n\r\n")) == 421
    assert status(answered(dashboard, b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")) == 400


@pytest.mark.parametrize(
    "target", ["http://evil.example/", "http://{host}/", "//evil.example/", "*", "evil", "https:evil"]
)
def test_other_forms_of_an_address_lead_nowhere(dashboard: Dashboard, target: str) -> None:
    told = answered(dashboard, request(dashboard, target=target.format(host=dashboard.host)))
    assert status(told) in (400, 404)
    assert b"location:" not in told.lower()


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "PATCH", "CONNECT", "PROPFIND", "get", "A" * 200])
def test_other_methods_are_refused(dashboard: Dashboard, method: str) -> None:
    target = "evil.example:443" if method == "CONNECT" else "/"
    told = answered(dashboard, request(dashboard, "X-Secret: mirrored", method=method, target=target))
    assert status(told) in (400, 405)
    assert b"mirrored" not in told


def test_a_websocket_is_not_opened(dashboard: Dashboard) -> None:
    with Wire.to(dashboard) as wire:
        wire.send(
            f"GET /api/v1/status HTTP/1.1\r\nHost: {dashboard.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        assert status(wire.until(b"}")) == 200


def test_a_wildcard_takes_numbers_and_no_names() -> None:
    doorway = Doorway.of(8377, ["localhost"], proxied=["usage.example.org", "b.example:8443"], any_address=True)
    for host in ("10.1.2.3:8377", "[fe80::1]:8377", "LOCALHOST:8377", "usage.example.org", "b.example:8443"):
        assert doorway.names_us(host), host
    for host in ("10.1.2.3", "10.1.2.3:80", "[fe80::1]", "evil.example:8377", "[evil]:8377", "::1:8377x", "", ":8377"):
        assert not doorway.names_us(host), host
    assert doorway.is_own("https://usage.example.org")
    assert not doorway.is_own("ftp://usage.example.org")
    assert not doorway.is_own("http://[::1")


def test_the_usual_port_may_be_left_out() -> None:
    assert Doorway.of(443, ["a.example"], "https").names_us("a.example")
    assert Doorway.of(80, ["::1"], any_address=True).names_us("[::1]")
    assert not Doorway.of(80, ["a.example"], "https").names_us("a.example")


# Other pages.

FOREIGN = (
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "http://127.0.0.1"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "file://"},
    {"Origin": ""},
    {"Origin": "http://[::1"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "websocket"},
)


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_another_page_may_ask_nothing(dashboard: Dashboard, headers: dict[str, str], method: str) -> None:
    told = dashboard.ask("/api/v1/daily", method, headers)
    assert told.status == 403
    assert "access-control-allow-origin" not in told.headers


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_another_page_may_not_send_a_form(dashboard: Dashboard, site: str) -> None:
    headers = {
        "Sec-Fetch-Site": site,
        "Sec-Fetch-Mode": "navigate",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    assert dashboard.ask("/settings", "POST", headers, b"a=b").status == 403


LINK = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


def test_a_link_from_another_page_may_be_followed(dashboard: Dashboard) -> None:
    assert dashboard.ask("/", headers=LINK).status == 200


@pytest.mark.parametrize("place", ["iframe", "frame", "object", "embed"])
def test_another_page_cannot_have_us_work_for_what_it_embeds(dashboard: Dashboard, place: str) -> None:
    assert dashboard.ask("/limits/replay", headers={**LINK, "Sec-Fetch-Dest": place}).status == 403


def test_another_page_in_a_browser_gets_nothing(browser: Browser, dashboard: Dashboard) -> None:
    """A page of another port: it cannot read, embed, run, or send a form."""
    form = f'<form method="post" action="{dashboard.address}/settings"><button>Win</button></form>'
    embedded = f'<iframe src="{dashboard.address}/"></iframe><script src="{dashboard.address}/static/app.js"></script>'
    page_of_others = f"<!doctype html><title>evil</title>{form}{embedded}".encode()
    with answering(lambda _: (200, {"content-type": "text/html"}, page_of_others)) as evil:
        context = browser.new_context()
        page = context.new_page()
        page.goto(evil)
        read = page.evaluate(f"fetch('{dashboard.address}/api/v1/daily').then(() => 'read', () => 'not')")
        assert read == "not"
        assert page.frames[1].locator("nav").count() == 0
        assert page.evaluate("document.documentElement.className") == ""
        with page.expect_navigation() as sent:
            page.click("button")
        assert sent.value.status == 403
        context.close()


# What every answer says of itself.


@pytest.mark.parametrize(
    "target",
    ["/", "/api/v1/daily", "/api/v1/nothing", "/nothing", "/static/app.js", "/static/none", "/api/v1/events", "/?x=1"],
)
def test_every_answer_has_the_policy(dashboard: Dashboard, target: str) -> None:
    with Wire.to(dashboard) as wire:
        wire.send(request(dashboard, target=target))
        head = wire.until(b"\r\n\r\n").decode("latin-1").lower()
    for name, value in HEADERS.items():
        assert f"{name}: {value}".lower() in head
    assert "access-control" not in head
    assert "server:" not in head


# Files.


@pytest.mark.parametrize(
    "name",
    [
        "../app.py",
        "..%2fapp.py",
        "..%2Fapp.py",
        "%2e%2e/app.py",
        "%252e%252e%252fapp.py",
        "..%5capp.py",
        "..\\app.py",
        "app.js%00",
        "%00",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "....//app.py",
        "app.js/",
        "app.js/..",
        ".",
        "..",
        "",
        "app.js%20",
        "APP.JS",
        "%c0%ae%c0%ae/app.py",
        "con",
        "app.js::$DATA",
        "~root",
        "__init__.py",
    ],
)
def test_there_is_no_path_out_of_the_static_files(dashboard: Dashboard, name: str) -> None:
    told = answered(dashboard, request(dashboard, target=f"/static/{name}"))
    assert status(told) in (400, 404, 307)
    assert b"root:" not in told
    assert b"import" not in told
    if status(told) == 307:
        assert f"location: http://{dashboard.host}/static/".encode() in told


# Names out of data.


def test_names_of_data_are_text_wherever_they_are_shown(dashboard: Dashboard) -> None:
    for path in (
        "/",
        "/costs",
        f"/costs?project={quote(SCRIPT)}",
        f"/?model={quote(SCRIPT)}",
        f"/?account={quote(SCRIPT)}",
    ):
        told = dashboard.ask(path)
        assert told.status == 200, told.text
        assert "<script>document" not in told.text
        assert "<img src=x" not in told.text
    page = dashboard.ask("/costs").text
    assert "{{7*7}}" in page, "a template in a name is text"


def test_names_of_data_do_not_run_in_a_browser(browser: Browser, dashboard: Dashboard) -> None:
    with visiting(browser, dashboard) as visitor:
        for path in PAGES:
            visitor.open(path)
            assert visitor.page.title() != "owned"
            assert not STEERING.search(visitor.page.locator("body").inner_text()), path
            assert not any(map(STEERING.search, visitor.page.locator(".js-plotly-plot text").all_text_contents())), path
            assert visitor.page.locator("img[src=x]").count() == 0
            assert visitor.page.locator(MARKED_UP).count() == 0, path
        assert visitor.complaints == []
        assert visitor.foreign == []


def test_json_and_csv_keep_names_as_data(dashboard: Dashboard) -> None:
    told = dashboard.ask("/api/v1/daily?by=model")
    assert told.headers["content-type"] == "application/json"
    assert SCRIPT in json.dumps(told.json(), ensure_ascii=False)
    csv = dashboard.ask("/api/v1/daily?by=model&format=csv")
    assert csv.headers["content-type"].startswith("text/csv")
    assert csv.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "target",
    [
        f"/{quote(SCRIPT)}",
        f"/?{quote(SCRIPT)}=1",
        f"/?since={quote(SCRIPT)}",
        f"/?timezone={quote(SCRIPT)}",
        f"/static/{quote(SCRIPT)}",
        f"/costs?by={quote(SCRIPT)}",
    ],
)
def test_errors_do_not_mirror_what_runs(dashboard: Dashboard, target: str) -> None:
    told = dashboard.ask(target)
    assert 400 <= told.status < 500
    assert "<script>document" not in told.text
    assert dashboard.ask(f"/api/v1{target}").headers["content-type"] == "application/json"


# Floods.


def test_a_head_that_is_too_long_is_refused(dashboard: Dashboard) -> None:
    assert status(answered(dashboard, request(dashboard, "X-Long: " + "x" * 20_000))) in (400, 431)
    assert status(answered(dashboard, request(dashboard, "X-Long: " + "x" * 1_000_000))) in (0, 400, 431)
    assert status(answered(dashboard, request(dashboard, *(f"X-{index}: 1" for index in range(150))))) == 431
    assert status(answered(dashboard, request(dashboard, *(f"X-{index}: 1" for index in range(50_000))))) in (
        0,
        400,
        431,
    )
    assert status(answered(dashboard, request(dashboard, target="/" + "a" * 10_000))) == 414
    assert status(answered(dashboard, b"G" * 100_000)) in (0, 400)


@pytest.mark.parametrize("length", [str(MOST_BODY_BYTES + 1), "9" * 18, "9" * 5_000])
def test_a_body_that_is_said_to_be_too_long_is_refused_at_once(dashboard: Dashboard, length: str) -> None:
    head = request(dashboard, f"Content-Length: {length}", method="POST", target="/settings")
    assert status(answered(dashboard, head)) in (400, 413)


def test_a_body_may_be_as_long_as_it_is_said_to_be(dashboard: Dashboard) -> None:
    body = b"x" * MOST_BODY_BYTES
    head = request(dashboard, f"Content-Length: {len(body)}", method="POST", target="/nowhere")
    assert status(answered(dashboard, head + body)) == 404


# Two readings of one request.


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Content-Length: 5"),
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: +5",),
        ("Content-Length: 5, 6",),
        ("Content-Length: -1",),
        ("Transfer-Encoding: gzip, chunked",),
        ("Transfer-Encoding: chunked, chunked",),
        ("Transfer-Encoding: \x0bchunked",),
        ("Transfer-Encoding : chunked",),
        ("X: 1\n\rTransfer-Encoding: chunked",),
        ("X: a\x00b",),
        ("X: 1", " Transfer-Encoding: chunked", "Content-Length : 5"),
        ("No-Colon",),
        (": empty",),
    ],
)
def test_requests_that_could_be_read_in_two_ways_are_refused(dashboard: Dashboard, lines: tuple[str, ...]) -> None:
    smuggled = b"0\r\n\r\nGET /api/v1/daily HTTP/1.1\r\nHost: " + dashboard.host.encode() + b"\r\n\r\n"
    told = answered(dashboard, request(dashboard, *lines, method="POST") + smuggled)
    assert status(told) == 400
    assert told.count(b"HTTP/1.1 ") == 1


def test_an_old_request_has_no_chunks(dashboard: Dashboard) -> None:
    head = f"POST / HTTP/1.0\r\nHost: {dashboard.host}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".encode()
    assert status(answered(dashboard, head)) == 400


def test_an_old_request_is_answered(dashboard: Dashboard) -> None:
    told = answered(dashboard, f"GET /api/v1/status HTTP/1.0\r\nHost: {dashboard.host}\r\n\r\n".encode())
    assert status(told) == 200
    assert told.endswith(b"}")


def test_requests_in_a_row_are_answered_in_their_order(dashboard: Dashboard) -> None:
    one = f"GET {{}} HTTP/1.1\r\nHost: {dashboard.host}\r\n\r\n"
    with Wire.to(dashboard) as wire:
        row = [one.format("/api/v1/status"), one.format("/nowhere")] * 20
        wire.send("".join(row).encode() + request(dashboard, target="/static/icon.svg"))
        told = wire.rest()
    assert [status(b"HTTP/1.1 " + part) for part in told.split(b"HTTP/1.1 ")[1:]] == [200, 404] * 20 + [200]
