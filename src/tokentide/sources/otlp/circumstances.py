"""What stands around an item and is the same for many: the sender's resource, the person, the session, the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import msgspec

from tokentide.model.telemetry import Entrance, Party
from tokentide.sources.otlp.content import PEOPLE
from tokentide.sources.otlp.events import COLUMN_KEYS
from tokentide.sources.otlp.texts import name_of
from tokentide.sources.otlp.wire import Attributes, Scalar, Value

STANDING = frozenset(
    {
        *PEOPLE,
        "app.entrypoint",
        "app.version",
        "cost_center",
        "customer",
        "department",
        "identity.source",
        "organization.id",
        "project",
        "project.name",
        "repo",
        "repository",
        "service.name",
        "service.namespace",
        "service.version",
        "session.id",
        "team",
        "team.id",
        "team.name",
        "terminal.type",
        "user.groups",
    }
)
"""Attributes that stand around items: whose they are, and where they come from."""
_COLUMNS = frozenset(
    {"app.entrypoint", "app.version", "event.timestamp", "service.version", "session.id", "terminal.type"}
)
"""Those that have a column of their own, or say what a column says."""
VERSION_KEYS = ("app.version", "service.version")


class Parties(Protocol):
    """Whose an item is."""

    def edition(self) -> int:
        """Another number when the same attributes may belong to another party; asked once a body."""

    def party(self, entrance: Entrance, attributes: Mapping[str, Scalar]) -> Party:
        """The party of attributes: those of the resource, below those of the item."""

    @property
    def hides_people(self) -> bool:
        """Whether people stand under pseudonyms: what tells who they are is left out everywhere."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """The circumstances of items that begin alike."""

    party: Party
    service: str
    session_id: str
    terminal: str
    version: str
    entrypoint: str
    account: str
    """The address of the account, where it may be told."""
    attributes: Attributes
    """Those of the items' head alone."""
    rest: Attributes
    """What is kept and has no column: of the resource and of the head."""
    rest_text: str
    """The same as members of a JSON object, without braces."""
    is_plain: bool
    """Whether the head holds nothing but what stands around: no column of an item comes from it."""


def circumstances_of(
    entrance: Entrance, resource: Attributes, head: Attributes, parties: Parties, dropped: frozenset[str]
) -> Circumstances:
    """What a resource and the head of an item tell; `dropped` are attributes that are not kept."""
    told: Attributes = {**resource, **head}
    party = parties.party(entrance, {key: value for key, value in told.items() if isinstance(value, Scalar)})
    rest = {
        key: value
        for key, value in told.items()
        if key not in _COLUMNS and key not in dropped and not _is_told(party, key, value)
    }
    return Circumstances(
        party=party,
        service=name_of(told.get("service.name")),
        session_id=name_of(told.get("session.id")),
        terminal=name_of(told.get("terminal.type")),
        version=next((name for key in VERSION_KEYS if (name := name_of(told.get(key)))), ""),
        entrypoint=name_of(told.get("app.entrypoint")),
        account="" if parties.hides_people else name_of(told.get("user.email")),
        attributes=head,
        rest=rest,
        rest_text=members(rest),
        is_plain=COLUMN_KEYS.isdisjoint(head),
    )


def members(attributes: Mapping[str, Value]) -> str:
    """The members of a JSON object, without its braces; empty for none."""
    return msgspec.json.encode(attributes)[1:-1].decode() if attributes else ""


def _is_told(party: Party, key: str, value: Value) -> bool:
    """Whether it is nothing, or a column of the party says the same."""
    if value is None:
        return True
    return key in STANDING and value in (party.user_id, party.team, party.project, party.cost_center, party.customer)
