"""The local estimate: against real transcripts, against texts whose count is known, and by its own laws."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bench.measured_pieces import Piece, pieces_in
from bench.token_estimate import (
    FEW,
    by_group,
    fitted,
    halves,
    median_error,
    share_within,
    share_within_ours,
    sure_pieces,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.counted_texts import COUNTED_TEXTS, CountedText
from tokentide.analytics.text_shape import FEATURES, shape_of
from tokentide.analytics.token_estimate import (
    CODE,
    JSON,
    KINDS,
    NEWER,
    OLDER,
    OTHER,
    RATES,
    TEXT,
    WEIGHTS,
    estimate_text,
    estimate_tokens,
    family_of,
    image_tokens,
)

MODELS = ("claude-opus-4-6", "claude-opus-4-8", "gpt-5")


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("claude-3-5-sonnet-20241022", OLDER),
        ("claude-opus-4-6", OLDER),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", OLDER),
        ("claude-2.1", OLDER),
        ("claude-opus-4-7", NEWER),
        ("claude-haiku-5-5", NEWER),
        ("claude-fable-5[1m]", NEWER),
        ("claude-mythos-preview", NEWER),
        ("gpt-5", OTHER),
        ("", OTHER),
    ],
)
def test_models_share_a_tokenizer_by_their_generation(model: str, family: str) -> None:
    assert family_of(model) == family


@pytest.mark.corpus
def test_eight_in_ten_pieces_of_sessions_held_out_lie_in_the_range_learnt_from_the_others(corpus: Path) -> None:
    groups = by_group(sure_pieces(pieces_in(corpus / "claude")))
    learnt = {group: halves(pieces) for group, pieces in groups.items()}
    enough = {group: pair for group, pair in learnt.items() if min(map(len, pair)) >= FEW}
    assert {(OLDER, CODE), (NEWER, CODE), (NEWER, TEXT), (NEWER, JSON)} == {*enough}
    for group, (first, second) in enough.items():
        assert 0.7 <= share_within(second, fitted(first)) <= 0.95, group


@pytest.mark.corpus
def test_the_rates_in_the_program_are_those_that_the_corpus_has(corpus: Path) -> None:
    for group, pieces in by_group(sure_pieces(pieces_in(corpus / "claude"))).items():
        now, ours = fitted(pieces), RATES[group]
        for name in ("low", "likely", "high"):
            assert getattr(ours, name) == pytest.approx(getattr(now, name), rel=0.03), (group, name)
        assert 0.75 <= share_within_ours(pieces) <= 0.87, group
        assert median_error(pieces) < 0.15, group


@pytest.mark.parametrize(("model", "column"), [("claude-opus-4-6", "older"), ("claude-opus-5", "newer")])
def test_eight_in_ten_texts_of_known_count_lie_in_their_range(model: str, column: str) -> None:
    def lies_within(each: CountedText) -> bool:
        found, tokens = estimate_text(each.text, model), each.older if column == "older" else each.newer
        return found.low <= tokens <= found.high

    misses = [each.kind for each in COUNTED_TEXTS if not lies_within(each)]
    assert len(misses) <= 0.2 * len(COUNTED_TEXTS), misses


@pytest.mark.parametrize("each", COUNTED_TEXTS, ids=lambda each: each.kind)
def test_no_text_of_known_count_is_far_off(each: CountedText) -> None:
    for model, tokens in (("claude-opus-4-6", each.older), ("claude-opus-5", each.newer)):
        assert estimate_text(each.text, model).likely == pytest.approx(tokens, rel=0.16)


@given(size=st.integers(0, 10**12), model=st.sampled_from(MODELS), kind=st.sampled_from(KINDS))
def test_a_range_holds_its_likely_number_and_no_more_tokens_than_bytes(size: int, model: str, kind: str) -> None:
    found = estimate_tokens(size, model, kind)
    assert 0 <= found.low <= found.likely <= found.high <= size
    assert (found.likely == 0) == (size == 0)


@given(text=st.text(), model=st.sampled_from(MODELS))
def test_any_text_has_an_estimate(text: str, model: str) -> None:
    found = estimate_text(text, model)
    assert 0 <= found.low <= found.likely <= found.high <= len(text.encode("utf-8", "surrogatepass"))
    assert (found.likely == 0) == (not text)


@given(st.integers(1, 10**9), st.integers(1, 10**9), st.sampled_from(MODELS))
def test_more_bytes_are_never_fewer_tokens(one: int, other: int, model: str) -> None:
    less, more = sorted((one, other))
    assert estimate_tokens(less, model).likely <= estimate_tokens(more, model).likely


def test_lone_surrogates_are_counted() -> None:
    assert estimate_text("\ud800" * 10, "claude-opus-5").likely > 0


def test_another_vendor_is_trusted_less() -> None:
    ours, theirs = estimate_tokens(10_000, "claude-opus-4-6"), estimate_tokens(10_000, "gpt-5")
    assert theirs.likely == ours.likely
    assert theirs.low < ours.low < ours.high < theirs.high


def test_little_text_has_a_wider_range() -> None:
    small, large = estimate_tokens(100, "claude-opus-5"), estimate_tokens(10_000, "claude-opus-5")
    assert small.high / small.likely > large.high / large.likely


def test_every_feature_of_a_text_has_a_weight() -> None:
    assert tuple(WEIGHTS) == FEATURES
    assert len(shape_of("one two")) == len(FEATURES)


def test_the_shape_of_a_text_is_what_it_is_made_of() -> None:
    shape = dict(zip(FEATURES, shape_of("parseJSONText(1234);\n\n    Größe = 'Ω'"), strict=True))
    assert {name: count for name, count in shape.items() if count} == {
        "words": 5,  # parse JSON Text Gr e
        "capitals": 3,  # of JSON, which is one word
        "digits": 2,
        "punctuation": 5,  # ( ); = ' '
        "lines": 1,
        "lone_spaces": 2,  # before = and '
        "latin": 2,
        "greek": 1,
    }


@pytest.mark.parametrize(
    ("width", "height", "older", "newer"),
    [
        (1, 1, 1, 1),
        (200, 200, 64, 64),
        (1092, 1092, 1521, 1521),
        (1075, 1520, 33 * 47, 39 * 55),  # the documentation's A4 page: resized to 924 × 1307 by older models
        (1520, 1075, 33 * 47, 39 * 55),
        (1568, 784, 56 * 28, 56 * 28),
        (100_000, 1, 56, 92),
    ],
)
def test_a_picture_weighs_a_token_a_patch_after_it_was_scaled_down(
    width: int, height: int, older: int, newer: int
) -> None:
    assert image_tokens(width, height, "claude-opus-4-6") == older
    assert image_tokens(width, height, "claude-opus-4-7") == newer


@given(st.integers(0, 10**5), st.integers(0, 10**5))
def test_no_picture_weighs_more_than_the_vendor_lets_it(width: int, height: int) -> None:
    assert 1 <= image_tokens(width, height, "claude-sonnet-4-5") <= 1568
    assert 1 <= image_tokens(width, height, "claude-sonnet-5") <= 4784


def response(identity: str, prompt: int, output: int, *blocks: dict[str, object]) -> list[dict[str, object]]:
    """A response in lines of one block, as the client writes it."""
    usage = {"input_tokens": prompt, "output_tokens": output}
    message = {"id": identity, "model": "claude-opus-4-8", "usage": usage, "stop_reason": "tool_use"}
    line = {"type": "assistant", "version": "2.1.150"}
    return [{**line, "message": {**message, "content": [block]}} for block in blocks]


def result(text: str, **more: object) -> dict[str, object]:
    block = {"type": "tool_result", "tool_use_id": "t1", "content": text}
    return {"type": "user", "message": {"content": [block]}, **more}


def pieces_of(tmp_path: Path, *lines: dict[str, object]) -> list[Piece]:
    path = tmp_path / "projects" / "-p" / "s.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(json.dumps(line) for line in lines))
    return [*pieces_in(tmp_path)]


READ: dict[str, object] = {"type": "tool_use", "id": "t1", "name": "Read", "input": {"path": "a.py"}}


def test_a_piece_is_what_the_prompt_grew_by_less_the_response(tmp_path: Path) -> None:
    before, after = response("m1", 1000, 90, READ), response("m2", 1600, 30, {"type": "text", "text": "a" * 80})
    found = pieces_of(tmp_path, *before, *before, result("x" * 1200), *after)
    assert [(piece.kind, piece.is_result, piece.size_bytes, piece.tokens) for piece in found] == [
        (JSON, False, len('{"path":"a.py"}'), 20),
        (TEXT, False, 80, 30),
        (CODE, True, 1200, 510),
    ]


@pytest.mark.parametrize(
    "between",
    [
        [{"type": "attachment", "attachment": {"type": "task_reminder"}}],
        [{"type": "system", "subtype": "compact_boundary"}],
        [{"type": "user", "message": {"content": "and now?"}}],
        [{"type": "user", "message": {"content": [{"type": "image", "source": {}}]}}],
        [
            {
                "type": "assistant",
                "isApiErrorMessage": True,
                "message": {"id": "e", "model": "<synthetic>", "content": []},
            }
        ],
    ],
    ids=["attachment", "compaction", "prompt", "picture", "error"],
)
def test_what_no_file_shows_is_left_out(tmp_path: Path, between: list[dict[str, object]]) -> None:
    lines = [*response("m1", 1000, 90, READ), result("x" * 1200), *between, *response("m2", 1600, 9, READ)]
    assert not [piece for piece in pieces_of(tmp_path, *lines) if piece.is_result]


def test_side_chains_are_another_conversation(tmp_path: Path) -> None:
    aside = [{**line, "isSidechain": True} for line in response("m9", 5, 5, READ)]
    lines = [*response("m1", 1000, 90, READ), *aside, result("x" * 1200), *response("m2", 1600, 9, READ)]
    assert [piece.tokens for piece in pieces_of(tmp_path, *lines) if piece.is_result] == [510]
