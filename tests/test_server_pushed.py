"""A pushed body as sightings: whose they are, what makes no sense, and that telemetry's sighting is the same response."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tests.ledgers import BOOK
from tests.team_ledgers import NOW
from tests.team_rows import sighting
from tokentide.clock import DAY_US
from tokentide.model.pushing import FORMAT, PushedRecord
from tokentide.model.telemetry import Entrance
from tokentide.server.parties import Parties
from tokentide.server.pushed import PushedReading, pushed
from tokentide.sources.otlp.faults import BadBodyError
from tokentide.store.duckdb.engine import DuckEngine
from tokentide.store.query import CostMode, Filters
from tokentide.store.team.ledger import TeamLedger
from tokentide.store.team.query import Scope
from tokentide.store.team.store import TeamStore

ENTRANCE = Entrance("acme", "core")
PLACE = {"source": "claude_code", "account": "ada@example.org", "session_id": "s1", "project": "alpha", "branch": "b"}
RECORD = {
    "identity": "msg_1",
    "at": NOW - 5,
    "place": 0,
    "model": "claude-opus-4-8",
    "request_id": "req_1",
    "input_tokens": 10,
    "output_tokens": 57,
    "cache_creation_5m_tokens": 600,
    "cache_creation_1h_tokens": 400,
    "cache_read_tokens": 2_000,
}


def read(*records: object, parties: Parties | None = None, **told: Any) -> PushedReading:
    """The reading of a body of these records."""
    body = {"format": FORMAT, "resource": {"user.email": "ada@example.org"}, "places": [PLACE], **told}
    body.setdefault("records", records or [RECORD])
    return pushed(json.dumps(body).encode(), ENTRANCE, parties or Parties(), BOOK.cost_nano_usd, NOW)


def test_a_record_becomes_a_sighting_with_its_price() -> None:
    (row,) = read().sightings
    assert (row.tenant, row.user_id, row.team, row.project) == ("acme", "ada@example.org", "core", "alpha")
    assert (row.key, row.source, row.session_id, row.branch) == ("request:req_1", "claude_code", "s1", "b")
    assert (row.list_cost, row.reported_cost, row.responses) == (10_225_000, -1, 1)
    assert row.seniority // 1024 == row.happened_at == NOW - 5
    assert row.seniority // 64 % 8 == 0


def test_counts_that_nobody_reaches_have_no_price() -> None:
    (row,) = read({**RECORD, "output_tokens": 10**15}).sightings
    assert (row.output_tokens, row.list_cost) == (10**15, -1)


@pytest.mark.parametrize("source", ["otlp", "otlp_metrics"])
def test_a_push_is_no_telemetry(source: str) -> None:
    reading = read(places=[{**PLACE, "source": source}])
    assert (reading.sightings, reading.rejected, reading.notes) == ([], 1, ("a record claims to be telemetry",))


def test_the_same_body_gives_the_same_rows() -> None:
    assert read() == read()
    (one,), (other,) = read().sightings, read({**RECORD, "output_tokens": 58}).sightings
    assert one.key == other.key
    assert one.id != other.id


def test_passes_and_responses_without_a_request_have_keys_of_their_own() -> None:
    reading = read(
        {**RECORD, "request_id": ""},
        {**RECORD, "identity": "msg_1#0", "request_id": "req_1#0"},
        {**RECORD, "identity": "anonymous:s1:5:m:1,2", "request_id": ""},
    )
    assert [row.key for row in reading.sightings] == ["msg_1", "request:req_1#0", "anonymous:s1:5:m:1,2"]


def test_a_response_told_by_telemetry_and_pushed_is_one(tmp_path: Path) -> None:
    engine = DuckEngine(str(tmp_path / "store.duckdb"))
    engine.prepare()
    store = TeamStore(engine)
    (row,) = read().sightings
    told = sighting(NOW, "request:req_1", team="core", session_id="s1", output_tokens=57, reported_cost=20_450_000)
    for rows in ([row], [told], [row, told]):
        store.take([], rows, "1")
    (moment,) = TeamLedger(store, Scope("acme")).moments(Filters(), CostMode.AUTO)
    assert (moment.at, moment.sums.cost, moment.sums.cache_read_tokens) == (NOW - 5, 20_450_000, 2_000)
    engine.close()


@pytest.mark.parametrize(
    "change",
    [
        {"place": 1},
        {"at": NOW + 2 * DAY_US},
        {"at": -1},
        {"input_tokens": -1},
        {"input_tokens": 2**63},
        {"output_tokens": "7"},
        {"identity": "", "request_id": ""},
        {"identity": None},
        {"model": "m" * 5_000},
        {"reported_cost": -2},
    ],
)
def test_a_record_that_makes_no_sense_is_left_out(change: dict[str, object]) -> None:
    reading = read({**RECORD, **change}, RECORD)
    assert (len(reading.sightings), reading.rejected, len(reading.notes)) == (1, 1, 1)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"format": 1}',
        b'{"format": 2, "places": [], "records": []}',
        b'{"format": 1, "places": {}, "records": []}',
        b'{"format": 1, "places": [], "records": [' + b"0," * 20_001 + b"0]}",
    ],
)
def test_what_is_no_body_is_refused(body: bytes) -> None:
    with pytest.raises(BadBodyError):
        pushed(body, ENTRANCE, Parties(), BOOK.cost_nano_usd, NOW)


def test_people_under_pseudonyms_have_no_address_anywhere(tmp_path: Path) -> None:
    (tmp_path / "mapping.toml").write_text("pseudonyms = true\n")
    parties = Parties(str(tmp_path / "mapping.toml"), str(tmp_path / "secret"))
    (row,) = read(parties=parties).sightings
    assert row.user_id.startswith("user-")
    assert "ada" not in repr(row)


def test_hostile_texts_are_stored_as_they_can_be(tmp_path: Path) -> None:
    engine = DuckEngine(str(tmp_path / "store.duckdb"))
    engine.prepare()
    store = TeamStore(engine)
    texts = st.text(st.characters(), max_size=30)

    @law(10)
    @given(texts, texts, st.integers(0, 10**15))
    def check(name: str, model: str, count: int) -> None:
        place = {**PLACE, "session_id": name, "branch": name, "project": name}
        reading = read({**RECORD, "identity": f"x{name}", "model": model, "input_tokens": count}, places=[place])
        store.take([], reading.sightings, "1")
        assert len(reading.sightings) + reading.rejected == 1

    check()
    engine.close()


def test_arbitrary_json_never_breaks_it() -> None:
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
        max_leaves=8,
    )
    names = st.sampled_from(PushedRecord.__struct_fields__)

    @law(200)
    @given(st.lists(st.dictionaries(names, values) | values, max_size=3), values)
    def check(records: list[object], resource: object) -> None:
        try:
            reading = read(records=records, resource=resource)
        except BadBodyError:
            return
        assert len(reading.sightings) + reading.rejected == len(records)

    check()
