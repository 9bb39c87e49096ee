"""The parts of a ledger that have questions of their own; each is loaded when it is asked for."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentide.store.sqlite.activity import ActivityStore
    from tokentide.store.sqlite.alerts import AlertStore
    from tokentide.store.sqlite.attribution import AttributionStore
    from tokentide.store.sqlite.buckets import BucketStore
    from tokentide.store.sqlite.details import DetailStore
    from tokentide.store.sqlite.evidence import EvidenceStore
    from tokentide.store.sqlite.forecasts import ForecastStore
    from tokentide.store.sqlite.limits import LimitStore
    from tokentide.store.sqlite.priced import PricedStore
    from tokentide.store.sqlite.pushing import PushStore
    from tokentide.store.sqlite.timeline import TimelineStore


class Stores:
    """What a ledger gives beside usage; they share its connection."""

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self.path = path
        """The file, or `:memory:`."""
        self._connection = connection

    @property
    def limits(self) -> LimitStore:
        """Accounts, readings of their limits, states of sessions, and when the account may be asked again."""
        from tokentide.store.sqlite.limits import LimitStore

        return LimitStore(self._connection, self.path)

    @property
    def forecasts(self) -> ForecastStore:
        """What forecasts are made of, and the forecasts that were issued."""
        from tokentide.store.sqlite.forecasts import ForecastStore

        return ForecastStore(self._connection, self.path)

    @property
    def alerts(self) -> AlertStore:
        """Alerts that were raised, what came of them, and rules that are snoozed."""
        from tokentide.store.sqlite.alerts import AlertStore

        return AlertStore(self._connection, self.path)

    @property
    def details(self) -> DetailStore:
        """What happened around responses: their traits, tool runs, prompts and other marks."""
        from tokentide.store.sqlite.details import DetailStore

        return DetailStore(self._connection, self.path)

    @property
    def evidence(self) -> EvidenceStore:
        """What advice rests on beside the responses."""
        from tokentide.store.sqlite.evidence import EvidenceStore

        return EvidenceStore(self._connection, self.path)

    @property
    def priced(self) -> PricedStore:
        """Single responses with their list cost."""
        from tokentide.store.sqlite.priced import PricedStore

        return PricedStore(self._connection, self.path)

    @property
    def pushing(self) -> PushStore:
        """Responses in the order in which they came in."""
        from tokentide.store.sqlite.pushing import PushStore

        return PushStore(self._connection, self.path)

    @property
    def attribution(self) -> AttributionStore:
        """What usage can be blamed on."""
        from tokentide.store.sqlite.attribution import AttributionStore

        return AttributionStore(self._connection, self.path)

    @property
    def activity(self) -> ActivityStore:
        """What was done when, and what came of it."""
        from tokentide.store.sqlite.activity import ActivityStore

        return ActivityStore(self._connection, self.path)

    @property
    def timeline(self) -> TimelineStore:
        """What happened in one session."""
        from tokentide.store.sqlite.timeline import TimelineStore

        return TimelineStore(self._connection, self.path)

    @property
    def buckets(self) -> BucketStore:
        """What the organisation's Admin API says."""
        from tokentide.store.sqlite.buckets import BucketStore

        return BucketStore(self._connection, self.path)
