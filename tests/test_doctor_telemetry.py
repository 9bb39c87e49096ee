"""`doctor telemetry`: what is set is understood as the client does, and what is wrong with it is said, without secrets."""

from __future__ import annotations

import json
import os
import plistlib
import sys
from pathlib import Path

import pytest

from tests.conftest import Machine
from tokentide.clock import MINUTE_US, SECOND_US
from tokentide.doctor.telemetry import Finding, Session, Telemetry, look, pairs_of
from tokentide.doctor.telemetry import Machine as Client
from tokentide.doctor.telemetry_client import client_version, elapsed_us, running_sessions
from tokentide.doctor.telemetry_rules import findings_of
from tokentide.sources.claude_code.telemetry_settings import (
    Layer,
    Version,
    in_force,
    is_on,
    preferences_layer,
    read_layers,
    version_of,
)

NEW, MIDDLE, OLD = (2, 1, 329), (2, 1, 280), (2, 1, 197)
FULL = {
    "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
    "OTEL_METRICS_EXPORTER": "otlp",
    "OTEL_LOGS_EXPORTER": "otlp",
    "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://a.example.com:4318",
    "OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Bearer hush-hush",
}


def shell(**changed: str | None) -> list[Layer]:
    values = {name: value for name, value in {**FULL, **changed}.items() if value is not None}
    return [Layer("shell", "", values)]


def looked(layers: list[Layer], version: Version = NEW, sessions: tuple[Session, ...] = ()) -> Telemetry:
    return look(Client(layers, version, sessions))


def codes(layers: list[Layer], version: Version = NEW, severity: str = "fault") -> set[str]:
    return {each.code for each in findings_of(looked(layers, version)) if each.severity == severity}


def test_what_is_set_well_needs_nothing() -> None:
    assert findings_of(looked(shell())) == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"CLAUDE_CODE_ENABLE_TELEMETRY": None}, "telemetry-off"),
        ({"CLAUDE_CODE_ENABLE_TELEMETRY": "2"}, "telemetry-off"),
        ({"OTEL_LOGS_EXPORTER": None}, "no-exporter-logs"),
        ({"OTEL_METRICS_EXPORTER": "console,none"}, "no-exporter-metrics"),
        ({"OTEL_METRICS_EXPORTER": "OTLP"}, "exporter-unknown"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "http"}, "protocol-unknown"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": None}, "no-endpoint"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "a.example.com:4318"}, "endpoint-malformed"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": '"http://a.example.com:4318"'}, "endpoint-malformed"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a.example.com:99999"}, "endpoint-malformed"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://[::1"}, "endpoint-malformed"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a.example.com:4318/v1/logs"}, "endpoint-with-path"),
        ({"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://a.example.com:4318"}, "signal-endpoint-without-path"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a.example.com:4317"}, "port-of-the-other"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "port-of-the-other"),
        ({"OTEL_EXPORTER_OTLP_HEADERS": "Authorization: Bearer x"}, "header-syntax"),
        ({"OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Bearer%20x"}, "header-encoded"),
        ({"OTEL_EXPORTER_OTLP_LOGS_HEADERS": 'x-key="v"'}, "header-quoted"),
        ({"NODE_EXTRA_CA_CERTS": "/no/such/ca.pem"}, "file-missing"),
    ],
)
def test_each_fault_is_found_alone(changed: dict[str, str | None], code: str) -> None:
    assert codes(shell(**changed)) == {code}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "cumulative"}, "cumulative"),
        ({"OTEL_METRIC_EXPORT_INTERVAL": "3600000"}, "interval-long"),
        ({"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://b.example.com:4318/v1/logs"}, "signal-endpoint"),
        ({"HTTPS_PROXY": "http://proxy.example.com:3128"}, "proxy"),
        ({"DISABLE_TELEMETRY": "1"}, "vendor-telemetry-off"),
    ],
)
def test_advice_is_no_fault(changed: dict[str, str | None], code: str) -> None:
    assert codes(shell(**changed)) == set()
    assert codes(shell(**changed), severity="advice") == {code}


@pytest.mark.parametrize(
    ("version", "severity"), [(OLD, "fault"), ((2, 1, 322), "fault"), ((), "fault"), (NEW, "advice")]
)
def test_a_missing_protocol_stops_old_clients_and_is_guessed_by_new_ones(version: Version, severity: str) -> None:
    assert "no-protocol" in codes(shell(OTEL_EXPORTER_OTLP_PROTOCOL=None), version, severity)


def test_values_of_headers_are_never_told() -> None:
    for value in ("Authorization=Bearer hush-hush", "Authorization: hush-hush", 'x="hush-hush"', "x=hush%20hush-hush"):
        telemetry = looked(shell(OTEL_EXPORTER_OTLP_HEADERS=value))
        assert "hush" not in repr([*findings_of(telemetry), *telemetry.routes])


def test_headers_are_read_as_the_client_reads_them() -> None:
    good, bad = pairs_of("Authorization=Bearer a=b==, x-a = 1 ,, nothing, =x")
    assert [(each.name, each.value) for each in good] == [("Authorization", "Bearer a=b=="), ("x-a", "1")]
    assert len(bad) == 2


def test_a_signals_own_headers_join_the_common_ones() -> None:
    telemetry = looked(shell(OTEL_EXPORTER_OTLP_LOGS_HEADERS="x-a=1"))
    names = {route.signal: [header.name for header in route.headers] for route in telemetry.routes}
    assert names == {"metrics": ["Authorization"], "logs": ["Authorization", "x-a"]}


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("YES", True), ("on ", True), ("2", False), ("", False)])
def test_what_counts_as_on(value: str, expected: bool) -> None:
    assert is_on(value) is expected


def files(tmp_path: Path, **env: dict[str, str]) -> list[Layer]:
    """Layers of real settings files; `shell` is the environment."""
    places = {
        "user": tmp_path / "home" / "settings.json",
        "project": tmp_path / "work" / ".claude" / "settings.json",
        "local": tmp_path / "work" / ".claude" / "settings.local.json",
        "managed": tmp_path / "etc" / "managed-settings.json",
        "dropin": tmp_path / "etc" / "managed-settings.d" / "50-more.json",
    }
    for name, path in places.items():
        if name in env:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"env": env[name]}))
    return read_layers(env.get("shell", {}), str(tmp_path / "home"), str(tmp_path / "work"), str(tmp_path / "etc"))


A, B = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:4318"}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://b:4318"}


@pytest.mark.parametrize(
    ("env", "version", "winner"),
    [
        ({"shell": A, "user": B}, NEW, "b"),
        ({"user": A, "project": B}, NEW, "a"),
        ({"user": A, "project": B}, MIDDLE, "b"),
        ({"project": A, "local": B}, OLD, "b"),
        ({"user": A, "managed": B}, OLD, "b"),
        ({"managed": A, "dropin": B}, NEW, "b"),
    ],
)
def test_the_later_place_wins(tmp_path: Path, env: dict[str, dict[str, str]], version: Version, winner: str) -> None:
    held = in_force(files(tmp_path, **env), version)
    assert held.value("OTEL_EXPORTER_OTLP_ENDPOINT") == f"http://{winner}:4318"


def test_a_project_may_name_what_the_records_bear_but_not_where_they_go(tmp_path: Path) -> None:
    layers = files(tmp_path, project={**FULL, "OTEL_RESOURCE_ATTRIBUTES": "team.id=x"})
    held = in_force(layers, NEW)
    assert held.value("OTEL_RESOURCE_ATTRIBUTES") == "team.id=x"
    assert {each.variable.name for each in held.ignored} == set(FULL)
    assert "set-in-vain" in codes(layers, severity="advice")


def test_managed_settings_put_aside_what_others_say_of_one_signal(tmp_path: Path) -> None:
    own = {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://b:4318/v1/logs", "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL": "grpc"}
    layers = files(tmp_path, managed=FULL, shell=own)
    assert {each.variable.name for each in in_force(layers, NEW).ignored} == set(own)
    assert in_force(layers, OLD).ignored == ()
    logs = next(route for route in looked(layers).routes if route.signal == "logs")
    assert (logs.endpoint, logs.protocol) == ("http://a.example.com:4318/v1/logs", "http/json")


def test_managed_credentials_put_aside_addresses_of_others(tmp_path: Path) -> None:
    managed = {"OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Bearer m"}
    layers = files(tmp_path, managed=managed, user={**FULL, "OTEL_EXPORTER_OTLP_HEADERS": "x=y"})
    assert "no-endpoint" in codes(layers)


@pytest.mark.parametrize("content", ["{", "[]", '{"env": []}', "\x00", '{"env": {}} // x', "[" * 5000])
def test_a_settings_file_that_cannot_be_used_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "settings.json").write_text(content)
    found = findings_of(looked([*files(tmp_path), *shell()]))
    assert [(each.code, str(tmp_path) in each.what) for each in found] == [("settings-unusable", True)]


def test_numbers_in_a_settings_file_are_texts_and_objects_nothing(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    env = {"CLAUDE_CODE_ENABLE_TELEMETRY": 1, "OTEL_LOGS_EXPORTER": {"a": 1}}
    (tmp_path / "home" / "settings.json").write_text(json.dumps({"env": env, "otelHeadersHelper": "get-headers"}))
    held = in_force(files(tmp_path), NEW)
    assert held.value("CLAUDE_CODE_ENABLE_TELEMETRY") == "1"
    assert "OTEL_LOGS_EXPORTER" not in held.variables
    assert held.has_helper


def test_a_script_for_headers_does_nothing_over_grpc() -> None:
    values = {**FULL, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:4317"}
    assert codes([Layer("user", "s.json", values, has_helper=True)]) == {"helper-with-grpc"}


def test_device_management_of_a_mac_is_read(tmp_path: Path) -> None:
    path = tmp_path / "com.anthropic.claudecode.plist"
    assert preferences_layer(str(path)) == []
    path.write_bytes(plistlib.dumps({"env": FULL}, fmt=plistlib.FMT_BINARY))
    assert preferences_layer(str(path))[0].values == FULL
    path.write_bytes(b"nonsense")
    assert preferences_layer(str(path))[0].fault


def test_traces_go_out_only_where_they_are_switched_on() -> None:
    traced = shell(OTEL_TRACES_EXPORTER="otlp")
    assert {route.signal for route in looked(traced).routes} == {"metrics", "logs"}
    switched = shell(OTEL_TRACES_EXPORTER="otlp", CLAUDE_CODE_ENHANCED_TELEMETRY_BETA="1")
    assert {route.signal for route in looked(switched).routes} == {"metrics", "logs", "traces"}


def test_sessions_older_than_the_settings_are_named() -> None:
    layer = Layer("user", "s.json", FULL, changed_at=100 * MINUTE_US)
    sessions = (Session(7, 99 * MINUTE_US), Session(8, 101 * MINUTE_US))
    found = findings_of(looked([layer], sessions=sessions))
    assert [each.code for each in found] == ["sessions-older"]
    assert "process 7)" in found[0].what


@pytest.mark.parametrize(
    ("text", "seconds"), [("00:05", 5), ("01:02:03", 3723), ("2-00:00:01", 172_801), ("", 0), ("nonsense", 0)]
)
def test_the_age_of_a_process_is_read(text: str, seconds: int) -> None:
    assert elapsed_us(text) == seconds * SECOND_US


@pytest.mark.skipif(sys.platform == "win32", reason="there is no ps")
def test_a_running_client_is_seen_with_its_start(tmp_path: Path) -> None:
    import shutil
    import subprocess
    import time

    program = tmp_path / "claude"
    shutil.copy(shutil.which("sleep") or "/bin/sleep", program)
    process = subprocess.Popen([str(program), "60"])
    try:
        now = time.time_ns() // 1000
        found = running_sessions(os.environ, now)
        assert found is not None
        (mine,) = [each for each in found if each.pid == process.pid]
        assert abs(mine.started_at - now) < 10 * SECOND_US
    finally:
        process.kill()
        process.wait()
    assert running_sessions({"PATH": str(tmp_path)}, now) is None


def test_the_client_is_asked_for_its_version(tmp_path: Path) -> None:
    assert client_version({"PATH": str(tmp_path)}) == ()
    program = tmp_path / "claude"
    program.write_text("#!/bin/sh\necho '2.1.250 (Claude Code)'\n")
    program.chmod(0o755)
    assert client_version({"PATH": str(tmp_path)}) == (2, 1, 250)
    assert version_of("v2.1.7-beta") == (2, 1, 7)
    assert version_of("none") == ()


def test_every_finding_says_what_to_do() -> None:
    broken = shell(
        OTEL_EXPORTER_OTLP_ENDPOINT="x", OTEL_EXPORTER_OTLP_HEADERS="a", OTEL_LOGS_EXPORTER="x", HTTP_PROXY="http://p"
    )
    found: list[Finding] = findings_of(looked(broken, OLD))
    assert len(found) > 4
    assert all(each.what and each.remedy.endswith(".") for each in found)
    assert [each.severity for each in found] == sorted((each.severity for each in found), key=lambda s: s != "fault")


def test_the_sample_is_what_the_client_takes(machine: Machine) -> None:
    code, out, err = machine.call("doctor", "telemetry", "--sample-settings", "http://t.example.com:4318/")
    assert code == 0
    env = json.loads(out)["env"]
    assert env["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://t.example.com:4318"
    assert codes([Layer("managed", "m.json", env)], OLD) == set()
    assert "/etc/claude-code" in err


def test_the_sample_wants_an_address(machine: Machine) -> None:
    with pytest.raises(Exception, match="no address"):
        machine.call("doctor", "telemetry", "--sample-settings", "t.example.com")


def test_its_options_belong_to_it(machine: Machine) -> None:
    with pytest.raises(Exception, match="doctor telemetry"):
        machine.call("doctor", "--offline")


def test_nothing_set_up_is_said_with_the_way_out(machine: Machine) -> None:
    done = machine.run("doctor", "telemetry", environ={"PATH": "/usr/bin:/bin", "COLUMNS": "60"})
    assert done.returncode == 3
    assert "--sample-settings" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 60


def test_json_tells_names_and_no_values(machine: Machine) -> None:
    (machine.claude).mkdir(parents=True)
    endpoint = "http://ada:pass-word@127.0.0.1:4318"
    (machine.claude / "settings.json").write_text(
        json.dumps({"env": {**FULL, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}})
    )
    code, out, _ = machine.call("doctor", "telemetry", "--offline", "--json", PATH="/usr/bin:/bin")
    told = json.loads(out)
    assert code == 0
    assert told["report"] == "doctor_telemetry"
    assert told["trials"] is None
    assert {each["signal"] for each in told["signals"]} == {"metrics", "logs"}
    assert "OTEL_EXPORTER_OTLP_HEADERS" in told["sources"][1]["variables"]
    assert "hush" not in out
    assert "pass-word" not in out
