"""What the client's settings and the environment say about telemetry, and which of them hold.

What outranks what was tried with the client itself, versions 2.1.197 to 2.1.329; tests/test_doctor_telemetry_client.py
tries it again. From low to high: shell, the user's settings, those of the project, managed ones.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from tokentide.errors import SettingsError
from tokentide.sources.claude_code.client_settings import read_client_settings

SHELL, USER, PROJECT, LOCAL, MANAGED = "shell", "user", "project", "local", "managed"
ENABLED = "CLAUDE_CODE_ENABLE_TELEMETRY"
ENDPOINT, PROTOCOL, HEADERS = (f"OTEL_EXPORTER_OTLP_{name}" for name in ("ENDPOINT", "PROTOCOL", "HEADERS"))
HELPER = "otelHeadersHelper"
SIGNALS = ("metrics", "logs", "traces")
PROJECT_IGNORED_FROM = (2, 1, 284)
"""From this version on a project's settings may not say where telemetry goes; up to 2.1.280 they did."""
PROTOCOL_GUESSED_FROM = (2, 1, 325)
"""From this version on `http/protobuf` holds where no protocol is set; up to 2.1.322 nothing is sent then."""
MANAGED_WINS_FROM = (2, 1, 217)
"""From this version on managed settings also put aside what others set for one signal. Source: the changelog."""
_DESTINATION = re.compile(rf"{ENABLED}|OTEL_(METRICS|LOGS|TRACES)_EXPORTER|OTEL_EXPORTER_\w+")
_ABOUT = re.compile(
    r"OTEL_\w+|CLAUDE_CODE_(ENABLE_TELEMETRY|ENHANCED_TELEMETRY_BETA|OTEL_\w+|CLIENT_(CERT|KEY|KEY_PASSPHRASE)"
    r"|DISABLE_NONESSENTIAL_TRAFFIC)|DISABLE_TELEMETRY|DO_NOT_TRACK|NODE_EXTRA_CA_CERTS|(?i:https?_proxy|no_proxy)"
)
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
Version = tuple[int, ...]
"""Of the client, as (2, 1, 329); empty where it is not known."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One place that sets variables."""

    origin: str
    """SHELL, USER, PROJECT, LOCAL or MANAGED."""
    path: str
    """The file; empty for the shell."""
    values: Mapping[str, str] = field(default_factory=dict)
    """What it sets of what telemetry depends on."""
    has_helper: bool = False
    """True where it names a script that prints headers."""
    fault: str = ""
    """Why the file cannot be used; empty if it can."""
    changed_at: int = 0
    """µs UTC; 0 for the shell."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable with the place that sets it."""

    name: str
    value: str
    layer: Layer


@dataclass(frozen=True, slots=True)
class Ignored:
    """A variable that the client does not take from where it stands."""

    variable: Variable
    reason: str


@dataclass(frozen=True, slots=True)
class InForce:
    """What the client goes by when it starts."""

    variables: Mapping[str, Variable]
    ignored: tuple[Ignored, ...]
    has_helper: bool

    def value(self, name: str) -> str:
        """Without blanks around it; empty where it is not set."""
        found = self.variables.get(name)
        return found.value.strip() if found else ""

    def of_signal(self, signal: str, name: str) -> str:
        """Of `OTEL_EXPORTER_OTLP_ENDPOINT` and its like the signal's own, else the common one."""
        return self.value(own_name(signal, name)) or self.value(name)


def own_name(signal: str, name: str) -> str:
    """The variable of one signal that stands for a common one."""
    return name.replace("OTLP_", f"OTLP_{signal.upper()}_")


def version_of(text: str) -> Version:
    """The first version in a text."""
    found = _VERSION.search(text)
    return tuple(int(part) for part in found.groups()) if found else ()


def is_on(value: str) -> bool:
    """True for what the client takes for yes; `2` is none."""
    return value.strip().lower() in ("1", "true", "yes", "on")


def read_layers(environ: Mapping[str, str], config_folder: str, work_folder: str, managed: str) -> list[Layer]:
    """Every place that there is, from low rank to high.

    `managed` is the folder of the organisation's settings. What an organisation's server or the Windows registry
    delivers is not read.
    """
    layers = [Layer(SHELL, "", _about(environ))]
    layers += _file(USER, os.path.join(config_folder, "settings.json"))
    layers += _file(PROJECT, os.path.join(work_folder, ".claude", "settings.json"))
    layers += _file(LOCAL, os.path.join(work_folder, ".claude", "settings.local.json"))
    layers += _file(MANAGED, os.path.join(managed, "managed-settings.json"))
    drop_ins = os.path.join(managed, "managed-settings.d")
    with suppress(OSError):
        for name in sorted(os.listdir(drop_ins)):
            if name.endswith(".json") and not name.startswith("."):
                layers += _file(MANAGED, os.path.join(drop_ins, name))
    return list({each.path: each for each in reversed(layers)}.values())[::-1]  # at home, the project's are the user's


def preferences_layer(path: str) -> list[Layer]:
    """What a Mac's device management sets, which outranks files; nothing where there is none."""
    import plistlib

    try:
        with open(path, "rb") as file:
            found = plistlib.load(file)
    except FileNotFoundError:
        return []
    except (OSError, ValueError, plistlib.InvalidFileException):
        return [Layer(MANAGED, path, fault="cannot be read as a property list")]
    return [_layer(MANAGED, path, found if isinstance(found, dict) else {})]


def managed_preferences(platform: str = sys.platform) -> str:
    """Where a Mac keeps what device management sets for the client; empty elsewhere."""
    return "/Library/Managed Preferences/com.anthropic.claudecode.plist" if platform == "darwin" else ""


def in_force(layers: Sequence[Layer], version: Version) -> InForce:
    """What holds, and what is set in vain."""
    held: dict[str, Variable] = {}
    ignored: list[Ignored] = []
    for layer in layers:
        for name, value in layer.values.items():
            variable = Variable(name, value, layer)
            if _is_refused(variable, version):
                ignored.append(Ignored(variable, "a project's settings may not say where telemetry goes"))
            else:
                held[name] = variable
    ignored += _put_aside(held, version)
    return InForce(held, tuple(ignored), any(layer.has_helper for layer in layers))


def _put_aside(held: dict[str, Variable], version: Version) -> list[Ignored]:
    """What managed settings take out of force; it is removed."""
    if version and version < MANAGED_WINS_FROM:
        return []
    managed = {name for name, variable in held.items() if variable.layer.origin == MANAGED}
    names: set[str] = set()
    for name in (ENDPOINT, PROTOCOL, HEADERS):
        if name in managed:
            names |= {own_name(signal, name) for signal in SIGNALS}
    if HEADERS in managed:
        names |= {ENDPOINT, *(own_name(signal, ENDPOINT) for signal in SIGNALS)}
    gone = [held.pop(name) for name in sorted(names - managed) if name in held]
    return [Ignored(variable, "managed settings say where telemetry goes") for variable in gone]


def _is_refused(variable: Variable, version: Version) -> bool:
    is_of_project = variable.layer.origin in (PROJECT, LOCAL)
    return (
        is_of_project
        and (not version or version >= PROJECT_IGNORED_FROM)
        and bool(_DESTINATION.fullmatch(variable.name))
    )


def _file(origin: str, path: str) -> Iterator[Layer]:
    """A settings file as a layer; none where it is not there."""
    try:
        changed_at = os.stat(path).st_mtime_ns // 1000
        top = read_client_settings(path, "env").top()
    except OSError as error:
        if not isinstance(error, FileNotFoundError | NotADirectoryError):
            yield Layer(origin, path, fault=error.strerror or "cannot be read")
        return
    except SettingsError as error:
        yield Layer(origin, path, fault=str(error).rpartition(f"{path}: ")[2].partition(". Nothing")[0])
        return
    yield _layer(origin, path, top, changed_at)


def _layer(origin: str, path: str, top: Mapping[str, object], changed_at: int = 0) -> Layer:
    """The `env` block; a number counts as its text, anything else is no value."""
    block = top.get("env", {})
    pairs = block.items() if isinstance(block, dict) else ()
    values = {str(name): _text(value) for name, value in pairs if isinstance(value, str | int | float)}
    fault = "" if isinstance(block, dict) else "`env` is no object: none of its variables is set"
    return Layer(origin, path, _about(values), bool(top.get(HELPER)), fault, changed_at)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _about(values: Mapping[str, str]) -> dict[str, str]:
    """Those that telemetry depends on."""
    return {name: value for name, value in values.items() if _ABOUT.fullmatch(name)}
