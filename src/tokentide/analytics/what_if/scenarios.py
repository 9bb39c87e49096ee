"""The scenarios: each turns the history's responses into those that would have been made, and says what it assumes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

from msgspec.structs import replace

from tokentide.analytics.token_estimate import OTHER, estimate_tokens, family_of
from tokentide.analytics.what_if import caches
from tokentide.analytics.what_if.history import History
from tokentide.analytics.what_if.model import (
    BATCH,
    CACHE_1H,
    CACHE_5M,
    CHEAP,
    MODEL,
    NEW_INPUT_TIMES,
    NO_CACHE,
    PRICE,
    RESIDENCY,
    SPEED,
)
from tokentide.analytics.what_if.steps import small_steps, unattended
from tokentide.model.usage import UsageRecord
from tokentide.pricing.book import PriceBook
from tokentide.pricing.newest import same_model

Alter = Callable[[UsageRecord], UsageRecord]
"""Makes of a response the one that would have been; the same object where it would have been the same."""
MILLION = 1_000_000
SMALLEST_WINDOW = 200_000
"""Every model since Claude 2.1 takes so many tokens."""
BATCH_TIER = "batch"
FAST, STANDARD = "fast", "standard"
US = "us"


@dataclass(frozen=True, slots=True)
class Scenario:
    """The history as it would have been: each response altered in the same way, or all of them one by one."""

    kind: str
    target: str
    assumptions: tuple[str, ...]
    alter: Alter | None = None
    """For responses that are alike it may be asked once, with their tokens together."""
    records: list[UsageRecord] | None = None
    """In the order of the history, unaltered ones the same objects."""
    book: PriceBook | None = None
    """Where other prices hold; None: the present ones."""
    same_note: str = ""
    """What to say before the number of responses that were altered and cost the same; empty for nothing."""
    skipped: str = ""
    """Why there is nothing to tell; empty where there is."""


def on_model(history: History, model: str, book: PriceBook) -> Scenario:
    """Everything on one model."""
    return Scenario(
        MODEL,
        model,
        (
            "as many requests of the same length, with the same cache hits; it may need more steps, or fewer",
            *_window_notes(history, model, book),
            *_tokenizer_notes(history.models, model),
        ),
        lambda record: record if same_model(record.model, model) else replace(record, model=model),
    )


def cheap_steps(history: History, model: str, below_tokens: int) -> Scenario:
    """Only the small mechanical steps on another model, with a cache of its own."""
    steps = small_steps(history, below_tokens)
    chosen = {index for index in steps if not same_model(history.records[index].model, model)}
    share = sum(history.costs[index] for index in chosen) / history.cost if history.cost else 0.0
    assumptions = (
        (
            f"a small step: at most {below_tokens:,} tokens of output and {NEW_INPUT_TIMES * below_tokens:,} of new "
            f"input, only tools that look up or keep lists; {len(chosen):,} of {len(history.records):,} requests, "
            f"{100 * share:.0f} % of the cost"
        ),
        "each model has its own cache: where a conversation goes from one to the other, its prompt is written anew",
        *_tokenizer_notes({history.records[index].model for index in chosen}, model),
    )
    if not chosen:
        return Scenario(CHEAP, model, assumptions, skipped=_why_no_steps(history))
    return Scenario(CHEAP, model, assumptions, records=caches.moved_to(history, model, chosen))


def _why_no_steps(history: History) -> str:
    if not (history.tools or history.entry_points):
        return "small steps: no transcript tells which tools these responses called"
    return "small steps: none of these requests is one; `--below-tokens` moves the bound"


def batched(history: History) -> Scenario:
    """What programs asked for, as batches."""
    chosen = unattended(history.records, history.entry_points)
    records = [
        replace(record, service_tier=BATCH_TIER, speed="") if index in chosen else record
        for index, record in enumerate(history.records)
    ]
    unknown = sum(record.identity not in history.entry_points for record in history.records)
    assumptions = [
        (
            "only what a program asked for (`claude -p`, the SDKs); an answer may take up to 24 hours, each step of a "
            "tool loop by itself"
        ),
        "cache hits as they were, which the vendor does not promise for batches; fast mode is not offered there",
    ]
    if unknown:
        assumptions.append(
            f"responses that are left as they were, as nobody knows how their client was started: {unknown:,}"
        )
    skipped = "" if chosen else "batch: no program asked for any of these responses, so far as is known"
    return Scenario(BATCH, "", tuple(assumptions), records=records, skipped=skipped)


def no_cache() -> Scenario:
    """Without the prompt cache."""
    assumption = "every cache read and write as plain input of the same request; it is what the cache saved you"
    return Scenario(NO_CACHE, "", (assumption,), caches.uncached)


def long_cache(history: History) -> Scenario:
    """One-hour writes instead of five-minute ones."""
    records, saved = caches.with_long_writes(history)
    assumptions = (
        "each five-minute write costs as a one-hour write",
        (
            f"rebuilds after a pause of 5 to 60 minutes in a conversation become cache reads: {saved:,}; where the "
            "prompt had become shorter, it counts as another one and is written as it was"
        ),
    )
    skipped = "" if any(each.cache_creation_5m_tokens for each in history.records) else "1 h cache: no 5-minute writes"
    return Scenario(CACHE_1H, "", assumptions, records=records, skipped=skipped)


def short_cache(history: History) -> Scenario:
    """Five-minute writes instead of one-hour ones."""
    records, rebuilt = caches.with_short_writes(history)
    assumptions = (
        "each one-hour write costs as a five-minute write",
        (
            f"reads after a pause of more than 5 minutes in a conversation become rebuilds, whole: {rebuilt:,}; that "
            "other conversations kept the common beginning warm is not counted on"
        ),
    )
    skipped = "" if any(each.cache_creation_1h_tokens for each in history.records) else "5 min cache: no 1-hour writes"
    return Scenario(CACHE_5M, "", assumptions, records=records, skipped=skipped)


def in_region(history: History, geo: str) -> Scenario:
    """Computed where the vendor is told to: in the US, or anywhere."""
    if geo == US:
        return Scenario(
            RESIDENCY,
            geo,
            ("1.1 times every token price, where it applies",),
            lambda record: record if record.inference_geo == geo else replace(record, inference_geo=geo),
            same_note="responses that cost the same, as models before 4.6 and regional endpoints have no residency "
            "price",
        )
    is_bound = any(record.inference_geo == US for record in history.records)
    return Scenario(
        RESIDENCY,
        geo,
        ("what was computed in the US without the tenth that this costs more",),
        lambda record: replace(record, inference_geo=geo) if record.inference_geo == US else record,
        skipped="" if is_bound else "residency: none of these responses was bound to the US",
    )


def at_speed(speed: str) -> Scenario:
    """All of it in fast mode, or none."""
    is_fast = speed == FAST

    def alter(record: UsageRecord) -> UsageRecord:
        keeps = (record.speed == FAST) == is_fast or (is_fast and record.service_tier == BATCH_TIER)
        return record if keeps else replace(record, speed=speed)

    note = "responses that cost the same, as their models have no fast mode with a price of its own" if is_fast else ""
    return Scenario(
        SPEED,
        speed,
        ("the same answers, only sooner" if is_fast else "the same answers, only later",),
        alter,
        same_note=note,
    )


def at_prices(history: History, models: tuple[str, ...], book: PriceBook, words: str) -> Scenario:
    """At other prices of some models."""
    is_touched = any(same_model(known, model) for known in history.models for model in models)
    assumptions = (
        f"{words}, in USD a million tokens, instead of today's price",
        (
            "earlier prices, long prompts, batch and fast mode in the same proportion; cache prices follow the input "
            "unless they are given"
        ),
    )
    skipped = (
        "" if is_touched else f"price: nothing here was on {', '.join(models)}, but on {', '.join(history.models)}"
    )
    return Scenario(PRICE, ", ".join(models), assumptions, lambda record: record, book=book, skipped=skipped)


def _window_notes(history: History, model: str, book: PriceBook) -> Iterator[str]:
    """Requests that the model would not take."""
    long = history.prompts_above(SMALLEST_WINDOW)
    window = book.context_window(model) if long else None
    beyond = sum(prompt > window for prompt in long) if window is not None else 0
    if window is not None and beyond:
        yield f"requests longer than its context window of {window:,} tokens, which would not be answered: {beyond:,}"


def _tokenizer_notes(models: Collection[str], model: str) -> Iterator[str]:
    """What another way to count tokens would do."""
    factors = {scale(each, model) for each in models} - {1.0}
    if factors:
        others = "before" if max(factors) > 1 else "since"
        yield (
            f"tokens as they were counted; for the same text it counts about {max(factors):.2f} times as many as "
            f"models {others} Opus 4.7: the recounted estimate reckons with that"
        )


@lru_cache(maxsize=4096)
def scale(model: str, other: str) -> float:
    """How many tokens the other model counts where this one counts one, by the measured estimate."""
    if family_of(model) == family_of(other) or OTHER in (family_of(model), family_of(other)):
        return 1.0
    return estimate_tokens(MILLION, other).likely / estimate_tokens(MILLION, model).likely


def rescaled(before: UsageRecord, after: UsageRecord) -> UsageRecord:
    """The response as the model that it went to would count it."""
    factor = scale(before.model, after.model)
    if factor == 1.0:
        return after
    return replace(
        after,
        input_tokens=round(after.input_tokens * factor),
        output_tokens=round(after.output_tokens * factor),
        cache_creation_5m_tokens=round(after.cache_creation_5m_tokens * factor),
        cache_creation_1h_tokens=round(after.cache_creation_1h_tokens * factor),
        cache_read_tokens=round(after.cache_read_tokens * factor),
    )
