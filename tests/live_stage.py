"""The live view on sample data at a fixed time, driven without a terminal."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.conftest import Machine
from tests.ledgers import BOOK
from tokentide.alerts.engine import check, load_rules
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.live import LiveAsk
from tokentide.clock import MINUTE_US
from tokentide.following.follower import Sources
from tokentide.live.app import LiveApp, LiveOptions
from tokentide.live.feed import Feed, Post
from tokentide.live.reader import LedgerReader, Plan
from tokentide.model.limits import SessionState
from tokentide.render.time_of_day import TimeOfDay
from tokentide.sample import write_sample
from tokentide.sample_limits import ACCOUNT, fill_limits
from tokentide.settings import Settings
from tokentide.sources.claude_code.instants import parse_instant
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.engine import Synchroniser

NOW = parse_instant("2026-03-12T12:00:00Z") or 0
QUIET_RULES = '[[channel]]\nkind = "desktop"\nenabled = false\n'
"""Nothing leaves the test."""


@dataclass
class Stage:
    """A machine, a clock that can be moved, and what the app is started with."""

    machine: Machine
    now: int = NOW
    size: tuple[int, int] = (80, 24)
    theme: str = "dark"
    view: str = "realtime"
    has_am_pm: bool = False
    has_colors: bool = True
    refresh_seconds: float = 60.0
    settings: Settings = field(default_factory=lambda: Settings(account_poll=False))

    @property
    def environ(self) -> dict[str, str]:
        """That of the machine."""
        return self.machine._environ()

    def app(self) -> LiveApp:
        """The app with a feed of its own."""
        calendar = Calendar("UTC")
        plan = Plan(Sources(self.settings, self.environ, BOOK), calendar, lambda _: LiveAsk(calendar), lambda: self.now)
        chosen = LiveOptions(
            TimeOfDay(calendar, self.has_am_pm),
            self.settings.limit_thresholds,
            self.refresh_seconds,
            self.theme,
            self.view,
            self.has_colors,
            lambda: self.now,
        )

        def feed_of(post: Post) -> Feed:
            return Feed(LedgerReader(plan), post)

        return LiveApp(feed_of, chosen)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[tuple[LiveApp, Pilot[int]]]:
        """The app while it runs, once its first figures are on the screen."""
        app = self.app()
        async with app.run_test(size=self.size, notifications=True) as pilot:
            await until(pilot, lambda: app.state is not None)
            if self.view != "realtime":
                await until(pilot, lambda: app.pane.table is not None)
            yield app, pilot


async def until(pilot: Pilot[int], is_so: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until something is so."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not is_so():
        assert loop.time() < deadline, "never came"
        await pilot.pause(0.02)
    await pilot.pause()


def text_of(app: LiveApp) -> str:
    """What the screen shows, without colours."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


def prepare(machine: Machine, patch: pytest.MonkeyPatch) -> Stage:
    """A machine with a month of sample transcripts, limits, a context, and alerts that were raised before."""
    for name, value in machine._environ().items():
        patch.setenv(name, value)
    for name in ("CLAUDE_CONFIG_DIR", "XDG_CONFIG_HOME", "NO_COLOR", "COLORFGBG"):
        patch.delenv(name, raising=False)
    write_sample(str(machine.claude), NOW)
    config = Path(machine._environ()["TOKENTIDE_CONFIG_DIR"])
    config.mkdir(exist_ok=True)
    (config / "alerts.toml").write_text(QUIET_RULES)
    stage = Stage(machine)
    with Ledger.open(str(machine.ledger)) as ledger:
        Synchroniser(stage.settings, stage.environ, BOOK).sync(ledger)
        fill_limits(ledger, NOW)
        running = list(
            ledger.responses(LiveAsk(Calendar("UTC")).filters, LiveAsk(Calendar("UTC")).mode, NOW - 60 * MINUTE_US, NOW)
        )
        states = [
            SessionState(session, ACCOUNT.key, NOW - MINUTE_US, 1, "Opus 5", "high", 142_000, 200_000)
            for session in sorted({each.session_id for each in running})
        ]
        ledger.limits.take([ACCOUNT], [], states)
        rules = load_rules(str(config / "alerts.toml"), os.environ)
        check(ledger, stage.settings, Calendar("UTC"), rules, now=NOW)
    return stage
