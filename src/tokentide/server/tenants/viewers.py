"""Whose eyes see what: from a token, or from the name that a proxy tells, to a scope."""

from __future__ import annotations

import os
import threading
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tokentide.errors import SettingsError, UsageError
from tokentide.server.tenants.tokens import ADMIN, DEFAULT_TENANT, LEAD, MEMBER, VIEWER, Grant, Token, checked
from tokentide.store.team.query import Scope

TABLE = "viewers"
EVERYONE = "*"
"""In the mapping file: who is not named."""
_KEYS = {"role", "team", "teams", "tenant", "user"}
Renaming = Callable[[str, str], str]
"""The name that the store has for a person, of the tenant and the name that is told: a pseudonym where these are on."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Someone who looks."""

    role: str
    """`admin`, `lead` or `member`."""
    scope: Scope
    """The only way to data."""
    name: str = ""
    """What stands on the pages: the token's label, or the name that the proxy told; empty for who is alone here."""
    token_id: str = ""
    """Of who signed in with a token: the session ends with it."""

    @property
    def is_admin(self) -> bool:
        """Whether this one sees the tokens of the tenant."""
        return self.role == ADMIN

    @property
    def sees_server(self) -> bool:
        """Whether this one sees the server's own figures, which tell how busy every tenant is: who runs it."""
        return self.is_admin and self.scope.tenant == DEFAULT_TENANT


ALONE = Viewer(ADMIN, Scope(DEFAULT_TENANT))
"""Who comes from this machine while nobody has made a token for a viewer."""


def as_told(_tenant: str, user: str) -> str:
    """The renaming where there are no pseudonyms."""
    return user


def viewer_of(grant: Grant, renaming: Renaming, *, name: str = "") -> Viewer:
    """What the grant of a viewer lets see."""
    token_id = grant.id if isinstance(grant, Token) else ""
    return Viewer(grant.role, _scope(grant, renaming), name or grant.label, token_id)


def _scope(grant: Grant, renaming: Renaming) -> Scope:
    if grant.role == ADMIN:
        return Scope(grant.tenant)
    if grant.role == LEAD:
        return Scope(grant.tenant, teams=grant.teams)
    # Whatever else a grant says, it shows no more than one person, and without a name nobody.
    return Scope(grant.tenant, users=(renaming(grant.tenant, grant.user_id),) if grant.user_id else ())


class MappedViewers:
    """The table `[viewers]` of the mapping file; a changed file counts at the next look. From any thread."""

    def __init__(self, path: str) -> None:
        """Raises SettingsError where the table cannot be used."""
        self.path = path
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._grants: Mapping[str, Grant] = {}
        self.grant("")

    def grant(self, name: str) -> Grant | None:
        """What the person may see whom the proxy calls so; None for nothing. Raises SettingsError."""
        with self._lock:
            seen = _fingerprint(self.path)
            if seen != self._seen:
                self._grants = _read(self.path) if seen is not None else {}
                self._seen = seen
            grants = self._grants
        if not name:
            return None
        found = grants.get(name.lower()) or grants.get(EVERYONE)
        if found is None or found.role != MEMBER or found.user_id:
            return found
        return Grant(VIEWER, found.tenant, user_id=name, role=MEMBER)


def _fingerprint(path: str) -> tuple[int, int, int] | None:
    try:
        told = os.stat(path)
    except OSError:
        return None
    return told.st_mtime_ns, told.st_size, told.st_ino


def _read(path: str) -> Mapping[str, Grant]:
    """The grants by name in lower case."""
    try:
        with open(path, "rb") as file:
            table = tomllib.load(file).get(TABLE, {})
    except OSError as error:
        raise SettingsError(path, None, error.strerror or str(error)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(path, None, f"not TOML: {error}") from error
    if not isinstance(table, dict):
        raise SettingsError(path, TABLE, "a table is wanted, with a line a viewer")
    return {name.lower(): _grant(path, name, told) for name, told in table.items()}


def _grant(path: str, name: str, told: object) -> Grant:
    key = f'{TABLE}."{name}"'
    if not isinstance(told, dict):
        raise SettingsError(path, key, 'a table is wanted, such as {role = "lead", team = "atlas"}')
    unknown = sorted(set(told) - _KEYS)
    if unknown:
        raise SettingsError(path, f"{key}.{unknown[0]}", f"unknown; known are {', '.join(sorted(_KEYS))}")
    teams = told.get("teams", [])
    texts = [told.get(each, "") for each in ("role", "team", "tenant", "user")]
    if not isinstance(teams, list) or not all(isinstance(each, str) for each in (*teams, *texts)):
        raise SettingsError(path, key, "texts are wanted, of teams a list of texts")
    role, team, tenant, user = texts
    given = Grant(VIEWER, tenant or DEFAULT_TENANT, (*teams, *([team] if team else [])), user, role)
    try:
        # Who is a member without a name is oneself; whose name that is, is told by the proxy later.
        checked(Grant(VIEWER, given.tenant, given.teams, user or ("self" if role == MEMBER else ""), role))
    except UsageError as error:
        raise SettingsError(path, key, str(error).replace("--", "")) from error
    return given
