from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentide.analytics.reports import KINDS, Order, Report, Row
from tokentide.analytics.selection import Selection
from tokentide.analytics.session_list import searched, sorted_by
from tokentide.store.query import CostMode, Filters, SessionFacts, Sums


def row(key: str, title: str = "", cost: int = 1, *, project: str = "/w/Shop", branch: str = "main") -> Row:
    sums = Sums(responses=1, input_tokens=cost, cost=cost, cache_creation_5m_tokens=2, cache_creation_1h_tokens=cost)
    part = Row("main", Sums(responses=1, cost=cost), ("claude-opus-5",))
    return Row(key, sums, ("claude-opus-5",), (part,), "claude_code", SessionFacts(title, project, branch))


def report(*rows: Row) -> Report:
    whole = Selection(None, None, Filters())
    return Report(KINDS["session"], rows, Row("", Sums()), whole, CostMode.AUTO, "UTC", 0, "agent")


ROWS = report(
    row("aaaa", "Fix the Login", 3),
    row("bbbb", "", 5, project="C:\\work\\notes", branch="fix/login"),
    row("cccc", "Straße", 4, project=""),
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("login", "aaaa bbbb"),
        ("LOGIN fix", "aaaa bbbb"),
        ("login the", "aaaa"),
        ("bbb", "bbbb"),
        ("notes", "bbbb"),
        ("shop", "aaaa"),
        ("strasse", "cccc"),
        ("opus", "aaaa bbbb cccc"),
        ("  ", "aaaa bbbb cccc"),
        ("nothing", ""),
    ],
)
def test_every_word_must_occur_somewhere(text: str, found: str) -> None:
    assert [each.key for each in searched(ROWS, text).rows] == found.split()


def test_totals_are_of_what_was_found_with_its_parts() -> None:
    totals = searched(ROWS, "login").totals
    assert (totals.sums.responses, totals.sums.cost, totals.models) == (2, 8, ("claude-opus-5",))
    assert [(part.key, part.sums.cost) for part in totals.breakdown] == [("main", 8)]
    assert searched(ROWS, "nothing").totals == Row("", Sums())


@pytest.mark.parametrize(
    ("order", "keys"),
    [
        (Order("title"), "bbbb aaaa cccc"),
        (Order("title", descending=True), "cccc aaaa bbbb"),
        (Order("project"), "cccc bbbb aaaa"),
        (Order("branch"), "bbbb aaaa cccc"),
        (Order("models", descending=True), "aaaa bbbb cccc"),
        (Order("cost"), "bbbb cccc aaaa"),
        (Order("cache-write", descending=False), "aaaa cccc bbbb"),
        (Order(), "bbbb cccc aaaa"),
    ],
)
def test_sessions_are_sorted_by_what_is_shown_and_equal_ones_by_id(order: Order, keys: str) -> None:
    assert [each.key for each in sorted_by(ROWS, order).rows] == keys.split()


@given(st.lists(st.tuples(st.text(max_size=6), st.integers(0, 9)), max_size=12), st.text(max_size=2))
def test_searching_never_invents_and_adds_up(made: list[tuple[str, int]], text: str) -> None:
    whole = report(*(row(str(number), title, cost) for number, (title, cost) in enumerate(made)))
    found = searched(whole, text)
    assert all(each in whole.rows for each in found.rows)
    if text.split():
        assert found.totals.sums.cost == sum(each.sums.cost for each in found.rows)
        missed = [each for each in whole.rows if each not in found.rows]
        assert not any(
            all(w in (each.facts or SessionFacts()).title.casefold() for w in text.casefold().split())
            for each in missed
        )
