"""The vendor's buckets as the ledger holds them: each day from one family of reports, and what their ids are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timezone

from tokentide.clock import DAY_US, SECOND_US
from tokentide.model.billing import API_KEY, SUCCESSORS, USER, WORKSPACE, Bucket, Fetch, date_of, day_of, month_of
from tokentide.store.sqlite.ledger import Ledger

TIMES = ("day", "hour", "month")
"""Cuts by time."""
_DIMENSIONS_OF = {
    "model": ("model",),
    "workspace": ("workspace_id",),
    "key": ("api_key_id",),
    "user": ("actor", "account_id"),
    "tier": ("service_tier",),
}
"""What a cut is called in the buckets; the newer reports come first."""
_UNNAMED = {"workspace": "Default", "key": "(Console)", "user": "(no user)", "model": "(no model)", "tier": "(none)"}
NOT_TOLD = "(not told)"


def current_buckets(ledger: Ledger, organization: str, report: str, start: int, end: int) -> Iterator[Bucket]:
    """A report's buckets, each day of one family as `fetched_days` chooses it."""
    chosen = fetched_days(ledger, organization, report, start, end)
    for name in dict.fromkeys((SUCCESSORS.get(report, report), report)):
        for bucket in ledger.buckets.select(organization, name, start, end):
            fetch = chosen.get(day_of(bucket.start))
            if fetch is not None and fetch.report == name:
                yield bucket


def fetched_days(ledger: Ledger, organization: str, report: str, start: int, end: int) -> dict[int, Fetch]:
    """The days of a report that were fetched whole, each from the newer report where it was fetched, else the classic.

    A newer one that was fetched while its day could still grow gives way to a later classic one: the key may have
    lost the newer reports since.
    """
    found = {fetch.start: fetch for fetch in ledger.buckets.fetches(organization, report, start, end)}
    successor = SUCCESSORS.get(report)
    for fetch in ledger.buckets.fetches(organization, successor, start, end) if successor else ():
        classic = found.get(fetch.start)
        is_settled = fetch.fetched_at >= fetch.end + DAY_US
        if classic is None or is_settled or fetch.fetched_at >= classic.fetched_at:
            found[fetch.start] = fetch
    return found


def key_of(bucket: Bucket, by: str) -> str | None:
    """The row that a bucket belongs to; None where its report does not split so."""
    if by == "day":
        return date_of(bucket.start).isoformat()
    if by == "month":
        return month_of(bucket.start)
    if by == "hour":
        return f"{datetime.fromtimestamp(bucket.start // SECOND_US, timezone.utc):%Y-%m-%d %H:00}"
    if by == "description":
        return _description(bucket.dimensions)
    return next((bucket.dimensions[name] for name in _DIMENSIONS_OF[by] if name in bucket.dimensions), None)


def _description(dimensions: Mapping[str, str]) -> str:
    """What was billed; the newer report has only its parts."""
    parts = [dimensions.get(name, "") for name in ("cost_type", "model", "token_type")]
    return dimensions.get("description") or " ".join(filter(None, parts)) or NOT_TOLD


class Names:
    """What ids are called."""

    def __init__(self, ledger: Ledger, organization: str) -> None:
        store = ledger.buckets
        users = store.directory(organization, USER)
        keys = {entry.id: entry.name for entry in store.directory(organization, API_KEY)}
        people = {entry.id: entry.details.get("email") or entry.name for entry in users}
        self._names = {
            "workspace": {entry.id: entry.name for entry in store.directory(organization, WORKSPACE)},
            "key": keys,
            "user": keys | people,
        }

    def learn(self, bucket: Bucket) -> None:
        """Remember the name that a newer report gives with the id."""
        name, who = bucket.dimensions.get("actor_name"), bucket.dimensions.get("actor")
        if name and who:
            self._names["user"].setdefault(who, name)

    def is_of(self, bucket: Bucket, person: str) -> bool:
        """True where the vendor says that this address used it."""
        who = key_of(bucket, "user")
        return person in (who, bucket.dimensions.get("actor_name"), self._names["user"].get(who or ""))

    def name(self, by: str, key: str | None) -> str:
        """What a row is called."""
        if key is None:
            return NOT_TOLD
        return self._names.get(by, {}).get(key) or key or _UNNAMED.get(by, "")
