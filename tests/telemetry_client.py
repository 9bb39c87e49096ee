"""The real client with its telemetry sent to a team server, and what the server's API then tells of it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.realclient.api_stand_in import ScriptedTurn, ScriptedUsage, SeenRequest, serving
from tests.realclient.client import ClientRun, _client_run, _run, client_environment, find_client
from tests.team_server import TeamServer

MODEL = "claude-opus-4-8"
PROMPT = "TELL-THE-TEAM"
AGENT_PROMPT = "TELL-THE-AGENT"
TOOLS = "Agent,Bash,Edit,Read,Write"


@dataclass(frozen=True)
class Told:
    """One run of the client, and what the API was asked for and gave."""

    run: ClientRun
    requests: tuple[SeenRequest, ...]

    @property
    def usages(self) -> list[ScriptedUsage]:
        """What each response claimed to have used."""
        return [seen.turn.usage for seen in self.requests if seen.turn]

    @property
    def nano_usd(self) -> int:
        """The client's own total."""
        return round(self.run.total_cost_usd * 10**9)


def working_turns(work: Path) -> list[ScriptedTurn]:
    """A session that reads, edits, fails at a command, and commits; every cost is whole micro-dollars."""
    file = str(work / "a.py")
    change = {"file_path": file, "old_string": "x = 1", "new_string": "x = 2\ny = 3"}
    return [
        ScriptedTurn(ScriptedUsage(10, 57, 600, 400, 2_000), "Read", {"file_path": file}),
        ScriptedTurn(ScriptedUsage(4, 31, 0, 0, 3_000), "Edit", change),
        ScriptedTurn(ScriptedUsage(5, 5), "Bash", {"command": "exit 3", "description": "fails"}),
        ScriptedTurn(ScriptedUsage(7, 7)),
    ]


def telemetry_environment(server: TeamServer, protocol: str, about: Mapping[str, str]) -> dict[str, str]:
    """What a lead puts into managed settings, with a short interval; `about` are resource attributes."""
    return {
        "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
        "OTEL_METRICS_EXPORTER": "otlp",
        "OTEL_LOGS_EXPORTER": "otlp",
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{server.grpc}" if protocol == "grpc" else server.http,
        "OTEL_METRIC_EXPORT_INTERVAL": "300",
        "OTEL_LOGS_EXPORT_INTERVAL": "200",
        "OTEL_RESOURCE_ATTRIBUTES": ",".join(f"{key}={value}" for key, value in about.items()),
    }


def tell(
    home: Path,
    lanes: Mapping[str, Sequence[ScriptedTurn]],
    environment: Mapping[str, str],
    extra_args: Sequence[str] = (),
) -> Told:
    """Prompt the client with the first lane's marker. Raises AssertionError where it strays from the script."""
    work = home / "work"
    work.mkdir(parents=True, exist_ok=True)
    (work / "a.py").write_text("x = 1\n")
    client = find_client()
    assert client is not None
    options = ["--print", "--output-format", "json", "--model", MODEL, "--allowedTools", TOOLS, *extra_args]
    with serving(lanes) as api:
        whole = {**client_environment(home, api.base_url), **environment}
        out, errors = _run([str(client), *options, "--", next(iter(lanes))], work, whole, 60)
        assert api.surprises == []
        return Told(_client_run(out, errors, 0.0), tuple(api.requests))


def report(server: TeamServer, name: str, **filters: str) -> Any:
    """A report of the server's API, as JSON with exact numbers."""
    path = f"/api/v1/team/{name}?{urlencode(filters)}"
    connection = http.client.HTTPConnection("127.0.0.1", server.ports[0], timeout=60)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    assert answer.status == http.client.OK, body
    return json.loads(body, parse_float=Decimal)
