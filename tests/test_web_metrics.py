"""`/metrics`: true, well named, bounded, never falling; read by a real Prometheus."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from tests.conftest import Machine
from tests.metrics_stage import DOCS, OPENMETRICS, needs_prometheus, of, scraped
from tests.web_stage import NOW, Dashboard, fill


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    machine = Machine(tmp_path_factory.mktemp("metrics"))
    fill(machine)
    with Dashboard(machine).serving() as dashboard:
        yield dashboard


def test_usage_and_cost_are_those_of_the_reports(sample: Dashboard) -> None:
    found, report = scraped(sample), sample.ask("/api/v1/model").json()
    assert of(found, "tokentide_cost_usd_total") == {
        row["model"]: pytest.approx(row["cost_usd"]) for row in report["rows"]
    }
    for row in report["rows"]:
        for kind in ("input", "output", "cache_creation_5m", "cache_creation_1h", "cache_read"):
            key = ("tokentide_tokens_total", (("model", row["model"]), ("type", kind)))
            assert found[key] == row[f"{kind}_tokens"]
        assert found["tokentide_responses_total", (("model", row["model"]),)] == row["responses"]
    projects = sample.ask("/api/v1/project").json()["rows"]
    assert of(found, "tokentide_project_cost_usd_total") == {
        row["project"].rpartition("/")[2]: pytest.approx(row["cost_usd"]) for row in projects
    }


def test_windows_and_odds_are_those_of_limits_and_forecast(sample: Dashboard) -> None:
    found = scraped(sample, "?accounts=name")
    (account,) = sample.ask("/api/v1/limits").json()["accounts"]
    (expected,) = sample.ask("/api/v1/forecast").json()["accounts"]
    (known,) = of(scraped(sample), "tokentide_account_info")
    name = f"{account['name']} ({known})"
    for window in account["windows"]:
        labels = (("account", name), ("is_estimate", "false"), ("window", window["window"]))
        assert found["tokentide_window_used_ratio", labels] == pytest.approx(window["percent"] / 100)
        assert found["tokentide_window_reset_timestamp_seconds", labels] == pytest.approx(
            NOW / 1e6 + window["seconds_left"], abs=1
        )
        odds = next(each["odds"] for each in expected["windows"] if each["window"] == window["window"])
        assert found["tokentide_window_full_odds_ratio", labels] == pytest.approx(odds, abs=1e-3)


def test_gauges_are_those_of_the_main_screen(sample: Dashboard) -> None:
    found, overview = scraped(sample), sample.ask("/api/v1/overview").json()
    spent = of(found, "tokentide_period_cost_usd")
    assert spent["day"] == pytest.approx(overview["today"]["cost_usd"])
    assert spent["month"] == pytest.approx(overview["month"]["cost_usd"])
    assert of(found, "tokentide_burn_usd_per_hour")[""] == pytest.approx(
        overview["burn"]["last_60_minutes"]["cost_usd_per_hour"]
    )
    assert of(found, "tokentide_sessions_running")[""] == len(overview["burn"]["sessions"])
    assert of(found, "tokentide_ready")[""] == 1


def test_who_an_account_is_stays_untold_unless_asked(sample: Dashboard) -> None:
    (account,) = sample.ask("/api/v1/limits").json()["accounts"]
    text = sample.ask("/metrics").text
    assert account["name"] not in text
    assert account["account"] not in text
    assert account["organization"] not in text
    assert account["name"] in sample.ask("/metrics?accounts=name").text


def test_openmetrics_is_told_to_who_asks_for_it(sample: Dashboard) -> None:
    reply = sample.ask("/metrics", headers=OPENMETRICS)
    assert reply.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert reply.text.count("# EOF") == 1
    assert reply.text.endswith("# EOF\n")
    found = {each.name: each.value for family in parse_openmetrics(reply.text) for each in family.samples}  # type: ignore[no-untyped-call]
    assert found["tokentide_cost_usd_total"] > 0
    plain = sample.ask("/metrics", headers={"accept": "text/plain; version=nonsense; escaping=x"})
    assert plain.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


def test_an_unknown_parameter_is_refused(sample: Dashboard) -> None:
    assert sample.ask("/metrics?account=name").status == 422


@needs_prometheus
@pytest.mark.parametrize("query", ["", "?accounts=name"])
def test_promtool_finds_nothing_to_say(sample: Dashboard, query: str) -> None:
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=sample.ask(f"/metrics{query}").body, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_requests_are_counted_by_status(sample: Dashboard) -> None:
    def count(code: str) -> float:
        return scraped(sample).get(("tokentide_requests_total", (("code", code), ("method", "GET"))), 0)

    before = count("4xx")
    sample.ask("/no-such-page")
    assert count("4xx") == before + 1


def test_the_docs_name_metrics_that_there_are(sample: Dashboard) -> None:
    told = set(re.findall(r"\btokentide_[a-z0-9_]+", DOCS.read_text()))
    families = {family.name for family in parse_text(sample.ask("/metrics").text)}
    there = families | {f"{name}_total" for name in families}
    assert told <= there
    assert {name for name in families if name.startswith("tokentide_")} <= {
        each.removesuffix("_total") for each in told
    }
