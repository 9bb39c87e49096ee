"""Reads the mapping file: who is in which team, who pays for what, and whether people stand under pseudonyms."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from tokentide.alerts.fields import Where, flag, known, text
from tokentide.alerts.rule_file import read_rule_file
from tokentide.errors import SettingsError
from tokentide.server.tenants.viewers import TABLE as VIEWERS

_WILD = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Owner:
    """What the mapping says of a person, a group, a team or a project; what it does not say is empty."""

    name: str = ""
    """The name that a person gets; their other names and machines may get the same."""
    team: str = ""
    project: str = ""
    cost_center: str = ""
    customer: str = ""

    def completed(self, other: Owner) -> Owner:
        """This one, and what only the other says."""
        told = {name: getattr(self, name) or getattr(other, name) for name in self.__slots__}
        return replace(self, **told)


@dataclass(frozen=True, slots=True)
class Owners:
    """Owners by name or by pattern (`*`, `?`); the name wins, then the first pattern of the file."""

    named: Mapping[str, Owner] = field(default_factory=dict)
    patterns: tuple[tuple[str, Owner], ...] = ()

    def find(self, names: Iterable[str]) -> Owner:
        """What is said of the first of these names that anything is said of; case does not matter."""
        folded = [name.casefold() for name in names if name]
        for name in folded:
            if name in self.named:
                return self.named[name]
        return next(
            (owner for name in folded for pattern, owner in self.patterns if fnmatchcase(name, pattern)), _NOBODY
        )


@dataclass(frozen=True, slots=True)
class PartyMapping:
    """The whole file."""

    override: bool = False
    """Whether the mapping wins over what the data says itself."""
    pseudonyms: bool = False
    users: Owners = Owners()
    groups: Owners = Owners()
    teams: Owners = Owners()
    projects: Owners = Owners()

    def chosen(self, told: str, mapped: str) -> str:
        """What the data tells or what the mapping does, whichever comes first."""
        return (mapped or told) if self.override else (told or mapped)


_NOBODY = Owner()
NO_MAPPING = PartyMapping()
_PAYER = ("cost_center", "customer")
_KEYS: Mapping[str, tuple[str, ...]] = {
    "users": ("name", "team", "project", *_PAYER),
    "groups": ("team", "project", *_PAYER),
    "teams": _PAYER,
    "projects": ("team", *_PAYER),
}
"""The keys of the tables below each table."""
_FLAGS = ("override", "pseudonyms")


def read_mapping(path: str) -> PartyMapping:
    """The mapping in a file; one that is not there says nothing. Raises SettingsError naming the file and the key."""
    return mapping_from(read_rule_file(path), path)


def mapping_from(content: str, path: str) -> PartyMapping:
    """The same from the file's text."""
    try:
        told = tomllib.loads(content.replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(path, None, f"no valid TOML: {error}") from error
    names = dict.fromkeys((*_FLAGS, *_KEYS, VIEWERS), "")
    for name in told:
        known((path, name), name, names)
    override, pseudonyms = (flag((path, name), told.get(name, False)) for name in _FLAGS)
    return PartyMapping(
        override, pseudonyms, *[_owners((path, name), told.get(name, {}), _KEYS[name]) for name in _KEYS]
    )


def _owners(where: Where, tables: object, keys: Sequence[str]) -> Owners:
    path, kind = where
    if not isinstance(tables, dict):
        raise SettingsError(path, kind, f'must hold tables such as [{kind}."name"]')
    owners = {name.casefold(): _owner((path, f'{kind}."{name}"'), table, keys) for name, table in tables.items()}
    return Owners(
        {name: owner for name, owner in owners.items() if _WILD.isdisjoint(name)},
        tuple((name, owner) for name, owner in owners.items() if not _WILD.isdisjoint(name)),
    )


def _owner(where: Where, table: object, keys: Sequence[str]) -> Owner:
    path, called = where
    if not isinstance(table, dict):
        raise SettingsError(path, called, f"must be a table with {', '.join(keys)}")
    names = dict.fromkeys(keys, "")
    for key in table:
        known((path, f"{called}, {key}"), key, names)
    return Owner(**{key: text((path, f"{called}, {key}"), value) for key, value in table.items()})
