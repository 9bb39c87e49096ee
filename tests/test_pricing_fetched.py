"""A fetched price file beside the package: which is newer, what each adds, and what a bad file does."""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from tokentide.model.usage import UsageRecord
from tokentide.pricing.book import PriceBook

if TYPE_CHECKING:
    from pathlib import Path

JSON = object
"""Whatever json.dumps takes."""

NEWER = "2026-11-15"
OLDER = "2026-08-01"
NOW = int(datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()) * 1_000_000


def model(name: str, prices: JSON, **more: JSON) -> JSON:
    """One entry of the file."""
    return {"id": name, "match": {"equals": name}, "prices": prices, **more}


def provider(name: str, models: list[JSON], **more: JSON) -> JSON:
    """One provider of the file."""
    return {"id": name, "name": name, "api_pattern": "x", "models": models, **more}


def flat(fresh: float, output: float, **more: JSON) -> JSON:
    """Prices without tiers."""
    return {"input_mtok": fresh, "output_mtok": output, **more}


def book_of(tmp_path: Path, content: JSON | bytes, day: str = NEWER) -> PriceBook:
    """A book with a fetched file, written on that day."""
    path = tmp_path / "prices.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    written = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
    os.utime(path, (written, written))
    return PriceBook(cache_path=None, data_path=str(path))


def claude(*models: JSON) -> JSON:
    """A file with Claude models alone."""
    return [provider("anthropic", list(models), model_match={"contains": "claude"})]


def cost(book: PriceBook, name: str, *, fresh: int = 1_000_000, output: int = 0, speed: str = "") -> int | None:
    """Price in nano-USD."""
    return book.cost_nano_usd(UsageRecord("m", "r", NOW, 0, name, fresh, output, speed=speed))


def test_a_newer_file_wins(tmp_path: Path) -> None:
    book = book_of(tmp_path, claude(model("claude-opus-5", flat(7, 35)), model("claude-opus-9", flat(9, 45))))
    assert cost(book, "claude-opus-5") == 7_000_000_000
    assert cost(book, "claude-opus-5", speed="fast") == 14_000_000_000
    assert cost(book, "claude-opus-9") == 9_000_000_000
    assert book.explain("claude-opus-5", NOW).source == "fetched 2026-11-15"
    assert (book.source, book.book_date, book.fault) == ("fetched 2026-11-15", date(2026, 11, 15), "")


def test_what_a_newer_file_lacks_comes_from_the_package(tmp_path: Path) -> None:
    book = book_of(tmp_path, claude(model("claude-opus-9", flat(9, 45))))
    assert cost(book, "claude-opus-5") == 5_000_000_000
    assert book.explain("claude-opus-5", NOW).source.startswith("genai-prices ")
    assert cost(book, "gpt-5") == 1_250_000_000
    assert "claude-opus-9" in {known.resolved for known in book.known_models(NOW)}
    assert "claude-opus-5" in {known.resolved for known in book.known_models(NOW)}


def test_an_older_file_only_adds(tmp_path: Path) -> None:
    book = book_of(
        tmp_path, claude(model("claude-opus-5", flat(7, 35)), model("claude-opus-9", flat(9, 45))), day=OLDER
    )
    assert cost(book, "claude-opus-5") == 5_000_000_000
    assert cost(book, "claude-opus-9") == 9_000_000_000
    assert book.source.startswith("genai-prices ")


def test_prices_are_read_exactly(tmp_path: Path) -> None:
    book = book_of(tmp_path, claude(model("claude-opus-9", flat(0.1, 0.7, cache_read_mtok=0.003625))))
    assert cost(book, "claude-opus-9") == 100_000_000
    read = UsageRecord("m", "r", NOW, 0, "claude-opus-9", cache_read_tokens=8)
    assert book.cost_nano_usd(read) == 29


def test_five_minute_prices_of_their_own(tmp_path: Path) -> None:
    prices = flat(1, 2, cache_write_mtok=3, cache_write_5m_mtok=4)
    book = book_of(tmp_path, claude(model("claude-opus-9", prices)))
    written = UsageRecord("m", "r", NOW, 0, "claude-opus-9", cache_creation_5m_tokens=1000)
    assert book.cost_nano_usd(written) == 4_000_000


def test_tiers_that_begin_at_different_lengths(tmp_path: Path) -> None:
    prices = {
        "input_mtok": {"base": 1, "tiers": [{"start": 1000, "price": 2}, {"start": 5000, "price": 3}]},
        "output_mtok": {"base": 10, "tiers": [{"start": 3000, "price": 20}]},
    }
    book = book_of(tmp_path, claude(model("claude-opus-9", prices)))
    expected = {1000: (1, 10), 1001: (2, 10), 3001: (2, 20), 5001: (3, 20)}
    for fresh, (input_usd, output_usd) in expected.items():
        assert cost(book, "claude-opus-9", fresh=fresh, output=100) == (fresh * input_usd + 100 * output_usd) * 1000
    assert [tier.above_prompt_tokens for tier in book.explain("claude-opus-9", NOW).tiers] == [1000, 3000, 5000]


def test_a_fast_price_with_a_start_date(tmp_path: Path) -> None:
    """Before it our own factor holds, from it on the book's price."""
    fast = {
        "when": {"speed": "fast"},
        "prices": flat(50, 250),
        "constraint": {"start_date": "2026-11-01"},
    }
    other = {"when": {"speed": "fast", "route": "x"}, "prices": flat(1, 1)}
    search = {"when": {"search_type": "web"}, "prices": flat(1, 1)}
    book = book_of(tmp_path, claude(model("claude-opus-4-6", flat(5, 25), price_variants=[fast, other, search])))
    october = UsageRecord("m", "r", NOW - 30 * 86_400_000_000, 0, "claude-opus-4-6", 1000, speed="fast")
    assert book.cost_nano_usd(october) == 30_000_000
    assert cost(book, "claude-opus-4-6", fresh=1000, speed="fast") == 50_000_000


def test_a_free_model_is_priced_at_nothing(tmp_path: Path) -> None:
    book = book_of(tmp_path, claude(model("claude-opus-9", flat(0, 0))))
    assert cost(book, "claude-opus-9", output=5) == 0
    assert [each.name for each in book.explain("claude-opus-9", NOW).multipliers] == ["inference_geo=us"]


def test_hours_in_another_zone(tmp_path: Path) -> None:
    """02:00 to 04:00 at +02:00 is 00:00 to 02:00 UTC; hours without a zone are UTC."""
    hours: list[JSON] = [
        {"prices": flat(1, 1)},
        {"prices": flat(2, 2), "constraint": {"start_time": "02:00:00+02:00", "end_time": "04:00:00+02:00"}},
        {"prices": flat(3, 3), "constraint": {"start_time": "20:00:00", "end_time": "20:30:00"}},
        {"prices": flat(3, 3), "constraint": {"start_time": "20:30:00", "end_time": "21:00:00"}},
    ]
    book = book_of(tmp_path, claude(model("claude-opus-9", hours)))
    midnight = NOW - 12 * 3_600_000_000
    by_hour = {
        hour: book.cost_nano_usd(UsageRecord("m", "r", midnight + hour * 3_600_000_000, 0, "claude-opus-9", 1000))
        for hour in (0, 1, 2, 19, 20, 21)
    }
    assert by_hour == {0: 2_000_000, 1: 2_000_000, 2: 1_000_000, 19: 1_000_000, 20: 3_000_000, 21: 1_000_000}


@pytest.mark.parametrize(
    "prices",
    [
        pytest.param({"input_mtok": 1}, id="no output price"),
        pytest.param({"input_mtok": None, "output_mtok": 1}, id="null"),
        pytest.param(flat(1, 1, requests_kcount=5), id="by the request"),
        pytest.param([], id="none at all"),
        pytest.param(flat(-1, 1), id="negative"),
        pytest.param(flat(1, 100_000_001), id="absurd"),
        pytest.param([{"prices": flat(1, 1), "constraint": {"start_date": "0001-01-01"}}], id="before all time"),
    ],
)
def test_what_tokens_alone_do_not_pay_for_is_unpriced(tmp_path: Path, prices: JSON) -> None:
    book = book_of(tmp_path, claude(model("claude-opus-9", prices), model("claude-opus-8", flat(1, 1))))
    assert cost(book, "claude-opus-9") is None
    assert cost(book, "claude-opus-8") == 1_000_000_000


def test_clauses_of_every_kind(tmp_path: Path) -> None:
    match: JSON = {
        "or": [
            {"equals": "one"},
            {"starts_with": "two"},
            {"and": [{"starts_with": "three"}, {"ends_with": "x"}]},
            {"contains": "four"},
            {"regex": "^five-.*$"},
        ]
    }
    models: list[JSON] = [{"id": "zero", "match": match, "prices": flat(1, 1)}]
    own = provider("own", models, model_match={"regex": "^(zero|one|two|three|four|five)"})
    book = book_of(tmp_path, [own, provider("anthropic", [model("claude-opus-8", flat(1, 1))])])
    for name in ("zero", "one", "two", "ONE", "own/one", "one-20260101", "two-latest"):
        expected = name != "one-20260101"  # the book's own matching does not know that snapshot
        assert (cost(book, name) is not None) is expected, name
    for name in ("threex", "three", "four", "five-1", "two2", "two-x", "other/one"):
        assert cost(book, name) is None, name


def test_a_broken_pattern_in_the_file_hides_nothing_else(tmp_path: Path) -> None:
    broken = provider("own", [model("one", flat(1, 1))], model_match={"regex": "("})
    book = book_of(tmp_path, [broken, provider("anthropic", [model("claude-opus-8", flat(1, 1))])])
    assert cost(book, "gpt-5") == 1_250_000_000
    assert cost(book, "claude-opus-8") == 1_000_000_000


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        pytest.param(b"", "JSONDecodeError", id="empty"),
        pytest.param(b"<html>", "JSONDecodeError", id="html"),
        pytest.param(b'"\xff"', "UnicodeDecodeError", id="no text"),
        pytest.param(b"[" * 100_000, "RecursionError", id="nested"),
        pytest.param(b"null", "ValidationError", id="null"),
        pytest.param(b"{}", "ValidationError", id="an object"),
        pytest.param(b'[{"id": "anthropic"}]', "ValidationError", id="half a provider"),
        pytest.param(b"[]", "no Claude model", id="no provider"),
        pytest.param(b" " * 32_000_001, "more than", id="huge"),
    ],
)
def test_a_bad_file_is_left_aside_and_named(tmp_path: Path, content: bytes, complaint: str) -> None:
    book = book_of(tmp_path, content)
    assert cost(book, "claude-opus-5") == 5_000_000_000
    assert complaint in book.fault
    assert str(tmp_path) in book.fault
    assert "\n" not in book.fault


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "prices.json"
    folder.mkdir()
    book = PriceBook(cache_path=None, data_path=str(folder))
    assert cost(book, "claude-opus-5") == 5_000_000_000
    assert "cannot be read" in book.fault


def test_a_file_that_does_not_exist_is_no_fault(tmp_path: Path) -> None:
    book = PriceBook(cache_path=None, data_path=str(tmp_path / "none.json"))
    assert book.fault == ""
    assert book.version == PriceBook(cache_path=None, data_path=None).version


def test_the_version_follows_the_content(tmp_path: Path) -> None:
    content = claude(model("claude-opus-9", flat(9, 45)))
    first = book_of(tmp_path, content).version
    assert book_of(tmp_path, content).version == first
    assert book_of(tmp_path, content, day=OLDER).version != first
    assert book_of(tmp_path, claude(model("claude-opus-9", flat(9, 46)))).version != first
    assert PriceBook(cache_path=None, data_path=None).version != first
