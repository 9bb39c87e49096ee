"""Single telemetry rows: the newest first, never more than the viewer may see."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.team_stage import TENANT, duck_store, event, instant, put
from tokentide.clock import DAY_US, HOUR_US
from tokentide.errors import UsageError
from tokentide.store.query import Period
from tokentide.store.team.latest import MOST_DAYS, MOST_ROWS, LatestQuery
from tokentide.store.team.query import Condition, Scope
from tokentide.store.team.store import TeamStore

AT = instant("2026-11-20T09:00")
TODAY = Period("", AT - HOUR_US, AT + HOUR_US)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamStore]:
    folder: Path = tmp_path_factory.mktemp("latest")
    with duck_store(folder) as opened:
        put(
            opened,
            event("tool_result", AT, detail="Bash", user_id="ana", team="web", duration_ms=5, model="m1"),
            event("tool_result", AT + 1, detail="Edit", user_id="bob", team="data", is_skewed=True),
            event("api_error", AT + 2, detail="529", user_id="ana", team="web", is_skewed=True),
            event("tool_result", AT - 2 * HOUR_US, detail="Old", user_id="ana", team="web"),
            event("tool_result", AT, detail="Rival", user_id="ana", team="web", tenant="rival", is_skewed=True),
        )
        yield opened


def details(store: TeamStore, scope: Scope, query: LatestQuery) -> list[str]:
    return [row.detail for row in store.latest(scope, query)]


def test_the_newest_come_first_and_other_events_and_times_not_at_all(store: TeamStore) -> None:
    assert details(store, Scope(TENANT), LatestQuery(("tool_result",), TODAY)) == ["Edit", "Bash"]
    assert details(store, Scope(TENANT), LatestQuery(("tool_result", "api_error"), TODAY, most=2)) == ["529", "Edit"]
    (row,) = store.latest(Scope(TENANT), LatestQuery(("tool_result",), TODAY, (Condition("model", ("m1",)),)))
    assert (row.happened_at, row.user_id, row.duration_ms, row.ttft_ms) == (AT, "ana", 5, -1)


def test_a_viewer_gets_only_rows_within_the_scope(store: TeamStore) -> None:
    query = LatestQuery(("tool_result", "api_error"), TODAY)
    assert details(store, Scope(TENANT, ("data",)), query) == ["Edit"]
    assert details(store, Scope(TENANT, None, ("ana",)), query) == ["529", "Bash"]
    assert details(store, Scope("rival"), query) == ["Rival"]
    assert details(store, Scope(TENANT, ()), query) == []
    asked = LatestQuery(("tool_result",), TODAY, (Condition("tenant", ("rival",)),))
    assert details(store, Scope(TENANT), asked) == []


def test_clocks_that_were_not_believed_are_counted_by_person(store: TeamStore) -> None:
    assert sorted(store.skewed(Scope(TENANT), TODAY)) == [("ana", 1, AT + 2), ("bob", 1, AT + 1)]
    assert store.skewed(Scope(TENANT, ("data",)), TODAY) == [("bob", 1, AT + 1)]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (LatestQuery(("tool_result",), Period("", AT, AT + (MOST_DAYS + 1) * DAY_US)), "at most 7 days"),
        (LatestQuery(("tool_result",), TODAY, most=MOST_ROWS + 1), "ask for fewer"),
        (LatestQuery(("tool_result",), TODAY, most=0), "ask for fewer"),
        (LatestQuery(("tool_result",), TODAY, (Condition("1=1 --", ("x",)),)), "cannot be asked|nothing can be asked"),
    ],
)
def test_too_much_and_what_no_row_has_is_refused(store: TeamStore, query: LatestQuery, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        store.latest(Scope(TENANT), query)
