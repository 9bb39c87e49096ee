"""Whose a record is, and who pays: from its own attributes, the mapping file, and the token it came by."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable, Mapping

from tokentide.errors import SettingsError
from tokentide.model.telemetry import Entrance, Party
from tokentide.private_files import write_private
from tokentide.server.party_mapping import NO_MAPPING, PartyMapping, read_mapping

Told = Mapping[str, str | int | float | bool]
"""Attributes by key: those of the resource, over them those of the record."""
PERSON_KEYS = ("enduser.id", "user.email", "user.account_uuid", "user.account_id", "user.id")
"""Who it is, the first that is told."""
GATEWAY_PERSON_KEYS = ("user.email", "user.id", *PERSON_KEYS)
"""The same where the vendor's gateway signed the person in: it knows better than what a machine was set to."""
TEAM_KEYS = ("team.id", "team", "team.name")
PROJECT_KEYS = ("project", "project.name", "repo", "repository", "service.namespace")
COST_CENTER_KEYS = ("cost_center", "department")
CUSTOMER_KEYS = ("customer",)
PSEUDONYM = "user-"
PSEUDONYM_CHARACTERS = 10
SECRET_BYTES = 32
MOST_TEXT = 200
"""Characters of a name."""


class Parties:
    """The parties of one server. One thread asks for the edition; `party` may be asked from any."""

    def __init__(self, mapping_path: str = "", secret_path: str = "") -> None:
        """Read the mapping, which need not exist; `secret_path` is where the secret of pseudonyms is kept.

        Raises SettingsError.
        """
        self.fault = ""
        """Why a changed mapping is not used, and the one before it still is; empty if all is well."""
        self._path, self._secret_path = mapping_path, secret_path
        self._stamp = _stamp_of(mapping_path)
        self._edition = 1
        self._secret = b""
        self._mapping = self._read()

    @property
    def hides_people(self) -> bool:
        """Whether people stand under pseudonyms."""
        return self._mapping.pseudonyms

    def edition(self) -> int:
        """Another number once the mapping is another one; looks whether the file has changed."""
        if not self._path:
            return self._edition
        stamp = _stamp_of(self._path)
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._mapping, self.fault = self._read(), ""
                self._edition += 1
            except SettingsError as error:
                self.fault = f"{error}; the mapping before this change is used"
        return self._edition

    def party(self, entrance: Entrance, attributes: Told) -> Party:
        """The party of a record.

        Its own attributes come first, then the mapping of its person and groups, of its project, of its team, then the
        token. With `override` the mapping comes before the attributes.
        """
        mapping = self._mapping
        names = _names(attributes)
        person = mapping.users.find(names).completed(mapping.groups.find(_groups(attributes)))
        project = mapping.chosen(_first(attributes, PROJECT_KEYS), person.project)
        by_project = mapping.projects.find((project,))
        team = mapping.chosen(_first(attributes, TEAM_KEYS), person.team or by_project.team) or entrance.team
        payer = person.completed(by_project).completed(mapping.teams.find((team,)))
        return Party(
            entrance.tenant,
            self._shown(person.name or next(iter(names), "")),
            team,
            project,
            mapping.chosen(_first(attributes, COST_CENTER_KEYS), payer.cost_center),
            mapping.chosen(_first(attributes, CUSTOMER_KEYS), payer.customer),
        )

    def _shown(self, person: str) -> str:
        """The name of a person, or what stands for it."""
        if not person or not self._mapping.pseudonyms:
            return person
        digest = hmac.digest(self._secret, person.encode("utf-8", "replace"), hashlib.sha256)
        return PSEUDONYM + base64.b32encode(digest).decode().lower()[:PSEUDONYM_CHARACTERS]

    def _read(self) -> PartyMapping:
        mapping = read_mapping(self._path) if self._path else NO_MAPPING
        if mapping.pseudonyms and not self._secret:
            self._secret = _secret_in(self._secret_path)
        return mapping


def _names(attributes: Told) -> tuple[str, ...]:
    """All that a person is called, the name that counts first; addresses in small letters, as mail treats them."""
    is_gateway = str(attributes.get("identity.source", "")).startswith("gateway")
    keys = GATEWAY_PERSON_KEYS if is_gateway else PERSON_KEYS
    told = (_text(attributes.get(key)) for key in keys)
    return tuple(name.lower() if "@" in name else name for name in told if name)


def _groups(attributes: Told) -> Iterable[str]:
    """The groups of the identity provider, which the gateway tells, divided by commas."""
    return (group.strip() for group in _text(attributes.get("user.groups")).split(","))


def _first(attributes: Told, keys: Iterable[str]) -> str:
    return next((name for key in keys if (name := _text(attributes.get(key)))), "")


def _text(value: str | float | None) -> str:
    return "" if value is None else str(value).strip()[:MOST_TEXT]


def _stamp_of(path: str) -> tuple[int, int, int]:
    """What changes when the file does; the same for none."""
    try:
        told = os.stat(path)
    except OSError:
        return 0, 0, 0
    return told.st_mtime_ns, told.st_size, told.st_ino


def _secret_in(path: str) -> bytes:
    """The secret that pseudonyms are made with; made once, since another one makes everybody another person.

    Raises SettingsError where it cannot be kept or read.
    """
    if not path:
        raise SettingsError("the mapping", "pseudonyms", "need a data folder that their secret is kept in")
    try:
        if not os.path.exists(path):
            write_private(path, secrets.token_bytes(SECRET_BYTES))
        with open(path, "rb") as file:
            secret = file.read(SECRET_BYTES + 1)
    except OSError as error:
        raise SettingsError(path, None, f"the secret of pseudonyms cannot be kept there: {error.strerror}") from error
    if len(secret) != SECRET_BYTES:
        reason = "is not the secret of pseudonyms: put it back from a copy, or delete it and everybody gets a new name"
        raise SettingsError(path, None, reason)
    return secret
