"""Tokens: what one is good for, what it looks like, and what is kept of it, which is its digest alone."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass

from tokentide.errors import UsageError
from tokentide.render.words import clean

INGEST, VIEWER = "ingest", "viewer"
KINDS = (INGEST, VIEWER)
ADMIN, LEAD, MEMBER = "admin", "lead", "member"
ROLES = (ADMIN, LEAD, MEMBER)
DEFAULT_TENANT = "default"
PREFIX = "ttide_"
"""Lets people, and programs that look for leaked secrets, know a token when they see one."""
SECRET_BYTES = 32
TOKEN = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")
LONGEST_NAME = 200
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ID_BYTES = 5


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token is good for."""

    kind: str
    """`ingest` sends, `viewer` looks."""
    tenant: str = DEFAULT_TENANT
    teams: tuple[str, ...] = ()
    """Of `ingest`: the team of those who tell none, at most one. Of a lead: the teams that may be looked at."""
    user_id: str = ""
    """Of a member: whose figures may be looked at."""
    role: str = ""
    """Of a viewer: `admin` sees the tenant, `lead` some teams, `member` oneself."""
    label: str = ""
    """What people call it; of viewers it stands on the pages."""
    expires_at: int = 0
    """µs UTC; 0 for never."""


@dataclass(frozen=True, slots=True)
class Token(Grant):
    """A token as the directory knows it. Instants are µs UTC, 0 for never."""

    id: str = ""
    """Its public name, by which it is revoked."""
    created_at: int = 0
    used_at: int = 0
    """When it was last seen, to a few minutes."""
    revoked_at: int = 0

    def is_good(self, now: int) -> bool:
        """Whether it lets anyone in."""
        return not self.revoked_at and not self.is_over(now)

    def is_over(self, now: int) -> bool:
        """Whether its time has passed."""
        return 0 < self.expires_at <= now


def checked(grant: Grant) -> Grant:
    """The grant, if it makes sense. Raises UsageError that says which option is missing or too much."""
    _names(grant)
    if grant.kind == INGEST:
        if grant.role or grant.user_id:
            raise UsageError("--role and --user belong to viewers: who sends is told by the telemetry itself")
        if len(grant.teams) > 1:
            raise UsageError("an ingest token has one --team at most: the one of those who tell none")
        return grant
    if grant.kind != VIEWER:
        raise UsageError(f"--kind is {' or '.join(KINDS)}")
    _role(grant)
    return grant


def _role(grant: Grant) -> None:
    if grant.role not in ROLES:
        raise UsageError(f"a viewer needs --role {', '.join(ROLES[:-1])} or {ROLES[-1]}")
    if (grant.role == LEAD) != bool(grant.teams):
        raise UsageError(
            "a lead needs --team, once for each that may be seen"
            if grant.role == LEAD
            else f"--team does not go with --role {grant.role}: it says which teams a lead sees"
        )
    if (grant.role == MEMBER) != bool(grant.user_id):
        raise UsageError(
            "a member needs --user: the name that telemetry tells, such as an e-mail address"
            if grant.role == MEMBER
            else f"--user does not go with --role {grant.role}: it says whose figures a member sees"
        )


def _names(grant: Grant) -> None:
    if not _TENANT.fullmatch(grant.tenant):
        raise UsageError(
            f"--tenant {clean(grant.tenant)[:40]!r}: letters, digits, dots, dashes and underscores, 64 at most"
        )
    for option, text in (("--user", grant.user_id), ("--label", grant.label), *(("--team", t) for t in grant.teams)):
        if len(text) > LONGEST_NAME or not text.isprintable():
            raise UsageError(f"{option} {clean(text)[:40]!r}: one line of {LONGEST_NAME} characters at most")
    if not all(grant.teams):
        raise UsageError("--team needs a name")


def new_token() -> str:
    """A token that nobody can guess: 256 bits behind the prefix."""
    return PREFIX + secrets.token_urlsafe(SECRET_BYTES)


def new_id() -> str:
    """A public name: ten characters that are easily told apart."""
    return secrets.token_hex(_ID_BYTES)


def digest_of(token: str) -> bytes:
    """What is kept of a token. It holds 256 bits of chance, so that no slow hash is needed."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
