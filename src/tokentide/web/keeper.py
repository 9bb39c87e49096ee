"""Keeps the ledger up to date behind the pages, on a thread of its own, and tells when it says anything new."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from tokentide import locations
from tokentide.analytics.calendar import Calendar
from tokentide.errors import LedgerDamagedError, TokentideError
from tokentide.following.errands import Errands
from tokentide.following.follower import Follower, Sources
from tokentide.model.alerts import HELD, Alert
from tokentide.pricing.book import PriceBook
from tokentide.render.words import clean
from tokentide.settings import Settings, load_settings
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.details import sync_details
from tokentide.sync.engine import Observer
from tokentide.web.hub import Event

LOOK_SECONDS = 1.0
"""How often it is looked whether another process has written to the ledger, and whether settings have changed."""
DETAILS_SECONDS = 20.0
"""What happened around responses is read no more often."""
RETRY_SECONDS = 5.0
"""So long after a fault nothing is tried."""
ALERTS_US = 3_600 * 10**6
"""Alerts that are older are no news."""


@dataclass(frozen=True, slots=True)
class Condition:
    """How it stands with the ledger and the settings, as pages see it; replaced as a whole."""

    settings: Settings
    book: PriceBook
    version: int = 0
    """Another number where the ledger or the settings say anything else."""
    problems: int = 0
    files: int = 0
    """Transcripts that are there."""
    fault: str = ""
    """What is wrong, in a line; empty where nothing is."""
    read_bytes: int = 0
    total_bytes: int = 0
    """Of a long first reading, while it lasts; else 0."""
    is_ready: bool = False
    """True once everything was read for the first time."""


class Keeper:
    """Follows the transcripts until it is stopped."""

    def __init__(
        self,
        environ: Mapping[str, str],
        clock: Callable[[], int],
        *,
        may_ask: bool,
        tell: Callable[[Event], None] = lambda _event: None,
    ) -> None:
        """`tell` is called on the thread. Raises SettingsError."""
        self._environ, self._clock, self._may_ask, self._tell = environ, clock, may_ask, tell
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tokentide keeper", daemon=True)
        self._detailed_at = -math.inf
        self._are_details_due = True
        self._seen: tuple[object, ...] = ()
        self._told: set[tuple[str, int]] | None = None
        settings = load_settings(locations.settings_path(), environ)
        self.condition = Condition(settings, _book(settings))
        self._begin_with(settings)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, seconds: float = 3.0) -> None:
        """End, waiting so long for what is being done."""
        self._over.set()
        self._follower.wake()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def settings_changed(self) -> None:
        """Look at the settings now; from any thread."""
        self._follower.wake()

    def _begin_with(self, settings: Settings) -> None:
        """Follow what these settings say. Raises TimeZoneUnknownError."""
        self._stamp = _stamp()
        calendar = Calendar(settings.timezone, settings.start_of_week, settings.reset_hour)
        self._follower = Follower(Sources(settings, self._environ, self.condition.book), falls_back=False)
        self._errands = Errands(settings, self._environ, calendar, self._clock, may_ask=self._may_ask)

    def _run(self) -> None:
        try:
            self._follower.begin(self._progress)
            has_changed = True
            while not self._over.is_set():
                self._round(has_changed=has_changed)
                has_changed = not self._over.is_set() and self._follower.wait(LOOK_SECONDS)
        finally:
            self._errands.stop()
            self._follower.close()

    def _round(self, *, has_changed: bool) -> None:
        """Look once; what goes wrong is told, and tried again later."""
        try:
            self._reload()
            self._look(has_changed=has_changed)
        except LedgerDamagedError as error:
            self._recover(error)
        except TokentideError as error:
            self._fail(str(error))
        except Exception as error:  # noqa: BLE001 -- the thread's outermost border: the pages tell of it, and it goes on
            self._fail(f"{type(error).__name__}: {error}")

    def _look(self, *, has_changed: bool) -> None:
        is_new = self._follower.follow(has_changed=has_changed)
        ledger, synced = self._follower.ledger(), self._follower.synced
        self._errands.start()
        self._are_details_due = self._are_details_due or is_new
        if synced is not None and self._are_details_due and time.monotonic() - self._detailed_at >= DETAILS_SECONDS:
            sync_details(ledger, synced.found, Observer())
            self._detailed_at, self._are_details_due, is_new = time.monotonic(), False, True
        condition = replace(
            self.condition,
            problems=self._follower.problems,
            files=synced.files if synced else 0,
            fault=self._errands.fault,
            read_bytes=0,
            total_bytes=0,
            is_ready=True,
        )
        if is_new or condition != self.condition:
            self._note(ledger, condition)

    def _note(self, ledger: Ledger, condition: Condition) -> None:
        """Tell that pages would look otherwise, if they would."""
        seen = (*ledger.mark(), condition)
        if seen == self._seen:
            return
        self._seen = (*seen[:-1], replace(condition, version=condition.version + 1))
        self._become(replace(condition, version=condition.version + 1))
        for alert in self._news(ledger):
            self._tell(Event("alert", key=clean(alert.key), title=clean(alert.title), body=clean(alert.body)))

    def _news(self, ledger: Ledger) -> list[Alert]:
        """The alerts that were raised since the last time, by whichever process; none the first time."""
        recent = [each for each in ledger.alerts.recent(self._clock() - ALERTS_US) if each.state != HELD]
        known, self._told = self._told, {(alert.key, alert.at) for alert in recent}
        return [each for each in recent if known is not None and (each.key, each.at) not in known]

    def _become(self, condition: Condition) -> None:
        self.condition = condition
        self._tell(Event("changed", version=condition.version, fault=condition.fault))

    def _progress(self, read: int, total: int) -> None:
        self.condition = replace(self.condition, read_bytes=read, total_bytes=total)
        self._tell(Event("progress", read_bytes=read, total_bytes=total))

    def _reload(self) -> None:
        """Take the settings anew where their file has changed; what was stays where they are wrong."""
        if _stamp() == self._stamp:
            return
        self._stamp = _stamp()
        settings = load_settings(locations.settings_path(), self._environ)
        self._errands.stop()
        self._follower.close()
        self.condition = replace(self.condition, settings=settings, book=_book(settings))
        self._begin_with(settings)
        self._follower.begin(self._progress)
        self._are_details_due = True

    def _recover(self, error: LedgerDamagedError) -> None:
        try:
            sentence = self._follower.recover(self._clock())
        except TokentideError as worse:
            self._fail(str(worse))
        else:
            self._become(replace(self.condition, version=self.condition.version + 1, fault=sentence or str(error)))

    def _fail(self, fault: str) -> None:
        self._follower.drop()
        if self.condition.fault != fault:
            self._become(replace(self.condition, version=self.condition.version + 1, fault=clean(fault)))
        self._over.wait(RETRY_SECONDS)


def _book(settings: Settings) -> PriceBook:
    return PriceBook(settings.prices, cache_path=locations.price_cache_path(), data_path=locations.price_data_path())


def _stamp() -> list[tuple[int, int, int] | None]:
    """What tells the files of settings and alert rules from what they were."""
    found: list[tuple[int, int, int] | None] = []
    for path in (locations.settings_path(), locations.alerts_path()):
        try:
            status = os.stat(path)
        except OSError:
            found.append(None)
        else:
            found.append((status.st_mtime_ns, status.st_size, status.st_ino))
    return found
