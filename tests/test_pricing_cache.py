"""The price cache: what is asked a second time needs no price data, and no cache can make a price wrong or fail."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import tokentide
from tokentide.errors import PriceDataError
from tokentide.model.usage import UsageRecord
from tokentide.pricing import edition
from tokentide.pricing.book import MOST_TARIFFS, PriceBook
from tokentide.pricing.cache import MOST_NAMES
from tokentide.private_files import write_private

NOW = 1_795_000_000_000_000
SOURCE_ROOT = Path(tokentide.__file__).parents[1]
COLD = ("genai_prices", "pydantic", "httpx2", "dataclasses", "decimal", "tempfile", "hashlib", "msgspec")

SCRIPT = """
import json, sys, types
network = []
sys.addaudithook(lambda event, details: network.append(event) if event.startswith("socket.") else None)
from tokentide.pricing.book import PriceBook
book = PriceBook(cache_path=sys.argv[1], data_path=None)
costs = {
    name: book.cost_nano_usd(types.SimpleNamespace(
        model=name, at=1795000000000000, speed="fast", service_tier="standard", inference_geo="us",
        input_tokens=1000, output_tokens=1000, cache_creation_5m_tokens=1000, cache_creation_1h_tokens=1000,
        cache_read_tokens=300000, prompt_tokens=303000, web_search_requests=1))
    for name in sys.argv[3:]
}
cold = [name for name in sys.argv[2].split(",") if name in sys.modules]
print(json.dumps({"costs": costs, "version": book.version, "date": str(book.book_date), "cold": cold,
                  "network": [event for event in network if event != "socket.__new__"]}))
"""


def run(cache: Path, *names: str) -> dict[str, object]:
    """A fresh process that prices these names."""
    environment = {"PYTHONPATH": str(SOURCE_ROOT), "PATH": os.environ["PATH"]}
    command = [sys.executable, "-c", SCRIPT, str(cache), ",".join(COLD), *names]
    done = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)
    answer = json.loads(done.stdout)
    assert isinstance(answer, dict)
    return answer


def cost(book: PriceBook, name: str = "claude-opus-5") -> int | None:
    """Price of a thousand tokens."""
    return book.cost_nano_usd(UsageRecord("m", "r", NOW, 0, name, 1000))


def test_the_second_process_imports_nothing_cold(tmp_path: Path) -> None:
    cache = tmp_path / "folder" / "cache.json"
    names = ("claude-opus-4-6", "claude-haiku-5-5", "no such model", "gpt-5")
    first = run(cache, *names)
    assert "genai_prices" in str(first["cold"])
    second = run(cache, *names)
    assert second == {**first, "cold": []}
    assert isinstance(first["costs"], dict)
    assert first["costs"]["no such model"] is None
    third = run(cache, "claude-opus-5")
    assert "genai_prices" in str(third["cold"])
    assert run(cache, *names) == second


def test_no_price_comes_over_the_network(tmp_path: Path) -> None:
    assert run(tmp_path / "cache.json", "claude-opus-5", "gpt-5", "nothing")["network"] == []


def test_the_cache_is_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "cache.json"
    cost(PriceBook(cache_path=str(path), data_path=None))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [each.name for each in path.parent.iterdir()] == ["cache.json"]


def test_a_cached_book_says_the_same(tmp_path: Path) -> None:
    path = str(tmp_path / "cache.json")
    first = PriceBook(cache_path=path, data_path=None)
    explained = [first.explain(name, NOW) for name in ("claude-opus-4-6", "us.anthropic.claude-opus-5", "nothing")]
    known = first.known_models(NOW)
    second = PriceBook(cache_path=path, data_path=None)
    assert [second.explain(name, NOW) for name in ("claude-opus-4-6", "us.anthropic.claude-opus-5", "nothing")] == (
        explained
    )
    assert second.known_models(NOW) == known
    assert (second.version, second.book_date, second.source) == (first.version, first.book_date, first.source)


def test_no_place_to_write_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    book = PriceBook(cache_path=str(tmp_path / "file" / "cache.json"), data_path=None)
    assert cost(book) == 5_000_000


def cached(tmp_path: Path) -> Path:
    """A good cache with one model."""
    path = tmp_path / "cache.json"
    assert cost(PriceBook(cache_path=str(path), data_path=None)) == 5_000_000
    return path


def test_the_cached_price_is_used(tmp_path: Path) -> None:
    """The counter-test to all that follow: a well-formed other price does come from the file."""
    path = cached(tmp_path)
    path.write_text(path.read_text().replace("5000000", "7000000"))
    assert cost(PriceBook(cache_path=str(path), data_path=None)) == 7_000_000


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"{" * 1000,
        b"[" * 200_000,
        b"\xff",
        b'{"signature": 1}',
        b" " * 2_000_001,
    ],
)
def test_a_damaged_cache_is_rebuilt(tmp_path: Path, content: bytes) -> None:
    path = cached(tmp_path)
    good = path.read_bytes()
    path.write_bytes(content)
    assert cost(PriceBook(cache_path=str(path), data_path=None)) == 5_000_000
    assert path.read_bytes() == good


@pytest.mark.parametrize("key", ["signature", "edition", "source", "day", "fault", "claude_ids", "models"])
@pytest.mark.parametrize("value", [None, 5, "no date", [5], {"a": 5}, "absent"])
def test_a_cache_with_a_wrong_head_is_rebuilt(tmp_path: Path, key: str, value: object) -> None:
    path = cached(tmp_path)
    document = json.loads(path.read_text())
    if value == "absent":
        del document[key]
    else:
        document[key] = value
    path.write_text(json.dumps(document))
    book = PriceBook(cache_path=str(path), data_path=None)
    assert cost(book) == 5_000_000
    assert book.book_date.year >= 2026
    assert book.known_models(NOW)


ALWAYS = -(1 << 62)


def tariff(
    *, since: object = ALWAYS, part: object = 0, above: object = -1, rates: object = (7,) * 6
) -> dict[str, object]:
    """A standard tariff of one price."""
    return {"tariffs": {"": [[since, [[part, [[above, rates]]]]]]}}


def test_a_well_formed_entry_is_taken(tmp_path: Path) -> None:
    path = cached(tmp_path)
    document = json.loads(path.read_text())
    document["models"]["claude-opus-5"] |= tariff()
    path.write_text(json.dumps(document))
    assert cost(PriceBook(cache_path=str(path), data_path=None)) == 7


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"model_id": 5}, id="id"),
        pytest.param({"source": None}, id="source"),
        pytest.param({"notes": "text"}, id="notes"),
        pytest.param({"notes": [5]}, id="note"),
        pytest.param({"tariffs": []}, id="tariffs"),
        pytest.param({"tariffs": {}}, id="no tariff"),
        pytest.param({"tariffs": {"speed=fast": [[ALWAYS, [[0, [[-1, [7] * 6]]]]]]}}, id="no standard"),
        pytest.param({"tariffs": {"": []}}, id="no segment"),
        pytest.param({"tariffs": {"": [5]}}, id="segment"),
        pytest.param({"tariffs": {"": [[5]]}}, id="short segment"),
        pytest.param({"tariffs": {"": [[ALWAYS, []]]}}, id="no part"),
        pytest.param({"tariffs": {"": [[ALWAYS, [[0, []]]]]}}, id="no band"),
        pytest.param(tariff(since="5"), id="text"),
        pytest.param(tariff(since=True), id="boolean"),
        pytest.param(tariff(since=1.5), id="fraction"),
        pytest.param(tariff(since=0), id="not always"),
        pytest.param(tariff(part=1), id="not all day"),
        pytest.param(tariff(above=1000), id="not any prompt"),
        pytest.param(tariff(rates=[7] * 5), id="five rates"),
        pytest.param(tariff(rates=[7] * 7), id="seven rates"),
        pytest.param(tariff(rates=[-7] * 6), id="negative"),
        pytest.param(tariff(rates=[10**30] * 6), id="vast"),
        pytest.param(tariff(rates="7777777"), id="rates"),
        pytest.param({"model_id": "absent"}, id="missing"),
        pytest.param(5, id="no entry"),
    ],
)
def test_a_cache_with_a_wrong_entry_is_looked_up_again(tmp_path: Path, change: object) -> None:
    path = cached(tmp_path)
    document = json.loads(path.read_text())
    entry = document["models"]["claude-opus-5"]
    if change == {"model_id": "absent"}:
        del entry["model_id"]
    elif isinstance(change, dict):
        entry |= change
    else:
        document["models"]["claude-opus-5"] = change
    path.write_text(json.dumps(document))
    assert cost(PriceBook(cache_path=str(path), data_path=None)) == 5_000_000
    assert "5000000" in path.read_text()


def test_a_name_is_looked_up_once(tmp_path: Path) -> None:
    path = cached(tmp_path)
    book = PriceBook(cache_path=str(path), data_path=None)
    assert cost(book, "claude-opus-4-8") == 5_000_000
    written = path.stat().st_mtime_ns, path.stat().st_ino
    fast = UsageRecord("m", "r", NOW, 0, "claude-opus-4-8", 1000, speed="fast")
    assert book.cost_nano_usd(fast) == 10_000_000
    assert book.explain("claude-opus-4-8", NOW).resolved == "claude-opus-4-8"
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == written


def test_other_price_data_make_the_cache_void(tmp_path: Path) -> None:
    path = cached(tmp_path)
    path.write_text(path.read_text().replace("5000000", "7000000"))
    data = tmp_path / "prices.json"
    data.write_text("[]")
    assert cost(PriceBook(cache_path=str(path), data_path=str(data))) == 5_000_000


def test_a_flood_of_names_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "cache.json"
    book = PriceBook(cache_path=str(path), data_path=None)
    for number in range(MOST_NAMES + 20):
        assert cost(book, f"nonsense-{number}") is None
    assert cost(book, "x" * 1000) is None
    assert len(json.loads(path.read_text())["models"]) == MOST_NAMES
    assert cost(book) == 5_000_000
    for number in range(MOST_TARIFFS):
        assert cost(book, f"nonsense-{number}") is None
    assert cost(book, "claude-opus-4-1") == 15_000_000


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "target"
    write_private(str(target), b"one")
    write_private(str(target), b"two")
    assert target.read_bytes() == b"two"
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(OSError, match="folder"):
        write_private(str(folder), b"three")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["folder", "target"]


def test_the_package_is_found_by_its_spec_where_no_path_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with editable installs, which answer through an import hook."""
    usual = edition.package_file()
    monkeypatch.setattr(sys, "path", [])
    assert edition.package_file() == usual


@pytest.mark.parametrize("package", ["no_such_package_at_all", "json", "sys"])
def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setattr(edition, "PACKAGE", package)
    with pytest.raises(PriceDataError, match="genai-prices"):
        PriceBook(cache_path=None, data_path=None)
