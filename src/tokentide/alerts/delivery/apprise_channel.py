"""Everything that apprise speaks: e-mail, Slack, Discord, ntfy, web hooks and a hundred more, by their addresses."""

from __future__ import annotations

import logging
import re
import sys
import warnings
from typing import TYPE_CHECKING

from tokentide.alerts.delivery.address import shown_url
from tokentide.alerts.delivery.faults import DeliveryError
from tokentide.alerts.delivery.message import Message
from tokentide.model.alerts import CRITICAL, INFO
from tokentide.transport import Secret

if TYPE_CHECKING:
    from apprise import NotifyBase

INSTALL = "the package apprise is not installed: `pip install 'tokentide[notify]'`"
_STATUS = re.compile(r"\berror\s*=\s*([1-5]\d\d)\b")
_LASTING = ("400", "401", "403", "404", "405", "410")
"""Answers that another attempt does not change."""
APPRISE_LOGGER = "apprise"
_WEB = ("http://", "https://")


def post(message: Message, address: Secret, timeout_seconds: float) -> None:
    """Send it once. Raises DeliveryError."""
    service = service_for(address)
    service.socket_connect_timeout = service.socket_read_timeout = timeout_seconds
    from apprise import NotifyType

    kinds = {INFO: NotifyType.INFO, CRITICAL: NotifyType.FAILURE}
    listener, logger = _Listener(), logging.getLogger(APPRISE_LOGGER)
    logger.addHandler(listener)
    try:
        taken = service.notify(
            title=message.title, body=message.body, notify_type=kinds.get(message.severity, NotifyType.WARNING)
        )
    finally:
        logger.removeHandler(listener)
    if not taken:
        status = listener.status
        reason = (
            f"it was answered with status {status}" if status else "no connection, no answer in time, or it was refused"
        )
        raise DeliveryError(reason, is_lasting=status in _LASTING)


def service_for(address: Secret) -> NotifyBase:
    """The service that an address means. Raises DeliveryError for one that apprise does not know."""
    if not load():
        raise DeliveryError(INSTALL, is_lasting=True)
    from apprise import Apprise, NotifyBase

    found = Apprise.instantiate(address.reveal(), suppress_exceptions=True)
    if isinstance(found, NotifyBase):
        return found
    hint = ""
    if address.reveal().startswith(_WEB):
        hint = "; a web hook that takes JSON is json://HOST/PATH, with https jsons://HOST/PATH"
    raise DeliveryError(
        f"apprise does not understand this {shown_url(address.reveal())} address{hint}", is_lasting=True
    )


def load() -> bool:
    """Load the library, with all that it speaks; False where it is not installed.

    What its modules warn of at that is its authors' business.
    """
    _mute()
    if sys.modules.get("apprise") is not None:
        return True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            from apprise import Apprise
        except ImportError:
            return False
        Apprise.instantiate("json://localhost")
    return True


def _mute() -> None:
    """Keep what the libraries log, which quotes addresses, from everybody else's logs."""
    for name in (APPRISE_LOGGER, "urllib3", "requests"):
        logger = logging.getLogger(name)
        logger.propagate = False
        if not any(isinstance(handler, logging.NullHandler) for handler in logger.handlers):
            logger.addHandler(logging.NullHandler())


class _Listener(logging.Handler):
    """Hears the status of a refusal, and nothing else of what the library says."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.status = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the number alone."""
        found = _STATUS.search(record.getMessage())
        if found is not None:
            self.status = found[1]
