"""The organisation's directory: itself, its users, workspaces and keys.

Source: GET /v1/organizations/me, /users, /workspaces, /api_keys. Keys of version 2026-10-21 bear their workspace in
`scope`; both shapes are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from tokentide.model.billing import API_KEY, DEFAULT_WORKSPACE, ORGANIZATION, USER, WORKSPACE, DirectoryEntry
from tokentide.sources.admin_api.client import AdminClient, ListPage

ME_PATH = "/v1/organizations/me"
PATHS = {
    USER: "/v1/organizations/users",
    WORKSPACE: "/v1/organizations/workspaces",
    API_KEY: "/v1/organizations/api_keys",
}
DEFAULT_NAME = "Default"
_LIMIT = ("limit", "1000")
_PARAMETERS = {USER: [_LIMIT], WORKSPACE: [_LIMIT, ("include_archived", "true")], API_KEY: [_LIMIT]}


class _Organization(msgspec.Struct):
    id: str
    name: str | None = None


class _Scope(msgspec.Struct):
    type: str | None = None
    workspace_id: str | None = None


class _Principal(msgspec.Struct):
    type: str | None = None
    id: str | None = None


class _Item(msgspec.Struct):
    """All that users, workspaces and keys have, in either version."""

    id: str
    name: str | None = None
    email: str | None = None
    role: str | None = None
    added_at: str | None = None
    created_at: str | None = None
    archived_at: str | None = None
    status: str | None = None
    expires_at: str | None = None
    partial_key_hint: str | None = None
    workspace_id: str | None = None
    scope: _Scope | None = None
    created_by: _Principal | None = None


class _ItemPage(ListPage):
    data: list[_Item] = msgspec.field(default_factory=list)


def read_organization(client: AdminClient, now: int) -> DirectoryEntry:
    """The organisation that the key belongs to. Raises AdminApiError."""
    found = client.ask(ME_PATH, (), _Organization)
    return DirectoryEntry(ORGANIZATION, found.id, found.name or found.id, fetched_at=now)


def read_directory(client: AdminClient, kind: str, now: int) -> Iterator[list[DirectoryEntry]]:
    """The entries of a kind, a page at a time. Raises AdminApiError."""
    if kind == WORKSPACE:
        yield [DirectoryEntry(WORKSPACE, DEFAULT_WORKSPACE, DEFAULT_NAME, fetched_at=now)]
    for page in client.listed(PATHS[kind], _PARAMETERS[kind], _ItemPage):
        yield [_entry(kind, item, now) for item in page.data]


def _entry(kind: str, item: _Item, now: int) -> DirectoryEntry:
    return DirectoryEntry(kind, item.id, item.name or item.email or item.id, _details(item), now)


def _details(item: _Item) -> Mapping[str, str]:
    """What else is known of an entry."""
    scope = item.scope or _Scope()
    texts = {
        "email": (item.email or "").lower(),
        "role": item.role,
        "status": item.status,
        "workspace_id": item.workspace_id or scope.workspace_id,
        "created_by": item.created_by.id if item.created_by else None,
        "hint": item.partial_key_hint,
        "created_at": item.added_at or item.created_at,
        "archived_at": item.archived_at,
        "expires_at": item.expires_at,
    }
    return {name: text for name, text in texts.items() if text}
