"""Keeps the ledger up to date behind the pages, on a thread of its own, and tells when it says anything new."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from tokentide import locations
from tokentide.analytics.calendar import Calendar
from tokentide.errors import LedgerDamagedError, TokentideError
from tokentide.following.errands import Errands
from tokentide.following.follower import Follower, Sources
from tokentide.following.stamps import Stamp, stamps_of
from tokentide.model.alerts import HELD, Alert
from tokentide.pricing.book import PriceBook
from tokentide.render.words import clean
from tokentide.settings import Settings, load_settings
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.details import sync_details
from tokentide.sync.engine import Observer, Synced
from tokentide.web.condition import Condition
from tokentide.web.gate import unheard
from tokentide.web.hub import Event

LOOK_SECONDS = 1.0
"""How often it is looked whether another process has written to the ledger, and whether settings have changed."""
DETAILS_SECONDS = 20.0
"""What happened around responses is read no more often."""
RETRY_SECONDS = 5.0
"""So long after a fault nothing is tried."""
NEWS_SECONDS = 900.0
"""So long it is told that a damaged ledger was made anew."""
DOUBT_SECONDS = 60.0
"""How often, at most, a ledger is examined that a page found damaged."""
ALERTS_US = 3_600 * 10**6
"""Alerts that are older are no news."""


class Stopped(Exception):  # noqa: N818 -- nothing went wrong
    """The keeper is to end; what it was reading is left where it is, and read on another day."""


class _Reading(Observer):
    """Ends a reading of details when the keeper is to end."""

    def __init__(self, over: threading.Event) -> None:
        self._over = over

    def advance(self, read_bytes: int) -> None:  # noqa: ARG002 -- nobody is shown how far it is
        """Raises Stopped."""
        if self._over.is_set():
            raise Stopped


class Keeper:
    """Follows the transcripts until it is stopped."""

    def __init__(
        self,
        environ: Mapping[str, str],
        clock: Callable[[], int],
        *,
        may_ask: bool,
        tell: Callable[[Event], None] = lambda _event: None,
        failed: Callable[[BaseException], None] = unheard,
    ) -> None:
        """`tell` and `failed`, which hears of errors that nobody expected, are called on the thread.

        Raises SettingsError, PriceDataError.
        """
        self._environ, self._clock, self._may_ask = environ, clock, may_ask
        self._tell, self._failed = tell, failed
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tokentide keeper", daemon=True)
        self._detailed_at = -math.inf
        self._are_details_due = True
        self._has_begun = False
        self._doubt: LedgerDamagedError | None = None
        self._examined_at = -math.inf
        self._wrong_settings = ""
        self._news, self._news_at = "", -math.inf
        self._seen: tuple[object, ...] = ()
        self._told: set[tuple[str, int]] | None = None
        self._looked_at = 0
        self._stamps = _stamps()
        settings = load_settings(locations.settings_path(), environ)
        self.condition = Condition(settings, _book(settings))
        self._follower, self._errands = self._hands(settings, self.condition.book)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, seconds: float = 3.0) -> None:
        """End, waiting so long for what is being done."""
        self._over.set()
        self._follower.give_up()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def is_in_force(self) -> bool:
        """True where the files of settings and rules say nothing that was not taken in; from any thread."""
        return _stamps() == self._stamps

    def settings_changed(self) -> None:
        """Look at the settings now; from any thread."""
        self._follower.wake()

    def doubt(self, error: LedgerDamagedError) -> None:
        """A page has found the ledger damaged: examine it, and make it anew if it is; from any thread."""
        self._doubt = error
        self._follower.wake()

    def _hands(self, settings: Settings, book: PriceBook) -> tuple[Follower, Errands]:
        """What follows, and what asks and tells, under these settings. Raises TimeZoneUnknownError."""
        calendar = Calendar(settings.timezone, settings.start_of_week, settings.reset_hour)
        follower = Follower(Sources(settings, self._environ, book), falls_back=False)
        return follower, Errands(settings, self._environ, calendar, self._clock, may_ask=self._may_ask)

    def _run(self) -> None:
        has_changed = True
        try:
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
            self._begin()
            self._examine()
            self._look(has_changed=has_changed)
        except Stopped:
            return
        except LedgerDamagedError as error:
            self._recover(error)
        except TokentideError as error:
            self._fail(str(error))
        except Exception as error:  # noqa: BLE001 -- the thread's outermost border: the pages tell of it, and it goes on
            self._failed(error)
            self._fail(f"what is new could not be read ({type(error).__name__}); the terminal tells more")

    def _begin(self) -> None:
        """Watch, and have a long first reading done, once for these settings. Raises Stopped."""
        if not self._has_begun:
            self._has_begun = True
            self._follower.begin(self._progress)
        if self._over.is_set():  # what a reading that was broken off has left is not for this thread
            raise Stopped

    def _examine(self) -> None:
        """Raises LedgerDamagedError where a page has found damage that was not looked at lately."""
        doubt, now = self._doubt, time.monotonic()
        if doubt is not None and now - self._examined_at >= DOUBT_SECONDS:
            self._doubt, self._examined_at = None, now
            raise doubt

    def _look(self, *, has_changed: bool) -> None:
        is_new = self._follower.follow(has_changed=has_changed)
        ledger, synced = self._follower.ledger(), self._follower.synced
        self._errands.start()
        self._are_details_due = self._are_details_due or is_new
        if not self.condition.is_ready:
            self._note(ledger, self._standing(synced))  # the first details may take a while
        if synced is not None and self._are_details_due and time.monotonic() - self._detailed_at >= DETAILS_SECONDS:
            sync_details(ledger, synced.found, _Reading(self._over))
            self._detailed_at, self._are_details_due, is_new = time.monotonic(), False, True
        condition = self._standing(synced)
        if is_new or condition != self.condition:
            self._note(ledger, condition)

    def _standing(self, synced: Synced | None) -> Condition:
        """How it stands after a look in which nothing went wrong."""
        return replace(
            self.condition,
            problems=self._follower.problems,
            files=synced.files if synced else 0,
            fault=self._told_of(self._errands.fault),
            read_bytes=0,
            total_bytes=0,
            is_ready=True,
        )

    def _told_of(self, fault: str) -> str:
        """Everything that is wrong, in a line: also what a look does not meet again."""
        news = self._news if time.monotonic() - self._news_at < NEWS_SECONDS else ""
        return clean("; ".join(dict.fromkeys(each for each in (fault, self._wrong_settings, news) if each)))

    def _note(self, ledger: Ledger, condition: Condition) -> None:
        """Tell that pages would look otherwise, if they would."""
        seen = (*ledger.mark(), condition)
        if seen == self._seen:
            return
        self._seen = (*seen[:-1], replace(condition, version=condition.version + 1))
        self._become(condition)
        for alert in self._raised(ledger):
            self._tell(Event("alert", **_told_of(alert)))

    def _raised(self, ledger: Ledger) -> list[Alert]:
        """The alerts that were raised since the last time, by whichever process.

        None the first time, and after the clock was set back: old ones are recent again then, and no news.
        """
        now = self._clock()
        recent = [each for each in ledger.alerts.recent(now - ALERTS_US) if each.state != HELD]
        if now < self._looked_at:
            self._told = None
        self._looked_at = now
        known, self._told = self._told, {(alert.key, alert.at) for alert in recent}
        return [each for each in recent if known is not None and (each.key, each.at) not in known]

    def _become(self, condition: Condition) -> None:
        """Let pages see this, as another version."""
        self.condition = replace(condition, version=condition.version + 1)
        self._tell(Event("changed", version=self.condition.version, fault=condition.fault))

    def _progress(self, read: int, total: int) -> None:
        self.condition = replace(self.condition, read_bytes=read, total_bytes=total)
        self._tell(Event("progress", read_bytes=read, total_bytes=total))

    def _reload(self) -> None:
        """Take the settings anew where their file has changed; what was stays where they are wrong."""
        stamp = _stamps()
        if stamp == self._stamps:
            return
        self._stamps = stamp
        try:
            settings = load_settings(locations.settings_path(), self._environ)
            book = _book(settings)
            follower, errands = self._hands(settings, book)
        except TokentideError as error:
            self._wrong_settings = f"{error}; the settings of before are in force"
            return
        self._errands.stop()
        self._follower.close()
        self._wrong_settings, self._has_begun, self._are_details_due = "", False, True
        self._follower, self._errands = follower, errands
        if self._over.is_set():  # it may have been stopped before it could know of this follower
            follower.give_up()
        self._become(replace(self.condition, settings=settings, book=book))

    def _recover(self, error: LedgerDamagedError) -> None:
        try:
            sentence = self._follower.recover(self._clock())
        except TokentideError as worse:
            self._fail(str(worse))
        else:
            if sentence:
                self._news, self._news_at = sentence, time.monotonic()
            self._become(replace(self.condition, fault=self._told_of("" if sentence else str(error))))

    def _fail(self, fault: str) -> None:
        """Tell of it, and rest for a while."""
        self._follower.drop()
        told = self._told_of(fault)
        if self.condition.fault != told or self.condition.total_bytes:
            self._become(replace(self.condition, fault=told, read_bytes=0, total_bytes=0))
        self._over.wait(RETRY_SECONDS)


def _told_of(alert: Alert) -> dict[str, str]:
    """What a page shows of an alert."""
    texts = {"key": alert.key, "title": alert.title, "body": alert.body, "severity": alert.severity}
    return {name: clean(text) for name, text in texts.items()}


def _book(settings: Settings) -> PriceBook:
    return PriceBook(settings.prices, cache_path=locations.price_cache_path(), data_path=locations.price_data_path())


def _stamps() -> tuple[Stamp, ...]:
    """Of settings, alert rules and fetched prices."""
    return stamps_of(locations.settings_path(), locations.alerts_path(), locations.price_data_path())
