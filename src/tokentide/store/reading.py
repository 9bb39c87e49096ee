"""What reports of usage ask, whoever answers: the personal ledger, the team store, a team server elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from tokentide.clock import QUARTER_US
from tokentide.store.query import CostMode, Filters, Group, Moment, Period, Query, Response, SessionFacts, Sums


class UsageReading(Protocol):
    """Totals of usage, and single responses. Instants are µs UTC, costs nano-USD.

    Every method raises the errors of what answers: LedgerError, StoreError, or ServerError.
    """

    def totals(self, query: Query) -> list[Group]:
        """The groups of a query that hold any usage, in no order."""

    def moments(self, filters: Filters, mode: CostMode, start: int = 0) -> Iterator[Moment]:
        """Every response from an instant on, in the order of time."""

    def responses(self, filters: Filters, mode: CostMode, start: int, end: int) -> Iterator[Response]:
        """Every response from `start` to before `end`, in the order of time, with whose and where it was."""

    def last_pause_end(self, filters: Filters, start: int, end: int, length: int) -> int | None:
        """The instant of the first response after the last pause longer than `length` µs; None if there was none.

        Only responses from `start` up to `end` count.
        """

    def used(self, filters: Filters, mode: CostMode, start: int, end: int) -> Sums:
        """What was used from `start` to before `end`, to the response."""

    def stretch_costs(self, filters: Filters, mode: CostMode, start: int, length: int) -> list[int]:
        """What each session cost in each stretch of that length that it was at work in; in no order."""

    def session_facts(self, session_id: str = "") -> dict[str, SessionFacts]:
        """Title, project and branch of every session, or of one, by `source<TAB>session id`."""

    def days(self) -> list[int]:
        """The UTC days that hold any usage, as days since 1970, ascending."""

    def newest_at(self) -> int | None:
        """The instant of the newest response; None where there is none."""

    def values(self, dimension: str) -> list[str]:
        """All values that usage has in model, project, source, account, session or branch, sorted."""


def used_between(reading: UsageReading, filters: Filters, mode: CostMode, start: int, end: int) -> Sums:
    """What was used from `start` to before `end`: whole quarter hours from their totals, the edges by response."""
    first, last = -(-start // QUARTER_US) * QUARTER_US, end // QUARTER_US * QUARTER_US
    edges = [(start, end)] if first >= last else [(start, first), (last, end)]
    sums = Sums()
    for group in reading.totals(Query((), (Period("", first, last),), filters, mode)) if first < last else ():
        sums.add(group.sums)
    for edge in edges:
        for response in reading.responses(filters, mode, *edge):
            sums.add(response.sums)
    return sums


class PlaceFacts:
    """Finds where sessions began and where they ended, from their totals by place."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[tuple[int, str], tuple[int, str], str]] = {}

    def add(self, key: str, project: str, branch: str, span: tuple[int, int], title: str = "") -> None:
        """A session was at work in a project and on a branch, from its first to its last response there."""
        begun, ended = (span[0], project), (span[1], branch)
        known = self._found.get(key, (begun, ended, ""))
        self._found[key] = min(known[0], begun), max(known[1], ended), title

    def facts(self) -> Iterable[tuple[str, SessionFacts]]:
        """Every session with its title, its first project and its last branch."""
        for key, ((_, project), (_, branch), title) in self._found.items():
            yield key, SessionFacts(title, project, branch)
