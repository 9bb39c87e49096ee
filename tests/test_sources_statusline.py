"""The status line's input: what is understood, and that anything else is unknown instead of an error."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tokentide.clock import DAY_US, MINUTE_US
from tokentide.model.limits import HIGHEST_PERCENT
from tokentide.sources.claude_code.instants import parse_instant
from tokentide.sources.statusline.parser import FARTHEST_RESET_US, MOST_BYTES, MOST_WINDOWS, Push, Window, parse

FIXTURES = Path(__file__).parent / "statusline"
NOW = parse_instant("2026-11-21T12:14:15Z") or 0
RESET = 1_795_269_000
RESET_US = RESET * 1_000_000


def windows(limits: object) -> tuple[Window, ...]:
    return parse(json.dumps({"rate_limits": limits}).encode(), NOW).windows


def test_what_the_real_client_sends_is_understood() -> None:
    push = parse((FIXTURES / "answered-2.1.197.json").read_bytes(), NOW)
    session = "00000000-0000-4000-8000-000000000001"
    assert push == Push(
        session_id=session,
        transcript_path=f"/home/u/.claude/projects/-home-u-work/{session}.jsonl",
        model_id="claude-opus-4-8",
        model_name="Opus 4.8",
        effort="high",
        api_ms=36,
        cost=20_450_000,
        context_tokens=3_010,
        context_window_tokens=200_000,
        context_percent=2.0,
        windows=(Window("five_hour", 62.0, RESET_US), Window("seven_day", 34.0, 1_795_522_200_000_000)),
    )


def test_a_session_without_an_answer_has_neither_limits_nor_context() -> None:
    push = parse((FIXTURES / "started-2.1.197.json").read_bytes(), NOW)
    assert (push.windows, push.context_tokens, push.context_percent, push.cost) == ((), None, None, 0)


@pytest.mark.parametrize(
    ("value", "percent"),
    [
        (62, 62.0),
        (62.5, 62.5),
        ("62", 62.0),
        (" 62.5 ", 62.5),
        (0, 0.0),
        (-0.0, 0.0),
        (103, 103.0),
        (HIGHEST_PERCENT, HIGHEST_PERCENT),
        (HIGHEST_PERCENT + 0.1, None),
        (RESET, None),
        (-1, None),
        ("abc", None),
        ("6_2", None),
        ("٦٢", None),
        ("", None),
        ("9" * 5_000, None),
        ("1e400000000", None),
        (True, None),
        (None, None),
        ([62], None),
        (math.nan, None),
        (math.inf, None),
    ],
)
def test_percentages(value: object, percent: float | None) -> None:
    assert windows({"five_hour": {"used_percentage": value, "resets_at": RESET}}) == (
        Window("five_hour", percent, RESET_US),
    )


@pytest.mark.parametrize(
    ("value", "reset"),
    [
        (RESET, RESET_US),
        (RESET + 0.25, RESET_US),
        (str(RESET), RESET_US),
        (RESET * 1_000, RESET_US),
        ("2026-11-21T13:50:00Z", RESET_US),
        ("2026-11-21T14:50:00.123456+01:00", RESET_US),
        ("2026-11-21T13:50:00", None),
        ("tomorrow", None),
        ("9999-12-31T23:59:59Z", None),
        (0, None),
        (-RESET, None),
        (10**18, None),
        (10**400, None),
        (True, None),
        (None, None),
        ({}, None),
        (NOW // 1_000_000 + 399 * 86_400, (NOW // 1_000_000 + 399 * 86_400) * 1_000_000 // MINUTE_US * MINUTE_US),
        (NOW // 1_000_000 + 401 * 86_400, None),
    ],
)
def test_resets(value: object, reset: int | None) -> None:
    assert windows({"seven_day": {"used_percentage": 5, "resets_at": value}}) == (Window("seven_day", 5.0, reset),)


def test_windows_that_are_not_known_are_taken_and_others_left() -> None:
    limits = {
        "seven_day_opus": {"used_percentage": 1},
        "spend_limit": {"resets_at": RESET, "used_percentage": 2},
        "five_hour": None,
        "seven_day": {},
        "note": "text",
        "list": [{"used_percentage": 3}],
        "empty": {"used_percentage": None, "resets_at": None},
        "": {"used_percentage": 4},
        "lone \ud800": {"used_percentage": 5},
    }
    assert windows(limits) == (
        Window("seven_day_opus", 1.0, None),
        Window("spend_limit", 2.0, RESET_US),
        Window("lone ?", 5.0, None),
    )
    assert len(windows({f"w{number}": {"used_percentage": 1} for number in range(10_000)})) == MOST_WINDOWS


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"12",
        b"not json",
        b'{"rate_limits": ',
        b"\xff\xfe\x00",
        b"[" * 1_000_000,
        b'{"a":' * 150_000,
        b'{"a":' * 150_000 + b"1" + b"}" * 150_000,
        b'{"session_id":"s","pad":"' + b"x" * MOST_BYTES + b'"}',
    ],
)
def test_anything_else_says_nothing(data: bytes) -> None:
    assert parse(data, NOW) == Push()


def test_a_mark_at_the_beginning_and_torn_text_do_no_harm() -> None:
    assert parse(b'\xef\xbb\xbf{"session_id":"s\xff"}', NOW).session_id == "s\N{REPLACEMENT CHARACTER}"
    assert parse(b'{"session_id":"\\ud800"}', NOW).session_id == "?"


@pytest.mark.parametrize(
    ("text", "nano"),
    [
        ("0.02045", 20_450_000),
        ("1.2345678914", 1_234_567_891),
        ("12345.000000001", 12_345_000_000_001),
        ('"0.5"', 500_000_000),
        ("1e-3", 1_000_000),
        ("1e999999999", None),
        ("1e-999999999", 0),
        ("-1", None),
        ("1000000000", 10**18),
        ("1000000000.1", None),
        ("9" * 4_000, None),
        ("true", None),
    ],
)
def test_costs_are_exact(text: str, nano: int | None) -> None:
    assert parse(b'{"cost": {"total_cost_usd": %s}}' % text.encode(), NOW).cost == nano


def test_the_effort_may_be_an_object_or_text() -> None:
    assert parse(b'{"effort": "low"}', NOW).effort == "low"
    assert parse(b'{"effort": {"level": "max"}}', NOW).effort == "max"
    assert parse(b'{"effort": 3}', NOW).effort == ""


def test_long_names_are_cut_and_long_paths_unknown() -> None:
    push = parse(json.dumps({"session_id": "s" * 5_000, "transcript_path": "/p" * 5_000}).encode(), NOW)
    assert (len(push.session_id), push.transcript_path) == (200, "")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["62", "1e9", "NaN"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "rate_limits",
                    "five_hour",
                    "used_percentage",
                    "resets_at",
                    "cost",
                    "total_cost_usd",
                    "context_window",
                    "current_usage",
                    "input_tokens",
                    "model",
                    "id",
                    "display_name",
                    "effort",
                    "level",
                    "session_id",
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)
NAMED = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("session_id", "transcript_path", "model", "effort", "cost", "context_window", "rate_limits"), JSON
    ),
)


@given(NAMED | JSON)
def test_any_json_gives_a_push_that_can_be_stored(value: object) -> None:
    check(parse(json.dumps(value).encode(), NOW))


@given(st.binary(max_size=300))
@example(b'{"cost":{"total_api_duration_ms":' + b"9" * 100_000 + b"}}")
def test_any_bytes_give_a_push_that_can_be_stored(data: bytes) -> None:
    check(parse(data, NOW))


@settings(max_examples=50)
@given(st.data())
def test_a_damaged_real_input_gives_a_push_that_can_be_stored(data: st.DataObject) -> None:
    whole = bytearray((FIXTURES / "answered-2.1.197.json").read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=5)):
        whole[place] = data.draw(st.integers(0, 255))
    check(parse(bytes(whole[: data.draw(st.integers(0, len(whole)))]), NOW))


def check(push: Push) -> None:
    for number in (push.api_ms, push.cost, push.context_tokens, push.context_window_tokens):
        assert number is None or 0 <= number < 2**63
    for window in push.windows:
        assert window.name.encode()
        assert window.percent is None or 0 <= window.percent <= HIGHEST_PERCENT
        assert window.resets_at is None or abs(window.resets_at - NOW) <= FARTHEST_RESET_US + DAY_US
    for text in (push.session_id, push.transcript_path, push.model_id, push.model_name, push.effort):
        assert text.encode().decode() == text
