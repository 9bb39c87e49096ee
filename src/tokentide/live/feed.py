"""Keeps a screen supplied: one thread reads, looks for changes and hands over what is new; the screen only draws."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from tokentide.analytics.live import LiveState
from tokentide.analytics.live_tables import REALTIME, LiveTable, View
from tokentide.model.alerts import Alert

LOOK_SECONDS = 1.0
"""How often it is looked whether another process has written to the ledger."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A long reading, while it lasts."""

    read_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class Update:
    """What a screen is to show from now on; what is None stays as it is."""

    state: LiveState | None = None
    table: LiveTable | None = None
    progress: Progress | None = None
    fault: str | None = None
    """What is wrong, in a line; empty when it is over."""
    alerts: Sequence[Alert] = ()
    """Raised since the last update, to be told on the screen."""
    rings: bool = False
    """Whether the terminal's bell is to sound for them."""


Post = Callable[[Update], None]


class LetterBox:
    """Where a thread leaves updates for a screen: whoever looks in finds one, in which newer displaces older."""

    def __init__(self, ring: Callable[[], object]) -> None:
        """`ring` is called after each delivery, on the thread of who delivers."""
        self._ring = ring
        self._lock = threading.Lock()
        self._update: Update | None = None

    def deliver(self, update: Update) -> None:
        """Leave an update."""
        with self._lock:
            self._update = update if self._update is None else _merged(self._update, update)
        self._ring()

    def collect(self) -> Update | None:
        """Take what has come since the last time."""
        with self._lock:
            update, self._update = self._update, None
        return update


def _merged(old: Update, new: Update) -> Update:
    """Two updates of which nobody has seen the first."""
    return replace(
        new,
        state=new.state or old.state,
        table=new.table or old.table,
        fault=old.fault if new.fault is None else new.fault,
        alerts=(*old.alerts, *new.alerts),
        rings=old.rings or new.rings,
    )


class Reader(Protocol):
    """Where updates come from. Everything but `wake` is called on one thread."""

    def open(self, post: Post) -> None:
        """Get ready; what takes long is told of."""

    def wait(self, seconds: float) -> bool:
        """Wait for a change, up to so many seconds; True if there may be one."""

    def wake(self) -> None:
        """End the wait; from any thread."""

    def read(self, view: View, *, has_changed: bool, is_asked: bool) -> Update | None:
        """What is new; None if nothing is. With `is_asked` the view is wanted whether it has changed or not."""

    def close(self) -> None:
        """Let go of everything."""


class Feed:
    """Runs a reader on a thread of its own, for the view that is shown."""

    def __init__(self, reader: Reader, post: Post) -> None:
        """`post` is called on the thread."""
        self._reader, self._post = reader, post
        self._view = View(REALTIME)
        self._is_asked = True
        self._is_over = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="tokentide live", daemon=True)
        self.error: Exception | None = None
        """What ended the thread, if nobody expected it."""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def show(self, view: View) -> None:
        """Supply this view from now on, the first time at once."""
        with self._lock:
            self._view, self._is_asked = view, True
        self._reader.wake()

    def stop(self, seconds: float = 3.0) -> None:
        """End, waiting so long for what is being done."""
        self._is_over = True
        self._reader.wake()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _run(self) -> None:
        try:
            self._reader.open(self._post)
            has_changed = True
            while not self._is_over:
                with self._lock:
                    view, is_asked, self._is_asked = self._view, self._is_asked, False
                update = self._reader.read(view, has_changed=has_changed, is_asked=is_asked)
                if update is not None:
                    self._post(update)
                has_changed = not self._is_over and not self._is_asked and self._reader.wait(LOOK_SECONDS)
        except Exception as error:  # noqa: BLE001 - the screen raises it
            self.error = error
            if not self._is_over:
                self._post(Update(fault=str(error)))
        finally:
            self._reader.close()
