"""Notifications of the desktop: by desktop-notifier where it is installed, else by the system's own program."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

from tokentide.alerts.delivery.faults import DeliveryError
from tokentide.alerts.delivery.message import Message
from tokentide.locations import APPLICATION
from tokentide.model.alerts import CRITICAL, INFO, Channel

INSTALL = "install it with `pip install 'tokentide[notify]'`"
_MARKUP = str.maketrans({"<": "‹", ">": "›", "&": "+"})
"""Some desktops read the body as markup; what it quotes from data shall stay text."""
_SESSION = ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR")
_MAC_SCRIPT = (
    "on run argv",
    "display notification (item 2 of argv) with title (item 1 of argv)",
    "end run",
)
_URGENCIES = {INFO: "low", CRITICAL: "critical"}


def show(message: Message, channel: Channel, environ: Mapping[str, str]) -> None:
    """Show it on the desktop. Raises DeliveryError."""
    if sys.platform.startswith("linux") and not any(environ.get(name) for name in _SESSION):
        raise DeliveryError("there is no desktop session here", is_lasting=True)
    body = message.body.translate(_MARKUP)
    if _has_library():
        try:
            _by_library(message, body, channel.timeout_seconds)
        except DeliveryError:
            if not _program(message, body):
                raise
        else:
            return
    words = _program(message, body)
    if not words:
        raise DeliveryError(f"nothing here shows notifications: {INSTALL}", is_lasting=True)
    _by_program(words, channel.timeout_seconds, environ)


def _has_library() -> bool:
    return importlib.util.find_spec("desktop_notifier") is not None


def _by_library(message: Message, body: str, timeout_seconds: float) -> None:
    """By desktop-notifier, which speaks to the system's own service. Raises DeliveryError."""
    from desktop_notifier import DesktopNotifier, Urgency

    # It logs what failed instead of raising it, with all that the notification says.
    logger = logging.getLogger("desktop_notifier")
    logger.propagate = False
    logger.addHandler(logging.NullHandler())
    taken: list[bool] = []

    async def send() -> None:
        notifier = DesktopNotifier(app_name=APPLICATION, app_icon=None)
        urgency = {INFO: Urgency.Low, CRITICAL: Urgency.Critical}.get(message.severity, Urgency.Normal)
        try:
            await notifier.send(message.title, body, urgency, on_dispatched=lambda: taken.append(True))
        finally:
            _hang_up(notifier)

    try:
        asyncio.run(asyncio.wait_for(send(), timeout_seconds))
    except TimeoutError:
        raise DeliveryError(f"the desktop did not answer within {timeout_seconds:g} s") from None
    except Exception as error:  # noqa: BLE001 - each system's service fails in a way of its own
        raise DeliveryError(f"the desktop did not take it ({type(error).__name__})") from None
    if not taken:
        raise DeliveryError("the desktop did not take it: does a notification service run here?")


def _hang_up(notifier: object) -> None:
    """Close the library's connection to the session bus, which it keeps for as long as the process lives."""
    bus = getattr(getattr(notifier, "_backend", None), "bus", None)
    if bus is not None:
        bus.disconnect()


def _program(message: Message, body: str) -> Sequence[str]:
    """The system's own program with its arguments; empty where there is none."""
    if sys.platform == "darwin" and shutil.which("osascript"):
        script = [part for line in _MAC_SCRIPT for part in ("-e", line)]
        return ["osascript", *script, message.title, body]
    if sys.platform.startswith("linux") and shutil.which("notify-send"):
        urgency = _URGENCIES.get(message.severity, "normal")
        return ["notify-send", f"--app-name={APPLICATION}", f"--urgency={urgency}", "--", message.title, body]
    return ()


def _by_program(words: Sequence[str], timeout_seconds: float, environ: Mapping[str, str]) -> None:
    """Run it. Raises DeliveryError."""
    try:
        done = subprocess.run(  # noqa: S603 - a program of the system, without a shell
            words, env=dict(environ), capture_output=True, timeout=timeout_seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise DeliveryError(f"the desktop did not answer within {timeout_seconds:g} s") from None
    except OSError as error:
        raise DeliveryError(f"{words[0]} could not be run: {error.strerror}") from None
    if done.returncode:
        raise DeliveryError(f"{words[0]} ended with exit code {done.returncode}: does a notification service run here?")
