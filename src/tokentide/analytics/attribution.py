"""What usage goes back to: every token and every nano-dollar of it shared among what caused it, to the last one.

The rule, with an example by hand: docs/explanation/attribution.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.dimensions import Dimension, labeller, placer
from tokentide.analytics.payees import Books, Runs, Tally
from tokentide.analytics.selection import Selection
from tokentide.store.query import CostMode, SessionFacts, Sums
from tokentide.store.sqlite.attribution import Narrowing

if TYPE_CHECKING:
    from tokentide.store.sqlite.ledger import Ledger

SORT_KEYS = ("cost", "tokens", "output", "responses", "calls", "failed", "key")


@dataclass(frozen=True, slots=True)
class PromptFacts:
    """What is known of a prompt beside its totals; never its text."""

    session_id: str
    title: str
    """Of its session; empty if it has none."""
    at: int
    """µs UTC."""
    command: str
    """The slash command; empty if it is none."""
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Share:
    """What goes back to one value."""

    key: str
    """Of a session its id, of a prompt its session's id and its own with a tab between."""
    sums: Sums
    """Of tools: `responses` are those that it has a share in; one response may count for several."""
    runs: Runs | None = None
    """Of tools only."""
    parts: tuple[Share, ...] = ()
    """By the second dimension."""
    session: SessionFacts | None = None
    prompt: PromptFacts | None = None
    stands_for: int = 0
    """How many shares are in it, where it is the rest of a list; `key` says so then."""
    is_blurred: bool = False
    """True for several shares in one that may have the same responses in common: these cannot be counted."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Which usage is shared out, and how time is cut."""

    selection: Selection
    calendar: Calendar
    mode: CostMode = CostMode.AUTO
    sort: str = ""
    """One of SORT_KEYS; empty leaves it to the dimension: time upwards, else cost downwards."""

    def narrowing(self) -> Narrowing:
        """The same for the ledger."""
        since, until = self.selection.since, self.selection.until
        start = self.calendar.start_of(since) if since else None
        end = self.calendar.start_of(until + timedelta(days=1)) if until and until.year < 9999 else None
        return Narrowing(self.selection.filters, self.mode, start, end)


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Usage shared out by one dimension or two; the shares add up to the totals in every counter and in cost."""

    by: tuple[Dimension, ...]
    shares: tuple[Share, ...]
    totals: Sums
    runs: Runs
    """Of all tools; nothing where it is not by tools."""
    ask: Ask
    generated_at: int
    """µs UTC."""
    problems: int = 0
    """Lines and folders that could not be read."""

    @property
    def is_by_tool(self) -> bool:
        """True where one response may go back to several values."""
        return any(not each.column for each in self.by)


def break_down(ledger: Ledger, ask: Ask, by: Sequence[Dimension], *, now: int, problems: int = 0) -> Breakdown:
    """Share the usage out by one dimension or two. `now` is the instant that the report bears, µs UTC."""
    root = _by_values(ledger, ask, by) if all(each.column for each in by) else _by_tools(ledger, ask, by)
    shares = _dressed(ledger, by, _shares(by, root, ask))
    return Breakdown(tuple(by), shares, root.sums, root.runs, ask, now, problems)


def _by_values(ledger: Ledger, ask: Ask, by: Sequence[Dimension]) -> Tally:
    """Where each response has one value a dimension, the ledger adds up."""
    labels = labeller(by, ask.calendar)
    root = Tally()
    for keys, sums in ledger.attribution.sums([each.column for each in by], ask.narrowing()):
        root.at(labels(keys)).sums.add(sums)
    root.add_up(is_shared=False)
    return root


def _by_tools(ledger: Ledger, ask: Ask, by: Sequence[Dimension]) -> Tally:
    """Response by response, each shared among the tools whose results it read and whose calls it holds."""
    store, narrowing = ledger.attribution, ask.narrowing()
    valued = [each for each in by if each.column]
    labels = labeller(valued, ask.calendar)
    books = Books(store.runs(narrowing), store.aliases(), placer(by))
    for spent, keys in store.spent([each.column for each in valued], narrowing):
        books.pay(spent, labels(keys))
    return books.close()


def _shares(by: Sequence[Dimension], tally: Tally, ask: Ask, depth: int = 0) -> tuple[Share, ...]:
    """What lies below a tally, sorted, each share with its parts."""
    if depth == len(by):
        return ()
    is_shared = any(not each.column for each in by)
    shares = (
        Share(label, part.sums, part.runs if is_shared else None, _shares(by, part, ask, depth + 1))
        for label, part in tally.parts.items()
    )
    return tuple(sorted(shares, key=_order(by[depth], ask)))


def _order(dimension: Dimension, ask: Ask) -> Callable[[Share], tuple[int, int, str]]:
    """By what was asked for, the largest first; else by time, else the dearest first, and of equal ones the larger."""
    sort, weekdays = ask.sort, ask.calendar.weekdays
    if dimension.name == "weekday" and sort in ("", "key"):
        return lambda share: (weekdays.index(share.key), 0, "")
    if sort == "key" or (dimension.is_time and not sort):
        return lambda share: (0, 0, share.key)
    return lambda share: (-_size(share, sort), -share.sums.total_tokens, share.key)


def _size(share: Share, sort: str) -> int:
    runs = share.runs or Runs()
    sizes = {
        "tokens": share.sums.total_tokens,
        "output": share.sums.output_tokens,
        "responses": share.sums.responses,
        "calls": runs.calls,
        "failed": runs.failed,
    }
    return sizes.get(sort, share.sums.cost)


def _dressed(ledger: Ledger, by: Sequence[Dimension], shares: tuple[Share, ...]) -> tuple[Share, ...]:
    """Shares of sessions and prompts with what is known of these."""
    names = {each.name for each in by} & {"session", "prompt"}
    if not names:
        return shares
    sessions = ledger.session_facts()
    prompts = _prompts(ledger, sessions) if "prompt" in names else {}

    def dress(level: tuple[Share, ...], depth: int) -> tuple[Share, ...]:
        if not names & {each.name for each in by[depth:]}:
            return level
        return tuple(
            _with_facts(replace(each, parts=dress(each.parts, depth + 1)), by[depth].name, sessions, prompts)
            for each in level
        )

    return dress(shares, 0)


def _with_facts(
    share: Share, name: str, sessions: Mapping[str, SessionFacts], prompts: Mapping[str, PromptFacts]
) -> Share:
    if name == "session":
        return replace(share, key=share.key.partition("\t")[2], session=sessions.get(share.key, SessionFacts()))
    return replace(share, prompt=prompts.get(share.key)) if name == "prompt" else share


def _prompts(ledger: Ledger, sessions: Mapping[str, SessionFacts]) -> dict[str, PromptFacts]:
    """All prompts by their keys."""
    titles = {key.partition("\t")[2]: facts.title for key, facts in sessions.items()}
    found: dict[str, PromptFacts] = {}
    for key, at, command, size in ledger.attribution.prompts():
        session = key.partition("\t")[0]
        found[key] = PromptFacts(session, titles.get(session, ""), at, command, size)
    return found
