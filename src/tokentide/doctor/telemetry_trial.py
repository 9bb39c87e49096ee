"""Sends one empty export a signal, as the client would, and says what the answer means.

Not by `tokentide.transport`, which keeps apart neither a name that is not known from a port that is closed nor either
from a certificate that is not trusted. Nothing but an empty batch and the configured headers is sent.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from tokentide.doctor.telemetry import ADVICE, FAULT, Finding, Header, Route, Telemetry
from tokentide.doctor.telemetry_details import PROXIES
from tokentide.doctor.telemetry_words import SLOW_MS, Verdict, http_verdict
from tokentide.render.words import clean
from tokentide.transport import LOOPBACK

TIMEOUT_SECONDS = 5.0
MOST_BYTES = 4096
"""So much of an answer is looked at."""
OURS = "tokentide"
"""What our receiver calls itself in the header `server`."""
EMPTY = {
    "http/json": ("application/json", {"logs": b'{"resourceLogs":[]}', "metrics": b'{"resourceMetrics":[]}'}),
    "http/protobuf": ("application/x-protobuf", {}),
}
NOTHING_IN_PROTOBUF = b"\x0a\x00"
"""One resource without records; some servers take no empty body. The field has the same number in every signal."""


@dataclass(frozen=True, slots=True)
class Trial:
    """How one signal's empty export went."""

    signal: str
    address: str
    verdict: Verdict
    status: int | None = None
    """Of HTTP; None where there was no answer, and over gRPC."""
    took_ms: int | None = None
    """From the name's resolving to the answer."""
    is_ours: bool = False
    """True where tokentide's own server answered."""


def try_routes(telemetry: Telemetry) -> list[Trial]:
    """A trial of each signal whose route can be used."""
    return [_tried(telemetry, route) for route in telemetry.routes if route.is_sound]


def trial_findings(trials: Iterable[Trial]) -> list[Finding]:
    """What the trials tell that is to be mended; signals that failed in the same way in one."""
    found: list[Finding] = []
    by_verdict: dict[Verdict, list[str]] = {}
    for trial in trials:
        if not trial.verdict.is_good:
            by_verdict.setdefault(trial.verdict, []).append(trial.signal)
        elif (trial.took_ms or 0) > SLOW_MS:
            what = f"{trial.signal} took {trial.took_ms} ms; a session that ends has two seconds for all that is left"
            found.append(
                Finding("slow", ADVICE, what, "Set CLAUDE_CODE_OTEL_SHUTDOWN_TIMEOUT_MS=5000, or find out why.")
            )
    for verdict, signals in by_verdict.items():
        severity = ADVICE if verdict.code == "no-grpcio" else FAULT
        found.append(Finding(verdict.code, severity, f"{' and '.join(signals)}: {verdict.what}", verdict.remedy))
    return found


def _tried(telemetry: Telemetry, route: Route) -> Trial:
    begun = time.perf_counter()
    try:
        if route.is_grpc:
            from tokentide.doctor.telemetry_grpc import try_grpc

            status, verdict, is_ours = None, try_grpc(route, telemetry), False
        else:
            status, verdict, is_ours = _http(telemetry, route)
    except (OSError, HTTPException, ValueError) as error:
        return Trial(route.signal, route.endpoint, _failed(error, route))
    took_ms = round((time.perf_counter() - begun) * 1000)
    return Trial(route.signal, route.endpoint, verdict, status, took_ms, is_ours)


def _http(telemetry: Telemetry, route: Route) -> tuple[int, Verdict, bool]:
    """Post, and read the beginning of the answer. Raises OSError, HTTPException, ValueError."""
    kind, bodies = EMPTY[route.protocol]
    body = bodies.get(route.signal, NOTHING_IN_PROTOBUF if kind.endswith("protobuf") else b'{"resourceSpans":[]}')
    parts = urlsplit(route.endpoint)
    connection = _connection(telemetry, route)
    try:
        connection.request("POST", parts.path or "/", body, _sent(route.headers, kind))
        answer = connection.getresponse()
        text = answer.read(MOST_BYTES)
        is_ours = any(part.strip().startswith(OURS) for part in answer.getheader("server", "").split(","))
        place = answer.getheader("location", "")
        return answer.status, http_verdict(answer.status, answer.getheader("content-type", ""), place, text), is_ours
    finally:
        connection.close()


def _sent(headers: Iterable[Header], kind: str) -> dict[str, str]:
    return {**{header.name: header.value for header in headers}, "content-type": kind, "user-agent": "tokentide-doctor"}


def _connection(telemetry: Telemetry, route: Route) -> HTTPConnection:
    """A connection as the client makes it: straight, or through a proxy's tunnel."""
    parts = urlsplit(route.endpoint)
    host, is_secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if is_secure else 80)
    proxy = "" if _is_direct(telemetry, host) else next(iter(telemetry.variables(PROXIES).values()), "")
    at_host, at_port = host, port
    if proxy:
        way = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        at_host, at_port = way.hostname or "", way.port or 80
    made = (
        HTTPSConnection(at_host, at_port, timeout=TIMEOUT_SECONDS, context=tls_context(telemetry))
        if is_secure
        else HTTPConnection(at_host, at_port, timeout=TIMEOUT_SECONDS)
    )
    if proxy:
        made.set_tunnel(host, port)
    return made


def _is_direct(telemetry: Telemetry, host: str) -> bool:
    """True for this machine, and for what `NO_PROXY` names: hosts, domains with or without a dot before them, `*`."""
    spared = ",".join(telemetry.variables(("NO_PROXY", "no_proxy")).values()).split(",")
    names = [name.strip().lstrip("*.").lower() for name in spared if name.strip().strip("*.")]
    is_spared = any(host.lower() == name or host.lower().endswith(f".{name}") for name in names)
    return host in LOOPBACK or is_spared or any(name.strip() == "*" for name in spared)


def tls_context(telemetry: Telemetry) -> ssl.SSLContext:
    """Trusts what the client trusts, and shows its certificate. Raises OSError for files that cannot be used."""
    context = ssl.create_default_context()
    named = telemetry.variables(("NODE_EXTRA_CA_CERTS", "CLAUDE_CODE_CLIENT_CERT", "CLAUDE_CODE_CLIENT_KEY"))
    if extra := named.get("NODE_EXTRA_CA_CERTS"):
        context.load_verify_locations(extra)
    if certificate := named.get("CLAUDE_CODE_CLIENT_CERT"):
        phrase = telemetry.held.value("CLAUDE_CODE_CLIENT_KEY_PASSPHRASE")
        context.load_cert_chain(certificate, named.get("CLAUDE_CODE_CLIENT_KEY"), phrase)
    return context


_FAILURES: tuple[tuple[type[Exception], str, str, str], ...] = (
    (socket.gaierror, "name-unknown", "the name {host} is not known here", "Check the address, DNS and VPN."),
    (
        ssl.SSLCertVerificationError,
        "certificate",
        "the certificate is not trusted: {why}",
        "Name the authority's certificate in NODE_EXTRA_CA_CERTS, also for the client.",
    ),
    (ssl.SSLError, "tls", "no TLS with {place}: {why}", "Is it http:// there, not https://?"),
    (TimeoutError, "timeout", "{place} did not answer in time", "Check firewall, VPN and port."),
    (
        ConnectionRefusedError,
        "refused",
        "nobody listens at {place}",
        "Start the server with `tokentide server`, or mend the port.",
    ),
    (OSError, "no-connection", "no connection to {place}: {why}", "Check proxy, firewall and VPN."),
    (HTTPException, "no-http", "{place} does not speak HTTP", "Is that the port of gRPC, or of another server?"),
    (ValueError, "header", "a header holds what no header takes", "Mend OTEL_EXPORTER_OTLP_HEADERS."),
)
"""The first that fits holds."""


def _failed(error: Exception, route: Route) -> Verdict:
    """Why there was no answer."""
    parts = urlsplit(route.endpoint)
    host = clean(parts.hostname or "")
    place = f"{host}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
    _, code, what, remedy = next(row for row in _FAILURES if isinstance(error, row[0]))
    return Verdict(code, what.format(host=host, place=place, why=_why(error)), remedy)


def _why(error: Exception) -> str:
    """The system's own words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return clean(error.verify_message)
    if isinstance(error, ssl.SSLError):
        return clean(error.reason or "").lower().replace("_", " ")
    return clean((error.strerror if isinstance(error, OSError) else None) or str(error))
