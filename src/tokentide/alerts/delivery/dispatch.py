"""Serves all channels at once, each in its own thread and time; what fails on the way is tried again with pauses."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tokentide.alerts.delivery.faults import DeliveryError, Fault
from tokentide.alerts.delivery.message import Message, message_of
from tokentide.model.alerts import APPRISE, COMMAND, DESKTOP, Alert, Channel

ATTEMPTS = {APPRISE: 3}
"""Of channels that lead over a network; the others are tried once."""
PAUSES_SECONDS = (1.0, 4.0)
"""After the first attempt, after the second."""
SLACK_SECONDS = 20.0
"""For starting what a channel needs, and ending it, at each attempt."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What goes over one channel."""

    channel: Channel
    alerts: tuple[Alert, ...]
    """At least one, the gravest first."""
    is_patient: bool = True
    """Whether what fails is tried again."""

    @property
    def attempts(self) -> int:
        """How often it is tried at most."""
        return ATTEMPTS.get(self.channel.kind, 1) if self.is_patient else 1

    @property
    def most_seconds(self) -> float:
        """How long it may take with all attempts."""
        pauses = sum(PAUSES_SECONDS[: self.attempts - 1])
        return self.attempts * (self.channel.timeout_seconds + SLACK_SECONDS) + pauses


def dispatch(parcels: Sequence[Parcel], environ: Mapping[str, str]) -> Iterator[tuple[Parcel, Fault]]:
    """Send them; each comes back with '' or why it failed, in the order in which they end.

    A channel that does not come back in its time is left behind: its thread ends with the process.
    """
    done: queue.Queue[tuple[int, Fault]] = queue.Queue()
    waiting = dict(enumerate(parcels))
    for number, parcel in waiting.items():
        work = threading.Thread(target=_serve, args=(number, parcel, environ, done), daemon=True)
        work.start()
    begun = time.monotonic()
    while waiting:
        left = min(parcel.most_seconds for parcel in waiting.values()) - (time.monotonic() - begun)
        try:
            number, fault = done.get(timeout=max(left, 0.0))
        except queue.Empty:
            number = min(waiting, key=lambda each: waiting[each].most_seconds)
            fault = Fault(f"no answer within {waiting[number].most_seconds:.0f} s")
        if number in waiting:
            yield waiting.pop(number), fault


def _serve(number: int, parcel: Parcel, environ: Mapping[str, str], done: queue.Queue[tuple[int, Fault]]) -> None:
    """One channel's thread: an error in it is that channel's fault, told by its kind alone."""
    fault = Fault("it broke off")
    try:
        fault = _attempts(parcel, message_of(parcel.alerts), environ)
    except Exception as error:  # noqa: BLE001 - a library's message may quote an address; the thread's end is ours
        fault = Fault(f"it failed inside ({type(error).__name__})")
    finally:
        done.put((number, fault))


def _attempts(parcel: Parcel, message: Message, environ: Mapping[str, str]) -> Fault:
    """Why the last attempt failed; empty once one succeeded."""
    fault = Fault()
    for attempt in range(parcel.attempts):
        if attempt:
            time.sleep(PAUSES_SECONDS[attempt - 1])
        try:
            _sender(parcel.channel.kind)(message, parcel.channel, environ)
        except DeliveryError as error:
            fault = Fault(str(error), is_passing=parcel.channel.kind in ATTEMPTS and not error.is_lasting)
            if error.is_lasting:
                break
        else:
            return Fault()
    return fault


def _sender(kind: str) -> Callable[[Message, Channel, Mapping[str, str]], None]:
    """What sends over a kind of channel; loaded when used."""
    if kind == DESKTOP:
        from tokentide.alerts.delivery.desktop import show

        return show
    if kind == COMMAND:
        from tokentide.alerts.delivery.command import run

        return run
    from tokentide.alerts.delivery.courier import send

    return send
