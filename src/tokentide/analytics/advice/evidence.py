"""What the rules look at: the responses in the order of each conversation, with their tool runs and what happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tokentide.analytics.advice.rebuilding import Rebuild, find_rebuilds
from tokentide.analytics.token_estimate import CODE, estimate_tokens
from tokentide.model.limits import FIVE_HOUR, SEVEN_DAY

if TYPE_CHECKING:
    from tokentide.analytics.advice.conversations import Chain, Step
    from tokentide.analytics.forecasting.model import Forecast
    from tokentide.analytics.what_if.history import History
    from tokentide.analytics.what_if.model import PlanReport
    from tokentide.model.activity import Mark, ToolRun
    from tokentide.model.usage import UsageRecord
    from tokentide.sources.claude_code.memory_files import MemoryFile
    from tokentide.store.query import SessionFacts

Price = Callable[["UsageRecord"], "int | None"]
"""List price of a response in nano-USD, at its own instant; None without one."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the rules may know that no ledger tells."""

    price: Price
    models: tuple[str, ...] = ()
    """Ids of all models that have a price."""
    memory: Callable[[str], Sequence[MemoryFile]] = lambda _project: ()
    """The memory files that the client loads in a project."""
    forecasts: tuple[Forecast, ...] = ()
    """Of the accounts in question."""
    plan_reports: Callable[[History], tuple[PlanReport, ...]] = lambda _history: ()
    """All plans beside the history, account by account."""


@dataclass(frozen=True)
class Evidence:
    """Everything gathered of one range."""

    chains: tuple[Chain, ...]
    marks: Mapping[str, Sequence[Mark]]
    """What happened, by session id."""
    facts: Mapping[str, SessionFacts]
    """Titles, by `source<TAB>session id`."""
    agent_types: Mapping[str, str]
    """Kinds of sub-agents, by their id."""
    around: Surroundings
    span_us: int
    end: int
    """The range ends before this instant, µs UTC."""
    is_whole: bool
    """False where filters leave out a part of what an account used."""

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """All responses, conversation by conversation."""
        return tuple(step for chain in self.chains for step in chain.steps)

    @cached_property
    def cost(self) -> int:
        """At list price, nano-USD."""
        return sum(step.cost for step in self.steps)

    @cached_property
    def sessions(self) -> frozenset[str]:
        """All sessions."""
        return frozenset(chain.session for chain in self.chains)

    @cached_property
    def accounts(self) -> frozenset[str]:
        """Whose they are; empty for those that nobody tells of."""
        return frozenset(chain.place.account for chain in self.chains)

    @cached_property
    def detailed(self) -> frozenset[str]:
        """The sessions of which a transcript told more than the usage."""
        return frozenset(each.session for each in self.chains if any(step.trait is not None for step in each.steps))

    @cached_property
    def stretches(self) -> tuple[tuple[Chain, Sequence[Step]], ...]:
        """Every conversation cut where its context was emptied; those of mixed sub-agents are left out."""
        return tuple((chain, steps) for chain in self.chains if chain.is_one_agent for steps in chain.stretches())

    @cached_property
    def rebuilds(self) -> tuple[Rebuild, ...]:
        """Every request that wrote again what had been in the cache."""
        return tuple(find_rebuilds(self.stretches))

    @cached_property
    def plan_reports(self) -> tuple[PlanReport, ...]:
        """All plans beside this history, account by account."""
        from tokentide.analytics.what_if.history import History

        steps = sorted(self.steps, key=lambda step: step.record.at)
        places = {step.record.place: step.place for step in steps}
        records, costs = [step.record for step in steps], [step.cost for step in steps]
        return self.around.plan_reports(History(records, costs, [], Counter(), places, {}, {}, self.span_us))

    @cached_property
    def plans(self) -> dict[str, str]:
        """The plan of each account, where it is known."""
        return {report.account: plan.plan for report in self.plan_reports for plan in report.plans if plan.is_current}

    def has_plan(self, account: str) -> bool:
        """True where it is known which, and where the vendor tells of windows: who pays for tokens has none."""
        known = (window for each in self.around.forecasts if each.account.name == account for window in each.windows)
        told = (each.window for each in known if not each.is_estimate)
        return account in self.plans or any(name.startswith((FIVE_HOUR, SEVEN_DAY)) for name in told)

    def saved(self, step: Step, altered: UsageRecord) -> int:
        """What a response would have cost less if it had been this; nothing below 0, nor where there is no price."""
        price = self.around.price(altered)
        return max(step.cost - price, 0) if price is not None else 0

    def saved_without(self, step: Step, start: int, size: int) -> int:
        """What a response would have cost less without `size` tokens that begin behind `start` others.

        What of them lies within the part that was read from the cache was read; the rest was written to it, or sent
        plainly.
        """
        return self.saved(step, lighter(step.record, start, size))


def lighter(record: UsageRecord, start: int, size: int) -> UsageRecord:
    """The record without `size` tokens of its prompt that begin behind `start` others."""
    read = max(min(record.cache_read_tokens - start, size), 0)
    short = min(record.cache_creation_5m_tokens, size - read)
    long = min(record.cache_creation_1h_tokens, size - read - short)
    plain = min(record.input_tokens, size - read - short - long)
    return replace(
        record,
        cache_read_tokens=record.cache_read_tokens - read,
        cache_creation_5m_tokens=record.cache_creation_5m_tokens - short,
        cache_creation_1h_tokens=record.cache_creation_1h_tokens - long,
        input_tokens=record.input_tokens - plain,
    )


def result_tokens(run: ToolRun, model: str) -> int:
    """About how many tokens a result weighs."""
    return estimate_tokens(run.result_bytes, model, CODE).likely
