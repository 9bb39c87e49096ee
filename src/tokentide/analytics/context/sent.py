"""What each request sent, from a transcript or, where that is gone, from the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentide.analytics.context.requests import Chain
from tokentide.model.usage import UsageRecord
from tokentide.store.query import MAIN_AGENT, Response

if TYPE_CHECKING:
    from tokentide.pricing.book import PriceBook


@dataclass(frozen=True, slots=True)
class Sent:
    """One request of the main chain."""

    at: int
    model: str
    input_tokens: int
    write_5m_tokens: int
    write_1h_tokens: int
    read_tokens: int
    output_tokens: int
    effort: str = ""
    compacted: str = ""
    """The trigger of a compaction right before it; empty if there was none."""

    @property
    def written_tokens(self) -> int:
        """Into the cache."""
        return self.write_5m_tokens + self.write_1h_tokens

    @property
    def prompt_tokens(self) -> int:
        """All of it."""
        return self.input_tokens + self.written_tokens + self.read_tokens


def sent_of_chain(chain: Chain) -> list[Sent]:
    """The requests of a conversation."""
    return [
        Sent(
            each.first.at,
            each.first.model,
            each.first.input_tokens,
            each.first.cache_creation_5m_tokens,
            each.first.cache_creation_1h_tokens,
            each.first.cache_read_tokens,
            each.output_tokens,
            each.first.effort,
            (each.compaction.name or "unknown") if each.compaction is not None else "",
        )
        for each in chain.requests
    ]


def sent_of_responses(responses: Iterable[Response]) -> list[Sent]:
    """The same as the ledger has it."""
    return [
        Sent(
            each.at,
            each.model,
            each.sums.input_tokens,
            each.sums.cache_creation_5m_tokens,
            each.sums.cache_creation_1h_tokens,
            each.sums.cache_read_tokens,
            each.sums.output_tokens,
        )
        for each in responses
        if each.agent == MAIN_AGENT
    ]


@dataclass(frozen=True, slots=True)
class Rates:
    """What sending tokens costs with one model at one instant, at list price; None where it has none."""

    book: PriceBook
    model: str
    at: int

    def read(self, tokens: int) -> int | None:
        """As a cache read, nano-USD."""
        return self.book.cost_nano_usd(UsageRecord("", "", self.at, 0, self.model, cache_read_tokens=tokens))

    def write(self, tokens: int, *, for_an_hour: bool) -> int | None:
        """As a cache write, nano-USD."""
        short, long = (0, tokens) if for_an_hour else (tokens, 0)
        return self.book.cost_nano_usd(UsageRecord("", "", self.at, 0, self.model, 0, 0, short, long))

    def rewrite(self, tokens: int, *, for_an_hour: bool) -> int | None:
        """What writing costs more than reading would, nano-USD."""
        written, read = self.write(tokens, for_an_hour=for_an_hour), self.read(tokens)
        return None if written is None or read is None else written - read


def last_model(sent: Sequence[Sent]) -> str:
    """The model that answered last; empty without any."""
    return sent[-1].model if sent else ""
