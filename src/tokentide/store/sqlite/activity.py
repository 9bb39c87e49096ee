"""What was done when: usage by quarter hour and session, prompts, tool runs, and what came of them.

Prompts, pull requests and the like are known by session: where usage is filtered, those of the sessions count that hold
any such usage. Tool runs belong to the response that holds the call.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tokentide.clock import QUARTER_US
from tokentide.store.query import CostMode, Filters, Sums
from tokentide.store.sqlite.compiler import Compiled, expression_of, response_conditions, summed
from tokentide.store.sqlite.connection import Part

FILE_TOOLS = ("Edit", "MultiEdit", "NotebookEdit", "Write")
"""Tools that change the file that they are told, where they succeed."""


class Stretch(NamedTuple):
    """What one session used within a quarter hour."""

    quarter: int
    """Its start, µs UTC."""
    session: str
    """As `source<TAB>session id`."""
    sums: Sums


class Runs(NamedTuple):
    """The runs of all tools within a quarter hour."""

    quarter: int
    runs: int
    failed: int
    denied: int
    """By the person or by a rule; not among the failed."""
    lines_added: int
    lines_removed: int
    commits: int


class ToolRuns(NamedTuple):
    """The runs of one tool."""

    tool: str
    """Empty for results whose call is not known."""
    runs: int
    failed: int
    denied: int


class Cover(NamedTuple):
    """How many responses transcripts tell more of than their usage."""

    responses: int
    with_details: int
    first_at: int | None
    """The first response with details, µs UTC; None if there is none."""


class ActivityStore(Part):
    """Reads over one connection; all stretches of time are from `start` to before `end`, µs UTC.

    Every method raises LedgerDamagedError.
    """

    def stretches(self, filters: Filters, mode: CostMode, start: int, end: int) -> Iterator[Stretch]:
        """Usage by quarter hour and session, in the order of time; both ends are whole quarter hours."""
        condition, values = response_conditions(filters, None, None)
        statement = (
            f"SELECT r.quarter, {expression_of('session')}, {', '.join(summed(mode))} "
            f"FROM rollup r JOIN places s ON s.id = r.place {condition} {'AND' if condition else 'WHERE'} "
            "r.quarter >= ? AND r.quarter < ? GROUP BY 1, 2 ORDER BY 1, 2"
        )
        for quarter, session, *sums in self._ask(statement, *values, start, end):
            yield Stretch(quarter, session, Sums(*sums))

    def prompts(self, filters: Filters, start: int, end: int) -> list[tuple[int, int]]:
        """Quarter hours that anything was asked in, with how often; copies in forks count once."""
        within, values = _in_sessions(filters)
        statement = (
            f"SELECT at / {QUARTER_US} * {QUARTER_US}, COUNT(*) FROM (SELECT MIN(at) AS at FROM marks "
            f"WHERE kind = 'prompt' AND at >= ? AND at < ? {within} GROUP BY key) GROUP BY 1"
        )
        return list(self._ask(statement, start, end, *values))

    def marks(self, filters: Filters, start: int, end: int) -> dict[str, int]:
        """How often each kind of thing happened; copies in forks count once."""
        within, values = _in_sessions(filters)
        statement = f"SELECT kind, COUNT(DISTINCT key) FROM marks WHERE at >= ? AND at < ? {within} GROUP BY kind"
        return dict(self._ask(statement, start, end, *values))

    def runs(self, filters: Filters, start: int, end: int) -> Iterator[Runs]:
        """Tool runs by quarter hour."""
        source, values = _runs(filters, start, end)
        statement = (
            f"SELECT c.at / {QUARTER_US} * {QUARTER_US}, COUNT(*), SUM(c.outcome = 'failed'), "
            "SUM(c.outcome = 'denied'), SUM(c.lines_added), SUM(c.lines_removed), SUM(c.commits) "
            f"{source} GROUP BY 1"
        )
        yield from map(Runs._make, self._ask(statement, *values))

    def tool_runs(self, filters: Filters, start: int, end: int) -> Iterator[ToolRuns]:
        """Tool runs by tool, in no order."""
        source, values = _runs(filters, start, end)
        statement = (
            f"SELECT c.tool, COUNT(*), SUM(c.outcome = 'failed'), SUM(c.outcome = 'denied') {source} GROUP BY c.tool"
        )
        yield from map(ToolRuns._make, self._ask(statement, *values))

    def files_changed(self, filters: Filters, start: int, end: int) -> int:
        """How many different files were written to."""
        source, values = _runs(filters, start, end)
        tools = ", ".join(f"'{tool}'" for tool in FILE_TOOLS)
        statement = (
            f"SELECT COUNT(DISTINCT c.file) {source} AND c.file <> 0 AND c.outcome = 'ok' AND "
            f"(c.tool IN ({tools}) OR c.lines_added + c.lines_removed > 0)"
        )
        number: int = next(self._ask(statement, *values))[0]
        return number

    def agents(self, filters: Filters, start: int, end: int) -> int:
        """How many sub-agents were at work; those of old clients without an id are not told apart."""
        condition, values = response_conditions(filters, None, None)
        statement = (
            "SELECT COUNT(DISTINCT NULLIF(s.agent_id, '')) FROM rollup r JOIN places s ON s.id = r.place "
            f"{condition} {'AND' if condition else 'WHERE'} r.quarter >= ? AND r.quarter < ?"
        )
        number: int = next(self._ask(statement, *values, start, end))[0]
        return number

    def cover(self, filters: Filters, start: int, end: int) -> Cover:
        """Of how many responses details are known, and since when."""
        condition, values = response_conditions(filters, start, end)
        statement = (
            "SELECT COUNT(*), COUNT(t.identity), MIN(CASE WHEN t.identity IS NOT NULL THEN r.at END) "
            "FROM records r JOIN places s ON s.id = r.place LEFT JOIN traits t ON t.identity = r.identity "
            f"{condition}"
        )
        return Cover._make(next(self._ask(statement, *values)))


def _runs(filters: Filters, start: int, end: int) -> Compiled:
    """FROM and WHERE of tool runs `c`; without filters nothing has to be joined."""
    condition, values = response_conditions(filters, None, None)
    if not condition:
        return "FROM tool_runs c WHERE c.at >= ? AND c.at < ?", [start, end]
    return (
        "FROM tool_runs c JOIN records r ON r.identity = c.called_by JOIN places s ON s.id = r.place "
        f"{condition} AND c.at >= ? AND c.at < ?"
    ), [*values, start, end]


def _in_sessions(filters: Filters) -> Compiled:
    """What narrows marks to the sessions that hold such usage; empty without filters."""
    condition, values = response_conditions(filters, None, None)
    if not condition:
        return "", []
    return (
        f"AND session_id IN (SELECT s.session_id FROM rollup r JOIN places s ON s.id = r.place {condition})",
        values,
    )
