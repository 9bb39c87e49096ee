"""What lies in deploy/: whole, consistent, and true to what the program says and exposes."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Machine
from tokentide.cli.commands import find_command
from tokentide.cli.main import parser_of

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
DASHBOARDS = DEPLOY / "grafana" / "dashboards"
BOARDS = ("team-prometheus.json", "team-clickhouse.json")
UNIT = DEPLOY / "systemd" / "tokentide-server.service"


def targets_of(board: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every query with the title of its panel."""
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target


def test_the_dashboards_are_fresh() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/generate-dashboards", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", BOARDS)
def test_panels_lie_beside_and_below_one_another(name: str) -> None:
    board = json.loads((DASHBOARDS / name).read_text())
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
    assert {each["name"] for each in board["templating"]["list"]} >= {"team", "model", "version", "user"}


EXISTING = {
    # the panels of the two dashboards that people know, by the names that they have here
    "Active sessions (1 h)", "Cost (last hour)", "Tokens (last hour)", "Lines of code (last hour)",
    "Cost by model (hourly)", "Token rate by type (a minute)", "Requests by model", "Tool use over time",
    "Tool use in all", "Tool success rate", "Request duration by model (mean)", "API errors by status",
    "Code changes (lines a minute)", "Commits and pull requests (hourly)", "Tool calls", "API errors",
    "Total cost", "Active users", "Total tokens", "Total lines of code", "Cost by model", "Tokens by type",
    "Cost by user", "Lines of code by type",
}  # fmt: skip


@pytest.mark.parametrize("name", BOARDS)
def test_the_panels_that_people_know_are_there(name: str) -> None:
    titles = [title for title, _ in targets_of(json.loads((DASHBOARDS / name).read_text()))]
    assert len(EXISTING) == 24
    assert set(titles) >= EXISTING


def test_the_sample_of_managed_settings_is_what_the_command_prints(machine: Machine) -> None:
    sample = (DEPLOY / "managed-settings.sample.json").read_text()
    endpoint = json.loads(sample)["env"]["OTEL_EXPORTER_OTLP_ENDPOINT"]
    assert machine.call("doctor", "telemetry", "--sample-settings", endpoint)[1] == sample


def options_of(command: str) -> set[str]:
    found = find_command(command)
    assert found is not None
    return {option for action in parser_of(found)._actions for option in action.option_strings}


def test_the_unit_says_what_the_program_understands() -> None:
    unit = configparser.RawConfigParser(strict=False, delimiters="=")
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(UNIT.read_text())
    command = unit["Service"]["ExecStart"].split()
    assert command[1] == "server"
    assert {word for word in command if word.startswith("--")} <= options_of("server")
    hardened = {
        "NoNewPrivileges",
        "ProtectSystem",
        "ProtectHome",
        "PrivateTmp",
        "CapabilityBoundingSet",
        "SystemCallFilter",
    }
    assert hardened <= set(unit["Service"])


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_finds_no_fault_in_the_unit(tmp_path: Path) -> None:
    def verified(text: str) -> str:
        unit = tmp_path / UNIT.name
        unit.write_text(text.replace("/usr/local/bin/tokentide", "/usr/bin/true"))
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
        )
        return "\n".join(line for line in done.stderr.splitlines() if UNIT.name in line)

    text = UNIT.read_text()
    assert verified(text) == ""
    assert "Unknown key" in verified(text.replace("NoNewPrivileges=", "NoSuchKey="))


@pytest.mark.skipif(shutil.which("promtool") is None, reason="Debian's prometheus is not installed")
def test_prometheus_takes_its_configuration(tmp_path: Path) -> None:
    shutil.copytree(DEPLOY / "prometheus", tmp_path / "prometheus")
    config = tmp_path / "prometheus" / "prometheus.yml"
    (tmp_path / "token").write_text("x")
    config.write_text(
        config.read_text().replace("/run/secrets/", f"{tmp_path}/").replace("tokentide_viewer_token", "token")
    )
    config.write_text(
        config.read_text().replace("/etc/prometheus/rules.yml", str(tmp_path / "prometheus" / "rules.yml"))
    )
    done = subprocess.run(["promtool", "check", "config", str(config)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "rules found" in done.stdout


def yaml_of(path: Path) -> Any:
    yaml = pytest.importorskip("yaml")
    return yaml.safe_load(path.read_text())


def test_compose_names_what_is_there() -> None:
    """Docker is not asked: only that files, services, volumes and options exist."""
    compose = yaml_of(DEPLOY / "compose.yaml")
    services = compose["services"]
    assert set(services) == {"tokentide", "prometheus", "grafana", "clickhouse"}
    assert services["clickhouse"]["profiles"] == ["clickhouse"]
    for service in services.values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert (DEPLOY / source).exists() if source.startswith(".") else source in compose["volumes"], volume
        for other in service.get("depends_on", ()):
            assert other in services
    words = services["tokentide"]["command"]
    assert {word for word in words if str(word).startswith("--")} <= options_of("server")
    assert (DEPLOY / services["tokentide"]["build"]["dockerfile"]).is_file() or (
        ROOT / services["tokentide"]["build"]["dockerfile"]
    ).is_file()
    assert {"4318", "4317", "8378"} <= {part for port in services["tokentide"]["ports"] for part in port.split(":")}


def test_grafana_finds_its_sources_and_dashboards() -> None:
    sources = yaml_of(DEPLOY / "grafana/provisioning/datasources/datasources.yml")["datasources"]
    uids = {source["uid"] for source in sources}
    for name in BOARDS:
        board = json.loads((DASHBOARDS / name).read_text())
        assert {target["datasource"]["uid"] for _, target in targets_of(board)} <= uids
    (provider,) = yaml_of(DEPLOY / "grafana/provisioning/dashboards/dashboards.yml")["providers"]
    mounts = yaml_of(DEPLOY / "compose.yaml")["services"]["grafana"]["volumes"]
    assert any(mount.split(":")[1] == provider["options"]["path"] for mount in mounts)


def test_the_cluster_is_two_shards_of_two_replicas() -> None:
    cluster = ET.parse(DEPLOY / "clickhouse" / "cluster.xml").getroot()
    shards = cluster.findall("remote_servers/tokentide/shard")
    assert [len(shard.findall("replica")) for shard in shards] == [2, 2]
    assert {shard.findtext("internal_replication") for shard in shards} == {"true"}
    assert cluster.findtext("macros/shard")
    assert cluster.findtext("macros/replica")


def test_the_pages_name_metrics_that_there_are() -> None:
    from tokentide.analytics.team.meters import METERS, PEOPLE

    counters = {f"tokentide_team_{meter.name}_total" for meter in (*METERS, *PEOPLE)}
    page = (ROOT / "docs" / "how-to" / "team-deploy.md").read_text()
    told = set(re.findall(r"\btokentide_team_\w+_total", page))
    assert told == counters


def test_dashboard_and_rules_ask_for_metrics_that_the_page_tells_of() -> None:
    page = (ROOT / "docs" / "how-to" / "team-deploy.md").read_text()
    told = set(re.findall(r"\btokentide_\w+", page))
    asked = (DASHBOARDS / "team-prometheus.json").read_text() + (DEPLOY / "prometheus" / "rules.yml").read_text()
    named = {
        re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"\btokentide_(?:team|server)_\w+", asked)
    }
    assert named <= told
