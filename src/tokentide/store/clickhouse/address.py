"""Where a cluster is: `clickhouse://user:password@h1:8123|h1b:8123,h2:8123|h2b:8123/database?cluster=name`.

Shards are parted by `,`, the replicas of one by `|`; `clickhouses://` speaks TLS. No message shows the address, since
it holds a password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from tokentide.errors import UsageError
from tokentide.transport import Secret

PORTS = {"clickhouse": 8123, "clickhouses": 8443}
DATABASE = "tokentide"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_HOST = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?")
SHAPE = "clickhouse://USER:PASSWORD@HOST:8123/DATABASE, or with HOST|REPLICA,HOST|REPLICA and ?cluster=NAME"


@dataclass(frozen=True, slots=True)
class Host:
    """One server's HTTP interface."""

    name: str
    port: int
    is_secure: bool

    def __str__(self) -> str:
        return f"{self.name}:{self.port}"


@dataclass(frozen=True, slots=True)
class Address:
    """A database on servers that agree about it."""

    shards: tuple[tuple[Host, ...], ...]
    """By shard, its replicas; the first is preferred."""
    database: str
    cluster: str
    """The name in the servers' `remote_servers`; empty for one shard."""
    user: str
    password: Secret


def parsed(text: str) -> Address:
    """The address. Raises UsageError that names the part that is wrong, never its text."""
    scheme, _, rest = text.partition("://")
    if scheme not in PORTS or not rest:
        raise UsageError(f"--store: not the address of a ClickHouse: give {SHAPE}")
    try:
        parts = urlsplit(f"{scheme}://{rest}")
    except ValueError:
        raise _wrong("the hosts") from None
    credentials, _, hosts = parts.netloc.rpartition("@")
    user, _, password = credentials.partition(":")
    database = unquote(parts.path.strip("/")) or DATABASE
    cluster = _cluster(parts.query)
    if not _NAME.fullmatch(database):
        raise _wrong("the database's name")
    shards = tuple(tuple(_host(each, scheme) for each in shard.split("|")) for shard in hosts.split(","))
    if len(shards) > 1 and not cluster:
        raise UsageError("--store: several shards need ?cluster=NAME, the cluster's name in their remote_servers")
    if parts.fragment:
        raise _wrong("what follows #; write %23 in a password")
    return Address(
        shards, database, cluster if len(shards) > 1 else "", unquote(user) or "default", Secret(unquote(password))
    )


def _cluster(query: str) -> str:
    try:
        asked = parse_qs(query, strict_parsing=True, max_num_fields=4) if query else {}
    except ValueError:
        raise _wrong("what follows ?") from None
    if set(asked) - {"cluster"}:
        raise _wrong("what follows ?")
    name = asked.get("cluster", [""])[0]
    if name and not _NAME.fullmatch(name):
        raise _wrong("the cluster's name")
    return name


def _host(text: str, scheme: str) -> Host:
    found = _HOST.fullmatch(text)
    port = int(found["port"] or PORTS[scheme]) if found else 0
    if not found or not 0 < port < 65536:
        raise _wrong("a host")
    return Host(found["host"].strip("[]"), port, scheme == "clickhouses")


def _wrong(what: str) -> UsageError:
    return UsageError(f"--store: {what} cannot be understood: give {SHAPE}")
