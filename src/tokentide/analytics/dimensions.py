"""What usage can be shared by, and how the ledger's values are called there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.payees import NOT_TOLD
from tokentide.errors import UsageError
from tokentide.model.activity import mcp_parts
from tokentide.settings import WEEKDAYS
from tokentide.store.query import UNKNOWN_MODEL
from tokentide.store.sqlite.attribution import Key

UNKNOWN, NO_SKILL, NO_COMMAND, NO_BRANCH = "(unknown)", "(no skill)", "(no command)", "(no branch)"
BEFORE = "(before the first prompt)"
MAIN, SUB = "main", "sub-agents"


@dataclass(frozen=True, slots=True)
class Dimension:
    """One way to share usage out."""

    name: str
    """As typed, and in JSON with underscores."""
    title: str
    column: str = ""
    """The ledger's name for it; empty for what is shared out by tools."""
    is_time: bool = False
    """True where rows stand in the order of time, not of cost."""

    @property
    def is_endless(self) -> bool:
        """True for time that does not come round again: of many rows the last matter most."""
        return self.is_time and self.name not in ("hour", "weekday")


DIMENSIONS = {
    each.name: each
    for each in (
        Dimension("tool", "Tool"),
        Dimension("mcp-server", "MCP server"),
        Dimension("mcp-tool", "MCP tool"),
        Dimension("skill", "Skill", "skill"),
        Dimension("command", "Command", "command"),
        Dimension("agent", "Agent", "agent"),
        Dimension("chain", "Chain", "chain"),
        Dimension("prompt", "Prompt", "prompt"),
        Dimension("session", "Session", "session"),
        Dimension("project", "Project", "project"),
        Dimension("branch", "Branch", "branch"),
        Dimension("model", "Model", "model"),
        Dimension("effort", "Effort", "effort"),
        Dimension("hour", "Hour", "quarter", is_time=True),
        Dimension("weekday", "Weekday", "quarter", is_time=True),
        Dimension("day", "Day", "quarter", is_time=True),
        Dimension("week", "Week", "quarter", is_time=True),
        Dimension("month", "Month", "quarter", is_time=True),
        Dimension("version", "Version", "version"),
        Dimension("entry-point", "Entry point", "entry_point"),
        Dimension("source", "Source", "source"),
        Dimension("account", "Account", "account"),
    )
}
"""In the order of the help."""
TELLING = ("tool", "model", "skill", "command", "agent", "project", "hour", "weekday")
"""The most telling of all, in order: what is shown where nothing was asked for."""
MOST_LEVELS = 2

_EMPTY = {
    "model": UNKNOWN_MODEL,
    "branch": NO_BRANCH,
    "skill": NO_SKILL,
    "prompt": BEFORE,
    "command": BEFORE,
}
"""What an empty value means, by the ledger's name of the dimension."""


def placer(by: Sequence[Dimension]) -> Callable[[str, tuple[str, ...]], tuple[str, ...]]:
    """Where a payee's share goes: one label a dimension, in the order asked for; those of tools stand together."""
    rolled = [each.name for each in by if not each.column]
    ahead = next(number for number, each in enumerate(by) if not each.column)
    known: dict[str, tuple[str, ...]] = {}

    def place(payee: str, home: tuple[str, ...]) -> tuple[str, ...]:
        own = known.get(payee)
        if own is None:
            own = known[payee] = tuple(_rolled_up(name, payee) for name in rolled)
        return home[:ahead] + own + home[ahead:]

    return place


def _rolled_up(dimension: str, payee: str) -> str:
    """A tool, or what its MCP server's part of it is called."""
    if dimension == "tool" or payee == NOT_TOLD:
        return payee
    server, tool = mcp_parts(payee)
    if not server:
        return "(no MCP)"
    return server if dimension == "mcp-server" else f"{server}/{tool}"


def labeller(by: Sequence[Dimension], calendar: Calendar) -> Callable[[tuple[Key, ...]], tuple[str, ...]]:
    """From the ledger's values to labels; each is made once."""
    known: dict[tuple[Key, ...], tuple[str, ...]] = {}

    def labels(keys: tuple[Key, ...]) -> tuple[str, ...]:
        found = known.get(keys)
        if found is None:
            found = known[keys] = tuple(_label(each, key, calendar) for each, key in zip(by, keys, strict=True))
        return found

    return labels


def _label(dimension: Dimension, key: Key, calendar: Calendar) -> str:
    if key is None:
        return NOT_TOLD
    if dimension.column == "quarter":
        return _time_label(dimension.name, int(key), calendar)
    if dimension.column == "chain":
        return SUB if key else MAIN
    text = str(key)
    if dimension.column == "command" and text:
        return text[1:] or NO_COMMAND
    return text or _EMPTY.get(dimension.column, UNKNOWN)


def _time_label(name: str, at: int, calendar: Calendar) -> str:
    """The hour is the clock's; the others belong to the day as reports cut it."""
    if name == "hour":
        return f"{calendar.local(at):%H}"
    day = calendar.date_of(at)
    return WEEKDAYS[day.weekday()] if name == "weekday" else calendar.name_of(day, name)


def dimensions_of(typed: Sequence[str]) -> tuple[Dimension, ...]:
    """The dimensions that were named. Raises UsageError for an unknown one, one named twice, and for too many."""
    names = [name.strip().lower().replace("_", "-") for text in typed for name in text.split(",")]
    for name in names:
        if name not in DIMENSIONS:
            raise UsageError(_unknown(name))
    if len(set(names)) < len(names):
        raise UsageError(f"--by {','.join(names)}: each only once")
    if len(names) > MOST_LEVELS:
        raise UsageError(f"--by {','.join(names)}: at most two; filters such as --project narrow it further")
    return tuple(DIMENSIONS[name] for name in names)


def _unknown(name: str) -> str:
    import difflib

    near = difflib.get_close_matches(name, DIMENSIONS, n=1)
    meant = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(DIMENSIONS)}"
    return f"usage cannot be broken down by {name!r}{meant}"
