"""Fetching prices from a real server on loopback."""

from __future__ import annotations

import json
import os
import stat
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from tests.loopback import running
from tokentide.errors import PriceDataError
from tokentide.model.usage import UsageRecord
from tokentide.pricing.book import PriceBook
from tokentide.pricing.update import update_prices

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PRICES = [
    {
        "id": "anthropic",
        "name": "Anthropic",
        "api_pattern": "https://api\\.anthropic\\.com",
        "model_match": {"contains": "claude"},
        "extractors": [
            {"root": "usage", "mappings": [{"path": "input_tokens", "dest": "a_unit_of_the_future"}]},
        ],
        "models": [
            {
                "id": name,
                "match": {"starts_with": name},
                "prices": {"input_mtok": 6, "output_mtok": 30, "future_mtok": 1},
            }
            for name in ("claude-opus-5", "claude-opus-9")
        ],
    },
    {"id": "other", "name": "Other", "api_pattern": "x", "models": []},
]
GOOD = json.dumps(PRICES).encode()


class Handler(BaseHTTPRequestHandler):
    """Answers by path."""

    def do_GET(self) -> None:
        """Serve good and bad price files."""
        if self.path == "/slow":
            time.sleep(0.8)
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", "/good")
            self.end_headers()
            return
        body = {"/good": GOOD, "/slow": GOOD, "/garbage": b"<html>", "/empty": b"[]", "/vast": b" " * 32_000_001}.get(
            self.path
        )
        self.send_response(200 if body or self.path in {"/drip", "/short"} else 404)
        if self.path == "/short":
            self.send_header("Content-Length", "1000")
        self.end_headers()
        self.answer(body or b"")

    def answer(self, body: bytes) -> None:
        """Send the body, or drip one that never ends."""
        try:
            self.wfile.write(body)
            for _ in range(20 if self.path == "/drip" else 0):
                self.wfile.write(b" ")
                time.sleep(0.05)
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class has it so
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Address of a server on loopback."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with running(http):
        yield f"http://127.0.0.1:{http.server_port}"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


def cost(path: Path, model: str) -> int | None:
    """Price of a thousand tokens by a new book."""
    book = PriceBook(cache_path=str(path.with_name("cache.json")), data_path=str(path))
    return book.cost_nano_usd(UsageRecord("m", "r", 1_795_000_000_000_000, 0, model, 1000))


def test_fetched_prices_are_used_from_then_on(server: str, tmp_path: Path) -> None:
    path = tmp_path / "data" / "prices.json"
    assert cost(path, "claude-opus-9") is None
    before = PriceBook(cache_path=None, data_path=str(path)).version
    update = update_prices(str(path), url=f"{server}/good")
    assert (update.models, update.claude_models, update.new_claude_models) == (2, 2, ("claude-opus-9",))
    assert (update.path, update.url, update.changed) == (str(path), f"{server}/good", True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes() == GOOD
    assert cost(path, "claude-opus-9") == 6_000_000
    assert cost(path, "claude-opus-5") == 6_000_000
    assert cost(path, "claude-opus-4-8") == 5_000_000
    book = PriceBook(cache_path=None, data_path=str(path))
    assert book.version != before
    assert book.source == f"fetched {datetime.now(UTC).date().isoformat()}"


def test_the_same_prices_again(server: str, tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    assert update_prices(str(path), url=f"{server}/good").changed
    version = PriceBook(cache_path=None, data_path=str(path)).version
    assert not update_prices(str(path), url=f"{server}/good").changed
    assert PriceBook(cache_path=None, data_path=str(path)).version == version


@pytest.mark.parametrize(
    ("page", "complaint"),
    [
        ("missing", "the server answered 404"),
        ("garbage", "not price data of genai-prices"),
        ("empty", "no Claude model"),
        ("redirect", "a redirect, which is not followed"),
        ("vast", "more than 32000000 bytes"),
        ("slow", "no answer after 0.3 s"),
        ("drip", "no whole answer after 0.3 s"),
        ("short", "the connection broke off"),
    ],
)
def test_a_bad_answer_keeps_the_old_file(server: str, tmp_path: Path, page: str, complaint: str) -> None:
    path = tmp_path / "prices.json"
    path.write_bytes(b"old")
    timeout_seconds = 0.3 if page in {"slow", "drip"} else 10
    with pytest.raises(PriceDataError) as caught:
        update_prices(str(path), url=f"{server}/{page}", timeout_seconds=timeout_seconds)
    assert complaint in str(caught.value)
    assert f"{server}/{page}" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["prices.json"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "file:///etc/hostname", "nonsense", "http://[", "ftp://x/"])
def test_no_server_there(tmp_path: Path, url: str) -> None:
    with pytest.raises(PriceDataError, match="prices could not be fetched"):
        update_prices(str(tmp_path / "prices.json"), url=url, timeout_seconds=2)
    assert list(tmp_path.iterdir()) == []


def test_no_place_to_write(server: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PriceDataError, match="prices could not be written"):
        update_prices(str(tmp_path / "file" / "prices.json"), url=f"{server}/good")


def test_a_password_in_the_address_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(PriceDataError) as caught:
        update_prices(str(tmp_path / "prices.json"), url="http://user:secret@127.0.0.1:1/x", timeout_seconds=2)
    assert "secret" not in str(caught.value)
    assert "http://127.0.0.1:1/x" in str(caught.value)
