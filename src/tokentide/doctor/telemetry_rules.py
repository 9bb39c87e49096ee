"""What can be wrong with telemetry that is set up, in the order in which it is to be mended; nothing is sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from tokentide.doctor.telemetry import (
    ADVICE,
    FAULT,
    GRPC_PORT,
    HTTP_PORT,
    PROTOCOLS,
    Finding,
    Route,
    Telemetry,
    exporter_name,
    is_address,
    without_login,
)
from tokentide.doctor.telemetry_details import (
    disabled_rule,
    files_rule,
    headers_rule,
    helper_rule,
    intervals_rule,
    proxy_rule,
    sessions_rule,
    temporality_rule,
    version_rule,
)
from tokentide.render.words import clean
from tokentide.sources.claude_code.telemetry_settings import (
    ENABLED,
    ENDPOINT,
    PROJECT_IGNORED_FROM,
    PROTOCOL,
    PROTOCOL_GUESSED_FROM,
    SIGNALS,
    own_name,
)

Rule = Callable[[Telemetry], Iterator[Finding]]
KNOWN_EXPORTERS = {
    "metrics": ("otlp", "prometheus", "console", "none"),
    "logs": ("otlp", "console", "none"),
    "traces": ("otlp", "console", "none"),
}


def findings_of(telemetry: Telemetry) -> list[Finding]:
    """What the rules find; of a client that sends nothing at all only why."""
    rules = (*FIRST, *(THEN if telemetry.is_enabled else ()), *LAST)
    found = [finding for rule in rules for finding in rule(telemetry)]
    return sorted(found, key=lambda each: each.severity != FAULT)


def _settings_files(telemetry: Telemetry) -> Iterator[Finding]:
    for layer in telemetry.machine.layers:
        if layer.fault:
            yield Finding(
                "settings-unusable", FAULT, f"{layer.path}: {layer.fault}", "Mend the file; the client skips it too."
            )


def _inside(telemetry: Telemetry) -> Iterator[Finding]:
    if telemetry.machine.is_inside:
        yield Finding(
            "inside-client",
            ADVICE,
            "Claude Code runs this command, and hides OTEL_ variables from what it runs",
            "Run it in a terminal of its own to see what the shell sets.",
        )


def _enabled(telemetry: Telemetry) -> Iterator[Finding]:
    if telemetry.is_enabled:
        return
    value = telemetry.held.value(ENABLED)
    yield Finding(
        "telemetry-off",
        FAULT,
        f"telemetry is off: {ENABLED} is {f'{clean(value)!r}, which is not on' if value else 'not set'}",
        f"Set {ENABLED}=1 in managed settings, in the user's settings.json or in the shell; "
        "`tokentide doctor telemetry --sample-settings URL` prints all that is needed.",
    )


def _ignored(telemetry: Telemetry) -> Iterator[Finding]:
    for each in telemetry.held.ignored:
        variable = each.variable
        since = ".".join(map(str, PROJECT_IGNORED_FROM))
        is_of_project = variable.layer.origin in ("project", "local")
        yield Finding(
            "set-in-vain",
            ADVICE,
            f"{variable.name} in {variable.layer.path or 'the shell'} is ignored: {each.reason}"
            + (f" (since {since} at the latest)" if is_of_project else ""),
            "Set it in the user's or the managed settings."
            if is_of_project
            else "Remove it, or change what is managed.",
        )


def _exporters(telemetry: Telemetry) -> Iterator[Finding]:
    for signal in SIGNALS:
        chosen = telemetry.exporters(signal)
        unknown = [name for name in chosen if name not in KNOWN_EXPORTERS[signal]]
        if unknown:
            yield Finding(
                "exporter-unknown",
                FAULT,
                f"{telemetry.where(exporter_name(signal))} names {clean(unknown[0])!r}, "
                "which stops the export of every signal without a word",
                f"Write one of {', '.join(KNOWN_EXPORTERS[signal])}, in lower case.",
            )
        elif signal != "traces" and "otlp" not in chosen:
            yield _no_exporter(telemetry, signal)


def _no_exporter(telemetry: Telemetry, signal: str) -> Finding:
    name, chosen = exporter_name(signal), telemetry.exporters(signal)
    lost = "requests, cost, tools and errors" if signal == "logs" else "lines, commits and active time"
    said = f"is {clean(','.join(chosen))}" if chosen else "is not set"
    return Finding(
        f"no-exporter-{signal}", FAULT, f"{telemetry.where(name)} {said}: {lost} are not sent", f"Set {name}=otlp."
    )


def _protocols(telemetry: Telemetry) -> Iterator[Finding]:
    known = ", ".join(PROTOCOLS)
    for protocol, signals in telemetry.signals_by(lambda route: route.protocol).items():
        if protocol and protocol not in PROTOCOLS:
            yield Finding(
                "protocol-unknown",
                FAULT,
                f"the protocol {clean(protocol)!r} of {signals} is none: nothing is sent, and nothing is said",
                f"Set {PROTOCOL} to one of {known}.",
            )
    for route in telemetry.routes:
        if not telemetry.held.of_signal(route.signal, PROTOCOL):
            yield _no_protocol(telemetry, route)
            return


def _no_protocol(telemetry: Telemetry, route: Route) -> Finding:
    first = ".".join(map(str, PROTOCOL_GUESSED_FROM))
    remedy = f"Set {PROTOCOL}=http/protobuf."
    if route.protocol:
        return Finding(
            "no-protocol", ADVICE, f"{PROTOCOL} is not set; clients before {first} send nothing then", remedy
        )
    known = "this client" if telemetry.machine.version else f"a client before {first}"
    return Finding("no-protocol", FAULT, f"{PROTOCOL} is not set: {known} sends nothing, and says nothing", remedy)


def _endpoints(telemetry: Telemetry) -> Iterator[Finding]:
    malformed = telemetry.signals_by(lambda route: "" if is_address(route.endpoint) else route.endpoint)
    for address, signals in malformed.items():
        if address:
            yield Finding(
                "endpoint-malformed",
                FAULT,
                f"the address of {signals} is no address: {clean(without_login(address))!r}",
                "Write http:// or https://, the host and the port, without quotes: http://telemetry.example.com:4318.",
            )
    default = [route.signal for route in telemetry.routes if route.is_default]
    if default:
        yield Finding(
            "no-endpoint",
            FAULT,
            f"{ENDPOINT} is not set: {' and '.join(default)} go to this machine's own port",
            f"Set {ENDPOINT} to the address of the server, such as http://telemetry.example.com:{HTTP_PORT}.",
        )
    common = telemetry.held.value(ENDPOINT)
    if is_address(common) and not telemetry.is_all_grpc and re.search(r"/v1/\w+/*$", urlsplit(common).path):
        yield Finding(
            "endpoint-with-path",
            FAULT,
            f"{telemetry.where(ENDPOINT)} ends with {clean(urlsplit(common).path)}, and the client adds /v1/… to it",
            "Leave the path out; only the address of a single signal has one.",
        )


def _own_endpoints(telemetry: Telemetry) -> Iterator[Finding]:
    for route in telemetry.routes:
        name = own_name(route.signal, ENDPOINT)
        if not telemetry.held.value(name) or not route.is_sound:
            continue
        if not route.is_grpc and not urlsplit(route.endpoint).path.endswith(f"/v1/{route.signal}"):
            yield Finding(
                "signal-endpoint-without-path",
                FAULT,
                f"{telemetry.where(name)} is taken as it is, and does not end with /v1/{route.signal}",
                f"Add /v1/{route.signal}, or remove the variable: {ENDPOINT} is enough for all signals.",
            )
        elif telemetry.held.value(ENDPOINT):
            yield Finding(
                "signal-endpoint",
                ADVICE,
                f"{telemetry.where(name)} sends {route.signal} elsewhere than {ENDPOINT} says",
                "Remove it, unless that is meant.",
            )


def _ports(telemetry: Telemetry) -> Iterator[Finding]:
    for route in telemetry.routes:
        port = urlsplit(route.endpoint).port if route.is_sound else None
        if port == (HTTP_PORT if route.is_grpc else GRPC_PORT):
            right = GRPC_PORT if route.is_grpc else HTTP_PORT
            yield Finding(
                "port-of-the-other",
                FAULT,
                f"{route.signal} go by {route.protocol} to port {port}, which is usually that of "
                f"{'HTTP' if route.is_grpc else 'gRPC'}",
                f"Use port {right}, or the other protocol.",
            )


FIRST: tuple[Rule, ...] = (_settings_files, _inside, _enabled, _ignored)
THEN: tuple[Rule, ...] = (
    _exporters,
    _protocols,
    _endpoints,
    _own_endpoints,
    _ports,
    headers_rule,
    helper_rule,
    files_rule,
    proxy_rule,
    temporality_rule,
    intervals_rule,
)
LAST: tuple[Rule, ...] = (disabled_rule, version_rule, sessions_rule)
