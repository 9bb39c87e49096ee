"""What `doctor telemetry` holds for true of settings, tried with the real client: does it send there, and how?"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.loopback import Answer, Request, answering
from tests.realclient.api_stand_in import ScriptedTurn, ScriptedUsage, serving
from tests.realclient.client import client_environment, find_client, need_client
from tokentide.doctor.telemetry import look
from tokentide.doctor.telemetry_client import machine_of

pytestmark = pytest.mark.realclient
TYPES = {"http/json": "application/json", "http/protobuf": "application/x-protobuf"}
FULL = {
    "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
    "OTEL_METRICS_EXPORTER": "otlp",
    "OTEL_LOGS_EXPORTER": "otlp",
    "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "A",
    "OTEL_EXPORTER_OTLP_HEADERS": "X-A=1 , X-B = two=2,nonsense",
}
Env = dict[str, str]
Seen = set[tuple[str, str, str]]
"""Address, content type, and the headers that begin with `x-`."""


def but(**changed: str | None) -> Env:
    return {name: value for name, value in {**FULL, **changed}.items() if value is not None}


@dataclass
class Scene:
    """Where a client runs, and what arrived of it at two receivers, A and B."""

    home: Path
    environ: Env
    seen: Seen

    @property
    def work(self) -> Path:
        return self.home / "work"

    @property
    def managed(self) -> Path:
        return self.home / "etc"


@contextmanager
def scene(home: Path, api: str, env: dict[str, Env]) -> Iterator[Scene]:
    seen: Seen = set()
    with ExitStack() as stack:
        places: dict[str, str] = {}

        def noted(request: Request) -> Answer:
            own = ",".join(sorted(f"{k}={v}" for k, v in request.headers.items() if k.startswith("x-")))
            seen.add((f"http://{request.headers['host']}{request.target}", request.headers["content-type"], own))
            return 200, {"content-type": "application/json"}, b"{}"

        for name in ("A", "B"):
            places[name] = stack.enter_context(answering(noted))

        def here(values: Env) -> Env:
            swapped = {
                name: places.get(value[:1], "") + value[1:] for name, value in values.items() if "_ENDPOINT" in name
            }
            return {**values, **{name: value for name, value in swapped.items() if values[name][:1] in places}}

        plain = {name: value for name, value in client_environment(home, api).items() if "OTEL" not in name}
        plain.pop("CLAUDE_CODE_ENABLE_TELEMETRY")
        made = Scene(home, {**plain, **here(env.get("shell", {}))}, seen)
        files = {
            "user": home / ".claude" / "settings.json",
            "project": made.work / ".claude" / "settings.json",
            "local": made.work / ".claude" / "settings.local.json",
            "managed": made.managed / "managed-settings.json",
            "dropin": made.managed / "managed-settings.d" / "10-more.json",
        }
        made.work.mkdir(parents=True)
        made.managed.mkdir()
        for name, path in files.items():
            if name in env:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps({"env": here(env[name])}))
        yield made


def run_client(scene: Scene) -> None:
    """One prompt. Managed settings are put where the client looks, in a namespace of its own, that nobody else sees."""
    command = [str(find_client()), "--print", "--model", "claude-sonnet-4-5", "--", "hello"]
    if any(scene.managed.iterdir()):
        mount = 'mkdir -p /etc/claude-code && mount --bind "$0" /etc/claude-code && exec "$@"'
        command = ["unshare", "-m", "sh", "-c", mount, str(scene.managed), *command]
    environ = {**scene.environ, "OTEL_LOGS_EXPORT_INTERVAL": "200"}
    subprocess.run(
        command, cwd=scene.work, env=environ, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=True
    )


def need_namespaces() -> None:
    able = shutil.which("unshare") and subprocess.run(["unshare", "-m", "true"], check=False).returncode == 0
    if not able or os.geteuid() != 0:
        pytest.skip("managed settings stand in a system folder, and no mount of our own can be made here")


CASES: dict[str, dict[str, Env]] = {
    "shell": {"shell": FULL},
    "user": {"user": FULL},
    "project": {"project": FULL},
    "local": {"local": FULL},
    "user over shell": {"shell": FULL, "user": {"OTEL_EXPORTER_OTLP_ENDPOINT": "B"}},
    "project over user": {"user": FULL, "project": {"OTEL_EXPORTER_OTLP_ENDPOINT": "B"}},
    "project switches off": {"user": FULL, "project": {"CLAUDE_CODE_ENABLE_TELEMETRY": "0"}},
    "managed over user": {"managed": FULL, "user": but(OTEL_EXPORTER_OTLP_ENDPOINT="B")},
    "drop-in": {"managed": FULL, "dropin": {"OTEL_EXPORTER_OTLP_ENDPOINT": "B"}},
    "managed against one signal": {"managed": FULL, "shell": {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "B/v1/logs"}},
    "managed headers against addresses": {
        "managed": {"OTEL_EXPORTER_OTLP_HEADERS": "x-a=1"},
        "user": but(OTEL_EXPORTER_OTLP_HEADERS=None),
    },
    "no protocol": {"shell": but(OTEL_EXPORTER_OTLP_PROTOCOL=None)},
    "unknown protocol": {"shell": but(OTEL_EXPORTER_OTLP_PROTOCOL="http")},
    "protocol with blanks": {"shell": but(OTEL_EXPORTER_OTLP_PROTOCOL=" http/protobuf ")},
    "address without scheme": {"shell": but(OTEL_EXPORTER_OTLP_ENDPOINT="127.0.0.1:1")},
    "address with slash": {"shell": but(OTEL_EXPORTER_OTLP_ENDPOINT="A/")},
    "address with path": {"shell": but(OTEL_EXPORTER_OTLP_ENDPOINT="A/v1/logs")},
    "address of one signal": {"shell": {**FULL, "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "B"}},
    "headers of one signal": {"shell": {**FULL, "OTEL_EXPORTER_OTLP_LOGS_HEADERS": "x-c=a%20b"}},
    "on": {"shell": but(CLAUDE_CODE_ENABLE_TELEMETRY="YES")},
    "not on": {"shell": but(CLAUDE_CODE_ENABLE_TELEMETRY="2")},
    "vendor's telemetry off": {"shell": {**FULL, "DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}},
    "no logs": {"shell": but(OTEL_LOGS_EXPORTER="none")},
}


@pytest.mark.parametrize("case", CASES, ids=[name.replace(" ", "-") for name in CASES])
def test_the_client_sends_where_the_doctor_says(case: str, tmp_path: Path) -> None:
    need_client()
    env = CASES[case]
    if {"managed", "dropin"} & set(env):
        need_namespaces()
    turns = [ScriptedTurn(ScriptedUsage(input_tokens=10, output_tokens=5))]
    with serving({"hello": turns}) as api, scene(tmp_path, api.base_url, env) as here:
        run_client(here)
        path = f"{Path(str(find_client())).parent}:{here.environ['PATH']}"
        machine = machine_of({**here.environ, "PATH": path}, str(here.work), 0, managed=str(here.managed))
        telemetry = look(machine)
    assert machine.version
    expected = {
        (
            route.endpoint if route.endpoint.count("/") > 2 else f"{route.endpoint}/",
            TYPES[route.protocol],
            ",".join(sorted(f"{header.name.lower()}={header.value}" for header in route.headers)),
        )
        for route in telemetry.routes
        if telemetry.is_enabled and route.is_sound and not route.is_default
    }
    assert here.seen == expected
