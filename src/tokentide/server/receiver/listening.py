"""The socket that senders find, and the certificate they see."""

from __future__ import annotations

import socket
import ssl
import sys

from tokentide.server.receiver.errors import ReceiverError
from tokentide.server.receiver.plan import ReceiverPlan, Tls

BACKLOG = 1024


def listener_of(plan: ReceiverPlan) -> socket.socket:
    """A socket that listens for HTTP. Raises ReceiverError."""
    way = "OTLP over HTTP"
    made = bound(way, (plan.host, plan.http_port), is_shared=plan.is_shared)
    try:
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        raise ReceiverError.port(way, plan.host, plan.http_port, error) from error
    return made


def bound(way: str, address: tuple[str, int], *, is_shared: bool) -> socket.socket:
    """A socket at that address; host `::` is every address of both kinds. Raises ReceiverError."""
    host, port = address
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        _set_options(made, is_shared=is_shared)
        if host == "::":
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        made.bind(address)
    except OSError as error:
        made.close()
        raise ReceiverError.port(way, host, port, error) from error
    return made


def tls_of(tls: Tls) -> ssl.SSLContext:
    """TLS with these files. Raises ReceiverError."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(tls.certificate, tls.key, password=lambda: b"")
    except OSError as error:
        raise ReceiverError.tls(tls.certificate, error) from error
    return context


def pem_of(tls: Tls) -> tuple[bytes, bytes]:
    """Key and certificate, as gRPC wants them. Raises ReceiverError."""
    found = []
    for path in (tls.key, tls.certificate):
        try:
            with open(path, "rb") as file:
                found.append(file.read())
        except OSError as error:
            raise ReceiverError.tls(path, error) from error
    return found[0], found[1]


def _set_options(made: socket.socket, *, is_shared: bool) -> None:
    if sys.platform == "win32":  # there the other option would let two servers have one port
        made.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        return
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if is_shared:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
