"""OTLP bodies as rows: what the real client sends, what each event fills, the quirks, and what is never kept."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from tests.otlp_bodies import (
    NOW,
    Scalar,
    captured,
    encoded,
    event,
    logs,
    metric,
    metrics,
    point,
    priced,
    read,
    read_both,
)
from tokentide.clock import DAY_US, HOUR_US
from tokentide.model.telemetry import MICRO, Entrance, Sighting, TelemetryRecord
from tokentide.pricing.book import PriceBook
from tokentide.server.parties import Parties
from tokentide.sources.otlp.faults import BadBodyError
from tokentide.sources.otlp.inspecting import JSON_TYPE, PROTOBUF_TYPE
from tokentide.sources.otlp.reading import Reader


def read_captured(kind: str, reader: Reader) -> tuple[list[TelemetryRecord], list[Sighting]]:
    records: list[TelemetryRecord] = []
    sightings: list[Sighting] = []
    for signal, content_type, body in captured(kind):
        reading = read(signal, content_type, body, reader)
        assert (reading.rejected, reading.notes) == (0, ())
        records += reading.records
        sightings += reading.sightings
    return records, sightings


def one(name: str, told: dict[str, Scalar], **given: int | None) -> TelemetryRecord:
    """The record of an event, the same from both encodings."""
    (record,) = read_both("logs", logs([event(name, told, **given)])).records  # type: ignore[arg-type]
    return record


def test_a_session_of_the_real_client_costs_what_it_says_itself_and_what_the_price_book_says() -> None:
    reader = Reader(Parties(), PriceBook(cache_path=None, data_path=None).cost_nano_usd)
    for kind in ("delta", "details"):
        records, sightings = read_captured(kind, reader)
        by_events = [sighting for sighting in sightings if sighting.source == "otlp"]
        assert len(by_events) == 6
        assert sum(each.reported_cost for each in by_events) == 51_155_000
        assert sum(each.list_cost for each in by_events) == 51_155_000
        by_metrics = [sighting for sighting in sightings if sighting.source == "otlp_metrics"]
        assert sum(each.reported_cost for each in by_metrics) == 51_155_000
        for counter in ("input_tokens", "output_tokens", "cache_read_tokens"):
            assert sum(getattr(each, counter) for each in by_metrics) == sum(
                getattr(each, counter) for each in by_events
            )
        assert {(r.user_id, r.team, r.project, r.cost_center) for r in records} == {
            ("ada@example.org", "infra", "tide", "4711")
        }
        assert {record.version for record in records} == {"2.1.329"}
        assert [each.agent for each in by_events if each.is_sidechain] == ["general-purpose"]


def test_what_a_session_writes_and_decides_is_in_its_points() -> None:
    records, _ = read_captured("delta", Reader(Parties(), priced))
    points = {(r.name, r.detail, r.outcome, r.extra): r.amount for r in records if r.kind == "point"}
    assert points["lines_of_code.count", "added", "", ""] == 3 * MICRO
    assert points["code_edit_tool.decision", "Write", "accept", "Python"] == MICRO
    assert points["session.count", "fresh", "", ""] == MICRO
    tools = Counter((r.name, r.detail, r.outcome) for r in records if r.name.startswith("tool_"))
    assert tools == {
        (n, t, o): 1
        for n, o in (("tool_result", "success"), ("tool_decision", "accept"))
        for t in ("Bash", "Write", "Agent")
    }


def test_what_people_and_models_wrote_is_not_in_any_row() -> None:
    """The capture holds the prompt, the command, the file's text and its path in the clear."""
    bodies = b"".join(body for _, _, body in captured("details"))
    secrets = ("LANE-MAIN", "LANE-SUB", "echo hi", "a.py", "y=2")
    assert all(secret.encode() in bodies for secret in secrets)
    rows = msgspec.json.encode(read_captured("details", Reader(Parties(), priced))).decode()
    assert [secret for secret in secrets if secret in rows] == []
    allowing = Reader(Parties(), priced, allowed=["prompt"])
    assert "LANE-MAIN" in msgspec.json.encode(read_captured("details", allowing)).decode()


def test_spans_are_kept_and_never_counted_as_usage() -> None:
    records, sightings = read_captured("details", Reader(Parties(), priced))
    spans = Counter(record.name for record in records if record.kind == "span")
    assert spans["llm_request"] == 6
    assert {"interaction", "tool", "tool.execution", "tool.blocked_on_user"} < set(spans)
    assert len([each for each in sightings if each.source == "otlp"]) == 6
    assert all(r.duration_ms >= 0 and r.duration_bucket >= 0 for r in records if r.kind == "span")


def test_running_totals_have_series_and_readings_and_become_increases_later() -> None:
    reader = Reader(Parties(), priced)
    records, sightings = read_captured("cumulative", reader)
    totals = [record for record in records if record.series]
    assert sightings == []
    assert len(totals) == len(records)
    assert all(record.amount == 0 for record in totals)
    series: dict[str, list[int]] = {}
    for record in totals:
        series.setdefault(record.series, []).append(record.reading)
    assert max(map(len, series.values())) == 2
    assert all(sorted(readings) == readings for readings in series.values())
    last = {record.series: record for record in totals}
    for record in last.values():
        record.amount = record.reading
    made = reader.sightings_of_points(last.values())
    assert sum(each.reported_cost for each in made) == 51_155_000
    assert made == reader.sightings_of_points(last.values())


@pytest.mark.parametrize("kind", ["delta", "details", "cumulative"])
def test_the_same_bodies_again_are_the_same_rows(kind: str) -> None:
    reader = Reader(Parties(), priced)
    once, again = read_captured(kind, reader), read_captured(kind, reader)
    fresh = read_captured(kind, Reader(Parties(), priced))
    assert once == again == fresh
    assert len({record.id for record in once[0]}) == len(once[0])
    assert len({sighting.id for sighting in once[1]}) == len(once[1])


def test_resumed_sessions_that_count_anew_lose_nothing() -> None:
    body = logs([event("user_prompt", {}, at=NOW + step, sequence=0) for step in (0, 1_000, 2_000)])
    assert len({record.id for record in read_both("logs", body).records}) == 3


def test_records_without_a_sequence_are_told_apart_by_all_they_say() -> None:
    told: list[dict[str, Scalar]] = [{"tool_name": "Bash"}, {"tool_name": "Edit"}, {"tool_name": "Bash"}]
    records = read_both("logs", logs([event("tool_result", each, sequence=None) for each in told])).records
    assert records[0].id == records[2].id != records[1].id


@pytest.mark.parametrize(
    ("at", "is_skewed"),
    [(NOW + HOUR_US, False), (NOW + HOUR_US + 1_000, True), (NOW - 400 * DAY_US, False), (NOW - 401 * DAY_US, True), (0, True)],
)  # fmt: skip
def test_clocks_that_cannot_be_true_are_not_believed(at: int, is_skewed: bool) -> None:
    record = one("user_prompt", {}, at=at)
    assert record.is_skewed is is_skewed
    assert record.happened_at == (NOW if is_skewed else at)
    other = one("user_prompt", {}, at=at + 1)
    assert other.id != record.id


def test_what_is_no_sum_is_said_to_be_ignored() -> None:
    gauge = {"name": "g", "gauge": {"dataPoints": [point({}, 1.0)]}}
    falling = metric("f", [point({}, 1.0)], temporality=2, is_monotonic=False)
    reading = read_both("metrics", metrics([gauge, falling, metric("d", [point({}, -1.0)], is_monotonic=False)]))
    assert [record.amount for record in reading.records] == [-MICRO]
    assert reading.notes == ("2 data points are of no metric that can be added up, and are not kept",)


def test_bad_items_are_rejected_and_the_others_kept() -> None:
    many: dict[str, Scalar] = {f"k{number}": number for number in range(513)}
    records = [
        event("user_prompt", {}),
        event("user_prompt", many),
        {},
        event("user_prompt", {"x": "y" * (1 << 20)}),
        event("auth", {}),
    ]
    reading = read_both("logs", logs(records))
    assert [record.name for record in reading.records] == ["user_prompt", "auth"]
    assert reading.rejected == 3
    points = [point({}, 1e300), point({}, 1.0)]
    assert read_both("metrics", metrics([metric("m", points), metric("", points)])).rejected == 3


@pytest.mark.parametrize("content_type", [JSON_TYPE, PROTOBUF_TYPE])
def test_more_records_than_a_body_may_have_are_refused(content_type: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("wire", "protobuf"):
        monkeypatch.setattr(f"tokentide.sources.otlp.{module}.MOST_ITEMS", 20)
    assert len(read("logs", content_type, encoded("logs", logs([event("auth", {})] * 20))[content_type]).records) == 20
    with pytest.raises(BadBodyError, match="records"):
        read("logs", content_type, encoded("logs", logs([event("auth", {})] * 21))[content_type])
    with pytest.raises(BadBodyError, match="records"):
        read("logs", content_type, encoded("logs", {"resourceLogs": [{"scopeLogs": [{}]}] * 21})[content_type])


def test_fields_that_nobody_knows_are_not_read_without_end() -> None:
    begun = time.monotonic()
    with pytest.raises(BadBodyError, match="records"):
        read("logs", PROTOBUF_TYPE, b"\x10\x00" * 20_000_000)
    assert time.monotonic() - begun < 3


def test_a_resource_does_not_grow_with_every_item(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokentide.sources.otlp.reading.MOST_TEXT_BYTES", 10_000)
    note: dict[str, Scalar] = {"note": "x" * 900}
    bare = [{"timeUnixNano": str((NOW + number) * 1000), "body": {"stringValue": "auth"}} for number in range(50)]
    reading = read_both("logs", logs(bare, note))
    assert [bool(record.attributes) for record in reading.records] == [True] * 10 + [False] * 40
    assert "40 records" in reading.notes[0]
    endless: dict[str, Scalar] = {f"note{number}": "x" * 900 for number in range(100)}
    reading = read_both("logs", logs([event("auth", {})], {**endless, "enduser.id": "ada"}))
    assert [record.user_id for record in reading.records] == ["f" * 8]


def test_resources_are_remembered_by_their_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokentide.sources.otlp.reading.MOST_HEAD_BYTES", 20_000)
    reader = Reader(Parties(), priced)
    for number in range(100):
        read_both("logs", logs([event("auth", {})], {"note": str(number) * 500}), reader)
    assert sum(len(resource) for memory in reader._memories.values() for _, resource, _ in memory.heads) < 40_000


def test_a_body_that_may_be_somebodys_text_is_no_name() -> None:
    record = {"timeUnixNano": str(NOW * 1000), "body": {"stringValue": "dear diary, my secret"}}
    (read_record,) = read_both("logs", logs([record])).records
    assert read_record.name == "log"
    assert "my secret" not in str(read_record)


def test_long_and_hostile_texts_are_stored_in_a_form_that_every_engine_takes() -> None:
    body = logs([event("tool_result", {"tool_name": "B\0\x1b[31m", "note": "x" * 5_000, "odd": "\ud83d"})])
    (record,) = read("logs", JSON_TYPE, json.dumps(body).encode()).records
    assert record.detail == "B\ufffd\x1b[31m"
    kept = json.loads(record.attributes)
    assert len(kept["note"]) == 1024
    assert kept["note"].endswith("…")
    record_text = msgspec.json.encode(record)
    assert b"\\u0000" not in record_text


def test_nested_content_is_left_out_too_and_depth_is_bounded() -> None:
    deep: dict[str, object] = {"stringValue": "bottom"}
    for _ in range(40):
        deep = {"arrayValue": {"values": [deep]}}
    nested = {
        "kvlistValue": {
            "values": [
                {"key": "prompt", "value": {"stringValue": "my secret"}},
                {"key": "n", "value": {"intValue": "5"}},
            ]
        }
    }
    record = dict(event("brand_new", {}))
    record["attributes"] = [*record["attributes"], {"key": "deep", "value": deep}, {"key": "map", "value": nested}]  # type: ignore[misc]
    reading = read_both("logs", logs([record]))
    assert json.loads(reading.records[0].attributes)["map"] == {"n": 5}
    assert "deep" not in reading.records[0].attributes
    assert reading.notes == ("1 attributes could not be decoded, and are left out",)


def test_senders_that_order_attributes_otherwise_are_read_the_same() -> None:
    told: dict[str, Scalar] = {"tool_name": "Edit", "success": "true", "prompt": "my secret"}
    usual = event("tool_result", told)
    turned = {**usual, "attributes": list(reversed(usual["attributes"]))}  # type: ignore[call-overload]
    one_record, other = read_both("logs", logs([usual, turned])).records
    assert json.loads(one_record.attributes) == json.loads(other.attributes)
    other.attributes = one_record.attributes
    assert one_record == other


def test_what_stands_around_changes_within_a_body() -> None:
    sessions = [event("user_prompt", {"session.id": name, "enduser.id": name}) for name in ("s1", "s2", "s1", "s3")]
    records = read_both("logs", logs(sessions)).records
    assert [(record.session_id, record.user_id) for record in records] == [(n, n) for n in ("s1", "s2", "s1", "s3")]


def test_pseudonyms_leave_no_trace_of_a_person(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.toml"
    mapping.write_text("pseudonyms = true\n")
    reader = Reader(Parties(str(mapping), str(tmp_path / "secret")), priced)
    told: dict[str, Scalar] = {
        "user.email": "ada@example.org",
        "note": "by ada@example.org",
        "workspace.host_paths": "/home/ada",
    }
    reading = read_both("logs", logs([event("api_request", told)]), reader)
    rows = msgspec.json.encode((reading.records, reading.sightings)).decode()
    assert "ada" not in rows
    assert "ffffffff" not in rows
    assert reading.records[0].user_id.startswith("user-")


def test_a_mapping_that_changes_counts_from_the_next_body_on(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.toml"
    reader = Reader(Parties(str(mapping)), priced)
    body = encoded("logs", logs([event("user_prompt", {"user.email": "ada@example.org"})]))[PROTOBUF_TYPE]
    assert read("logs", PROTOBUF_TYPE, body, reader).records[0].team == "fallback"
    mapping.write_text('[users."ada@example.org"]\nteam = "infra"\n')
    assert read("logs", PROTOBUF_TYPE, body, reader).records[0].team == "infra"


def test_tenants_have_rows_of_their_own() -> None:
    body = encoded("logs", logs([event("api_request", {"request_id": "r"})]))[PROTOBUF_TYPE]
    reader = Reader(Parties(), priced)
    one_reading, other = (
        reader.read("logs", PROTOBUF_TYPE, body, received_at=NOW, entrance=Entrance(name)) for name in ("a", "b")
    )
    assert (one_reading.records[0].tenant, other.records[0].tenant) == ("a", "b")
    assert one_reading.records[0].id != other.records[0].id
