"""Where questions are answered: over the ledger, off the loop, each once for as long as its answer is true."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.plans import PlanWish
from tokentide.analytics.selection import Selection, select
from tokentide.errors import LedgerDamagedError
from tokentide.locations import SAMPLE
from tokentide.pricing.book import PriceBook
from tokentide.settings import Settings
from tokentide.store.query import CostMode
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.limits import plans_of_logins
from tokentide.web.answers import Answer, Answers
from tokentide.web.asked import Filters, Zone
from tokentide.web.condition import Condition
from tokentide.web.hub import Hub
from tokentide.web.keeper import Keeper
from tokentide.web.ledgers import Ledgers
from tokentide.web.replays import Replays

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sight:
    """What an answer is made of: the ledger, and what stands around it."""

    ledger: Ledger
    condition: Condition
    environ: Mapping[str, str]
    now: int
    """µs UTC."""
    replays: Replays
    """Those of forecasts, which take too long to be made twice."""
    has_login: bool = False
    """Whether whoever looks has logged in, and may log out."""

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.condition.settings

    @property
    def book(self) -> PriceBook:
        """The prices in force."""
        return self.condition.book

    @property
    def version(self) -> int:
        """Another number where pages would say anything else."""
        return self.condition.version

    @property
    def is_new(self) -> bool:
        """Whether nothing was ever read on this machine."""
        return self.ledger.newest_at() is None

    def offers(self, _path: str) -> bool:
        """Everybody who comes in may see every page."""
        return True

    def values(self, name: str) -> list[str]:
        """The values of a filter that the ledger knows."""
        return self.ledger.values(name)

    @property
    def problems(self) -> int:
        """Places that could not be read."""
        return self.condition.problems

    @property
    def is_sample(self) -> bool:
        """True where everything is made up."""
        return SAMPLE in self.environ

    def calendar(self, asked: Zone) -> Calendar:
        """How time is cut. Raises TimeZoneUnknownError."""
        return asked.calendar(self.settings)

    def mode(self, asked: Filters) -> CostMode:
        """Which cost."""
        return asked.cost_mode(self.settings)

    def selection(self, asked: Filters, usual_range: str = "", grain: str = "day") -> Selection:
        """Days and filters, as this ledger has them. Raises UsageError."""
        calendar = self.calendar(asked)
        return select(asked.wishes(usual_range), self.ledger, calendar, calendar.date_of(self.now), grain)

    def plan_wish(self, asked: Zone) -> PlanWish:
        """How windows are estimated that nobody tells of."""
        settings = self.settings
        plans = plans_of_logins(settings, self.environ)
        return PlanWish(settings.plan, settings.custom_limit_tokens, self.calendar(asked), plans)


class Desk:
    """One for a server."""

    def __init__(
        self, keeper: Keeper, hub: Hub, environ: Mapping[str, str], clock: Callable[[], int], *, has_login: bool = False
    ) -> None:
        self.keeper, self.hub, self.environ, self.clock = keeper, hub, environ, clock
        self.has_login = has_login
        self.replays = Replays()
        self._ledgers = Ledgers()
        self.answers = Answers()

    @property
    def condition(self) -> Condition:
        """How it stands now."""
        return self.keeper.condition

    async def answer(self, key: str, make: Callable[[Sight], Answer]) -> Answer:
        """The answer to what `key` names, made on another thread if it is not there.

        Raises TokentideError, and what `make` raises.
        """
        return await self.answers.get(key, self.condition.version, lambda: self.work(make))

    async def work(self, make: Callable[[Sight], T]) -> T:
        """Do something with the ledger, without keeping what comes of it."""
        try:
            return await asyncio.wrap_future(self._ledgers.submit(self._seeing(make)))
        except LedgerDamagedError as error:
            self.keeper.doubt(error)
            raise

    def close(self) -> None:
        """End the threads."""
        self._ledgers.close()

    def _seeing(self, make: Callable[[Sight], T]) -> Callable[[Ledger], T]:
        return lambda ledger: make(
            Sight(ledger, self.condition, self.environ, self.clock(), self.replays, self.has_login)
        )
