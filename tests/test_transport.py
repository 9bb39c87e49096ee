"""Asking another machine: a real server on loopback that behaves in every bad way."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.loopback import running
from tests.web_stage import certificate
from tokentide.errors import TransportError
from tokentide.transport import Answer, Secret, get

KEY = "sk-MUST-NOT-APPEAR"


class Handler(BaseHTTPRequestHandler):
    """Answers by path."""

    def do_GET(self) -> None:
        if self.path == "/slow":
            time.sleep(1)
        status = {"/redirect": 307, "/refused": 429}.get(self.path, 200)
        self.send_response(status)
        self.send_header("Location", "/elsewhere")
        if self.path == "/short":
            self.send_header("Content-Length", "1000")
        self.end_headers()
        try:
            self.wfile.write(self.headers["x-api-key"].encode() if self.path == "/key" else b"x" * 100)
            for _ in range(40 if self.path == "/drip" else 0):
                self.wfile.write(b"x")
                time.sleep(0.05)
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class has it so
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with running(server):
        yield f"http://127.0.0.1:{server.server_port}"


def test_a_secret_is_sent_and_nothing_else_of_it_is_seen(url: str) -> None:
    assert get(f"{url}/key", {"x-api-key": Secret(KEY)}).body == KEY.encode()


def test_a_refusal_is_an_answer(url: str) -> None:
    answer = get(f"{url}/refused", {})
    assert (answer.status, answer.is_good) == (429, False)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/redirect", "a redirect, which is not followed"),
        ("/slow", "no answer after 0.3 s"),
        ("/drip", "no whole answer after 0.3 s"),
        ("/short", "the connection broke off"),
        ("/vast", "more than 50 bytes"),
    ],
)
def test_no_whole_answer(url: str, path: str, reason: str) -> None:
    most, seconds = (50 if path == "/vast" else 1000), (0.3 if path in ("/slow", "/drip") else 10)
    with pytest.raises(TransportError) as caught:
        get(url + path, {"x-api-key": Secret(KEY)}, timeout_seconds=seconds, most_bytes=most)
    assert reason in str(caught.value)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("key", ["naïve ✓", "two\nlines", "a\r\nb: c"])
def test_a_credential_that_no_header_takes(url: str, key: str) -> None:
    with pytest.raises(TransportError) as caught:
        get(url, {"x-api-key": Secret(key)})
    assert key not in str(caught.value)


def test_a_certificate_that_nobody_vouches_for_is_named_as_the_reason(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(tmp_path))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with running(server), pytest.raises(TransportError, match=r"not trusted \(self.signed certificate\)"):
        get(f"https://127.0.0.1:{server.server_address[1]}/", {})


def test_nobody_there() -> None:
    with pytest.raises(TransportError, match="no connection"):
        get("http://127.0.0.1:9/", {})
    with pytest.raises(TransportError):
        get("http://[", {})


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("-1", None),
        ("", None),
        ("soon", None),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90),
        ("9" * 50, 999_999_999),
    ],
)
def test_retry_after_as_seconds_and_as_a_date(value: str, seconds: int | None) -> None:
    assert Answer(429, {"retry-after": value}, b"").retry_after_seconds(10_000_000) == seconds
