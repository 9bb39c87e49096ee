"""Counts failed logins, so that a token cannot be found by trying."""

from __future__ import annotations

import ipaddress
import math
from collections import OrderedDict, deque

WINDOW_SECONDS = 60.0
MOST_OF_ADDRESS = 5
"""Failures of one address within the window."""
MOST_OVER_ALL = 50
MOST_ADDRESSES = 1_024
"""So many are remembered; whoever has more is stopped by the bound over all."""
_NONE: deque[float] = deque()


class Attempts:
    """The failures of the last minute; instants are seconds of any clock that only goes on."""

    def __init__(self) -> None:
        self._all: deque[float] = deque(maxlen=MOST_OVER_ALL)
        self._of: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_seconds(self, address: str, now: float) -> int:
        """How long that address has to wait before it may try; 0 if it may."""
        own = self._of.get(_household(address), _NONE)
        return max(_wait(own, MOST_OF_ADDRESS, now), _wait(self._all, MOST_OVER_ALL, now))

    def failed(self, address: str, now: float) -> None:
        """Note a failure."""
        self._all.append(now)
        household = _household(address)
        own = self._of.setdefault(household, deque(maxlen=MOST_OF_ADDRESS))
        own.append(now)
        self._of.move_to_end(household)
        while len(self._of) > MOST_ADDRESSES:
            self._of.popitem(last=False)

    def __len__(self) -> int:
        """How many addresses are remembered."""
        return len(self._of)


def _wait(failures: deque[float], most: int, now: float) -> int:
    if len(failures) < most:
        return 0
    return max(0, math.ceil(failures[0] + WINDOW_SECONDS - now))


def _household(address: str) -> str:
    """What one person can have of addresses: one of IPv4, a network of 64 bits of IPv6."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv4Address):
        return str(known)
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((known, 64), strict=False))
