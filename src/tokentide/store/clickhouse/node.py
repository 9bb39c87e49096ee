"""One server, spoken to over HTTP with connections that are kept open, one a thread."""

from __future__ import annotations

import http.client
import re
import ssl
import threading
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlencode

from tokentide.errors import StoreError, StoreUnreachableError
from tokentide.store.clickhouse.address import Host
from tokentide.transport import Secret

CONNECT_SECONDS = 3.0
TIMEOUT_SECONDS = 30.0
"""For a whole answer; a server that hangs is taken for one that is down."""
PING_SECONDS = 2.0
MOST_ANSWER_BYTES = 256 << 20
NETWORK = frozenset({3, 32, 95, 96, 198, 203, 209, 210, 212, 279, 519})
"""Codes of a server that cannot reach another one. Source: ErrorCodes.cpp of ClickHouse."""
TRANSIENT = NETWORK | {159, 160, 202, 225, 241, 242, 243, 244, 252, 285, 286, 319, 439, 473, 574, 999}
"""Codes that time may mend: overload, no room, no ZooKeeper, a table that is read-only meanwhile."""
_CODE = re.compile(rb"Code: (\d+)")
_NOT_TEXT = re.compile(r"[^ -~]+")


class RefusedError(StoreError):
    """A server does not take a statement; `code` is its own number."""

    def __init__(self, node: str, code: int, text: str) -> None:
        self.code = code
        super().__init__(f"the team store, {node}: {text}")


class SilentError(StoreUnreachableError):
    """A server gives no answer at all."""


class NetworkError(StoreUnreachableError):
    """A server answers, but lacks another one that it needs for the answer."""


class Node(Protocol):
    """One server, or what behaves like one."""

    @property
    def name(self) -> str:
        """How messages call it."""

    def run(
        self, statement: str, body: bytes = b"", settings: Mapping[str, str] | None = None, *, is_brief: bool = False
    ) -> bytes:
        """The answer to a statement; `body` holds the rows of an INSERT.

        Raises SilentError where there is none in time (PING_SECONDS for a brief one), NetworkError where other servers
        were not reached, StoreUnreachableError for what time may mend, RefusedError for what it does not.
        """

    def close(self) -> None:
        """Let go of every connection."""


class HttpNode:
    """A server's HTTP interface."""

    def __init__(self, host: Host, user: str, password: Secret) -> None:
        self.host, self.name = host, str(host)
        self._user, self._password = user, password
        self._own = threading.local()
        self._all: set[http.client.HTTPConnection] = set()
        self._lock = threading.Lock()

    def run(
        self, statement: str, body: bytes = b"", settings: Mapping[str, str] | None = None, *, is_brief: bool = False
    ) -> bytes:
        """See Node. A connection that the server had closed meanwhile is opened again, once."""
        asked = {"wait_end_of_query": "1", **(settings or {})}
        if body:
            asked["query"] = statement
        target, content = f"/?{urlencode(asked)}", body or statement.encode()
        try:
            return self._exchange(target, content, is_brief=is_brief)
        except _StaleError:
            return self._exchange(target, content, is_brief=is_brief)

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            every, self._all = self._all, set()
        for connection in every:
            connection.close()

    def _exchange(self, target: str, content: bytes, *, is_brief: bool) -> bytes:
        connection = self._connection()
        is_new = connection.sock is None
        try:
            if is_new:
                connection.timeout = PING_SECONDS if is_brief else CONNECT_SECONDS
                connection.connect()
            connection.sock.settimeout(PING_SECONDS if is_brief else TIMEOUT_SECONDS)
            connection.request("POST", target, content, self._headers())
            response = connection.getresponse()
            answer = response.read(MOST_ANSWER_BYTES + 1)
        except TimeoutError:
            self._drop(connection)
            raise SilentError(f"the team store, {self.name}: no answer in time") from None
        except (OSError, http.client.HTTPException) as error:
            self._drop(connection)
            if not is_new and isinstance(error, (ConnectionError, http.client.RemoteDisconnected)):
                raise _StaleError from error
            raise SilentError(f"the team store, {self.name}: {_reason(error)}") from None
        if len(answer) > MOST_ANSWER_BYTES:
            self._drop(connection)
            raise StoreError(f"the team store, {self.name}: an answer of more than {MOST_ANSWER_BYTES} bytes")
        if response.status != 200:
            raise refusal(self.name, answer)
        return answer

    def _headers(self) -> dict[str, str]:
        import base64

        pair = f"{self._user}:{self._password.reveal()}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}

    def _connection(self) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection | None = getattr(self._own, "connection", None)
        if connection is None:
            if self.host.is_secure:
                context = ssl.create_default_context()
                connection = http.client.HTTPSConnection(self.host.name, self.host.port, context=context)
            else:
                connection = http.client.HTTPConnection(self.host.name, self.host.port)
            self._own.connection = connection
            with self._lock:
                self._all.add(connection)
        return connection

    def _drop(self, connection: http.client.HTTPConnection) -> None:
        connection.close()
        self._own.connection = None
        with self._lock:
            self._all.discard(connection)


class _StaleError(Exception):
    """A kept connection was closed by its server."""


def refusal(node: str, answer: bytes) -> StoreError:
    """What a server's error means: whether others were lacking, whether time may mend it."""
    found = _CODE.search(answer[:4096])
    code = int(found[1]) if found else 0
    text = _sentence(answer)
    if code in NETWORK:
        return NetworkError(f"the team store, {node}: {text}")
    if code in TRANSIENT or not code:
        return StoreUnreachableError(f"the team store, {node}: {text}")
    return RefusedError(node, code, text)


def _sentence(answer: bytes) -> str:
    """The first of an error's text, without the statement that it may quote."""
    text = answer[:600].decode("utf-8", "replace").partition("e.what()")[0]
    for ending in (
        "before:",
        "failed at position",
        "(version",
        ": While executing",
        "In scope",
        ": (at row",
        "Stack trace",
    ):
        text = text.partition(ending)[0]
    return _NOT_TEXT.sub(" ", text).strip(" ,")[:200] or "refused without a reason"


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return "no TLS: its certificate is not trusted, or it speaks plain HTTP"
    return getattr(error, "strerror", None) or type(error).__name__
