"""`/metrics` of the team server: true, bounded, of what the viewer may see; read by a real Prometheus."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse_text

from tests.metrics_stage import OPENMETRICS, Prometheus, Samples, needs_prometheus, of, samples, scraping
from tests.team_stage import NOW, Rows, fill_team, response, team_rows
from tests.team_web_stage import STATUS, TeamSite, team_store
from tests.test_deploy import DASHBOARDS, targets_of
from tests.web_stage import Dashboard
from tokentide.analytics.team.meters import METERS, PEOPLE, read_team_meters
from tokentide.model.latency import bucket_of
from tokentide.server.tenants.tokens import ADMIN, LEAD, MEMBER, VIEWER, Grant
from tokentide.store.query import CostMode
from tokentide.store.team.query import Scope, TeamQuery
from tokentide.store.team.tables import TALLY, USAGE
from tokentide.web.team.metric_families import MOST, TeamFamilies, cumulative


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> TeamSite:
    folder = tmp_path_factory.mktemp("team")
    made = TeamSite(folder, team_store(folder))
    fill_team(made.store, days=14, developers=9)
    fill_team(made.store, days=14, developers=3, tenant="other", seed=9)
    return made


@pytest.fixture(scope="module")
def dashboard(site: TeamSite) -> Iterator[Dashboard]:
    with site.serving() as dashboard:
        yield dashboard


def total(found: Samples, name: str, **labels: str) -> float:
    return sum(
        value for (metric, pairs), value in found.items() if metric == name and labels.items() <= dict(pairs).items()
    )


def test_counters_say_what_the_store_says(site: TeamSite, dashboard: Dashboard) -> None:
    found = samples(dashboard.ask("/metrics").text)
    answer = site.store.totals(
        Scope("default"), TeamQuery(USAGE, ("auto_cost", "output_tokens", "responses"), ("team",))
    )
    for group in answer.groups:
        (team,) = group.keys
        assert total(found, "tokentide_team_cost_usd_total", team=team) == pytest.approx(group.values[0] / 1e9)
        assert total(found, "tokentide_team_tokens_total", team=team, type="output") == group.values[1]
        assert total(found, "tokentide_team_responses_total", team=team) == group.values[2]
    named = site.store.totals(Scope("default"), TeamQuery(TALLY, ("records", "amount", "duration_ms"), ("name",)))
    by_name = {group.keys[0]: group.values for group in named.groups}
    assert total(found, "tokentide_team_tool_results_total") == by_name["tool_result"][0]
    assert total(found, "tokentide_team_tool_seconds_total") == pytest.approx(by_name["tool_result"][2] / 1000)
    assert total(found, "tokentide_team_lines_total") == pytest.approx(by_name["lines_of_code.count"][1] / 1e6)
    assert total(found, "tokentide_team_requests_total") == by_name["api_request"][0]
    for part in ("project", "query_source", "cost_center"):
        cost = total(found, "tokentide_team_part_cost_usd_total", part=part)
        assert cost == pytest.approx(total(found, "tokentide_team_cost_usd_total"))
    assert {dict(pairs)["name"] for metric, pairs in found if metric == "tokentide_team_events_total"} == set(by_name)


def test_histograms_are_whole_and_rise(site: TeamSite, dashboard: Dashboard) -> None:
    found = samples(dashboard.ask("/metrics").text)
    name = "tokentide_team_request_duration_seconds"
    for model in {dict(pairs)["model"] for (metric, pairs) in found if metric == f"{name}_count"}:
        buckets = sorted(
            (float(dict(pairs)["le"]), value)
            for (metric, pairs), value in found.items()
            if metric == f"{name}_bucket" and dict(pairs)["model"] == model
        )
        counts = [count for _, count in buckets]
        assert counts == sorted(counts)
        assert counts[-1] == total(found, f"{name}_count", model=model)
        assert counts[-1] == total(found, "tokentide_team_requests_total", model=model)
        spent = sum(
            group.values[0]
            for group in site.store.totals(
                Scope("default"), TeamQuery(TALLY, ("duration_ms",), ("name", "model"))
            ).groups
            if group.keys == ("api_request", model)
        )
        assert total(found, f"{name}_sum", model=model) == pytest.approx(spent / 1000, rel=0.022)


@pytest.mark.parametrize("ms", [0, 1, 15, 17, 500, 511, 513, 9_000, 600_000, 10**9])
def test_a_duration_is_counted_from_its_bound_on(ms: int) -> None:
    told = cumulative({bucket_of(ms): 3})
    assert told[-1] == ("+Inf", 3)
    for bound, count in told[:-1]:
        assert count == (3 if ms <= float(bound) * 1000 else 0), (ms, bound)


def test_active_people_are_those_who_did_something(dashboard: Dashboard) -> None:
    found = samples(dashboard.ask("/metrics").text)
    users = of(found, "tokentide_team_active_users")
    assert users["1h"] <= users["1d"] <= users["7d"] <= users["30d"]
    rows = team_rows(days=14, count=9)
    everyone = {row.user_id for each in (rows.records, rows.sightings) for row in each}
    assert users["30d"] == len(everyone)
    assert sum(of(found, "tokentide_team_version_users").values()) <= users["7d"]
    assert of(found, "tokentide_team_active_sessions")


def test_a_viewer_scrapes_only_what_the_viewer_may_see(tmp_path: Path, site: TeamSite) -> None:
    own = TeamSite(tmp_path, site.store)
    grants = {
        "admin": Grant(VIEWER, "default", role=ADMIN),
        "lead": Grant(VIEWER, "default", role=LEAD, teams=("web",)),
        "member": Grant(VIEWER, "default", role=MEMBER, user_id="dev00@example.org"),
        "other": Grant(VIEWER, "other", role=ADMIN),
    }
    tokens = {name: own.token(grant) for name, grant in grants.items()}
    with own.serving() as dashboard:
        assert dashboard.ask("/metrics").status == 401
        seen = {
            name: samples(dashboard.ask("/metrics", headers={"authorization": f"Bearer {token}"}).text)
            for name, token in tokens.items()
        }
    cost = {name: total(found, "tokentide_team_cost_usd_total") for name, found in seen.items()}
    assert 0 < cost["member"] < cost["admin"]
    assert cost["lead"] == pytest.approx(total(seen["admin"], "tokentide_team_cost_usd_total", team="web"))
    lead_teams = {dict(pairs).get("team") for _, pairs in seen["lead"]} - {None}
    assert lead_teams == {"web"}
    assert cost["other"] not in (0, cost["admin"])
    assert of(seen["admin"], "tokentide_server_well")
    assert not of(seen["lead"], "tokentide_server_well")
    assert not of(seen["member"], "tokentide_server_waiting_bytes")


def test_the_server_tells_of_itself(dashboard: Dashboard) -> None:
    found = samples(dashboard.ask("/metrics").text)
    assert total(found, "tokentide_server_received_requests_total", signal="logs", code="200") == 48_211
    assert total(found, "tokentide_server_acknowledge_seconds_count") == 993
    assert of(found, "tokentide_server_lag_seconds")[""] == STATUS.lag_us / 1e6
    assert of(found, "tokentide_server_last_received_timestamp_seconds")[""] == STATUS.last_received_at / 1e6
    assert of(found, "tokentide_server_well")[""] == 1


def test_people_are_named_only_where_that_was_asked_for(site: TeamSite, dashboard: Dashboard) -> None:
    text = dashboard.ask("/metrics").text
    assert "@example.org" not in text
    meters = read_team_meters(site.store, Scope("default"), CostMode.AUTO, now=NOW, has_people=True)
    (cost,) = [metered for metered in meters.counters if metered.meter is PEOPLE[0]]
    assert {keys[0] for keys in cost.rows} == {f"dev{number:02}@example.org" for number in range(9)}


def test_openmetrics_is_told_to_who_asks_for_it(dashboard: Dashboard) -> None:
    reply = dashboard.ask("/metrics", headers=OPENMETRICS)
    assert reply.headers["content-type"].startswith("application/openmetrics-text")
    assert reply.text.count("# EOF") == 1
    assert reply.text.endswith("# EOF\n")


def test_names_are_bounded_and_harmless(tmp_path: Path) -> None:
    store = team_store(tmp_path)
    hostile = [f'team{number}"\n}} 1\n\x1b[31m{"x" * 300}' for number in range(300)]
    store.take(
        [], [response(f"request:{n}", NOW - n, team=team, cost=10**9 * (n + 1)) for n, team in enumerate(hostile)], "t"
    )
    meters = read_team_meters(store, Scope("default"), CostMode.AUTO, now=NOW)
    families = TeamFamilies()
    cost = next(family for family in families.of(meters) if family.name == "tokentide_team_cost_usd")
    assert len(cost.samples) == MOST["team"]
    assert len({sample.labels["team"] for sample in cost.samples}) == MOST["team"]
    assert max(sample.value for sample in cost.samples) == 300
    left = next(family for family in families.of(meters) if family.name == "tokentide_team_left_out")
    assert {sample.labels["label"]: sample.value for sample in left.samples}["team"] == 200 - MOST["team"]
    with TeamSite(tmp_path / "site", store).serving() as dashboard:
        assert {family.name for family in parse_text(dashboard.ask("/metrics").text)}


def test_counters_do_not_fall_when_totals_are_corrected(tmp_path: Path) -> None:
    store, families = team_store(tmp_path), TeamFamilies()
    key = {"session_id": "s", "team": "web", "model": "m"}
    store.take([], [response("metrics:1", NOW, "otlp_metrics", responses=0, reported_cost=9 * 10**9, **key)], "a")

    def cost() -> float:
        meters = read_team_meters(store, Scope("default"), CostMode.AUTO, now=NOW)
        return sum(
            sample.value
            for family in families.of(meters)
            if family.name == "tokentide_team_cost_usd"
            for sample in family.samples
        )

    assert cost() == 9
    store.take([], [response("request:1", NOW, cost=2 * 10**9, **key)], "b")
    assert store.totals(Scope("default"), TeamQuery(USAGE, ("auto_cost",))).value() == 2 * 10**9
    assert cost() == 9
    store.take([], [response("request:2", NOW + 1, cost=8 * 10**9, **key)], "c")
    assert cost() == 10


@needs_prometheus
def test_promtool_finds_nothing_to_say(dashboard: Dashboard) -> None:
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=dashboard.ask("/metrics").body, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def substituted(expression: str) -> str:
    """As Grafana does it for a range of an hour."""
    for name, value in {"$__rate_interval": "4m", "$__range": "1h", "$__interval": "1m"}.items():
        expression = expression.replace(name, value)
    found = re.sub(r"\$(team|model|version|user)\b", ".*", expression)
    assert "$" not in found, found
    return found


@contextmanager
def scraped_twice(folder: Path) -> Iterator[tuple[Prometheus, TeamSite, float]]:
    """Prometheus over a site that is given half of its rows, then the rest; with what the first half cost, USD."""
    rows = team_rows(days=10, count=9)
    middle = sorted(row.happened_at for row in rows.sightings)[len(rows.sightings) // 2]
    first, second = Rows(), Rows()
    for record in rows.records:
        (first if record.happened_at < middle else second).records.append(record)
    for sighting in rows.sightings:
        (first if sighting.happened_at < middle else second).sightings.append(sighting)
    site = TeamSite(folder / "site", team_store(folder))
    site.store.take(first.records, first.sightings, "first")
    seen = site.store.totals(Scope("default"), TeamQuery(USAGE, ("auto_cost",))).value() / 1e9
    requests = {key: count - 100 if count > 100 else 0 for key, count in STATUS.receiver.requests.items()}
    site.status = replace(STATUS, receiver=replace(STATUS.receiver, requests=requests, acknowledge_ms=((30, 1),)))
    with site.serving() as dashboard, scraping(dashboard, folder) as prometheus:
        prometheus.until("tokentide_team_cost_usd_total")
        time.sleep(3)
        site.store.take(second.records, second.sightings, "second")
        site.version, site.status = 2, STATUS
        yield prometheus, site, seen


@needs_prometheus
def test_prometheus_answers_every_query_of_the_dashboard(tmp_path: Path) -> None:
    board: dict[str, Any] = json.loads((DASHBOARDS / "team-prometheus.json").read_text())
    with scraped_twice(tmp_path) as (prometheus, site, seen):
        whole = site.store.totals(Scope("default"), TeamQuery(USAGE, ("auto_cost",))).value() / 1e9
        prometheus.until(f"sum(tokentide_team_cost_usd_total) > {whole * 0.9999}")
        time.sleep(3)
        silent = {
            title
            for title, target in targets_of(board)
            if not prometheus.query(f"count({substituted(target['expr'])})")
        }
        assert prometheus.query("sum(tokentide_team_cost_usd_total)")[""] == pytest.approx(whole)
        grown = prometheus.query(substituted("sum(increase(tokentide_team_cost_usd_total[$__range]))"))[""]
        assert grown == pytest.approx(whole - seen, rel=0.5)  # Prometheus guesses beyond its first and last scrape
        models = prometheus.query("sum by (model) (tokentide_team_cost_usd_total)")
    # What this sample has none of: people are not named, nobody pays for plugins or MCP servers alone, or is fast.
    assert silent <= {"Cost by user", "Cost by speed", "Cost by plugin", "Cost by MCP server"}
    assert models == {
        group.keys[0]: pytest.approx(group.values[0] / 1e9)
        for group in site.store.totals(Scope("default"), TeamQuery(USAGE, ("auto_cost",), ("model",))).groups
    }


def test_every_meter_has_its_own_name() -> None:
    names = [meter.name for meter in (*METERS, *PEOPLE) if not meter.fixed]
    assert len(names) == len(set(names))
