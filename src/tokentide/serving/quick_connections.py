"""Connections that are read by httptools; importing this raises ImportError where it is not there."""

from __future__ import annotations

import asyncio
from typing import Any

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from tokentide.serving.connections import LONGEST_HEAD_BYTES, SILENT, WatchedConnection

MOST_HEADERS = 100


class QuickConnection(WatchedConnection, HttpToolsProtocol):
    """One client."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        HttpToolsProtocol.__init__(self, config, server_state, app_state, _loop)
        self.logger = SILENT
        self._is_in_head, self._is_in_body = True, False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the client in."""
        HttpToolsProtocol.connection_made(self, transport)
        self.begin()

    def data_received(self, data: bytes) -> None:
        """Read on, unless it is a head that does not end."""
        if self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            # Who asks for another protocol does not send the body in this one.
            self.refuse()
        else:
            self.note(data)

    def on_message_begin(self) -> None:
        """A head begins."""
        self._is_in_head = True
        HttpToolsProtocol.on_message_begin(self)

    def on_headers_complete(self) -> None:
        """It ends. Raises HttpParserError where there is too much of it."""
        self._is_in_head, self._is_in_body = False, True
        if len(self.headers) > MOST_HEADERS or sum(len(n) + len(v) for n, v in self.headers) > LONGEST_HEAD_BYTES:
            raise httptools.HttpParserError("too long a head")
        HttpToolsProtocol.on_headers_complete(self)

    def on_message_complete(self) -> None:
        """Nothing more of it is to come."""
        self._is_in_body = False
        HttpToolsProtocol.on_message_complete(self)

    def is_in_head(self) -> bool:
        """True while a head has begun, or the first one is to begin."""
        return self._is_in_head

    def is_in_body(self) -> bool:
        """True while more of a body is to come."""
        return self._is_in_body
