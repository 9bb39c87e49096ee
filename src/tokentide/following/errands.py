"""What takes as long as a network: asking the account, raising alerts and sending them; on a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from tokentide import locations
from tokentide.alerts.engine import check, deliver, load_rules
from tokentide.analytics.calendar import Calendar
from tokentide.errors import TokentideError
from tokentide.model.alerts import AlertRules
from tokentide.settings import Settings
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.limits import plans_of_logins, refresh_limits

EVERY_SECONDS = 30.0
"""How often it is looked whether the account may be asked, and whether there is anything to tell."""


class Errands:
    """Runs until it is stopped. What it learns it writes into the ledger, where the reader finds it."""

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        calendar: Calendar,
        clock: Callable[[], int],
        *,
        may_ask: bool,
    ) -> None:
        self._settings, self._environ, self._calendar = settings, environ, calendar
        self._clock = clock
        self._may_ask = may_ask and settings.account_poll
        self._over = threading.Event()
        self._rules: AlertRules | None = None
        self._thread: threading.Thread | None = None
        self.fault = ""
        """Why no alerts are raised; empty while they are."""

    def start(self) -> None:
        """Begin, if that was not done."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="tokentide errands", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End after what is being done; nobody waits for it."""
        self._over.set()

    def is_shown_on(self, kind: str) -> bool:
        """Whether alerts are to be told by SCREEN or BELL."""
        return self._rules is not None and self._rules.shown_on(kind)

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                with Ledger.open(locations.ledger_path()) as ledger:
                    self._go(ledger)
                self.fault = ""
            except TokentideError as error:
                self.fault = str(error)
            self._over.wait(EVERY_SECONDS)

    def _go(self, ledger: Ledger) -> None:
        """One round."""
        refresh_limits(ledger, self._settings, self._environ, now=self._clock(), poll=self._may_ask)
        rules = load_rules(locations.alerts_path(), self._environ)
        self._rules = rules
        plans = plans_of_logins(self._settings, self._environ)
        raised = check(ledger, self._settings, self._calendar, rules, now=self._clock(), plans=plans)
        deliver(raised, rules, ledger, self._environ, self._calendar, now=self._clock())
