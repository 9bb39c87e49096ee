"""`/metrics` over ledgers of every kind: empty, hostile, growing; and scraped by a real Prometheus."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Machine, usage_line
from tests.laws import law, worlds
from tests.ledgers import BOOK
from tests.metrics_stage import DOCS, Samples, needs_prometheus, of, samples, scraped, scraping
from tests.transcripts import World
from tests.web_stage import NOW, Dashboard, fill, quiet
from tokentide.analytics.meters import usage_meters
from tokentide.settings import Settings
from tokentide.store.query import CostMode
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.engine import Synchroniser
from tokentide.web.metrics.ledger_families import UsageFamilies
from tokentide.web.metrics.memory import FIRST_NAMES, MOST_NAMES, HighWater, names_as_they_are, names_of_projects

HOSTILE = (
    '/w/"},{evil="1',
    "/w/line\nbreak",
    "/w/back\\slash",
    "/w/<script>alert(1)</script>",
    "/w/\u202eabc",
    "/w/" + "x" * 900,
)


def test_an_empty_ledger_has_metrics_too(machine: Machine) -> None:
    quiet(machine)
    with Dashboard(machine).serving() as dashboard:
        found = scraped(dashboard)
        assert not of(found, "tokentide_tokens_total")
        assert of(found, "tokentide_period_cost_usd") == {"day": 0, "week": 0, "month": 0}


def test_a_window_that_is_over_has_no_ratio(machine: Machine) -> None:
    fill(machine)
    later = NOW + 9 * 86_400 * 10**6
    with Dashboard(machine, now=later).serving() as dashboard:
        found = scraped(dashboard)
        assert not of(found, "tokentide_window_used_ratio")
        assert of(found, "tokentide_window_reading_timestamp_seconds")


def test_hostile_names_stay_values_of_labels(machine: Machine) -> None:
    quiet(machine)
    for number, cwd in enumerate(HOSTILE):
        line = usage_line(f"m{number}", f"r{number}", session=f"s{number}") | {"cwd": cwd}
        machine.write(f"-p/s{number}.jsonl", line)
    machine.write("-p/t.jsonl", usage_line("mt", "rt", model='claude"\n{x="\ud800'))
    with Dashboard(machine).serving() as dashboard:
        text = dashboard.ask("/metrics").text
        found = of(samples(text), "tokentide_project_tokens_total")
        assert len(found) == len(HOSTILE) + 1
        assert all(len(name) <= 200 and "\n" not in name for name in found)
        assert 'slash"},{evil="1' not in text
        if shutil.which("promtool"):
            done = subprocess.run(
                ["promtool", "check", "metrics"], input=text.encode(), capture_output=True, check=False
            )
            assert done.returncode == 0, done.stderr


def test_names_are_bounded_unique_and_never_change() -> None:
    names = names_of_projects()
    first = {f"/w/{number}/app": number for number in range(FIRST_NAMES + 50)}
    named = names.of(first)
    assert len(named) == FIRST_NAMES == len(set(named.values()))
    assert "/w/149/app" in named, "the dearest are named first"
    assert names.left_out == 50
    many = {**first, **{f"/v/{number}/app": number for number in range(500)}}
    later = names.of(many)
    assert len(later) == MOST_NAMES == len(set(later.values()))
    assert all(later[key] == name for key, name in named.items())
    assert len(names_as_they_are().of(dict.fromkeys(map(str, range(900)), 1))) == FIRST_NAMES


def test_a_small_correction_holds_a_counter_and_another_ledger_begins_it_anew() -> None:
    marks = HighWater()
    marks.begin(100)
    assert marks.at_least(("cost",), 10.0) == 10.0
    marks.begin(99)
    assert marks.at_least(("cost",), 9.5) == 10.0
    marks.begin(101)
    assert marks.at_least(("cost",), 10.5) == 10.5
    marks.begin(2)
    assert marks.at_least(("cost",), 0.2) == 0.2


@law(25)
@given(world=worlds(forks_move=True), order=st.randoms(use_true_random=False))
def test_counters_never_fall_while_files_are_read(
    tmp_path_factory: pytest.TempPathFactory, world: World, order: Any
) -> None:
    machine = Machine(tmp_path_factory.mktemp("world"))
    families, before = UsageFamilies(), Samples()
    pieces = [(each.name, line) for each in world.files for line in each.data.splitlines(keepends=True)]
    files = list(dict.fromkeys(name for name, _ in pieces))
    order.shuffle(files)
    with Ledger.open(":memory:") as ledger:
        synchroniser = Synchroniser(Settings(), {"HOME": str(machine.home)}, BOOK)
        for name in files:
            lines = [line for other, line in pieces if other == name]
            path = machine.claude / "projects" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            for half in (lines[: len(lines) // 2], lines):
                path.write_bytes(b"".join(half))
                synchroniser.sync(ledger)
                now = counters(families, ledger)
                assert all(now.get(key, 0) >= value for key, value in before.items())
                before = now
        usage = usage_meters(ledger, CostMode.AUTO)
        assert sum(s.total_tokens for s in usage.by_model.values()) == sum(
            s.total_tokens for s in usage.by_project.values()
        )


def counters(families: UsageFamilies, ledger: Ledger) -> Samples:
    return {
        (each.name, tuple(sorted(each.labels.items()))): each.value
        for family in families.of(usage_meters(ledger, CostMode.AUTO))
        if family.type == "counter"
        for each in family.samples
    }


@needs_prometheus
def test_a_real_prometheus_scrapes_and_reckons(machine: Machine, tmp_path: Path) -> None:
    folder = tmp_path / "prometheus"
    folder.mkdir()
    fill(machine, days=3)
    alerts = re.search(r"```yaml\n(groups:.*?)```", DOCS.read_text(), re.DOTALL)
    assert alerts
    with Dashboard(machine).serving() as dashboard, scraping(dashboard, folder, alerts[1]) as prometheus:
        assert prometheus.until("up == 1") == {"": 1.0}
        ratio = prometheus.until("max by (window) (tokentide_window_used_ratio)")
        assert set(ratio) == {"five_hour", "seven_day", "seven_day_opus"}
        assert all(0 < value < 1.5 for value in ratio.values())
        before = prometheus.until("sum(tokentide_cost_usd_total)")[""]
        model = next(iter(prometheus.until("tokentide_cost_usd_total")))
        prometheus.until("count_over_time(tokentide_ready[30s]) >= 2")
        line = usage_line(
            "fresh", "fresh", at="2026-03-12T11:59:00.000Z", model=model, session="fresh", output_tokens=100_000
        )
        machine.write("-fresh/s.jsonl", line)
        grown = prometheus.until(f"sum(tokentide_cost_usd_total) > {before} + 0.1")[""]
        time.sleep(2.5)  # two more scrapes, so that rates have points on both sides of the step
        cost = dashboard.ask("/api/v1/model?session=fresh").json()["totals"]["cost_usd"]
        assert grown - before == pytest.approx(cost)
        assert prometheus.query("sum(increase(tokentide_cost_usd_total[1m])) > 0.1")
        assert prometheus.until("predict_linear(tokentide_window_used_ratio[1m], 3600)")
        assert prometheus.query(f"rate(tokentide_tokens_total{{type='output', model='{model}'}}[1m]) > 0")
        targets = json.load(urlopen(f"{prometheus.address}/api/v1/targets", timeout=10))["data"]["activeTargets"]
        assert [each["lastError"] for each in targets] == [""]
        rules = json.load(urlopen(f"{prometheus.address}/api/v1/rules", timeout=10))["data"]["groups"]
        assert all(rule["health"] in ("ok", "unknown") for group in rules for rule in group["rules"])
        assert rules


@needs_prometheus
def test_the_rules_that_the_docs_show_are_right(tmp_path: Path) -> None:
    for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", DOCS.read_text(), re.DOTALL)):
        kind = "rules" if block.startswith("groups:") else "config"
        path = tmp_path / f"{kind}{number}.yml"
        secret = tmp_path / "token"
        secret.write_text("x" * 30)
        path.write_text(re.sub(r"(credentials_file: ).*", rf"\1{secret}", block))
        done = subprocess.run(["promtool", "check", kind, str(path)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
