"""What usage can be blamed on: responses with everything that is known around them, the tools that they called or read.

A response is joined to its traits and tool runs by its identity, and by further ids that the same response bore.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tokentide.clock import QUARTER_US
from tokentide.model.activity import PROMPT
from tokentide.model.usage import ITERATION_MARK
from tokentide.store.query import CostMode, Filters, Sums
from tokentide.store.sqlite.compiler import Compiled, expression_of, response_conditions, summed
from tokentide.store.sqlite.connection import Part
from tokentide.store.sqlite.format import COUNTERS, RECORD_COST, RECORD_COUNTERS

Key = str | int | None
"""A value of a dimension; None where no transcript tells."""


def _of_last_prompt(column: str) -> str:
    """A column of the latest prompt's mark; empty before the first, NULL where nothing is known of the response."""
    return (
        f"COALESCE((SELECT {column} FROM marks m WHERE m.kind = '{PROMPT}' AND m.session_id = s.session_id "
        "AND m.at <= r.at ORDER BY m.at DESC, m.key DESC LIMIT 1), "
        "CASE WHEN t.identity IS NULL THEN NULL ELSE '' END)"
    )


_OWN = {
    "quarter": f"(r.at - ((r.at % {QUARTER_US}) + {QUARTER_US}) % {QUARTER_US})",
    "version": "s.version",
    "chain": "CASE WHEN s.is_sidechain OR s.agent_id <> '' THEN 1 ELSE 0 END",
    "effort": "NULLIF(t.effort, '')",
    "entry_point": "NULLIF(t.entry_point, '')",
    "skill": "t.skill",
    "prompt": _of_last_prompt("s.session_id || char(9) || m.key"),
    "command": _of_last_prompt("'.' || m.name"),
}
"""Dimensions that only single responses have. `prompt` and `command`: the latest prompt of the session, empty before
the first; a prompt as `session id<TAB>key`, a command behind a dot, which alone stands for a prompt without one."""
_ROLLED_UP = frozenset(
    ("model", "project", "session", "branch", "agent", "source", "account", "quarter", "version", "chain")
)
"""Dimensions that totals by quarter hour have too."""
WITH_TRAITS = (
    f"LEFT JOIN traits t ON t.identity = CASE instr(r.identity, '{ITERATION_MARK}') WHEN 0 THEN r.identity "
    f"ELSE substr(r.identity, 1, instr(r.identity, '{ITERATION_MARK}') - 1) END"
)
"""A pass on another model has the traits of its response."""


class Narrowing(NamedTuple):
    """Which responses, and which of their costs."""

    filters: Filters
    mode: CostMode
    start: int | None = None
    """µs UTC; None from the first on."""
    end: int | None = None
    """The first instant that is outside, µs UTC; None for no end."""


class Spent(NamedTuple):
    """One response."""

    identity: str
    is_told: bool
    """False where no transcript told what surrounded it."""
    said_bytes: int
    """Of text and of thinking that the client did not seal."""
    input_tokens: int
    output_tokens: int
    cache_creation_5m_tokens: int
    cache_creation_1h_tokens: int
    cache_read_tokens: int
    web_search_requests: int
    cost: int | None
    """Nano-USD; None where it has none in the mode that was asked for."""
    is_final: bool
    at: int
    """µs UTC."""


Run = tuple[str, str, str, int, int, str]
"""One call of a tool, the columns of RUN_COLUMNS; a plain tuple, which costs the collector of garbage nothing."""
RUN_COLUMNS = ("called_by", "answered_by", "tool", "input_bytes", "result_bytes", "outcome")
"""See tokentide.model.activity.ToolRun."""


class AttributionStore(Part):
    """Every method raises LedgerDamagedError."""

    def sums(self, dimensions: Sequence[str], narrowing: Narrowing) -> Iterator[tuple[tuple[Key, ...], Sums]]:
        """Totals by dimensions of which each response has one value, in no order; nothing for no response."""
        compiled = _rolled_up if _is_rolled_up(dimensions, narrowing) else _one_by_one
        statement, values = compiled(dimensions, narrowing)
        width = len(dimensions)
        grouping = f"GROUP BY {', '.join(str(n + 1) for n in range(width))}" if dimensions else ""
        for row in self._ask(f"{statement} {grouping}", *values):
            if row[width]:
                yield row[:width], Sums(*row[width:])

    def spent(self, dimensions: Sequence[str], narrowing: Narrowing) -> Iterator[tuple[Spent, tuple[Key, ...]]]:
        """Single responses, each with its value in every dimension, in no order."""
        keys = [_expression(name) for name in dimensions]
        condition, values = response_conditions(narrowing.filters, narrowing.start, narrowing.end)
        statement = (
            "SELECT r.identity, t.identity IS NOT NULL, COALESCE(t.text_bytes + t.thinking_bytes, 0), "
            f"{RECORD_COUNTERS}, {_cost(narrowing)}, r.output_is_final, r.at{''.join(f', {key}' for key in keys)} "
            f"{_from(keys, condition)}{condition}"
        )
        width = len(Spent._fields)
        return ((Spent._make(row[:width]), row[width:]) for row in self._ask(statement, *values))

    def runs(self, narrowing: Narrowing) -> list[Run]:
        """The tool runs that these responses called or read, in no order; with some of others."""
        condition, values = response_conditions(narrowing.filters, narrowing.start, narrowing.end)
        statement = f"SELECT {', '.join(f'x.{name}' for name in RUN_COLUMNS)} FROM tool_runs x"
        if condition:
            chosen = f"SELECT r.identity FROM records r JOIN places s ON s.id = r.place {condition}"
            chosen += f" UNION SELECT n.name FROM aliases n WHERE n.identity IN ({chosen})"
            statement += f" WHERE x.called_by IN ({chosen}) OR (x.answered_by <> '' AND x.answered_by IN ({chosen}))"
            values = values * 4
        return list(self._ask(statement, *values))

    def aliases(self) -> dict[str, str]:
        """Further ids of responses, with the identity that their record has; nearly always none."""
        return dict(self._ask("SELECT name, identity FROM aliases"))

    def prompts(self) -> Iterator[tuple[str, int, str, int]]:
        """Every prompt by a person or a program: key as in the dimension, instant, slash command, bytes."""
        statement = f"SELECT session_id || char(9) || key, at, name, amount FROM marks WHERE kind = '{PROMPT}'"
        return ((row[0], row[1], row[2], row[3]) for row in self._ask(statement))


def _expression(dimension: str) -> str:
    return _OWN.get(dimension) or expression_of(dimension)


def _is_rolled_up(dimensions: Sequence[str], narrowing: Narrowing) -> bool:
    """True where totals by quarter hour tell as much as single responses, of which there are many more."""
    ends = (narrowing.start or 0, narrowing.end or 0)
    return _ROLLED_UP.issuperset(dimensions) and not any(end % QUARTER_US for end in ends)


def _rolled_up(dimensions: Sequence[str], narrowing: Narrowing) -> Compiled:
    """Keys and the columns of `Sums`, out of the totals by quarter hour."""
    keys = ["r.quarter" if name == "quarter" else _expression(name) for name in dimensions]
    condition, values = response_conditions(narrowing.filters, narrowing.start, narrowing.end, "r.quarter")
    return (
        f"SELECT {', '.join([*keys, *summed(narrowing.mode)])} FROM rollup r {_joins(keys, condition)}{condition}",
        values,
    )


def _one_by_one(dimensions: Sequence[str], narrowing: Narrowing) -> Compiled:
    """The same out of single responses with their traits."""
    keys, cost = [_expression(name) for name in dimensions], _cost(narrowing)
    sums = ", ".join(f"SUM(r.{counter})" for counter in COUNTERS)
    condition, values = response_conditions(narrowing.filters, narrowing.start, narrowing.end)
    return (
        f"SELECT {''.join(f'{key}, ' for key in keys)}COUNT(*), {sums}, COALESCE(SUM({cost}), 0), "
        f"COUNT(*) - COUNT({cost}), SUM(r.output_is_final = 0), MIN(r.at), MAX(r.at) "
        f"{_from(keys, condition)}{condition}"
    ), values


def _from(keys: Sequence[str], condition: str) -> str:
    """Responses with only the tables that are needed beside their traits."""
    return f"FROM records r {_joins(keys, condition)}{WITH_TRAITS} "


def _joins(keys: Sequence[str], condition: str) -> str:
    """Places and agents, where keys or condition name them."""
    asked = " ".join((*keys, condition))
    joins = "JOIN places s ON s.id = r.place " if "s." in asked else ""
    return joins + ("LEFT JOIN agents a ON a.agent_id = s.agent_id " if "a.agent_type" in asked else "")


def _cost(narrowing: Narrowing) -> str:
    return RECORD_COST[narrowing.mode]
