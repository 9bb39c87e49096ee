"""The real client, sending to a real server: what the server's API tells is what the client says of itself."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.realclient.api_stand_in import ScriptedTurn, ScriptedUsage
from tests.realclient.client import need_client
from tests.team_server import TeamServer, team_server
from tests.telemetry_client import AGENT_PROMPT, PROMPT, Told, report, telemetry_environment, tell, working_turns

pytestmark = pytest.mark.realclient

GZIP = {"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"}
CUMULATIVE = {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "cumulative"}
WAYS = {
    "json": ("http/json", {}),
    "json-gzip": ("http/json", GZIP),
    "protobuf": ("http/protobuf", {}),
    "protobuf-gzip-cumulative": ("http/protobuf", {**GZIP, **CUMULATIVE}),
    "grpc": ("grpc", {}),
    "grpc-gzip": ("grpc", GZIP),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamServer]:
    """One for all tests of this file: each has a project of its own."""
    need_client()
    with team_server(tmp_path_factory.mktemp("server")) as running:
        yield running
        assert running.stop() == 0
        assert "Traceback" not in running.errors


def about(project: str, user: str = "ada@example.org") -> dict[str, str]:
    return {"project": project, "enduser.id": user, "team.id": "core"}


def spent(server: TeamServer, project: str) -> Any:
    """The row of a project in the report of cost."""
    server.wait_until_taken()
    cuts = report(server, "cost", project=project)["cuts"]
    return next(row for row in cuts if row["dimension"] == "project")


def nano(usd: object) -> int:
    return round(Decimal(str(usd)) * 10**9)


def assert_equal_to_the_client(row: Any, *told: Told) -> None:
    usages = [usage for one in told for usage in one.usages]
    assert nano(row["cost_usd"]) == sum(one.nano_usd for one in told)
    assert row["responses"] == len(usages)
    assert row["input_tokens"] == sum(usage.input_tokens for usage in usages)
    assert row["output_tokens"] == sum(usage.output_tokens for usage in usages)
    assert row["cache_read_tokens"] == sum(usage.cache_read for usage in usages)
    written = row["cache_creation_5m_tokens"] + row["cache_creation_1h_tokens"]
    assert written == sum(usage.cache_creation_5m + usage.cache_creation_1h for usage in usages)


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_sending_tells_the_clients_own_cost_once(server: TeamServer, tmp_path: Path, way: str) -> None:
    protocol, more = WAYS[way]
    environment = {**telemetry_environment(server, protocol, about(way)), **more}
    told = tell(tmp_path, {PROMPT: working_turns(tmp_path / "work")}, environment)
    assert_equal_to_the_client(spent(server, way), told)
    coverage = report(server, "coverage", project=way)
    today = next(day for day in coverage["days"] if day["responses"])
    assert nano(today["metrics_cost_usd"]) == nano(today["cost_usd"]) == told.nano_usd
    assert today["metrics_tokens"] == today["events_tokens"] > 0
    assert coverage["deviating_sessions"] == 0
    assert today["metrics_only_cost_usd"] == 0
    tools = {row["name"]: (row["uses"], row["failed"]) for row in report(server, "tools", project=way)["tools"]}
    assert tools == {"Read": (1, 0), "Edit": (1, 0), "Bash": (1, 1)}
    output = report(server, "output", project=way)["figures"]
    assert (output["lines_added"]["value"], output["lines_removed"]["value"]) == (2, 1)


def test_a_session_that_is_continued_is_one_session_with_all_its_responses(server: TeamServer, tmp_path: Path) -> None:
    environment = telemetry_environment(server, "http/json", about("continued"))
    first = tell(tmp_path, {PROMPT: working_turns(tmp_path / "work")}, environment)
    more = {PROMPT: [ScriptedTurn(ScriptedUsage(9, 11))]}
    again = tell(tmp_path, more, environment, ["--resume", first.run.session_id])
    assert again.run.session_id == first.run.session_id
    assert_equal_to_the_client(spent(server, "continued"), first, again)
    figures = report(server, "adoption", project="continued")["figures"]
    assert figures["sessions"]["value"] == 1
    assert figures["prompts"]["value"] == 2


def test_what_sub_agents_spent_is_told_apart_and_once(server: TeamServer, tmp_path: Path) -> None:
    sent = {"description": "d", "prompt": AGENT_PROMPT, "subagent_type": "general-purpose"}
    lanes = {
        PROMPT: [ScriptedTurn(ScriptedUsage(10, 57), "Agent", sent), ScriptedTurn(ScriptedUsage(7, 7))],
        AGENT_PROMPT: [
            ScriptedTurn(ScriptedUsage(20, 20), "Bash", {"command": "echo hi", "description": "d"}),
            ScriptedTurn(ScriptedUsage(30, 10)),
        ],
    }
    told = tell(tmp_path, lanes, telemetry_environment(server, "http/protobuf", about("agents")))
    assert_equal_to_the_client(spent(server, "agents"), told)
    cuts = report(server, "cost", project="agents")["cuts"]
    classes = {row["name"]: row["responses"] for row in cuts if row["dimension"] == "query_class"}
    assert classes == {"main": 2, "subagent": 2}
    agents = {row["name"]: row["responses"] for row in cuts if row["dimension"] == "agent"}
    assert agents["general-purpose"] == 2


def test_sessions_at_the_same_time_keep_apart_and_add_up(server: TeamServer, tmp_path: Path) -> None:
    def one(number: int) -> Told:
        home = tmp_path / str(number)
        protocol = ("http/json", "http/protobuf", "grpc")[number % 3]
        environment = telemetry_environment(server, protocol, about("crowd", f"dev{number}@example.org"))
        return tell(home, {PROMPT: working_turns(home / "work")}, environment)

    with ThreadPoolExecutor(3) as pool:
        told = list(pool.map(one, range(6)))
    assert_equal_to_the_client(spent(server, "crowd"), *told)
    cuts = report(server, "cost", project="crowd")["cuts"]
    users = {row["name"]: nano(row["cost_usd"]) for row in cuts if row["dimension"] == "user_id"}
    assert users == {f"dev{number}@example.org": one.nano_usd for number, one in enumerate(told)}
    assert report(server, "adoption", project="crowd")["figures"]["sessions"]["value"] == 6


def test_a_transcript_of_the_same_session_that_is_pushed_changes_no_sum(server: TeamServer, tmp_path: Path) -> None:
    environment = telemetry_environment(server, "http/json", about("pushed"))
    told = tell(tmp_path, {PROMPT: working_turns(tmp_path / "work")}, environment)
    before = spent(server, "pushed")
    assert before["cache_creation_5m_tokens"] == 1_000, "this client's events do not tell lifetimes"
    pushed = subprocess.run(
        [sys.executable, "-m", "tokentide", "push", "--server", server.http, "--now"],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "TZ": "UTC",
            "TOKENTIDE_DATA_DIR": str(tmp_path / "data"),
            "TOKENTIDE_CONFIG_DIR": str(tmp_path / "config"),
            "OTEL_RESOURCE_ATTRIBUTES": environment["OTEL_RESOURCE_ATTRIBUTES"],
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert pushed.returncode == 0, pushed.stderr
    after = spent(server, "pushed")
    deadline = time.monotonic() + 20
    while after == before and time.monotonic() < deadline:  # answers are kept until the server has looked again
        time.sleep(0.2)
        after = spent(server, "pushed")
    assert_equal_to_the_client(after, told)
    lifetimes = {"cache_creation_5m_tokens": 600, "cache_creation_1h_tokens": 400}
    assert after == {**before, **lifetimes}, "the transcript tells lifetimes, and nothing else changes"
    coverage = report(server, "coverage", project="pushed")
    today = next(day for day in coverage["days"] if day["responses"])
    assert (today["telemetry_responses"], today["transcript_responses"], today["both_responses"]) == (4, 4, 4)
