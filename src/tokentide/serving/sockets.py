"""Sockets that listen, and the certificate that is seen there."""

from __future__ import annotations

import socket
import ssl
import sys


def bound(host: str, port: int, *, is_shared: bool = False) -> socket.socket:
    """A socket at that address; port 0 takes a free one, host `::` every address of both kinds. Raises OSError.

    A shared port is one that several processes have; the system spreads clients over them.
    """
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        _set_options(made, is_shared=is_shared)
        if host == "::":
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        made.bind((host, port))
    except BaseException:
        made.close()
        raise
    return made


def listening(host: str, port: int, backlog: int, *, is_shared: bool = False) -> socket.socket:
    """The same, taking connections from now on. Raises OSError."""
    made = bound(host, port, is_shared=is_shared)
    try:
        made.listen(backlog)
    except BaseException:
        made.close()
        raise
    return made


def tls_of(certificate: str, key: str) -> ssl.SSLContext:
    """TLS with these files in PEM. Raises OSError, of which ssl.SSLError is one, where they cannot be used."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key, password=lambda: b"")
    return context


def _set_options(made: socket.socket, *, is_shared: bool) -> None:
    if sys.platform == "win32":  # there the other option would let two servers have one port
        made.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        return
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if is_shared:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
