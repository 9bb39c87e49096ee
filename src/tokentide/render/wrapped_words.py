"""A year in words: its title, what stands out, and comparisons that are true by arithmetic alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tokentide.analytics.activity_days import COST
from tokentide.analytics.wrapped import PlanValue, Wrapped
from tokentide.model.activity import mcp_parts
from tokentide.render import activity_words, words
from tokentide.store.query import Sums

LINES_A_PAGE = 60
LEAST_PAGES = 2
TOP_TOOLS = TOP_MODELS = 5
VENDOR = "claude-"
OTHER_MODEL, MCP_TOOLS = "other models", "MCP tools"


def title(wrapped: Wrapped) -> str:
    """2026 with Claude."""
    return f"{wrapped.year} with Claude"


def when(wrapped: Wrapped) -> str:
    """Which days; says so where the year is not over."""
    days = activity_words.span(wrapped.activity.since, wrapped.activity.until)
    return days if wrapped.is_over else f"so far: {days}"


def highlights(wrapped: Wrapped) -> list[tuple[str, str]]:
    """What stands out, as name and value."""
    activity = wrapped.activity
    busiest = activity.busiest(COST)
    hour = activity_words.busiest_slot(activity.hours, COST)
    weekday = activity_words.busiest_slot(activity.weekdays, COST)
    found = [("Biggest day", f"{activity_words.full_day(busiest.day)}, {activity_words.amount(busiest, COST)}")]
    if hour is not None and weekday is not None:
        found.append(("Favourite hour", activity_words.hour_span(hour)))
        found.append(("Favourite weekday", activity_words.WEEKDAYS[weekday]))
    if activity.longest_sitting is not None:
        found.append(("Longest session", activity_words.sitting(activity.longest_sitting)))
    found.append(("Longest streak", activity_words.streak(activity.streak)))
    if not wrapped.is_over and activity.present_streak is not None:
        found.append(("Streak now", words.plural(activity.present_streak.days, "day")))
    return found


def deeds(wrapped: Wrapped) -> list[tuple[str, str]]:
    """What came of it."""
    activity = wrapped.activity
    failed = activity_words.rate(activity.totals.failed, activity.totals.runs)
    tools = [("Tools that failed", failed)] if activity.totals.runs else []
    return [*activity_words.deeds(activity), *tools]


def comparisons(wrapped: Wrapped) -> Iterator[str]:
    """Plain things that are as large; nothing is estimated for them."""
    activity = wrapped.activity
    total, sums = activity.totals, activity.totals.sums
    pages = total.lines_added // LINES_A_PAGE
    if pages >= LEAST_PAGES:
        yield f"Printed at {LINES_A_PAGE} lines a page, the lines added fill {pages:,} pages."
    sent = sums.total_tokens - sums.output_tokens
    if sent and sums.cache_read_tokens:
        yield f"{words.percent(sums.cache_read_tokens / sent)} of all that was sent came out of the cache."
    if total.prompts and sums.responses > total.prompts:
        yield f"A prompt led to {sums.responses / total.prompts:.1f} responses on average."


def worth(plan: PlanValue) -> str:
    """What the subscription was worth, with all that is assumed."""
    return (
        f"At list price this use comes to {words.money(plan.list_cost)}. {plan.title} costs ${plan.usd_per_month} a "
        f"month today; for the {words.plural(plan.months, 'month')} with any use that is ${plan.usd:,}: "
        f"{plan.times:.1f} times its price. That is the list price of the models alone, reckoned from what is recorded "
        "on this machine, and no bill."
    )


def worth_in_short(plan: PlanValue) -> str:
    """The same for a picture."""
    return (
        f"{plan.times:.1f} times the price of {plan.title}, if it was paid in all {words.plural(plan.months, 'month')}"
    )


def tools(wrapped: Wrapped, *, with_names: bool) -> list[tuple[str, int]]:
    """The most used with their runs; without names all of MCP servers are one, since servers are named by people."""
    runs: Counter[str] = Counter()
    for each in wrapped.activity.tools:
        runs[_tool_name(each.tool, with_names=with_names)] += each.runs
    return sorted(runs.items(), key=lambda item: (-item[1], item[0]))[:TOP_TOOLS]


def models(wrapped: Wrapped, *, with_names: bool) -> list[tuple[str, Sums]]:
    """The dearest; without names those that the vendor did not name are one: a company may have."""
    sums: dict[str, Sums] = {}
    for row in wrapped.models:
        name = words.model_name(row.key) if with_names or row.key.startswith(VENDOR) else OTHER_MODEL
        sums.setdefault(name, Sums()).add(row.sums)
    return sorted(sums.items(), key=lambda item: (-item[1].cost, item[0]))[:TOP_MODELS]


def _tool_name(name: str, *, with_names: bool) -> str:
    """A tool as people call it."""
    server, tool = mcp_parts(name)
    if not server:
        return words.clean(name)
    return words.clean(f"{server}: {tool}") if with_names else MCP_TOOLS
