"""Sightings of responses: all that an event tells, and what data points alone tell."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.otlp_bodies import NOW, Scalar, event, logs, metric, metrics, point, read_both
from tokentide.model.telemetry import MICRO, NOT_TOLD
from tokentide.sources.otlp.events import METRICS


def test_a_sighting_holds_all_that_its_event_tells() -> None:
    told: dict[str, Scalar] = {
        "model": "claude-opus-4-8", "input_tokens": "10", "output_tokens": 57, "cache_read_tokens": 2000, "cache_creation_tokens": 1000,
        "cache_creation_5m_tokens": 600, "cache_creation_1h_tokens": 400, "cost_usd": 0.5, "cost_usd_micros": 10_225, "speed": "fast",
        "request_id": "req_1", "query_source": "agent:custom:scout", "effort": "low", "skill.name": "pdf", "plugin.name": "p",
        "mcp_server.name": "m", "mcp_tool.name": "t", "prompt.id": "p1",
    }  # fmt: skip
    (sighting,) = read_both("logs", logs([event("api_request", told)])).sightings
    assert sighting.key == "request:req_1"
    assert (sighting.agent, sighting.is_sidechain, sighting.speed, sighting.effort) == ("scout", True, "fast", "low")
    assert (sighting.skill, sighting.plugin, sighting.mcp_server, sighting.mcp_tool) == ("pdf", "p", "m", "t")
    counters = (
        sighting.input_tokens,
        sighting.output_tokens,
        sighting.cache_creation_5m_tokens,
        sighting.cache_creation_1h_tokens,
        sighting.cache_read_tokens,
    )
    assert counters == (10, 57, 600, 400, 2000)
    assert (sighting.reported_cost, sighting.list_cost) == (10_225_000, 20_460_580)
    assert sighting.seniority // 1024 == sighting.happened_at == NOW
    assert sighting.seniority & 512
    assert (sighting.seniority >> 6) & 7 == 1


@pytest.mark.parametrize(
    ("told", "reported"),
    [({"cost_usd": 0.06219999999999999}, 62_200_000), ({"cost_usd": "0.010225"}, 10_225_000), ({}, NOT_TOLD), ({"cost_usd": -1.0}, NOT_TOLD), ({"cost_usd": "much"}, NOT_TOLD), ({"cost_usd": 0}, 0), ({"cost_usd": 100_000.0}, 10**14), ({"cost_usd": 9e9}, NOT_TOLD), ({"cost_usd_micros": 10**10 + 10**9 * 91}, NOT_TOLD)],
)  # fmt: skip
def test_the_cost_is_whole_micro_dollars_however_it_is_told(told: dict[str, Scalar], reported: int) -> None:
    (sighting,) = read_both("logs", logs([event("api_request", told)])).sightings
    assert sighting.reported_cost == reported


def test_cache_writes_without_lifetimes_are_five_minute_ones_and_a_model_without_a_price_has_none() -> None:
    told: dict[str, Scalar] = {"cache_creation_tokens": 1000, "model": "unknown"}
    (sighting,) = read_both("logs", logs([event("api_request", told)])).sightings
    assert (sighting.cache_creation_5m_tokens, sighting.cache_creation_1h_tokens) == (1000, 0)
    assert sighting.list_cost == NOT_TOLD
    assert sighting.key.startswith("otlp:")


def test_older_clients_are_not_believed_about_mcp_servers() -> None:
    told: dict[str, Scalar] = {"mcp_server.name": "m"}
    for version, server in (("2.1.221", ""), ("2.1.222", "m"), ("3.0.0-beta", "m"), ("", "m"), ("x.y", "m")):
        (sighting,) = read_both("logs", logs([event("api_request", told)], {"service.version": version})).sightings
        assert sighting.mcp_server == server, version


def test_points_tell_amounts_in_millionths_and_make_sightings_that_count_no_response() -> None:
    told = {"model": "claude-opus-4-8", "query_source": "subagent"}
    body = metrics(
        [
            metric(
                "claude_code.token.usage",
                [point({**told, "type": kind}, 10.0) for kind in ("input", "output", "cacheRead", "cacheCreation")],
            ),
            metric("claude_code.cost.usage", [point({**told, "effort": "high", "agent.name": "scout"}, 0.0409)]),
            metric("claude_code.active_time.total", [point({"type": "cli"}, 0.193)]),
            metric("custom.metric", [point({}, 2)]),
        ]
    )
    reading = read_both("metrics", body)
    assert [record.amount for record in reading.records] == [10 * MICRO] * 4 + [40_900, 193_000, 2 * MICRO]
    assert [record.name for record in reading.records][-1] == "custom.metric"
    assert [each.responses for each in reading.sightings] == [0] * 5
    assert [each.reported_cost for each in reading.sightings] == [0, 0, 0, 0, 40_900_000]
    assert [each.list_cost for each in reading.sightings] == [10, 100, 100_000, 1_000, 0]
    assert [each.cache_creation_5m_tokens for each in reading.sightings] == [0, 0, 0, 10, 0]
    assert reading.sightings[-1].agent == "scout"
    assert all(each.is_sidechain for each in reading.sightings)
    assert set(METRICS) > {"token.usage", "cost.usage", "active_time.total"}


def test_a_point_is_the_same_whatever_its_value_and_the_order_of_its_attributes() -> None:
    told: list[dict[str, Scalar]] = [{"type": "input", "model": "m"}, {"model": "m", "type": "input"}]
    first, second = (
        read_both("metrics", metrics([metric("claude_code.token.usage", [point(each, amount)])]))
        for each, amount in zip(told, (1.0, 2.0), strict=True)
    )
    assert first.records[0].id == second.records[0].id
    assert first.sightings[0].key == second.sightings[0].key
    assert first.sightings[0].id != second.sightings[0].id


def test_amounts_are_decimally_right() -> None:
    amounts = [Decimal("0.1"), Decimal("0.000001"), Decimal("12345.678901")]
    body = metrics([metric("m", [point({"n": place}, float(amount)) for place, amount in enumerate(amounts)])])
    assert [record.amount for record in read_both("metrics", body).records] == [
        int(amount * MICRO) for amount in amounts
    ]
