"""Questions to a team server: only known ones are answered, in portions, and nothing breaks it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tests.loopback import Request
from tests.team_ledgers import FIRST, NOW, TeamServer, generated, push, remote, team_server
from tests.test_ledger_conformance import assert_same_answers
from tokentide.clock import QUARTER_US
from tokentide.errors import UsageError
from tokentide.server import asking
from tokentide.store.duckdb.engine import DuckEngine
from tokentide.store.query import CostMode, Filters, Period, Query
from tokentide.store.remote import wire
from tokentide.store.team.query import Scope

QUESTIONS = (
    "about",
    "totals",
    "moments",
    "responses",
    "last_pause_end",
    "stretch_costs",
    "session_facts",
    "days",
    "values",
)
APART = [["", 2 * number * QUARTER_US, (2 * number + 1) * QUARTER_US] for number in range(2_001)]
FIELDS = ("dimensions", "periods", "mode", "filters", "start", "end", "length", "session_id", "dimension", "users")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamServer]:
    folder = tmp_path_factory.mktemp("team")
    engine = DuckEngine(str(folder / "store.duckdb"))
    engine.prepare()
    with team_server(engine) as server:
        push(generated(most=250), server, kept=folder / "own.sqlite3")
        yield server
    engine.close()


def asked(question: object, number: object = wire.FORMAT) -> bytes:
    """A body that asks."""
    return json.dumps({"format": number, "question": question}).encode()


def test_long_answers_come_in_portions(server: TeamServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MOST_SINGLE", 7)
    server.tokens.clear()
    told = list(remote(server).moments(Filters(), CostMode.AUTO))
    assert len(told) == 250
    assert 30 < len(server.tokens) < 40
    monkeypatch.setattr(asking, "MOST_SINGLE", 90)
    assert_same_answers(generated(most=250), remote(server))


def test_a_whole_days_responses_at_one_instant_are_told_together(
    server: TeamServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "MOST_SINGLE", 1)
    scope = server.scope
    server.scope = Scope("instant")
    body = {
        "format": 1,
        "places": [{"source": "claude_code", "account": "a", "session_id": "s"}],
        "records": [{"identity": f"m{n}", "at": FIRST, "place": 0, "model": "m"} for n in range(9)],
    }
    server.answer(Request("POST", "/v1/push", {}, json.dumps(body).encode()))
    assert len(list(remote(server).moments(Filters(), CostMode.AUTO))) == 9
    server.scope = scope


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "no question that this server knows"),
        (b"{}", "no question that this server knows"),
        (b"[" * 100_000, "no question that this server knows"),
        (asked({"ask": "days"}, 2), "the question is of format 2"),
        (asked({"ask": "everything"}), "no question that this server knows"),
        (asked({"ask": "days", "tenant": "other"}), "no question that this server knows"),
        (asked({"ask": "values", "dimension": "tenant"}), "values are listed of"),
        (
            asked({"ask": "totals", "dimensions": ["tenant"], "periods": [], "mode": "auto", "filters": {}}),
            "grouped by",
        ),
        (
            asked({"ask": "totals", "dimensions": [], "periods": [["", 0, 1]] * 40_001, "mode": "auto", "filters": {}}),
            "periods",
        ),
        (
            asked({"ask": "totals", "dimensions": [], "periods": APART, "mode": "auto", "filters": {}}),
            "stretches",
        ),
        (
            asked({"ask": "moments", "filters": {"models": ["m"] * 10_001}, "mode": "auto", "start": 0}),
            "name more than 10,000 values",
        ),
        (asked({"ask": "days", "x": "y" * (4 << 20)}), "longer than 4 MiB"),
    ],
)
def test_what_is_no_question_is_refused(server: TeamServer, body: bytes, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        asking.answer(body, server.ledger)


def test_arbitrary_questions_are_answered_or_refused(server: TeamServer) -> None:
    scalars = (
        st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=5) | st.sampled_from(QUESTIONS)
    )
    values = st.recursive(
        scalars | st.sampled_from(("auto", "display", "model", "user", "session")),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("models", "sessions")), inner),
        max_leaves=6,
    )

    @law(60)
    @given(st.sampled_from(QUESTIONS), st.dictionaries(st.sampled_from(FIELDS), values, max_size=5))
    def check(name: str, fields: dict[str, object]) -> None:
        try:
            told = json.loads(asking.answer(asked({"ask": name, **fields}), server.ledger))
        except UsageError:
            return
        assert told["format"] == wire.FORMAT

    check()


@pytest.mark.parametrize("start", [-(2**62), 2**62])
def test_instants_beyond_all_time_are_no_trouble(server: TeamServer, start: int) -> None:
    told = remote(server)
    assert len(list(told.moments(Filters(), CostMode.AUTO, start))) == (250 if start < 0 else 0)
    assert told.last_pause_end(Filters(), start, 2**62, 1) == told.last_pause_end(Filters(), 0, NOW, 1) or start > 0


def test_names_of_filters_are_values_and_nothing_else(server: TeamServer) -> None:
    for name in ("' OR 1 = 1 --", "\\", "%", "s1'); DROP TABLE sightings; --", "\x00"):
        periods = (Period("", 0, 4 * NOW),)
        assert remote(server).totals(Query(("session",), periods, Filters(projects=(name,)))) == []
        assert remote(server).session_facts(name) == {}
