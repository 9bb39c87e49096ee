"""Where a channel leads: the whole address to send by, and as much of it as may be seen."""

from __future__ import annotations

import importlib
from urllib.parse import urlsplit

from tokentide.alerts.delivery.faults import DeliveryError
from tokentide.model.alerts import APPRISE, COMMAND, Channel
from tokentide.transport import Secret

KEYRING_SERVICE = "tokentide"
HOSTED = ("json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos", "gotify", "gotifys", "http", "https")
"""Schemes whose first part is always a host; in others, such as `slack://`, it is a token."""
HOSTED_WITH_PATH = ("ntfy", "ntfys")
"""Without a path their first part is a topic, which is as good as a password."""
_KEYRING = "keyring "


def shown_address(channel: Channel) -> str:
    """Scheme and host, or where the address is kept, or the command's program; empty where there is none of these."""
    if channel.kind == COMMAND:
        return channel.command[0] if channel.command else ""
    if channel.kind != APPRISE:
        return ""
    kept = f" ({'from' if channel.url or channel.origin.startswith(_KEYRING) else 'not set:'} {channel.origin})"
    where = shown_url(channel.url.reveal()) if channel.url else ""
    return f"{where}{kept if channel.origin else ''}".strip()


def shown_url(url: str) -> str:
    """An address without anything that could be a secret."""
    scheme, separator, rest = url.partition("://")
    scheme = scheme.lower()
    if not separator or not scheme.isascii() or not scheme.isalnum() or len(scheme) > 20:
        return "…"
    try:
        parts = urlsplit(f"//{rest}")
        host = parts.hostname or ""
    except ValueError:
        return f"{scheme}://…"
    is_hosted = scheme in HOSTED or (scheme in HOSTED_WITH_PATH and parts.path.strip("/"))
    return f"{scheme}://{host}" if is_hosted and host else f"{scheme}://…"


def address_of(channel: Channel) -> Secret:
    """The whole address. Raises DeliveryError where it is not there."""
    if channel.url is not None:
        return channel.url
    if not channel.origin.startswith(_KEYRING):
        raise DeliveryError(f"{channel.origin} is not set", is_lasting=True)
    name = channel.origin.removeprefix(_KEYRING)
    try:
        keyring = importlib.import_module("keyring")
        errors = importlib.import_module("keyring.errors")
    except ImportError:
        raise DeliveryError("the package keyring is not installed", is_lasting=True) from None
    try:
        held = keyring.get_password(KEYRING_SERVICE, name)
    except errors.KeyringError:
        raise DeliveryError("the keyring could not be opened", is_lasting=True) from None
    if not held:
        raise DeliveryError(f"the keyring holds no {name} (service {KEYRING_SERVICE})", is_lasting=True)
    return Secret(held)
