"""The trial over gRPC, for which grpcio must be there; without it a connection is all that is tried."""

from __future__ import annotations

import socket
from importlib import import_module
from urllib.parse import urlsplit

from tokentide.doctor.telemetry import GRPC_PORT, Route, Telemetry
from tokentide.doctor.telemetry_words import GOOD, Verdict
from tokentide.render.words import clean

TIMEOUT_SECONDS = 5.0
METHODS = {
    signal: f"/opentelemetry.proto.collector.{package}.v1.{service}Service/Export"
    for signal, package, service in (
        ("logs", "logs", "Logs"),
        ("metrics", "metrics", "Metrics"),
        ("traces", "trace", "Trace"),
    )
}
_MEANINGS = {
    "UNAUTHENTICATED": ("unauthorized", "the server does not know the token, or got none", "Check the header."),
    "PERMISSION_DENIED": ("forbidden", "the token may not send telemetry", "Use a token of kind ingest."),
    "UNIMPLEMENTED": ("not-found", "the server does not know this signal", "Is it an OTLP receiver?"),
    "RESOURCE_EXHAUSTED": ("full", "the server takes nothing now", "Its log is full; see its status."),
    "DEADLINE_EXCEEDED": ("timeout", f"no answer within {TIMEOUT_SECONDS:g} s", "Check firewall, VPN and port."),
}


def try_grpc(route: Route, telemetry: Telemetry) -> Verdict:
    """One empty export. Raises OSError where there is not even a connection."""
    parts = urlsplit(route.endpoint)
    host, port = parts.hostname or "", parts.port or GRPC_PORT
    socket.create_connection((host, port), timeout=TIMEOUT_SECONDS).close()
    try:
        grpc = import_module("grpc")  # it brings no types
    except ImportError:
        return Verdict(
            "no-grpcio",
            f"{clean(host)}:{port} takes connections; whether it takes exports was not tried",
            "To try that: pip install 'tokentide[grpc]'.",
        )
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    channel = (
        grpc.secure_channel(target, grpc.ssl_channel_credentials(*_certificates(telemetry)))
        if parts.scheme == "https"
        else grpc.insecure_channel(target)
    )
    headers = [(header.name.lower(), header.value) for header in route.headers]
    with channel:
        try:
            channel.unary_unary(METHODS[route.signal])(b"", timeout=TIMEOUT_SECONDS, metadata=headers)
        except grpc.RpcError as error:
            return _meaning(error.code().name, clean(error.details() or ""))
        except ValueError:  # metadata that gRPC does not take
            return Verdict("header", "a header holds what no header takes", "Mend OTEL_EXPORTER_OTLP_HEADERS.")
    return GOOD


def _meaning(code: str, details: str) -> Verdict:
    known = _MEANINGS.get(code)
    if known:
        return Verdict(*known)
    return Verdict("status", f"it answers {code}: {details[:200]}", "Is it a gRPC port, with or without TLS as set?")


def _certificates(telemetry: Telemetry) -> tuple[bytes | None, bytes | None, bytes | None]:
    """Authority, key, certificate; None where the usual ones hold. Raises OSError."""
    names = ("CERTIFICATE", "CLIENT_KEY", "CLIENT_CERTIFICATE")
    paths = [telemetry.held.value(f"OTEL_EXPORTER_OTLP_{name}") for name in names]
    authority, key, certificate = (_content(path) if path else None for path in paths)
    return authority, key, certificate


def _content(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
