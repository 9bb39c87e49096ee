"""Made histories for the tests of advice.

Prices, USD a million tokens (input, output, 5-minute write, 1-hour write, read): opus-5 5, 25, 6.25, 10, 0.50; sonnet-5 2, 10,
2.50, 4, 0.20; opus-4-8 as opus-5, in fast mode twice that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import msgspec

from tests.ledgers import BOOK, take
from tokentide.analytics.advice.evidence import Evidence, Surroundings
from tokentide.analytics.advice.gathering import Range, gather
from tokentide.analytics.advice.model import (
    Advice,
)
from tokentide.analytics.advice.rules import RULES
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.forecasting.model import Calibration, Forecast, Spread, WindowForecast
from tokentide.analytics.token_estimate import CODE, TEXT, estimate_tokens
from tokentide.analytics.what_if.model import MONTH_US
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from tokentide.model.activity import OK, Mark, ToolRun, Trait
from tokentide.model.batch import Batch
from tokentide.model.limits import SEVEN_DAY, Account
from tokentide.model.usage import Place, UsageRecord
from tokentide.store.query import Filters
from tokentide.store.sqlite.ledger import Ledger

UTC = Calendar("UTC")
START = UTC.start_of(date(2026, 11, 10)) + 9 * HOUR_US
NOW = START + 10 * DAY_US
USD = 10**9
MODELS = ("claude-opus-5", "claude-sonnet-5", "claude-haiku-5-5")
OPUS, SONNET = MODELS[:2]
AROUND = Surroundings(BOOK.cost_nano_usd, MODELS)


def prose(size: int) -> int:
    """Tokens of so many bytes of text."""
    return estimate_tokens(size, OPUS, TEXT).likely


def output_of(size: int) -> int:
    """Tokens of so many bytes that a tool gave back."""
    return estimate_tokens(size, OPUS, CODE).likely


WRITE, READ = 6_250, 500
"""Nano-USD for a token of opus-5."""


def usd(amount: str) -> int:
    """Nano-USD."""
    return int(Decimal(amount) * USD)


@dataclass
class Story:
    """A made history: responses in their conversations, with what happened around them."""

    records: list[UsageRecord] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    traits: list[Trait] = field(default_factory=list)
    runs: list[ToolRun] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    _where: int = 0

    def session(self, name: str = "s", agent: str = "", **more: str) -> Story:
        """What follows belongs to this conversation."""
        made = Place("claude_code", "me", name, START, "/w/shop", agent_id=agent, is_sidechain=bool(agent))
        made = msgspec.structs.replace(made, **more)
        if made not in self.places:
            self.places.append(made)
        self._where = self.places.index(made)
        return self

    def step(
        self,
        minute: float,
        *,
        model: str = OPUS,
        read: int = 0,
        write: int = 0,
        long: int = 0,
        trait: Trait | None = None,
        **more: int | str,
    ) -> str:
        """A response; returns its identity."""
        if not self.places:
            self.session()
        name = f"m{len(self.records)}"
        made = UsageRecord(name, "", START + round(minute * MINUTE_US), self._where, model)
        made = msgspec.structs.replace(
            made,
            cache_read_tokens=read,
            cache_creation_5m_tokens=write,
            cache_creation_1h_tokens=long,
            **more,
        )
        self.records.append(made)
        told = trait or Trait("", "high", "cli", "", 0, 0)
        self.traits.append(msgspec.structs.replace(told, identity=name))
        return name

    def run(self, called: str, answered: str = "", tool: str = "Bash", **more: int | str) -> None:
        """A tool call of a response, whose result another one read."""
        at = next(record.at for record in self.records if record.identity == called) + len(self.runs)
        made = ToolRun(f"t{len(self.runs)}", called, answered, at, at + SECOND_US, tool, outcome=OK)
        self.runs.append(msgspec.structs.replace(made, **more))

    def mark(self, minute: float, kind: str, name: str = "", amount: int = 0, session: str = "s") -> None:
        """Something that happened."""
        self.marks.append(Mark(session, f"k{len(self.marks)}", START + round(minute * MINUTE_US), kind, name, amount))

    def ledger(self) -> Ledger:
        """All of it in a ledger."""
        ledger = Ledger.open(":memory:")
        take(ledger, [Batch(places=self.places, records=self.records)])
        ledger.details.take(self.traits, self.runs, self.marks, [])
        return ledger

    def evidence(self, around: Surroundings = AROUND) -> Evidence:
        """What the rules look at."""
        with self.ledger() as ledger:
            return gather(ledger, Range(0, 1 << 62, Filters()), around, MONTH_US)[0]

    def find(self, rule: str, around: Surroundings = AROUND) -> Advice | str:
        """What comes of one rule."""
        return next(each for each in RULES if each.name == rule).find(self.evidence(around))

    def found(self, rule: str, around: Surroundings = AROUND) -> Advice:
        """The advice of one rule, which must have some."""
        advice = self.find(rule, around)
        assert isinstance(advice, Advice), advice
        assert advice.rule == rule
        assert 0 <= advice.saving <= advice.concerned
        return advice


def parts(advice: Advice) -> dict[str, tuple[int, int]]:
    """Count and saving by part."""
    return {part.name: (part.count, part.saving) for part in advice.parts}


def forecast(odds: float | None, likely: float, calibrations: tuple[Calibration, ...] = ()) -> Forecast:
    """What is expected of an account's week."""
    week = WindowForecast(SEVEN_DAY, NOW + DAY_US, 80.0, odds, None, Spread(likely - 9, likely, likely + 9), None)
    return Forecast(Account("a", "me"), NOW, (week,), "", None, None, calibrations, (), None, 30, None)
