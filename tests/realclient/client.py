"""Runs the real Claude Code client in an empty environment, and reads what it says and what it wrote."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from tests.realclient.api_stand_in import LOOPBACK, JsonObject, ScriptedTurn, SeenRequest, serving

CLIENT_VARIABLE = "TOKENTIDE_CLAUDE_CLI"
"""Environment variable with the path of the client's executable."""

CACHED_CLIENT = Path(__file__).parents[2] / ".cache" / "realclient" / "node_modules" / ".bin" / "claude"
"""Where `scripts/install-realclient` puts the client."""


@dataclass(frozen=True)
class ReportedResponse:
    """What the client's telemetry says of one response (event `api_request`)."""

    request_id: str
    model: str
    session_id: str
    query_source: str
    speed: str
    cost_usd: Decimal
    cost_usd_micros: int


@dataclass(frozen=True)
class ClientRun:
    """One finished run of the client in print mode."""

    session_id: str
    total_cost_usd: Decimal
    """The client's own total of the session, from its result JSON."""
    model_usage: Mapping[str, JsonObject]
    """The client's own counts and cost, by model id."""
    result: JsonObject
    """The whole result JSON."""
    errors: str
    """What it wrote to standard error."""
    seconds: float


@dataclass(frozen=True)
class HeldSession:
    """A run against a stand-in of its own: what was said on either side."""

    home: Path
    run: ClientRun
    reported: tuple[ReportedResponse, ...]
    """What the client's telemetry says of each response, in order."""
    scripted: Mapping[str, SeenRequest]
    """The requests for messages by request id, in order of arrival, each with its scripted turn."""

    @property
    def turns(self) -> list[ScriptedTurn]:
        """The scripted turns, in order of arrival."""
        return [seen.turn for seen in self.scripted.values() if seen.turn]


class ClientFailed(Exception):
    """The client ended badly, said something else than its result, or did not end in time."""

    def __init__(self, *, reason: str, out: str, errors: str) -> None:
        super().__init__(f"the client {reason}\nstandard output: {out[-2000:]}\nstandard error: {errors[-2000:]}")


def need_client() -> None:
    """Skip the test where the client is not installed; on CI that is a failure."""
    if find_client() is None:
        skip_or_fail(
            f"Claude Code is not installed for tests: run scripts/install-realclient, or set {CLIENT_VARIABLE}"
        )


def skip_or_fail(reason: str) -> None:
    """Skip the test; on CI, where everything is installed, let it fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def find_client() -> Path | None:
    """The client's executable, from the environment or the repository's cache; None if there is none."""
    named = os.environ.get(CLIENT_VARIABLE)
    path = Path(named) if named else CACHED_CLIENT
    return path if path.exists() else None


def client_environment(home: Path, base_url: str) -> dict[str, str]:
    """All that the client may see: a folder as its home, the stand-in as its API and its proxy, a dummy key.

    The proxy is there so that a request to anywhere else is refused and recorded instead of leaving the machine.
    """
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "TMPDIR": str(home),
        "TZ": "UTC",
        "ANTHROPIC_BASE_URL": base_url,
        "ANTHROPIC_API_KEY": "dummy-key-of-a-test",
        "HTTP_PROXY": base_url,
        "HTTPS_PROXY": base_url,
        "NO_PROXY": LOOPBACK,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
    } | _telemetry_environment(base_url)


def _telemetry_environment(base_url: str) -> dict[str, str]:
    return {
        "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
        "OTEL_LOGS_EXPORTER": "otlp",
        "OTEL_LOGS_EXPORT_INTERVAL": "200",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json",
        "OTEL_EXPORTER_OTLP_ENDPOINT": base_url,
    }


def run_prompt(
    home: Path,
    base_url: str,
    prompt: str,
    *,
    model: str,
    extra_args: Sequence[str] = (),
    timeout_seconds: float = 60,
) -> ClientRun:
    """Ask one prompt of the client in print mode, working in `home/work`; `--resume ID` goes into `extra_args`.

    Raises ClientFailed when it does not end well within the time limit.
    """
    client = find_client()
    if client is None:
        raise FileNotFoundError(CACHED_CLIENT)
    work = home / "work"
    work.mkdir(parents=True, exist_ok=True)
    command = [str(client), "--print", "--output-format", "json", "--model", model, *extra_args, "--", prompt]
    started = time.monotonic()
    out, errors = _run(command, work, client_environment(home, base_url), timeout_seconds)
    return _client_run(out, errors, time.monotonic() - started)


def _run(command: Sequence[str], cwd: Path, environment: Mapping[str, str], timeout_seconds: float) -> tuple[str, str]:
    """Run in a process group of its own, which alone is ended when the time is up."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=pipe,
        stderr=pipe,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            out, errors = process.communicate(timeout=timeout_seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, errors = process.communicate()
            raise ClientFailed(reason=f"did not end within {timeout_seconds} s", out=out, errors=errors) from None
    if process.returncode:
        raise ClientFailed(reason=f"ended with {process.returncode}", out=out, errors=errors)
    return out, errors


def _client_run(out: str, errors: str, seconds: float) -> ClientRun:
    try:
        result = cast("JsonObject", json.loads(out, parse_float=Decimal))
    except ValueError:
        raise ClientFailed(reason="did not answer in JSON", out=out, errors=errors) from None
    return ClientRun(
        session_id=str(result["session_id"]),
        total_cost_usd=Decimal(str(result["total_cost_usd"])),
        model_usage=cast("Mapping[str, JsonObject]", result["modelUsage"]),
        result=result,
        errors=errors,
        seconds=seconds,
    )


def hold_session(
    home: Path,
    lanes: Mapping[str, Sequence[ScriptedTurn]],
    *,
    model: str,
    extra_args: Sequence[str] = (),
) -> HeldSession:
    """Prompt the client with the first lane's marker and serve the script; the tools it calls are allowed.

    Raises AssertionError where the client asked for more, for less, or for another host.
    """
    tools = sorted({turn.tool for turns in lanes.values() for turn in turns if turn.tool})
    allowed = ["--allowedTools", ",".join(tools)] if tools else []
    with serving(lanes) as server:
        run = run_prompt(home, server.base_url, next(iter(lanes)), model=model, extra_args=[*allowed, *extra_args])
        assert server.surprises == []
        scripted = {seen.request_id: seen for seen in server.requests if seen.turn}
        return HeldSession(home, run, tuple(reported_responses(server.telemetry)), scripted)


def transcripts(home: Path) -> list[Path]:
    """The transcript files below the home, main chains and sub-agents, sorted."""
    return sorted((home / ".claude" / "projects").rglob("*.jsonl"))


def assistant_lines(path: Path) -> list[JsonObject]:
    """The lines of a transcript that hold a response or a block of one, in order."""
    with path.open(encoding="utf-8") as file:
        lines = [cast("JsonObject", json.loads(line)) for line in file]
    return [line for line in lines if line["type"] == "assistant"]


def reported_responses(telemetry: Sequence[JsonObject]) -> list[ReportedResponse]:
    """The `api_request` events of a stand-in's OTLP bodies, in order."""
    events = [_attributes(record) for record in _log_records(telemetry)]
    return [_reported(event) for event in events if event.get("event.name") == "api_request"]


def _log_records(telemetry: Sequence[JsonObject]) -> Iterator[JsonObject]:
    for body in telemetry:
        for resource in cast("list[JsonObject]", body["resourceLogs"]):
            for scope in cast("list[JsonObject]", resource["scopeLogs"]):
                yield from cast("list[JsonObject]", scope["logRecords"])


def _attributes(record: JsonObject) -> dict[str, str]:
    """The attributes as text; each value is an object with one key, the type."""
    pairs = cast("list[Mapping[str, object]]", record["attributes"])
    return {str(pair["key"]): str(*cast("JsonObject", pair["value"]).values()) for pair in pairs}


def _reported(event: Mapping[str, str]) -> ReportedResponse:
    return ReportedResponse(
        request_id=event["request_id"],
        model=event["model"],
        session_id=event["session.id"],
        query_source=event.get("query_source", ""),
        speed=event.get("speed", ""),
        cost_usd=Decimal(event["cost_usd"]),
        cost_usd_micros=int(event["cost_usd_micros"]),
    )
