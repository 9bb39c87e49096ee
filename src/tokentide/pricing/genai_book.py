"""Reads the `genai-prices` package and files in its format, and finds models in them.

The package's own matching is not used: its prefix clauses take a future model for a present one (`claude-opus-4-1`
matches `claude-opus-4-10`). A model answers to its id and to the literal names in its clauses, compared whole. A
snapshot date may follow where the book's own matching agrees; Claude names have lost theirs before they come here.

Cold: importing this module costs a tenth of a second.
"""

from __future__ import annotations

import json
import warnings
from decimal import Decimal
from typing import TYPE_CHECKING

import genai_prices
from genai_prices import data, types

from tokentide.errors import PriceDataError
from tokentide.pricing.genai_listing import GenaiListing, payable
from tokentide.pricing.names import canonical, without_snapshot, without_tails

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from tokentide.pricing.names import ModelName

CLAUDE_PROVIDER = "anthropic"
LONGEST_FILE_BYTES = 32_000_000


class GenaiBook:
    """One edition of the price data: the package's, or a fetched one."""

    def __init__(self, source: str, day: date, providers: list[types.Provider]) -> None:
        """Index the Claude models by their canonical names, ids before aliases."""
        self.source = source
        self.day = day
        self._providers = providers
        self._claude: dict[str, types.ModelInfo] = {}
        models = _claude_models(providers)
        for model in models:
            self._claude.setdefault(_claude_key(model.id), model)
        for model in models:
            for literal in _literals(model.match):
                self._claude.setdefault(_claude_key(literal), model)

    def find(self, name: ModelName) -> GenaiListing | None:
        """The model of that name; None if the book has none, or none that tokens alone pay for."""
        model = self._claude.get(name.model) if name.claude else self._foreign(name)
        if model is None or not payable(model):
            return None
        return GenaiListing(model, claude=name.claude)

    def context_window(self, name: ModelName) -> int | None:
        """Tokens that the model of that name takes at once; None if the book does not say."""
        model = self._claude.get(name.model) if name.claude else self._foreign(name)
        return model.context_window if model is not None else None

    def claude_ids(self) -> tuple[str, ...]:
        """Ids of all Claude models."""
        return claude_ids(self._providers)

    def known_names(self) -> tuple[str, ...]:
        """Ids that answer without naming a provider, for suggestions."""
        owners = (provider for provider in self._providers if provider.model_match is not None)
        return tuple(model.id for provider in owners for model in provider.models if payable(model))

    def _foreign(self, name: ModelName) -> types.ModelInfo | None:
        for provider in self._providers:
            if name.provider == provider.id or (not name.provider and _owns(provider, name.model)):
                return _exactly(provider.models, name.model)
        return None


def package_book(newest_possible: date) -> GenaiBook:
    """The installed package. Its day is the newest start of a price in it, future ones aside."""
    days = (
        day
        for provider in data.providers
        for model in provider.models
        for day in GenaiListing(model, claude=False).changes
        if day <= newest_possible
    )
    source = f"genai-prices {genai_prices.__version__}"
    return GenaiBook(source, max(days, default=newest_possible), data.providers)


def file_book(path: str, day: date) -> GenaiBook:
    """A fetched file.

    Raises PriceDataError when it cannot be read or understood.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(LONGEST_FILE_BYTES + 1)
    except OSError as error:
        message = f"{path} cannot be read ({error.strerror})"
        raise PriceDataError(message) from error
    try:
        return GenaiBook(f"fetched {day.isoformat()}", day, parsed(content))
    except PriceDataError as error:
        message = f"{path}: {error}"
        raise PriceDataError(message) from error


def parsed(content: bytes) -> list[types.Provider]:
    """Providers from the JSON that genai-prices publishes.

    Raises PriceDataError when it is no such JSON, or has no Claude model.
    """
    if len(content) > LONGEST_FILE_BYTES:
        message = f"more than {LONGEST_FILE_BYTES} bytes"
        raise PriceDataError(message)
    try:
        raw = json.loads(content, parse_float=Decimal)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # units newer than the package: their prices are not ours to count
            providers = types._providers_from_raw(raw)  # noqa: SLF001 - what the package's own update calls
    except (ValueError, TypeError, AttributeError, ArithmeticError, LookupError, RecursionError) as error:
        message = f"not price data of genai-prices ({type(error).__name__})"
        raise PriceDataError(message) from error
    if not claude_ids(providers):
        message = "no Claude model in it"
        raise PriceDataError(message)
    return providers


def claude_ids(providers: list[types.Provider]) -> tuple[str, ...]:
    """Ids of the Claude models that have a price."""
    return tuple(sorted({model.id for model in _claude_models(providers) if payable(model)}))


def _claude_models(providers: list[types.Provider]) -> list[types.ModelInfo]:
    return [model for provider in providers if provider.id == CLAUDE_PROVIDER for model in provider.models]


def _claude_key(literal: str) -> str:
    return canonical(without_tails(literal.lower()))


def _literals(clause: types.MatchLogic) -> Iterator[str]:
    """Literal names and prefixes, alternatives included; those inside an `and` do not stand alone."""
    if isinstance(clause, types.ClauseOr):
        for part in clause.or_:
            yield from _literals(part)
    elif isinstance(clause, types.ClauseEquals):
        yield clause.equals.lower()
    elif isinstance(clause, types.ClauseStartsWith):
        yield clause.starts_with.lower()


def _owns(provider: types.Provider, name: str) -> bool:
    return provider.model_match is not None and provider.model_match.is_match(name)


def _exactly(models: list[types.ModelInfo], name: str) -> types.ModelInfo | None:
    """The model of that very name, else the one that the book matches and that differs by a snapshot date alone."""
    bare = without_snapshot(name)
    for model in models:
        if name in _names(model):
            return model
    for model in models:
        if bare != name and bare in _names(model) and model.is_match(name):
            return model
    return None


def _names(model: types.ModelInfo) -> set[str]:
    return {model.id.lower(), *_literals(model.match)}
