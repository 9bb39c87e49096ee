"""A team server's store as reports ask it: the questions of the personal ledger, answered over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

import msgspec

from tokentide.errors import ServerError, TransportError
from tokentide.store.query import CostMode, Filters, Group, Moment, Query, Response, SessionFacts, Sums
from tokentide.store.reading import used_between
from tokentide.store.remote import wire
from tokentide.store.remote.refusals import refusal
from tokentide.transport import Secret, post

TIMEOUT_SECONDS = 60.0
"""For one question; a large team's answer takes a while."""
MOST_STEPS = 10_000
"""No answer comes in more portions."""
T = TypeVar("T")
_MEANINGS = {
    401: "it does not know this token, it has ended, or none was given: "
    "a viewer's token of the team's admin goes into $TOKENTIDE_SERVER_TOKEN",
    403: "this token may not look at usage: a viewer's token may, one for sending may not",
    404: "there is no tokentide team server, or one that is too old to be asked",
    413: "the question is too long",
    429: "it is asked too much just now: try again in a minute",
    503: "it cannot reach its store just now: try again in a minute",
}


class RemoteLedger:
    """See tokentide.store.reading.UsageReading. Every method raises ServerError."""

    def __init__(self, base: str, headers: Mapping[str, str | Secret]) -> None:
        """`headers` go with each question: they hold the viewer's token."""
        self.base = base
        """The server's address, without a slash at its end."""
        self.missing: tuple[str, ...] = ()
        """What the server could not reach of its store when it answered: figures lack it."""
        self._headers = headers

    def about(self) -> wire.About:
        """Whose usage it tells of, and until when."""
        return self._ask(wire.AskAbout(), wire.About)[0]

    def totals(self, query: Query) -> list[Group]:
        """The groups of a query that hold any usage, in no order."""
        if not query.periods:
            return []
        return [row.group() for row in self._ask(wire.AskTotals.of(query), list[wire.GroupRow])[0]]

    def moments(self, filters: Filters, mode: CostMode, start: int = 0) -> Iterator[Moment]:
        """Every response from an instant on, in the order of time."""
        for _ in range(MOST_STEPS):
            rows, until = self._ask(wire.AskMoments(wire.Narrow.of(filters), mode, start), list[wire.MomentRow])
            yield from (row.moment() for row in rows)
            if until is None:
                return
            start = until

    def responses(self, filters: Filters, mode: CostMode, start: int, end: int) -> Iterator[Response]:
        """Every response from `start` to before `end`, in the order of time, with whose and where it was."""
        for _ in range(MOST_STEPS):
            asked = wire.AskResponses(wire.Narrow.of(filters), mode, start, end)
            rows, until = self._ask(asked, list[wire.ResponseRow])
            yield from (row.response() for row in rows)
            if until is None:
                return
            start = until

    def last_pause_end(self, filters: Filters, start: int, end: int, length: int) -> int | None:
        """The instant of the first response after the last pause longer than `length` µs; None if there was none.

        Only responses from `start` up to `end` count.
        """
        asked = wire.AskPause(wire.Narrow.of(filters), start, end, length)
        return self._ask(asked, wire.Paused)[0].at

    def used(self, filters: Filters, mode: CostMode, start: int, end: int) -> Sums:
        """What was used from `start` to before `end`, to the response."""
        return used_between(self, filters, mode, start, end)

    def stretch_costs(self, filters: Filters, mode: CostMode, start: int, length: int) -> list[int]:
        """What each session cost in each stretch of that length that it was at work in, nano-USD; in no order."""
        return self._ask(wire.AskStretches(wire.Narrow.of(filters), mode, start, length), list[int])[0]

    def session_facts(self, session_id: str = "") -> dict[str, SessionFacts]:
        """Project and branch of every session, or of one, by `source<TAB>session id`; titles are not known."""
        rows, _ = self._ask(wire.AskFacts(session_id), list[wire.FactsRow])
        return {row.key: row.facts() for row in rows}

    def days(self) -> list[int]:
        """The UTC days that hold any usage, as days since 1970, ascending."""
        return self._ask(wire.AskDays(), list[int])[0]

    def newest_at(self) -> int | None:
        """The instant of the newest response, µs UTC; None where there is none."""
        return self.about().newest_at

    def values(self, dimension: str) -> list[str]:
        """All values that usage has in model, project, source, account, session or branch, sorted."""
        return self._ask(wire.AskValues(dimension), list[str])[0]

    def _ask(self, question: wire.Question, kind: type[T]) -> tuple[T, int | None]:
        """One answer, and until when it is whole; None for all of it."""
        url = self.base + wire.PATH
        body = msgspec.json.encode(wire.Asked(wire.FORMAT, question))
        headers = {"content-type": "application/json", "accept-encoding": "gzip", **self._headers}
        try:
            found = post(url, headers, body, timeout_seconds=TIMEOUT_SECONDS)
        except TransportError as error:
            raise ServerError(self.base, error.reason) from None
        if not found.is_good:
            raise ServerError(self.base, refusal(found, _MEANINGS))
        return self._read(found.body, kind)

    def _read(self, body: bytes, kind: type[T]) -> tuple[T, int | None]:
        try:
            spoken = msgspec.json.decode(body, type=wire.Format).format
            if spoken != wire.FORMAT:
                raise ServerError(
                    self.base,
                    f"it answers in format {spoken}, this tokentide knows {wire.FORMAT}: update the older one",
                )
            told = msgspec.json.decode(body, type=wire.Replied)
            answer = msgspec.json.decode(told.answer, type=kind)
        except (ValueError, RecursionError):
            raise ServerError(self.base, "its answer makes no sense; is it a tokentide team server?") from None
        self.missing = tuple(sorted({*self.missing, *told.missing}))
        return answer, told.until
