"""What is said of a new rule or channel that may not do here what its author wants."""

from __future__ import annotations

from fnmatch import fnmatchcase

from tokentide.cli.terminal import Terminal
from tokentide.errors import UsageError
from tokentide.model import alerts
from tokentide.model.alerts import Channel
from tokentide.model.limits import EXTRA_USAGE, FIVE_HOUR, SEVEN_DAY, SPEND
from tokentide.render.words import clean
from tokentide.transport import Secret

_WINDOWS = (FIVE_HOUR, SEVEN_DAY, f"{SEVEN_DAY}_opus", EXTRA_USAGE, SPEND)
"""Examples of names: the vendor may have others, which are taken as they are."""


def look_at_window(pattern: str, terminal: Terminal) -> None:
    """Say of a name or pattern that takes no window of now that it tells nothing until there is one."""
    name = pattern.lower()
    if not name.startswith(f"{SEVEN_DAY}_") and not any(fnmatchcase(window, name) for window in _WINDOWS):
        terminal.say(f"no window is known by the name {clean(pattern)}: there are {', '.join(_WINDOWS)} and the like")


def look_at_channel(channel: Channel, terminal: Terminal) -> None:
    """Say what would keep a message from going there. Raises UsageError for an address that nobody understands."""
    if channel.kind == alerts.COMMAND:
        _look_at_program(channel.command[0], terminal)
    elif channel.kind == alerts.APPRISE and channel.url is not None:
        _look_at_address(channel.url, terminal)
    elif channel.origin.startswith("$"):
        terminal.say(f"{clean(channel.origin)} is not set here now: it has to be where alerts are sent from")


def _look_at_address(address: Secret, terminal: Terminal) -> None:
    from tokentide.alerts.delivery.apprise_channel import INSTALL, service_for
    from tokentide.alerts.delivery.faults import DeliveryError

    try:
        service_for(address)
    except DeliveryError as error:
        if str(error) != INSTALL:
            raise UsageError(str(error)) from None
        terminal.say(str(error))


def _look_at_program(program: str, terminal: Terminal) -> None:
    from tokentide.alerts.delivery.command import can_run

    if not can_run(program, terminal.environ):
        terminal.say(f"{clean(program)} is no program here: it is run in your home folder, so give its whole path")
