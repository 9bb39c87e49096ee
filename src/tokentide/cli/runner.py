"""The background runner: brings in what changed, asks accounts within the manners, foresees, raises alerts, waits.

A round that fails is told once, tried again after a growing pause, and never ends the runner: the ledger may be locked
or damaged, the disk full, the network gone, the clock set, the machine asleep for hours, a folder deleted.
"""

from __future__ import annotations

import argparse
import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tokentide import locations
from tokentide.analytics.calendar import Calendar
from tokentide.cli.options import plan_wish
from tokentide.cli.terminal import Terminal
from tokentide.cli.workspace import Workspace
from tokentide.clock import HOUR_US, MINUTE_US
from tokentide.errors import TokentideError
from tokentide.following.runner_state import RunnerState, write_state
from tokentide.following.stamps import Stamp, stamps_of
from tokentide.model.limits import USAGE, poll_subject
from tokentide.pricing.book import PriceBook
from tokentide.render.limit_words import percent, window_title
from tokentide.render.words import clean, plural

if TYPE_CHECKING:
    from tokentide.analytics.limits import AccountLimits
    from tokentide.model.alerts import Alert
    from tokentide.store.sqlite.ledger import Ledger
    from tokentide.sync.engine import Synced

EVALUATE_US = 5 * MINUTE_US
"""Forecasts and alerts are looked at so often where nothing has changed: time alone may matter."""
EVALUATE_SPENDING_US = MINUTE_US
"""So often while responses come; a percentage that moved is looked at at once."""
RECENT_US = HOUR_US
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 5.0, 300.0
DETAILS_US = 10 * MINUTE_US
"""What happened around responses is read so often."""
REPEAT_US = HOUR_US
"""A fault that stays is told again after so long."""


@dataclass(slots=True)
class Wishes:
    """How it runs."""

    asks_accounts: bool = True
    is_quiet: bool = False
    has_times: bool = True
    """Whether a line of the log begins with the time: the system's journal writes its own."""


class Runner:
    """Does rounds over one ledger."""

    def __init__(self, terminal: Terminal, wishes: Wishes) -> None:
        """Raises SettingsError."""
        self._terminal, self._wishes = terminal, wishes
        self._detailed_at = 0
        """When what happened around responses was last read."""
        self._told: object = None
        self._spent: int | None = None
        """What accounts had said, and the newest response, when alerts were last looked at."""
        self._told_unkept: set[str] = set()
        """Alerts told while the ledger could not be written, which therefore cannot remember them."""
        self._percents: dict[tuple[str, str], float] = {}
        self._said: dict[str, int] = {}
        """Faults and talk, and when they were last told."""
        self.state = RunnerState()
        self.reload()

    def reload(self) -> None:
        """Read settings and rules anew; what was stays where they are wrong. Raises SettingsError."""
        from tokentide.alerts.engine import load_rules

        self._stamps = _stamps()
        workspace = Workspace(self._terminal)
        rules = load_rules(locations.alerts_path(), self._terminal.environ)
        settings = workspace.settings
        self._calendar = Calendar(settings.timezone, settings.start_of_week, settings.reset_hour)
        self._workspace, self._rules = workspace, rules
        self._told = None

    @property
    def is_outdated(self) -> bool:
        """True where the files of settings or rules have changed since they were read."""
        return _stamps() != self._stamps

    @property
    def workspace(self) -> Workspace:
        """Settings, prices and ledger as they were last read."""
        return self._workspace

    def round(self, now: int) -> bool:
        """Look at everything once; False where that failed, which is told and noted. `now` is µs UTC."""
        heard, settings = io.StringIO(), self._workspace.settings
        self._workspace.terminal = replace(self._terminal, now=now, err=heard)
        # Anew each time: with the prices of yesterday every round would undo what a command has reckoned since.
        self._workspace.book = PriceBook(
            settings.prices, cache_path=locations.price_cache_path(), data_path=locations.price_data_path()
        )
        try:
            self._workspace.with_ledger(lambda ledger, synced: self._look(ledger, synced, now))
        except Exception as error:  # noqa: BLE001 -- the runner's outermost border: it outlives whatever happens
            self._fail(error, now)
            return False
        finally:
            for line in heard.getvalue().splitlines():
                self._tell_at_times(line.removeprefix("tokentide: "), now)
        if self.state.faults:
            self._said.clear()
            self.log("works again", now)
        self._note(looked_at=now, faults=0, fault="")
        return True

    def pause_seconds(self) -> float:
        """How long to wait after a failed round: longer each time."""
        return float(min(FIRST_PAUSE_SECONDS * 2 ** min(self.state.faults - 1, 10), LONGEST_PAUSE_SECONDS))

    def begin(self, pid: int, now: int) -> None:
        """Note who runs."""
        self.state = RunnerState(pid=pid, started_at=now)
        self.log(f"watching, process {pid}", now)

    def log(self, text: str, now: int) -> None:
        """One line for one event."""
        if not self._wishes.is_quiet:
            self._say(text, now)
        self._note(event_at=now, event=text)

    def _say(self, text: str, now: int) -> None:
        stamp = f"{self._calendar.local(now):%Y-%m-%d %H:%M:%S} " if self._wishes.has_times else ""
        self._terminal.say(f"{stamp}{text}")
        self._terminal.err.flush()

    def _look(self, ledger: Ledger, synced: Synced, now: int) -> None:
        """One round over an open ledger."""
        from tokentide.sync.limits import refresh_limits

        if synced.read_files:
            self._note(files_read=self.state.files_read + synced.read_files)
            self.log(f"read {plural(synced.read_files, 'transcript')}", now)
        self._read_details(ledger, synced, now)
        self._push(ledger, now)
        settings, environ = self._workspace.settings, self._terminal.environ
        poll = settings.account_poll and self._wishes.asks_accounts
        refresh_limits(ledger, settings, environ, now=now, poll=poll)
        told, spent = self._news(ledger, now), ledger.newest_at()
        pause = EVALUATE_US if spent == self._spent else EVALUATE_SPENDING_US
        if told != self._told or not 0 <= now - self.state.evaluated_at < pause:
            self._evaluate(ledger, now)
            self._told, self._spent = told, spent

    def _read_details(self, ledger: Ledger, synced: Synced, now: int) -> None:
        """At times also what happened around responses, so that it is known when the client deletes its transcripts."""
        from tokentide.sync.details import sync_details
        from tokentide.sync.engine import Observer

        if ledger.is_kept and not 0 <= now - self._detailed_at < DETAILS_US:
            sync_details(ledger, synced.found, Observer())
            self._detailed_at = now

    def _push(self, ledger: Ledger, now: int) -> None:
        """Send what is new to the team server, where the settings name one and it is time."""
        if not self._workspace.settings.push_server or not ledger.is_kept:
            return
        from tokentide.cli.pushing import push_beside

        outcome = push_beside(self._workspace, ledger)
        if outcome and outcome.sent:
            self.log(f"pushed {plural(outcome.sent, 'response')}", now)

    def _news(self, ledger: Ledger, now: int) -> object:
        """What accounts have said of themselves, as far as it changes from minute to minute."""
        polls = [ledger.limits.poll(poll_subject(USAGE, account.key)).fault for account in ledger.limits.accounts()]
        readings = ledger.limits.readings(now - RECENT_US)
        newest = {(each.account, each.window): (each.percent, each.resets_at) for each in readings}
        return newest, polls

    def _evaluate(self, ledger: Ledger, now: int) -> None:
        """Issue forecasts, raise alerts, send them."""
        from tokentide.alerts.engine import check, deliver
        from tokentide.analytics.forecasting.latest import latest_forecast
        from tokentide.analytics.limits import read_limits

        settings, environ = self._workspace.settings, self._terminal.environ
        wish = plan_wish(argparse.Namespace(), settings, environ)
        for limits in read_limits(ledger, now=now, wish=wish):
            self._log_percents(limits, now)
            latest_forecast(ledger, limits, self._calendar, now=now)
        raised = check(ledger, settings, self._calendar, self._rules, now=now, plans=wish.by_account)
        if not ledger.is_kept:
            raised = tuple(alert for alert in raised if alert.key not in self._told_unkept)
            self._told_unkept |= {alert.key for alert in raised}
        told = deliver(raised, self._rules, ledger, environ, self._calendar, now=now)
        for alert in told:
            self.log(_told_words(alert), now)
        self._note(evaluated_at=now, alerts_told=self.state.alerts_told + len(told))

    def _log_percents(self, limits: AccountLimits, now: int) -> None:
        """Say what moved since the last time."""
        moved = []
        for window in limits.windows:
            key = (limits.account.key, window.window)
            if window.percent is not None and not window.is_over(now) and self._percents.get(key) != window.percent:
                self._percents[key] = window.percent
                about = "~" if window.is_estimate else ""
                moved.append(f"{window_title(window.window)} {about}{percent(window.percent)}")
        if moved:
            self.log(f"{clean(limits.account.name)}: {', '.join(moved)}", now)

    def _fail(self, error: Exception, now: int) -> None:
        """Tell and note a fault: at once, then each hour for as long as it is the same."""
        from tokentide.cli.error_log import log_error

        what = str(error) if isinstance(error, (TokentideError, OSError)) else f"{type(error).__name__}: see errors.log"
        self._note(faults=self.state.faults + 1, fault=clean(what))
        if self._tell_at_times(clean(what), now):
            log_error(error, now)

    def _tell_at_times(self, text: str, now: int) -> bool:
        """Say something now, and again each hour for as long as it is said; True where it was."""
        self._said = {each: at for each, at in self._said.items() if 0 <= now - at < REPEAT_US}
        if text in self._said:
            return False
        self._said[text] = now
        self._say(text, now)
        self._note(event_at=now, event=text)
        return True

    def _note(self, **changes: int | str) -> None:
        """Change the state, and write it down."""
        self.state = replace(self.state, **changes)  # type: ignore[arg-type]
        write_state(self.state)


def _stamps() -> tuple[Stamp, ...]:
    """Of settings and rules."""
    return stamps_of(locations.settings_path(), locations.alerts_path())


def _told_words(alert: Alert) -> str:
    """An alert, and what came of each channel."""
    outcomes = ", ".join(f"{name} {clean(fault) if fault else 'sent'}" for name, fault in alert.deliveries.items())
    return f"alert: {clean(alert.title)} ({outcomes or 'no channel takes it'})"
