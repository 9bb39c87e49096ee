"""Where questions about a team are answered: each for the eyes of one viewer, off the loop, once while it is true."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.selection import asked_days
from tokentide.analytics.team.asking import Price, TeamAsk, Vendor
from tokentide.errors import StoreError
from tokentide.server.status import ServerStatus
from tokentide.server.tenants.directory import Directory
from tokentide.server.tenants.viewers import Viewer
from tokentide.settings import Settings
from tokentide.store.team.query import Scope, TeamQuery
from tokentide.store.team.store import TeamStore
from tokentide.web.answers import Answer, Answers
from tokentide.web.gate import Access, Doorway, unheard
from tokentide.web.hub import Event, Hub
from tokentide.web.kept import Kept
from tokentide.web.team.asked import COLUMNS, TeamFilters, cube_of

T = TypeVar("T")
THREADS = 4
LOOK_SECONDS = 2.0
"""So often it is looked whether the writer has taken anything; pages change no more often."""
MOST_CHOICES = 5_000
"""Values of a filter that are known to the bar: the most used."""
MOST_KEPT = 256
"""Values of filters and lists of people, over all viewers."""
USUAL_RANGE = "30d"
SERVER_PATH = "/server"


@dataclass(frozen=True, slots=True)
class TeamPlan:
    """What is served, to whom."""

    store: TeamStore
    clock: Callable[[], int]
    """The present instant, µs UTC."""
    doorway: Doorway
    access: Access
    """Notes the viewer of every request: a TeamAccess."""
    status: Callable[[], ServerStatus]
    """One look at the server; from any thread."""
    settings: Settings
    version: Callable[[], int] = int
    """Another number once the writer has taken something new; from any thread."""
    directory: Directory | None = None
    """Of tokens, for the page of the server."""
    price: Price | None = None
    """List prices, for what the cache saved."""
    vendor: Vendor | None = None
    """The vendor's own count, for Coverage."""
    endpoint: str = "http://localhost:4318"
    """Where clients are to send telemetry, as people would type it."""
    metrics_users: bool = False
    """Whether `/metrics` names people."""
    is_sample: bool = False
    """Whether all of it is made up."""
    failed: Callable[[BaseException], None] = field(default=unheard)
    """Told of errors that nobody expected; from any thread."""


@dataclass(frozen=True, slots=True)
class TeamSight:
    """What an answer is made of: the store as one viewer may see it, and what stands around it."""

    plan: TeamPlan
    viewer: Viewer
    now: int
    """µs UTC."""
    version: int
    state: object
    """The same for as long as nothing new came."""
    kept: Kept[Any]
    """What is reckoned once for all that ask in this state."""

    @property
    def store(self) -> TeamStore:
        """To be asked with the viewer's scope, never with another one."""
        return self.plan.store

    @property
    def scope(self) -> Scope:
        """What the viewer may see."""
        return self.viewer.scope

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.plan.settings

    @property
    def has_login(self) -> bool:
        """Whether the viewer can log out: who was named by a proxy cannot."""
        return bool(self.viewer.token_id)

    @property
    def is_new(self) -> bool:
        """Whether nothing ever came that the viewer may see."""
        return not self.values("user") and not self.values("version")

    def offers(self, path: str) -> bool:
        """The page of the server is for admins."""
        return self.viewer.is_admin or path != SERVER_PATH

    def values(self, name: str) -> list[str]:
        """The values of a filter that the viewer may see, the most used first. Raises StoreError."""
        found: list[str] = self.once(("values", name), lambda: self._values(name))
        return found

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is made of what this viewer may see, made once while nothing new came."""
        made: T = self.kept.of(self.state, (self.scope, key), make)
        return made

    @property
    def is_sample(self) -> bool:
        """True where everything is made up."""
        return self.plan.is_sample

    def _values(self, name: str) -> list[str]:
        cube = cube_of(name)
        query = TeamQuery(cube, (cube.day.measures[0],), (COLUMNS[name],), most=MOST_CHOICES)
        return [group.keys[0] for group in self.store.totals(self.scope, query).groups if group.keys[0]]

    def calendar(self, asked: TeamFilters) -> Calendar:
        """How time is cut. Raises TimeZoneUnknownError."""
        return asked.calendar(self.settings)

    def ask(self, asked: TeamFilters) -> TeamAsk:
        """The question that an address asks. Raises UsageError."""
        calendar = self.calendar(asked)
        since, until = asked_days(asked.wishes(USUAL_RANGE), calendar, calendar.date_of(self.now))
        mode = asked.cost_mode(self.settings)
        return TeamAsk(self.scope, calendar, since, until, asked.conditions(), mode, self.plan.price, self.plan.vendor)


class TeamDesk:
    """One for a server."""

    def __init__(self, plan: TeamPlan, hub: Hub) -> None:
        self.plan, self.hub = plan, hub
        self.answers = Answers()
        self.version = plan.version()
        """As of the last look: what is new between two looks waits."""
        self._state = object()
        self._kept: Kept[Any] = Kept(MOST_KEPT)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="team-reports")

    async def answer(self, viewer: Viewer, key: str, make: Callable[[TeamSight], Answer]) -> Answer:
        """The answer to what `key` names, for this viewer's eyes; made on another thread if it is not there.

        Raises TokentideError, and what `make` raises.
        """
        # What viewers see differs by scope; what stands around it, by name and role.
        return await self.answers.get(f"{viewer!r} {key}", self.version, lambda: self.work(viewer, make))

    async def work(self, viewer: Viewer, make: Callable[[TeamSight], T]) -> T:
        """The same without keeping it."""
        sight = TeamSight(self.plan, viewer, self.plan.clock(), self.version, self._state, self._kept)
        return await asyncio.get_running_loop().run_in_executor(self._threads, make, sight)

    async def follow(self) -> None:
        """Tell those who listen when the writer has taken something new, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            with suppress(StoreError):  # the next look may reach it
                self.look()

    def look(self) -> None:
        """See whether anything is new, and say so."""
        version = self.plan.version()
        if version != self.version:
            self.version, self._state = version, object()
            self.hub.publish(Event("changed", version=version))

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=True, cancel_futures=True)
