"""How many tokens a model takes at once: what the book says, and what a mark in the name asks for."""

from __future__ import annotations

import pytest

from tests.ledgers import BOOK
from tokentide.pricing.names import marked_context


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        ("claude-opus-4-8", 1_000_000),
        ("claude-sonnet-4-5-20250929", 200_000),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", 200_000),
        ("claude-sonnet-4-5[1m]", 1_000_000),
        ("claude-sonnet-4-5-20250929[1M]", 1_000_000),
        ("claude-mythos-5", None),  # a model of our own rules, of which the book knows nothing
        ("nobody-s-model", None),
        ("", None),
    ],
)
def test_a_context_window_is_as_large_as_the_book_or_the_name_says(model: str, tokens: int | None) -> None:
    assert BOOK.context_window(model) == tokens


@pytest.mark.parametrize(("name", "tokens"), [("x[200k]", 200_000), ("x[1m]y", None), ("[m]", None), ("", None)])
def test_only_a_mark_at_the_end_counts(name: str, tokens: int | None) -> None:
    assert marked_context(name) == tokens
