"""Sends what is new in the ledger to a team server: at most every few minutes, resumable, the same twice does no harm.

Source: docs/how-to/push.md says what is sent, and what never is.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from os.path import isabs

import msgspec

from tokentide import __version__
from tokentide.clock import DAY_US, SECOND_US
from tokentide.errors import TransportError
from tokentide.model.limits import Poll
from tokentide.model.pushing import FORMAT, MOST_BYTES, Push, PushClient, PushedPlace, PushedRecord
from tokentide.model.usage import Place
from tokentide.store.remote.refusals import refusal
from tokentide.store.sqlite.ledger import Ledger
from tokentide.store.sqlite.pushing import LedgerRow, pushed_place
from tokentide.sync.engine import Observer
from tokentide.sync.push_resource import Resource, resource_of
from tokentide.sync.servers import ServerAccess
from tokentide.transport import PAUSE_US, Answer, pause_after, post

PATH = "/v1/push"
BATCH = 4_000
"""So many responses are sent at once."""
OVERLAP = 2_000
"""So many of the newest are looked at again: their numbers may have been given to others, or they may have grown."""
TIMEOUT_SECONDS = 30.0
CLIENT = PushClient("tokentide", __version__)
_MEANINGS = {
    401: "it does not know this token, it has ended, or none was given: "
    "one of kind ingest of the team's admin goes into $TOKENTIDE_PUSH_TOKEN",
    403: "this token is for looking, not for sending: ask the team's admin for one of kind ingest",
    404: "there is no receiver of a tokentide server at this address (its port is 4318 if nobody chose another)",
    429: "it has enough for now",
    503: "it takes nothing just now",
}


class PushState(msgspec.Struct):
    """What a server has of this ledger, as it is remembered."""

    mark: int = 0
    """The highest number that was sent."""
    recent: dict[int, str] = msgspec.field(default_factory=dict)
    """Digests of the newest of those that were sent, by number: to see which have changed."""
    sent: int = 0
    """Responses that were sent, all in all."""
    rejected: int = 0
    """Those of them that the server could not take."""
    retry_at: int = 0
    """When the server wants to be asked again, µs UTC; 0 where it did not say."""


@dataclass(frozen=True, slots=True)
class News:
    """What a push would send."""

    records: int = 0
    days: int = 0
    first_at: int = 0
    last_at: int = 0
    accounts: tuple[str, ...] = ()
    sample: Push | None = None
    """A body with the newest response; None where there is nothing to send."""


@dataclass(slots=True)
class Outcome:
    """How a push went."""

    sent: int = 0
    rejected: int = 0
    bodies: int = 0
    sent_bytes: int = 0
    """Compressed, as they went."""
    fault: str = ""
    """Why it ended early; empty where it did not."""
    next_at: int = 0
    """Not before this instant, µs UTC, is anything sent by itself."""
    is_early: bool = False
    """True where nothing was tried: it was not yet time."""


def subject_of(base: str) -> str:
    """The name of a server's row among the polls."""
    return f"push {base}"


def state_of(ledger: Ledger, base: str) -> PushState:
    """What a server has; a blank one where nothing was ever sent to it."""
    answer = ledger.limits.poll(subject_of(base)).answer
    try:
        return msgspec.json.decode(answer, type=PushState) if answer else PushState()
    except ValueError:
        return PushState()


@dataclass(slots=True)
class Pusher:
    """Sends to one server. Every method raises LedgerDamagedError, LedgerUnwritableError."""

    ledger: Ledger
    access: ServerAccess
    resources: Mapping[str, Resource]
    """Attributes of this machine's accounts, by name."""
    now: int
    """µs UTC."""
    full_paths: bool = False
    observer: Observer = field(default_factory=Observer)
    """Is told of responses, not of bytes."""
    _places: dict[int, Place] = field(default_factory=dict)

    def news(self, *, everything: bool = False) -> News:
        """What would be sent now; nothing is."""
        count, days, first, last, accounts = 0, set[int](), 0, 0, set[str]()
        newest: LedgerRow | None = None
        for row, _ in self._rows(PushState() if everything else self._state()):
            count, at = count + 1, row.record.at
            days.add(at // DAY_US)
            accounts.add(self._place(row.place).account)
            first, last = (min(first, at), max(last, at)) if newest else (at, at)
            newest = row
        sample = self._body([newest]) if newest else None
        return News(count, len(days), first, last, tuple(sorted(accounts)), sample)

    def push(self, *, everything: bool = False, at_once: bool = False) -> Outcome:
        """Send what is new. With `at_once` the pause between pushes does not matter, what the server asked for does."""
        if not self.ledger.is_kept:
            return Outcome(fault="the ledger cannot be written, so nobody could remember what was sent")
        store, subject = self.ledger.limits, subject_of(self.access.base)
        before, state = store.poll(subject), self._state()
        if self.now < state.retry_at or not store.claim_poll(
            subject, self.now, self.now + PAUSE_US, longest=0 if at_once else DAY_US
        ):
            return Outcome(is_early=True, next_at=max(before.next_at, state.retry_at))
        if everything:
            state = PushState(sent=state.sent, rejected=state.rejected)
        outcome = self._send_all(state)
        failures = before.failures + 1 if outcome.fault else 0
        pause = max(pause_after(max(failures - 1, 0)), state.retry_at - self.now)
        outcome.next_at = self.now + pause
        good_at = before.good_at if outcome.fault else self.now
        answer = msgspec.json.encode(state).decode()
        store.finish_poll(
            before._replace(
                next_at=outcome.next_at, failures=failures, fault=outcome.fault, good_at=good_at, answer=answer
            )
        )
        return outcome

    def standing(self) -> tuple[Poll, PushState]:
        """When the server was last sent anything, and what it has."""
        return self.ledger.limits.poll(subject_of(self.access.base)), self._state()

    def forget(self) -> None:
        """Remember nothing of what was sent; the next push sends everything."""
        store, subject = self.ledger.limits, subject_of(self.access.base)
        store.finish_poll(store.poll(subject)._replace(answer="", fault="", failures=0, next_at=0))

    def _state(self) -> PushState:
        """What the server has; a blank one where the ledger's numbers are others now, as after a recovery."""
        state = state_of(self.ledger, self.access.base)
        if not state.recent:
            return state
        rows = self.ledger.pushing.rows(min(state.recent) - 1, 2 * OVERLAP)
        same = sum(state.recent.get(row.id) == self._digest(row) for row in rows)
        return state if 2 * same >= len(state.recent) else PushState(sent=state.sent, rejected=state.rejected)

    def _send_all(self, state: PushState) -> Outcome:
        outcome = Outcome()
        self.observer.begin(self.ledger.pushing.count(max(state.mark - OVERLAP, 0)))
        try:
            for portion in _portions(self._rows(state)):
                fault = self._send(portion, state, outcome)
                if fault:
                    outcome.fault = fault
                    break
                self._note(portion, state, outcome)
                self.observer.advance(len(portion))
        finally:
            self.observer.end()
        return outcome

    def _note(self, portion: Sequence[tuple[LedgerRow, str]], state: PushState, outcome: Outcome) -> None:
        """Remember what has arrived, so that whatever happens it need not be sent again."""
        state.recent |= {row.id: digest for row, digest in portion}
        state.mark = max(state.mark, portion[-1][0].id)
        state.recent = {number: digest for number, digest in state.recent.items() if number > state.mark - OVERLAP}
        state.sent += len(portion)
        state.retry_at = 0
        outcome.sent += len(portion)
        store, subject = self.ledger.limits, subject_of(self.access.base)
        store.finish_poll(store.poll(subject)._replace(answer=msgspec.json.encode(state).decode()))

    def _send(self, portion: Sequence[tuple[LedgerRow, str]], state: PushState, outcome: Outcome) -> str:
        """Send a portion, a body for each account; returns why it failed."""
        by_account: dict[str, list[LedgerRow]] = {}
        for row, _ in portion:
            by_account.setdefault(self._place(row.place).account, []).append(row)
        for rows in by_account.values():
            for content in self._contents(rows):
                fault = self._post(content, state, outcome)
                if fault:
                    return fault
        return ""

    def _contents(self, rows: Sequence[LedgerRow]) -> Iterator[bytes]:
        """Compressed bodies, none longer than a server takes."""
        content = gzip.compress(msgspec.json.encode(self._body(rows)), 6, mtime=0)
        if len(content) <= MOST_BYTES or len(rows) == 1:
            yield content
            return
        half = len(rows) // 2
        yield from self._contents(rows[:half])
        yield from self._contents(rows[half:])

    def _post(self, content: bytes, state: PushState, outcome: Outcome) -> str:
        headers = {"content-type": "application/json", "content-encoding": "gzip", **self.access.headers}
        try:
            answer = post(self.access.base + PATH, headers, content, timeout_seconds=TIMEOUT_SECONDS)
        except TransportError as error:
            return error.reason
        if not answer.is_good:
            wanted = answer.retry_after_seconds(self.now)
            state.retry_at = self.now + min(wanted * SECOND_US, DAY_US) if wanted else 0
            return refusal(answer, _MEANINGS)
        rejected = _rejected(answer)
        state.rejected += rejected
        outcome.rejected += rejected
        outcome.bodies += 1
        outcome.sent_bytes += len(content)
        return ""

    def _body(self, rows: Sequence[LedgerRow]) -> Push:
        """The body of rows that are of one account."""
        numbers: dict[PushedPlace, int] = {}
        records: list[PushedRecord] = []
        for row in rows:
            place = self._sent_place(row)
            number = numbers.setdefault(place, len(numbers))
            records.append(msgspec.structs.replace(row.record, place=number))
        resource = resource_of(self._place(rows[0].place).account, self.resources)
        return Push(FORMAT, CLIENT, resource, list(numbers), records)

    def _rows(self, state: PushState) -> Iterator[tuple[LedgerRow, str]]:
        """What the server has not, by number, with digests."""
        after = max(state.mark - OVERLAP, 0)
        while rows := self.ledger.pushing.rows(after, BATCH):
            after = rows[-1].id
            for row in rows:
                digest = self._digest(row)
                if state.recent.get(row.id) != digest:
                    yield row, digest

    def _digest(self, row: LedgerRow) -> str:
        content = msgspec.json.encode((row.record, self._sent_place(row)))
        return blake2b(content, digest_size=6).hexdigest()

    def _sent_place(self, row: LedgerRow) -> PushedPlace:
        place = self._place(row.place)
        if self.full_paths:
            return pushed_place(place, place.account, place.project)
        account = last_part(place.account) if isabs(place.account) else place.account
        return pushed_place(place, account, last_part(place.project))

    def _place(self, number: int) -> Place:
        if number not in self._places:
            self._places = self.ledger.priced.places()
        return self._places[number]


def last_part(folder: str) -> str:
    """The name of a folder without the way to it."""
    return folder.replace("\\", "/").rstrip("/").rpartition("/")[2]


def _portions(rows: Iterator[tuple[LedgerRow, str]]) -> Iterator[list[tuple[LedgerRow, str]]]:
    portion: list[tuple[LedgerRow, str]] = []
    for row in rows:
        portion.append(row)
        if len(portion) >= BATCH:
            yield portion
            portion = []
    if portion:
        yield portion


class _PartialSuccess(msgspec.Struct):
    """As OTLP has it: a number of 64 bits is a text."""

    rejected: int | str = 0


class _Taken(msgspec.Struct):
    """What the receiver answers: nothing, or how many records it could not take."""

    partial: _PartialSuccess = msgspec.field(default_factory=_PartialSuccess, name="partialSuccess")


def _rejected(answer: Answer) -> int:
    try:
        return max(int(msgspec.json.decode(answer.body, type=_Taken).partial.rejected), 0)
    except (ValueError, RecursionError):
        return 0
