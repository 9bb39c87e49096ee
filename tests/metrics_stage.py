"""What tests of `/metrics` read with: samples by name and labels, and a real Prometheus on loopback."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse_text

from tests.web_stage import Dashboard

DOCS = Path(__file__).resolve().parents[1] / "docs" / "how-to" / "prometheus.md"
OPENMETRICS = {"accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"}
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]
needs_prometheus = pytest.mark.skipif(
    not (shutil.which("prometheus") and shutil.which("promtool")), reason="Debian's prometheus is not installed"
)


def samples(text: str) -> Samples:
    return {
        (each.name, tuple(sorted(each.labels.items()))): each.value
        for family in parse_text(text)
        for each in family.samples
    }


def scraped(dashboard: Dashboard, query: str = "") -> Samples:
    return samples(dashboard.ask(f"/metrics{query}").text)


def of(found: Samples, name: str) -> dict[str, float]:
    """The samples of a name, by the value of its first label."""
    return {(key[1][0][1] if key[1] else ""): value for key, value in found.items() if key[0] == name}


@dataclass
class Prometheus:
    """A real one, that scrapes a dashboard every second."""

    address: str

    def query(self, expression: str) -> dict[str, float]:
        """The values of an expression, by the value of the label `window` or `model`, or empty."""
        with urlopen(f"{self.address}/api/v1/query?query={quote(expression)}", timeout=10) as answer:
            told = json.load(answer)
        assert told["status"] == "success"
        rows = told["data"]["result"]
        return {row["metric"].get("window") or row["metric"].get("model") or "": float(row["value"][1]) for row in rows}

    def until(self, expression: str, seconds: float = 30) -> dict[str, float]:
        """The first answer that is not empty."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.query(expression)
            if found:
                return found
            time.sleep(0.3)
        raise AssertionError(f"no answer to {expression}: {self.query('up')}")


@contextmanager
def scraping(dashboard: Dashboard, folder: Path, rules: str = "") -> Iterator[Prometheus]:
    """Debian's Prometheus with its storage below the folder, until the end of the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "rules.yml").write_text(rules or "groups: []\n")
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [rules.yml]\nscrape_configs:\n"
        f"- {{job_name: tokentide, static_configs: [{{targets: ['{dashboard.host}']}}]}}\n"
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={folder}/prometheus.yml",
                f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{port}",
                "--log.level=error",
            ],
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    prometheus = Prometheus(f"http://127.0.0.1:{port}")
    try:
        end = time.monotonic() + 30
        while time.monotonic() < end and process.poll() is None:
            try:
                prometheus.query("up")
                break
            except OSError:
                time.sleep(0.2)
        yield prometheus
    finally:
        process.terminate()
        process.wait(20)
