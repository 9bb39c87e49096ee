"""Lets viewers in: with a token of theirs, or under the name that a trusted proxy tells; and notes who looks."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope

from tokentide.errors import TokentideError, UsageError
from tokentide.render.words import clean
from tokentide.server.tenants.directory import Directory
from tokentide.server.tenants.tokens import VIEWER
from tokentide.server.tenants.viewers import ALONE, MappedViewers, Renaming, Viewer, as_told, viewer_of
from tokentide.web.access import FOR_ALL, LOGIN, LOGOUT, LoginAccess, failed_answer, redirect
from tokentide.web.gate import Doorway

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
LONGEST_NAME = 320
"""Of a person that a proxy tells: the longest e-mail address."""


@dataclass(frozen=True, slots=True)
class ProxyTrust:
    """A header in which a proxy names the person, and the addresses from which it counts."""

    header: str
    """As `X-Forwarded-User`."""
    networks: Sequence[Network]
    viewers: MappedViewers

    def trusts(self, address: str) -> bool:
        """Whether what comes from there may name people."""
        try:
            known = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        mapped = known.ipv4_mapped if isinstance(known, ipaddress.IPv6Address) else None
        return any((mapped or known) in network for network in self.networks)


def networks_of(texts: Sequence[str]) -> tuple[Network, ...]:
    """Networks and addresses as they are typed: 10.0.0.0/8, ::1. Raises UsageError."""
    try:
        return tuple(ipaddress.ip_network(text) for text in texts)
    except ValueError as error:
        raise UsageError(f"--proxy-from {clean(str(error))}: give a network such as 10.0.0.0/8 or 127.0.0.1") from None


@dataclass(frozen=True, slots=True)
class Doors:
    """Which ways in there are beside a token."""

    proxy: ProxyTrust | None = None
    is_open: bool = False
    """Whether who comes is an admin while no token for a viewer was ever made: on loopback, without a proxy."""
    renaming: Renaming = as_told


class TeamAccess(LoginAccess):
    """Every request that goes on has its viewer in its state; see `viewer_in`."""

    login_page = "team/login.html"
    wrong = "That is no token of a viewer, or it has ended."
    is_guessable = False
    """They hold 256 bits of chance, and who tries others must not be able to lock everybody out."""

    def __init__(
        self,
        directory: Directory,
        doorway: Doorway,
        doors: Doors | None = None,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """`seconds` is a clock that only goes on."""
        super().__init__(doorway, seconds)
        self._directory, self._doors = directory, doors or Doors()

    async def answer(self, scope: Scope, receive: Receive) -> Response | None:
        """The login page and what comes of it, or a refusal; None for who may go on."""
        request = Request(scope, receive)
        if scope["path"].startswith(FOR_ALL):
            return None
        try:
            return self._named(request) or await self._other(request)
        except TokentideError as error:  # neither tokens nor the mapping file can be read: nobody is let in
            return failed_answer(request, 503, str(error), {"retry-after": "5"})

    def holder(self, token: str) -> str | None:
        """The id of a viewer's token; None for any other text."""
        found = self._directory.found(token)
        return found.id if found is not None and found.kind == VIEWER else None

    def may_stay(self, holder: str) -> bool:
        """Whether the token is neither revoked nor over."""
        return self._directory.known(holder) is not None

    def admitted(self, request: Request, holder: str) -> None:
        """Note what the token lets see; nothing where it has ended in this moment: then nobody has signed in."""
        token = self._directory.known(holder)
        if token is not None:
            request.state.viewer = viewer_of(token, self._doors.renaming)

    def _named(self, request: Request) -> Response | None:
        """The refusal of a person whom a proxy names, or who names oneself; a viewer is noted."""
        proxy = self._doors.proxy
        if proxy is None:
            return None
        names = request.headers.getlist(proxy.header)
        if not names:
            return None
        address = request.client.host if request.client else ""
        if not proxy.trusts(address):
            told = (
                f"{proxy.header} does not count from {clean(address) or 'there'}: --proxy-from names who may send it."
            )
            return failed_answer(request, 403, told, {})
        name = names[0].strip()
        if len(names) > 1 or not name or len(name) > LONGEST_NAME or not name.isprintable():
            return failed_answer(request, 400, f"{proxy.header} has to name one person.", {})
        grant = proxy.viewers.grant(name)
        if grant is None:
            told = f"{clean(name)} may not look here: the table [viewers] of the mapping file says who may."
            return failed_answer(request, 403, told, {})
        request.state.viewer = viewer_of(grant, self._doors.renaming, name=name)
        return None

    async def _other(self, request: Request) -> Response | None:
        """What becomes of a request whose viewer is known, or who is alone here, or who has to sign in."""
        is_known = hasattr(request.state, "viewer")
        if not is_known and self._doors.is_open and not self._directory.has_viewers():
            request.state.viewer, is_known = ALONE, True
        if not is_known:
            return await super().answer(request.scope, request.receive)
        return redirect("/") if request.scope["path"] in (LOGIN, LOGOUT) else None


def viewer_in(request: Request) -> Viewer:
    """Who asks. Raises HTTPException for a request that nobody let in."""
    viewer = getattr(request.state, "viewer", None)
    if not isinstance(viewer, Viewer):
        raise HTTPException(403, "Nobody has signed in.")
    return viewer
