"""The socket that senders find, and the certificate they see; what is in the way is said in a sentence."""

from __future__ import annotations

import socket
import ssl

from tokentide.server.receiver.errors import ReceiverError
from tokentide.server.receiver.plan import ReceiverPlan, Tls
from tokentide.serving import sockets

BACKLOG = 1024


def listener_of(plan: ReceiverPlan) -> socket.socket:
    """A socket that listens for HTTP. Raises ReceiverError."""
    try:
        return sockets.listening(plan.host, plan.http_port, BACKLOG, is_shared=plan.is_shared)
    except OSError as error:
        raise ReceiverError.port("OTLP over HTTP", plan.host, plan.http_port, error) from error


def verify_free(way: str, address: tuple[str, int], *, is_shared: bool) -> None:
    """Raise ReceiverError where nothing can listen at that address."""
    try:
        sockets.bound(*address, is_shared=is_shared).close()
    except OSError as error:
        raise ReceiverError.port(way, *address, error) from error


def tls_of(tls: Tls) -> ssl.SSLContext:
    """TLS with these files. Raises ReceiverError."""
    try:
        return sockets.tls_of(tls.certificate, tls.key)
    except OSError as error:
        raise ReceiverError.tls(tls.certificate, error) from error


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
