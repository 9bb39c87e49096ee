"""What this machine's Claude Code is told to send: which variables hold, and where each signal goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from tokentide.render.words import clean
from tokentide.sources.claude_code.telemetry_settings import (
    ENABLED,
    ENDPOINT,
    HEADERS,
    PROTOCOL,
    PROTOCOL_GUESSED_FROM,
    SIGNALS,
    InForce,
    Layer,
    Version,
    in_force,
    is_on,
    own_name,
)

HTTP_PORT, GRPC_PORT = 4318, 4317
GRPC = "grpc"
PROTOCOLS = (GRPC, "http/protobuf", "http/json")
FAULT, ADVICE = "fault", "advice"
DEFAULT_ENDPOINTS = {False: f"http://localhost:{HTTP_PORT}", True: f"http://localhost:{GRPC_PORT}"}
"""Where the client sends if nobody says where to; the key is whether it speaks gRPC."""


@dataclass(frozen=True, slots=True)
class Header:
    """A header that goes with every export; its value is for the trial alone."""

    name: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Route:
    """Where one signal goes."""

    signal: str
    protocol: str
    """One of PROTOCOLS, or whatever is set; empty where nothing is."""
    endpoint: str
    """As the client calls it: of HTTP with the signal's path."""
    headers: tuple[Header, ...]
    is_default: bool = False
    """True where nobody says where to."""

    @property
    def is_grpc(self) -> bool:
        """True for gRPC."""
        return self.protocol == GRPC

    @property
    def is_sound(self) -> bool:
        """True where something can be sent this way."""
        return self.protocol in PROTOCOLS and is_address(self.endpoint)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to know, with what to do about it."""

    code: str
    """Lasts over versions: `no-exporter`."""
    severity: str
    """FAULT: something does not arrive. ADVICE: it could be better."""
    what: str
    """What is so, and where; no value of a header."""
    remedy: str


@dataclass(frozen=True, slots=True)
class Session:
    """A client that runs now."""

    pid: int
    started_at: int
    """µs UTC."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What there is to look at."""

    layers: Sequence[Layer]
    version: Version
    """Of the client; empty where it is not known."""
    sessions: Sequence[Session] | None
    """None where this system does not tell what runs."""
    is_inside: bool = False
    """True where a client runs us, which hides variables from what it runs."""
    now: int = 0
    """µs UTC."""


@dataclass(frozen=True, slots=True)
class Telemetry:
    """All that is known before anything is sent."""

    machine: Machine
    held: InForce
    routes: tuple[Route, ...]
    """Of the signals that are exported."""

    @property
    def is_enabled(self) -> bool:
        """True where the client is told to send telemetry."""
        return is_on(self.held.value(ENABLED))

    def exporters(self, signal: str) -> list[str]:
        """What is set for a signal, in order."""
        return [part.strip() for part in self.held.value(exporter_name(signal)).split(",") if part.strip()]

    @property
    def is_all_grpc(self) -> bool:
        """True where everything goes by gRPC."""
        return bool(self.routes) and all(route.is_grpc for route in self.routes)

    def where(self, name: str) -> str:
        """A variable with the place that sets it."""
        variable = self.held.variables.get(name)
        return name if variable is None else f"{name} ({clean(variable.layer.path) or 'shell'})"

    def signals_by(self, key: Callable[[Route], str]) -> Mapping[str, str]:
        """The signals that share something, in words."""
        found: dict[str, list[str]] = {}
        for route in self.routes:
            found.setdefault(key(route), []).append(route.signal)
        return {name: " and ".join(signals) for name, signals in found.items()}

    def variables(self, names: Sequence[str]) -> Mapping[str, str]:
        """Those of the names that are set and not empty."""
        return {name: self.held.value(name) for name in names if self.held.value(name)}


def look(machine: Machine) -> Telemetry:
    """What holds, and where each signal goes; nothing is sent."""
    held = in_force(machine.layers, machine.version)
    bare = Telemetry(machine, held, ())
    wanted = [signal for signal in SIGNALS if "otlp" in bare.exporters(signal) and _is_traced(held, signal)]
    return Telemetry(machine, held, tuple(_route(held, signal, machine.version) for signal in wanted))


def exporter_name(signal: str) -> str:
    """The variable that chooses a signal's exporters."""
    return f"OTEL_{signal.upper()}_EXPORTER"


def pairs_of(text: str) -> tuple[list[Header], list[str]]:
    """Headers as the client reads them: split at commas, then at the first `=`, nothing decoded; and what is none.

    In the headers of one signal it decodes percent signs afterwards.
    """
    good: list[Header] = []
    bad: list[str] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = part.partition("=")
        if equals and name.strip():
            good.append(Header(name.strip(), value.strip()))
        else:
            bad.append(name)
    return good, bad


def without_login(address: str) -> str:
    """An address that can be shown: without a name and password before the host."""
    scheme, slashes, rest = address.partition("://")
    place, slash, path = rest.partition("/")
    return f"{scheme}{slashes}{place.rpartition('@')[2]}{slash}{path}"


def is_address(text: str) -> bool:
    """True for http:// or https:// with a host and, at most, a possible port."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_traced(held: InForce, signal: str) -> bool:
    return signal != "traces" or any(
        is_on(held.value(name)) for name in ("CLAUDE_CODE_ENHANCED_TELEMETRY_BETA", "ENABLE_ENHANCED_TELEMETRY_BETA")
    )


def _route(held: InForce, signal: str, version: Version) -> Route:
    protocol = held.of_signal(signal, PROTOCOL)
    if not protocol and version >= PROTOCOL_GUESSED_FROM:
        protocol = "http/protobuf"
    is_grpc = protocol == GRPC
    own, common = held.value(own_name(signal, ENDPOINT)), held.value(ENDPOINT)
    base = common or DEFAULT_ENDPOINTS[is_grpc]
    address = own or (base if is_grpc else f"{base.rstrip('/')}/v1/{signal}")
    headers = {header.name.lower(): header for header in pairs_of(held.value(HEADERS))[0]}
    for header in pairs_of(held.value(own_name(signal, HEADERS)))[0]:
        headers[header.name.lower()] = Header(header.name, unquote(header.value))
    return Route(signal, protocol, address, tuple(headers.values()), is_default=not (own or common))
