"""Advice, context, breakdowns, comparisons and what-ifs as an address asks for them."""

from __future__ import annotations

from typing import Literal
from urllib.parse import parse_qsl

from pydantic import Field

from tokentide.analytics.advice.engine import AdviceAsk, build_advice
from tokentide.analytics.advice.model import AdviceReport
from tokentide.analytics.advice.rules import check_names
from tokentide.analytics.advice.surroundings import Place, surroundings_of
from tokentide.analytics.attribution import SORT_KEYS, Ask, Breakdown, break_down
from tokentide.analytics.compare.operands import KINDS, PERIODS, USUAL, Reader
from tokentide.analytics.compare.report import Comparison, build_comparison
from tokentide.analytics.context.load import Surroundings, load_context
from tokentide.analytics.context.model import Context
from tokentide.analytics.dimensions import DIMENSIONS, TELLING, dimensions_of
from tokentide.analytics.effort import responses_in
from tokentide.analytics.what_if.asking import changed_book, price_changes
from tokentide.analytics.what_if.model import BATCH, BELOW_TOKENS, CACHE_1H, CACHE_5M, NO_CACHE, WhatIf, WhatIfWish
from tokentide.analytics.what_if.report import WhatIfAsk, build_what_if
from tokentide.sources.claude_code.paths import FoundFile, discover
from tokentide.sync.roots import wanted_roots
from tokentide.web.asked import LONGEST_TEXT, MOST_VALUES, Filters, Zone, address_of, filters_of
from tokentide.web.desk import Sight

RECENT = "30d"
"""The usual range of what is reckoned from single responses, as on the command line."""
AT_ONCE = 6_000
"""Up to so many responses are gone through while a page is waited for; of more the page comes first."""
FLAGS = (BATCH, NO_CACHE, CACHE_1H, CACHE_5M)
Sort = Literal["", "cost", "tokens", "output", "responses", "calls", "failed", "key"]


class AdviseQuery(Filters):
    """Advice, of all rules or some."""

    rule: list[str] = Field(default=[], max_length=MOST_VALUES, description="only these rules")
    without: list[str] = Field(default=[], max_length=MOST_VALUES, description="not these rules")


class ContextQuery(Zone):
    """The context of a session."""

    session: str = Field(
        default="", max_length=LONGEST_TEXT, description="the session whose id begins so; else the latest"
    )


class BreakdownQuery(Filters):
    """What usage goes back to."""

    by: list[str] = Field(
        default=[], max_length=2, description=f"one or two of {', '.join(DIMENSIONS)}; else the most telling ones"
    )
    sort: Sort = Field(default="", description=f"sort by {', '.join(SORT_KEYS)}")


class CompareQuery(Filters):
    """Two sides; periods bring their own days."""

    a: str = Field(
        default="",
        max_length=LONGEST_TEXT,
        description=f"a period ({PERIODS}), or {', '.join(f'{kind}:NAME' for kind in KINDS)}",
    )
    b: str = Field(
        default="",
        max_length=LONGEST_TEXT,
        description=f"the same; one period alone is compared with the one before, and without any {USUAL}",
    )
    whole: bool = Field(default=False, description="do not cut a period to what has passed of the other")


class WhatIfQuery(Filters):
    """Scenarios; without any, all that make sense."""

    on_model: list[str] = Field(default=[], max_length=MOST_VALUES, description="everything on this model")
    cheap: list[str] = Field(default=[], max_length=MOST_VALUES, description="small mechanical steps on this model")
    below_tokens: int = Field(default=BELOW_TOKENS, ge=1, le=10**9, description="a small step writes at most so many")
    batch: bool = Field(default=False, description="what programs asked for, as batches")
    no_cache: bool = Field(default=False, description="without the prompt cache")
    cache_1h: bool = Field(default=False, description="one-hour cache writes instead of five-minute ones")
    cache_5m: bool = Field(default=False, description="five-minute cache writes instead of one-hour ones")
    price: list[str] = Field(
        default=[], max_length=MOST_VALUES, description="another price, opus:input=4,output=20: USD a million tokens"
    )
    residency: Literal["", "us", "global"] = Field(default="", description="computed there")
    speed: Literal["", "fast", "standard"] = Field(default="", description="all in fast mode, or none")
    plans: bool = Field(default=False, description="the plans beside your use")


def filter_fields(asked: Filters) -> list[tuple[str, str]]:
    """The filters in force as fields of a form: names and values."""
    return parse_qsl(address_of(filters_of(asked))[1:])


def is_much(sight: Sight, asked: Filters, usual_range: str = "") -> bool:
    """True where going through all responses that are asked for is felt. Raises UsageError, LedgerError."""
    return responses_in(sight.ledger, sight.selection(asked, usual_range), sight.calendar(asked)) > AT_ONCE


def advice_of(sight: Sight, asked: AdviseQuery) -> AdviceReport:
    """The advice; rules that the settings switch off are asked only by name. Raises UsageError, LedgerError."""
    off, calendar = sight.settings.advice_off, sight.calendar(asked)
    check_names((*asked.rule, *asked.without))
    check_names(off, where="advice_off in the settings: ")
    without = frozenset((*asked.without, *(name for name in off if name not in asked.rule)))
    selection = sight.selection(asked, RECENT)
    place = Place(sight.book, sight.settings, sight.environ, sight.plan_wish(asked))
    around = surroundings_of(sight.ledger, selection, calendar, place, now=sight.now)
    ask = AdviceAsk(selection, calendar, around, frozenset(asked.rule), without)
    return build_advice(sight.ledger, ask, now=sight.now, problems=sight.problems)


def transcripts(sight: Sight) -> list[FoundFile]:
    """Every transcript on disk."""
    return discover(wanted_roots(sight.settings, sight.environ)).files


def context_of(sight: Sight, session: str, found: list[FoundFile] | None = None) -> Context:
    """The context of the session whose id begins so, or of the latest. Raises SessionError, LedgerError."""
    around = Surroundings(transcripts(sight) if found is None else found, sight.book, sight.environ)
    return load_context(sight.ledger, session, around)


def breakdowns_of(sight: Sight, asked: BreakdownQuery, usual_range: str = "") -> list[Breakdown]:
    """One breakdown, or the most telling ones. Raises UsageError, LedgerError."""
    by = dimensions_of([name for name in asked.by if name])
    ask = Ask(sight.selection(asked, usual_range), sight.calendar(asked), sight.mode(asked), asked.sort)
    wanted = [by] if by else [(DIMENSIONS[name],) for name in TELLING]
    return [break_down(sight.ledger, ask, each, now=sight.now, problems=sight.problems) for each in wanted]


def comparison_of(sight: Sight, asked: CompareQuery) -> Comparison:
    """Both sides, and why they differ. Raises UsageError, LedgerError."""
    calendar = sight.calendar(asked)
    operands = tuple(text for text in (asked.a.strip(), asked.b.strip()) if text)
    pair = Reader(sight.ledger, calendar, asked.wishes(), sight.now).pair(operands, whole=asked.whole)
    return build_comparison(sight.ledger, pair, sight.book, calendar, now=sight.now, problems=sight.problems)


def what_if_of(sight: Sight, asked: WhatIfQuery) -> WhatIf:
    """The scenarios and plans. Raises UsageError, LedgerError."""
    wish = _wish(sight, asked)
    ask = WhatIfAsk(
        selection=sight.selection(asked, RECENT),
        calendar=sight.calendar(asked),
        wish=wish,
        book=sight.book,
        plan_wish=sight.plan_wish(asked),
        changed_book=changed_book(wish.changes, sight.settings, sight.now),
    )
    return build_what_if(sight.ledger, ask, now=sight.now, problems=sight.problems)


def _wish(sight: Sight, asked: WhatIfQuery) -> WhatIfWish:
    """What an address names; a field of a form that was left empty names nothing."""
    on_models, cheap, prices = ([text for text in each if text] for each in (asked.on_model, asked.cheap, asked.price))
    return WhatIfWish(
        tuple(on_models),
        tuple(cheap),
        asked.below_tokens,
        frozenset(flag for flag in FLAGS if getattr(asked, flag)),
        price_changes(prices, sight.book, sight.now),
        asked.residency,
        asked.speed,
        asked.plans,
    )
