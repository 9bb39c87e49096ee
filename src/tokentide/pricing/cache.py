"""The price cache: prices looked up before, by the name asked for, in one small JSON file.

It may be deleted at any time and is never trusted: what does not have the expected shape is looked up again.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

from tokentide.pricing.tariff import ALWAYS_US, ANY_PROMPT, STANDARD, Band, DayPart, ModelPrices, Rates, Tariff

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

LARGEST_BYTES = 2_000_000
MOST_NAMES = 400
"""More names than any person uses; beyond it no new ones are kept."""
LONGEST_NAME = 200
"""No vendor's name is longer; a longer one is data gone astray and not kept."""

LARGEST_NUMBER = 1 << 62


class Facts(NamedTuple):
    """What is known about the price data as a whole without opening it."""

    edition: str
    source: str
    day: date
    fault: str
    claude_ids: tuple[str, ...]


class Cache(NamedTuple):
    """The content of a cache file. Entries are as in the file; `decode` checks each when it is needed."""

    facts: Facts
    entries: dict[str, object]


def read_cache(path: str, signature: str) -> Cache | None:
    """The cache; None if there is none, or it belongs to other price data, or is damaged."""
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST_BYTES + 1)
        document = _mapping(json.loads(content)) if len(content) <= LARGEST_BYTES else {}
        if document.get("signature") != signature:
            return None
        return Cache(_facts(document), _mapping(document["models"]))
    except (OSError, ValueError, LookupError, RecursionError):
        return None


def write_cache(path: str, signature: str, cache: Cache) -> None:
    """Write the cache; where that is not possible, the next run looks the prices up again."""
    from tokentide.private_files import write_private

    facts = cache.facts._asdict() | {"day": cache.facts.day.isoformat()}
    document = {"signature": signature, **facts, "models": cache.entries}
    with suppress(OSError):
        write_private(path, json.dumps(document, separators=(",", ":")).encode())


def encode(prices: ModelPrices | None) -> object:
    """An entry of the file; None for a name without a price."""
    return None if prices is None else prices._asdict()


def decode(entry: object) -> ModelPrices | None:
    """The prices of an entry.

    Raises ValueError when it is not an entry.
    """
    if entry is None:
        return None
    fields = _mapping(entry)
    try:
        return ModelPrices(
            model_id=_text(fields["model_id"]),
            source=_text(fields["source"]),
            notes=tuple(_text(note) for note in _list(fields["notes"])),
            residency=fields["residency"] is True,
            regional=fields["regional"] is True,
            tariffs=_tariffs(fields["tariffs"]),
        )
    except KeyError as error:
        raise ValueError("not a cache entry") from error


def _facts(document: dict[str, object]) -> Facts:
    return Facts(
        edition=_text(document["edition"]),
        source=_text(document["source"]),
        day=date.fromisoformat(_text(document["day"])),
        fault=_text(document["fault"]),
        claude_ids=tuple(_text(name) for name in _list(document["claude_ids"])),
    )


def _tariffs(raw: object) -> dict[str, Tariff]:
    tariffs = {context: _tariff(tariff) for context, tariff in _mapping(raw).items()}
    if STANDARD not in tariffs:
        raise ValueError("no standard price")
    return tariffs


def _tariff(raw: object) -> Tariff:
    return _ladder(raw, ALWAYS_US, _day_parts)


def _day_parts(raw: object) -> tuple[DayPart, ...]:
    return _ladder(raw, 0, _bands)


def _bands(raw: object) -> tuple[Band, ...]:
    return _ladder(raw, ANY_PROMPT, _rates)


def _ladder(raw: object, floor: int, rung: Callable[[object], T]) -> tuple[tuple[int, T], ...]:
    """Pairs of a threshold and what holds above it, down to the floor, below which nothing is asked."""
    rungs = tuple((_integer(threshold), rung(rest)) for threshold, rest in map(_pair, _list(raw)))
    if not rungs or rungs[-1][0] > floor:
        raise ValueError("prices that do not reach down to the floor")
    return rungs


def _rates(raw: object) -> Rates:
    numbers = [_integer(number) for number in _list(raw)]
    if len(numbers) != 6 or min(numbers) < 0:
        raise ValueError("not six rates")
    return cast("Rates", tuple(numbers))


def _pair(raw: object) -> tuple[object, object]:
    first, second = _list(raw)
    return first, second


def _list(raw: object) -> list[object]:
    if not isinstance(raw, list):
        raise ValueError("not a list")  # noqa: TRY004 - one error for every fault of the file
    return raw


def _mapping(raw: object) -> dict[str, object]:
    if not isinstance(raw, dict):
        raise ValueError("not a mapping")  # noqa: TRY004 - one error for every fault of the file
    return raw


def _text(raw: object) -> str:
    if not isinstance(raw, str):
        raise ValueError("not a text")  # noqa: TRY004
    return raw


def _integer(raw: object) -> int:
    if type(raw) is not int or abs(raw) > LARGEST_NUMBER:
        raise ValueError("not an integer that a price could be")
    return raw
