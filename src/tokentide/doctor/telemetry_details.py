"""What can be wrong around an export that goes to the right place: headers, files, proxies, timing, sessions."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from tokentide.doctor.telemetry import ADVICE, FAULT, Finding, Telemetry, pairs_of
from tokentide.render.words import clean, plural
from tokentide.sources.claude_code.telemetry_settings import HEADERS, PROTOCOL, SIGNALS, own_name

LONGEST_MS = {"OTEL_METRIC_EXPORT_INTERVAL": 300_000, "OTEL_LOGS_EXPORT_INTERVAL": 60_000}
"""More, and what a session did last is lost too often, or seen too late."""
TWICE_COUNTED_BEFORE = (2, 1, 214)
"""Earlier clients count the usage of some streams twice. Source: the client's changelog."""
FILES = (
    "CLAUDE_CODE_CLIENT_CERT",
    "CLAUDE_CODE_CLIENT_KEY",
    "NODE_EXTRA_CA_CERTS",
    "OTEL_EXPORTER_OTLP_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_CLIENT_KEY",
)
PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")


def headers_rule(telemetry: Telemetry) -> Iterator[Finding]:
    """What is wrong with how headers are written; values are never told."""
    for name in (HEADERS, *(own_name(signal, HEADERS) for signal in SIGNALS)):
        good, bad = pairs_of(telemetry.held.value(name))
        if bad:
            yield Finding(
                "header-syntax",
                FAULT,
                f"{telemetry.where(name)} holds {plural(len(bad), 'part')} without `=`, which the client leaves out",
                "Write Authorization=Bearer TOKEN; several are separated by commas.",
            )
        for header in good:
            if name == HEADERS and _ESCAPE.search(header.value):
                yield _encoded(telemetry, name, header.name)
            if header.value[:1] in "\"'" and header.value:
                yield Finding(
                    "header-quoted",
                    FAULT,
                    f"the quotes in {telemetry.where(name)}, header {clean(header.name)}, are sent along",
                    "Remove them.",
                )


def _encoded(telemetry: Telemetry, name: str, header: str) -> Finding:
    is_grpc = telemetry.is_all_grpc
    return Finding(
        "header-encoded",
        ADVICE if is_grpc else FAULT,
        f"{telemetry.where(name)}, header {clean(header)}, is percent-encoded: over HTTP it arrives as it is written",
        "Write a blank as a blank: Authorization=Bearer TOKEN.",
    )


def helper_rule(telemetry: Telemetry) -> Iterator[Finding]:
    """A script for headers that is not used."""
    if telemetry.held.has_helper and any(route.is_grpc for route in telemetry.routes):
        yield Finding(
            "helper-with-grpc",
            FAULT,
            "otelHeadersHelper is set, and over gRPC the client does not use it",
            f"Set {PROTOCOL}=http/protobuf, or put the headers into {HEADERS}.",
        )


def temporality_rule(telemetry: Telemetry) -> Iterator[Finding]:
    """Sums from the start of each process, where increases are better."""
    name = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"
    if telemetry.held.value(name).lower() == "cumulative":
        yield Finding(
            "cumulative",
            ADVICE,
            f"{telemetry.where(name)} is cumulative: every series is sent again each minute, and two processes of "
            "one session get into each other's way",
            "Remove it: delta, the client's default, is smaller and adds up.",
        )


def intervals_rule(telemetry: Telemetry) -> Iterator[Finding]:
    """Export so seldom that the end of a session is lost."""
    for name, most in LONGEST_MS.items():
        value = telemetry.held.value(name)
        if value.isdecimal() and int(value) > most:
            yield Finding(
                "interval-long",
                ADVICE,
                f"{telemetry.where(name)} is {int(value) / 1000:g} s: a session that breaks off loses as much",
                f"At most {most // 1000} s, or remove it.",
            )


def files_rule(telemetry: Telemetry) -> Iterator[Finding]:
    """Certificates and keys that cannot be read."""
    for name, path in telemetry.variables(FILES).items():
        if not os.access(path, os.R_OK) or not os.path.isfile(path):
            yield Finding(
                "file-missing",
                FAULT,
                f"{telemetry.where(name)} names a file that cannot be read: {clean(path)}",
                "Put the file there, readable by whoever runs the client, or remove the variable.",
            )


def proxy_rule(telemetry: Telemetry) -> Iterator[Finding]:
    """A proxy that telemetry goes through as well."""
    found = telemetry.variables(PROXIES)
    if found and telemetry.routes:
        names = ", ".join(found)
        yield Finding(
            "proxy",
            ADVICE,
            f"{names}: telemetry goes through the proxy too, by CONNECT also for http://",
            "The proxy must allow that port, or NO_PROXY must name the server.",
        )


def disabled_rule(telemetry: Telemetry) -> Iterator[Finding]:
    """Variables that look as if they stopped telemetry, and do not."""
    names = ("DISABLE_TELEMETRY", "DO_NOT_TRACK", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC")
    found = telemetry.variables(names)
    if found:
        yield Finding(
            "vendor-telemetry-off",
            ADVICE,
            f"{', '.join(found)} stops what the vendor collects, not this",
            "Nothing to do.",
        )


def version_rule(telemetry: Telemetry) -> Iterator[Finding]:
    """Clients of which faults in telemetry are known."""
    version = telemetry.machine.version
    if version and version < TWICE_COUNTED_BEFORE:
        yield Finding(
            "client-old",
            ADVICE,
            f"Claude Code {'.'.join(map(str, version))} counts the usage of some streams twice in its telemetry",
            "Update it: `claude update`.",
        )


def sessions_rule(telemetry: Telemetry) -> Iterator[Finding]:
    """Sessions that go by older settings."""
    changed = max((layer.changed_at for layer in telemetry.machine.layers), default=0)
    older = [each for each in telemetry.machine.sessions or () if each.started_at < changed]
    if older:
        pids = ", ".join(str(each.pid) for each in older[:5]) + (", …" if len(older) > 5 else "")
        verb = "was" if len(older) == 1 else "were"
        yield Finding(
            "sessions-older",
            ADVICE,
            f"{plural(len(older), 'session')} (process {pids}) {verb} started before the settings last changed; "
            "variables are read at the start",
            "End it and start it again; `claude --resume` goes on where it was.",
        )
