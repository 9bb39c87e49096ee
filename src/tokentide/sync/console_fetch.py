"""Brings what the organisation's Admin API says into the ledger: only the days that are missing or may still change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tokentide.clock import DAY_US, MINUTE_US, SECOND_US
from tokentide.model.billing import (
    ANALYTICS_COST,
    ANALYTICS_USAGE,
    ANALYTICS_USAGE_HOURS,
    CODE,
    COST,
    ORGANIZATION,
    SUCCESSORS,
    USAGE,
    USAGE_HOURS,
    DirectoryEntry,
    Fetch,
    Stretch,
    day_of,
    days,
    first_day_of,
)
from tokentide.model.limits import Poll
from tokentide.sources.admin_api import analytics_reports as newer
from tokentide.sources.admin_api.claude_code_report import read_claude_code
from tokentide.sources.admin_api.client import AdminClient
from tokentide.sources.admin_api.cost_report import read_cost
from tokentide.sources.admin_api.directory import read_directory, read_organization
from tokentide.sources.admin_api.faults import AdminApiError, Fault
from tokentide.sources.admin_api.usage_report import read_usage
from tokentide.store.sqlite.ledger import Ledger

FRESH_US = 5 * MINUTE_US
"""What was fetched so recently is not asked for again."""
SETTLED_US = DAY_US
"""A day that was fetched so long after its end does not change any more."""
ANALYTICS_SETTLED_US = 30 * DAY_US
"""The newer reports are revised for so long."""
REVISION_US = DAY_US
"""So often a day is asked for again that can only be revised."""
NAMES_US = DAY_US
"""Names are asked for again after so long."""
FAMILY_US = 7 * DAY_US
"""A key that may not read the newer reports is tried again after so long."""
TITLES = {
    USAGE: "usage",
    USAGE_HOURS: "hourly usage",
    COST: "cost",
    CODE: "Claude Code's report",
    ANALYTICS_USAGE: "usage",
    ANALYTICS_USAGE_HOURS: "hourly usage",
    ANALYTICS_COST: "cost",
}
UNNAMED = "(unnamed organisation)"
_UNAVAILABLE = (Fault.SCOPE, Fault.ABSENT, Fault.REFUSED)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be in the ledger afterwards."""

    start: int
    """The first day, a midnight UTC in µs."""
    end: int
    """The midnight after the last."""
    reports: tuple[str, ...] = ()
    """Of USAGE, USAGE_HOURS, COST and CODE."""
    names: tuple[str, ...] = ()
    """Of USER, WORKSPACE and API_KEY."""
    names_age_us: int = NAMES_US
    """How old these may be."""
    may_lack: tuple[str, ...] = ()
    """Reports that are left out in silence where the kind of key cannot read them."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """How a fetch ended."""

    organization: str = ""
    """Its id; empty where it is not known."""
    faults: tuple[str, ...] = ()
    """What is missing, why, and how to go on."""
    retry_seconds: int = 0
    """After how long the server wants to be asked again, if it said so."""
    requests: int = 0


def missing_days(ledger: Ledger, organization: str, report: str, wanted: Wanted, now: int) -> list[int]:
    """The days of a report that were never fetched whole, or may have changed since. `now` is µs UTC."""
    settled = ANALYTICS_SETTLED_US if report in SUCCESSORS.values() else SETTLED_US
    end = min(wanted.end, day_of(now) + DAY_US)
    fetched = {
        fetch.start: fetch.fetched_at for fetch in ledger.buckets.fetches(organization, report, wanted.start, end)
    }

    def is_known(day: int) -> bool:
        at = fetched.get(day)
        if at is None:
            return False
        pause = REVISION_US if at >= day + DAY_US + SETTLED_US else FRESH_US
        return at >= day + DAY_US + settled or now - at < pause

    return [day for day in days(max(wanted.start, first_day_of(report)), end) if not is_known(day)]


class ConsoleFetcher:
    """Fetches for one key; faults of one report do not stop the others, unless they would meet the same."""

    def __init__(self, ledger: Ledger, client: AdminClient, *, now: int) -> None:
        self._ledger = ledger
        self._client = client
        self._now = now
        self._faults: list[str] = []
        self._retry_seconds = 0
        self._organization = ""

    def fetch(self, wanted: Wanted) -> Fetched:
        """Ask for all that is wanted and not there. Raises LedgerDamagedError, LedgerUnwritableError."""
        steps: list[tuple[str, Callable[[], None]]] = [
            ("the whole fetch", self._keep_still),
            ("the organisation", self._find_organization),
        ]
        if not self._client.key.is_scoped:
            steps += [(f"the list of {kind}s".replace("_", " "), self._naming(kind, wanted)) for kind in wanted.names]
        unreadable = wanted.may_lack if self._client.key.is_scoped else ()
        reports = [report for report in wanted.reports if report not in unreadable]
        steps += [(TITLES[report], self._reporting(report, wanted)) for report in reports]
        for number, (title, step) in enumerate(steps):
            try:
                step()
            except AdminApiError as error:
                self._note_pause(error)
                ends = error.ends_all or not self._organization  # what comes in must have a place of its own
                left = [other for other, _ in steps[number + 1 :]] if ends else []
                self._faults.append(_sentence(title, left, error))
                if ends:
                    break
        return Fetched(self._organization, tuple(self._faults), self._retry_seconds, self._client.requests)

    def _keep_still(self) -> None:
        """Refuse to ask while the server wants to be left alone, as it said to this or another process."""
        left = self._ledger.limits.poll(self._subject("pause")).next_at - self._now
        if left > 0:
            seconds = -(-left // SECOND_US)
            raise AdminApiError(
                Fault.RATE, f"asked too often before; may be asked again in {seconds} s", retry_seconds=seconds
            )

    def _note_pause(self, error: AdminApiError) -> None:
        """Remember for how long the server wants to be left alone."""
        self._retry_seconds = error.retry_seconds or 0
        if error.fault is Fault.RATE and self._retry_seconds:
            until = self._now + self._retry_seconds * SECOND_US
            self._ledger.limits.finish_poll(Poll(self._subject("pause"), until, fault=str(error)))

    def _subject(self, what: str) -> str:
        """What a poll of this key is called in the ledger."""
        return f"{what} {self._client.key.secret.fingerprint}"

    def _find_organization(self) -> None:
        """Whose key it is: remembered, else asked; a key that may not ask is an organisation of its own."""
        subject = self._subject("organization")
        known = self._ledger.limits.poll(subject)
        self._organization = known.answer
        if known.answer and self._now - known.good_at < NAMES_US:
            return
        try:
            entry = read_organization(self._client, self._now)
        except AdminApiError as error:
            if error.fault not in _UNAVAILABLE:
                raise
            own = known.answer or self._subject("key")
            entry = DirectoryEntry(ORGANIZATION, own, UNNAMED, fetched_at=self._now)
        self._organization = entry.id
        self._ledger.buckets.name(entry.id, [entry])
        self._ledger.limits.finish_poll(Poll(subject, good_at=self._now, answer=entry.id))

    def _naming(self, kind: str, wanted: Wanted) -> Callable[[], None]:
        """A step that fetches the names of a kind."""

        def step() -> None:
            store, report = self._ledger.buckets, f"directory {kind}"
            last = next(iter(store.fetches(self._organization, report)), None)
            if last is not None and self._now - last.fetched_at < wanted.names_age_us:
                return
            for entries in read_directory(self._client, kind, self._now):
                store.name(self._organization, entries)
            store.close_directory(self._organization, kind, Fetch(report, 0, 0, self._now))

        return step

    def _reporting(self, report: str, wanted: Wanted) -> Callable[[], None]:
        """A step that fetches a report: the newer one where the key may, from the day on that it has."""

        def step() -> None:
            start = wanted.end
            if report in SUCCESSORS and self._may_ask_newer():
                start = min(max(wanted.start, newer.first_day(self._now)), wanted.end)
                if not self._newer(report, start, wanted.end):
                    start = wanted.end
            if self._client.key.is_scoped:
                self._scoped(report)
            elif start > wanted.start:
                self._days(report, Wanted(wanted.start, start))

        return step

    def _scoped(self, report: str) -> None:
        """Say what an Enterprise key cannot read."""
        if report not in SUCCESSORS:
            label = self._client.key.label
            raise AdminApiError(Fault.SCOPE, f"the {label} reads usage and cost only; this needs an Admin key")

    def _newer(self, report: str, start: int, end: int) -> bool:
        """Fetch the newer report; False where this key may not, which is remembered."""
        subject = self._subject("analytics")
        try:
            self._days(SUCCESSORS[report], Wanted(start, end))
        except AdminApiError as error:
            if self._client.key.is_scoped or error.fault not in _UNAVAILABLE:
                raise
            refusal = Poll(subject, next_at=self._now + FAMILY_US, fault=str(error), answer="classic")
            self._ledger.limits.finish_poll(refusal)
            return False
        self._ledger.limits.finish_poll(Poll(subject, good_at=self._now, answer="newer"))
        return True

    def _may_ask_newer(self) -> bool:
        """False for a key that was refused not long ago."""
        known = self._ledger.limits.poll(self._subject("analytics"))
        return known.answer != "classic" or known.next_at <= self._now

    def _days(self, report: str, wanted: Wanted) -> None:
        """Fetch the days that are missing; each is kept as soon as it is whole."""
        missing = missing_days(self._ledger, self._organization, report, wanted, self._now)
        for start, end in _runs(missing):
            for stretch in self._read(report, start, end):
                fetch = Fetch(report, stretch.start, stretch.end, self._now, stretch.reaches_at)
                self._ledger.buckets.keep(self._organization, fetch, stretch.buckets)

    def _read(self, report: str, start: int, end: int) -> Iterator[Stretch]:
        """The source of a report."""
        client = self._client
        readers: dict[str, Callable[[], Iterator[Stretch]]] = {
            USAGE: lambda: read_usage(client, start, end),
            USAGE_HOURS: lambda: read_usage(client, start, end, hourly=True),
            COST: lambda: read_cost(client, start, end),
            CODE: lambda: read_claude_code(client, start, end),
            ANALYTICS_USAGE: lambda: newer.read_analytics_usage(client, start, end),
            ANALYTICS_USAGE_HOURS: lambda: newer.read_analytics_usage(client, start, end, hourly=True),
            ANALYTICS_COST: lambda: newer.read_analytics_cost(client, start, end),
        }
        return readers[report]()


def _runs(midnights: list[int]) -> Iterator[tuple[int, int]]:
    """Neighbouring days put together, each run as its beginning and its end."""
    begun = None
    for number, day in enumerate(midnights):
        begun = day if begun is None else begun
        if number + 1 == len(midnights) or midnights[number + 1] != day + DAY_US:
            yield begun, day + DAY_US
            begun = None


def _sentence(title: str, left: list[str], error: AdminApiError) -> str:
    """What is missing, and how to go on."""
    others = f" ({', '.join(left)} not asked for)" if left else ""
    helps = error.fault in (Fault.RATE, Fault.SPENT, Fault.SERVER)
    onward = "; what came in is kept, the same command goes on from there" if helps else ""
    return f"{title}: not complete{others}: {error}{onward}"
