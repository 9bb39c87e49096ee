"""The status line as text: what it says, what gives way on a narrow terminal, and its colours."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentide.analytics.status_line import Spending, StatusLine, status_line
from tokentide.analytics.windows import WindowState
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.model.limits import LimitReading
from tokentide.render.status_line import Look, cell_width, cut, format_line
from tokentide.settings import SEGMENTS, Settings
from tokentide.sources.statusline.parser import Push

NOW = 1_795_263_240_000_000
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def window(
    name: str = "five_hour", percent: float | None = 62, reset: int | None = NOW + 100 * MINUTE_US, at: int = NOW
) -> WindowState:
    return WindowState(name, percent, reset, at, "statusline")


FULL = StatusLine(
    model="Opus 4.8",
    effort="high",
    windows=(
        window(),
        window("seven_day", 34, NOW + 2 * DAY_US + 23 * HOUR_US),
        window("seven_day_opus", 71, NOW + DAY_US),
    ),
    context_percent=31,
    context_fill=34,
    session_cost=1_270_000_000,
    spending=Spending(8_400_000_000, 2_100_000_000),
)
WIDE = (
    "Opus 4.8 | high | 5h ██████░░░░ 62 % 1h 40m | week 34 % 2d 23h | Week, Opus 71 % 1d 0h | context 31 % "
    "| $1.27 session | $8.40 today | $2.10/h"
)


def shown(line: StatusLine, width: int | None = None, *, segments: tuple[str, ...] = SEGMENTS, notice: str = "") -> str:
    return format_line(line, Look(segments, (51, 81, 100), width, has_colour=False), NOW, notice)


def one(state: WindowState) -> str:
    return shown(StatusLine("", "", (state,), None, None, None, None))


def test_everything_that_is_known_is_said_in_the_order_of_the_settings() -> None:
    assert shown(FULL) == WIDE
    assert shown(FULL, segments=("burn_rate", "week", "model")) == "$2.10/h | week 34 % 2d 23h | Opus 4.8"


def test_what_is_not_known_is_left_out() -> None:
    assert shown(StatusLine("", "", (), None, None, None, None)) == ""
    assert shown(StatusLine("Opus", "", (), None, None, 0, Spending(0, 0))) == "Opus | $0.00 session | $0.00 today"


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (len(WIDE), WIDE),
        (len(WIDE) - 1, WIDE.replace(" ██████░░░░", "")),
        (100, "Opus 4.8 | 5h 62 % 1h 40m | week 34 % 2d 23h | Week, Opus 71 % | context 31 % | $1.27 session"),
        (60, "Opus 4.8 | 5h 62 % 1h 40m | week 34 % 2d 23h | context 31 %"),
        (40, "5h 62 % | week 34 % | context 31 %"),
        (20, "5h 62 % | week 34 %"),
        (8, "5h 62 %"),
        (4, "5h …"),
        (1, "…"),
    ],
)
def test_on_a_narrow_terminal_the_least_important_gives_way(width: int, text: str) -> None:
    assert shown(FULL, width) == text


@given(st.integers(1, 200), st.text(max_size=30), st.text(max_size=40))
def test_it_is_never_wider_than_the_terminal_and_always_one_line(width: int, model: str, notice: str) -> None:
    line = StatusLine(model, model, FULL.windows, 31, 34, 10**18, FULL.spending)
    text = shown(line, width, notice=notice)
    assert cell_width(text) <= width
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", text)
    colour = format_line(line, Look(SEGMENTS, (51, 81, 100), width, has_colour=True), NOW, notice)
    assert ANSI.sub("", colour) == text


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (window(percent=103.0), "5h ██████████ 103 % 1h 40m"),
        (window(percent=99.6), "5h ██████████ 99 % 1h 40m"),
        (window(reset=None), "5h ██████░░░░ 62 %"),
        (window(percent=None), ""),
        (window(reset=NOW), "5h reset <1m ago"),
        (window(reset=NOW - 12 * MINUTE_US), "5h reset 12m ago"),
        (window(percent=None, reset=NOW - DAY_US), "5h reset 1d 0h ago"),
        (window(reset=NOW - DAY_US - 1), ""),
        (window(at=NOW - 15 * MINUTE_US), "5h ██████░░░░ 62 % 1h 40m"),
        (window(at=NOW - 16 * MINUTE_US), "5h ██████░░░░ 62 % 1h 40m (16m old)"),
        (window("spend_limit", 8, None), "Spend limit 8 %"),
        (
            window("a\x1b[31m\nb" + "x" * 50, 8, None),
            "A\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}bxxxxxxxxxxxxxxx… 8 %",
        ),
    ],
)
def test_windows(state: WindowState, text: str) -> None:
    assert one(state) == text


@pytest.mark.parametrize(
    ("percent", "code"), [(0, "32"), (50, "32"), (51, "33"), (81, "38;5;208"), (99, "38;5;208"), (100, "31")]
)
def test_a_window_has_the_colour_of_its_level(percent: int, code: str) -> None:
    line = StatusLine("", "", (window("seven_day", float(percent)),), None, None, None, None)
    text = format_line(line, Look(SEGMENTS, Settings().limit_thresholds, None, has_colour=True), NOW)
    assert f"\x1b[{code}m {percent} %\x1b[0m" in text


def test_a_stale_window_is_dim() -> None:
    line = StatusLine("", "", (window("seven_day", 90, at=NOW - HOUR_US),), None, None, None, None)
    text = format_line(line, Look(SEGMENTS, (51, 81, 100), None, has_colour=True), NOW)
    assert set(re.findall(r"\x1b\[([0-9;]+)m", text)) == {"2", "0"}


@pytest.mark.parametrize(("tokens", "code"), [(90_000, "32"), (100_000, "33"), (150_000, "38;5;208"), (167_000, "31")])
def test_the_contexts_colour_minds_that_it_is_compacted_before_it_is_full(tokens: int, code: str) -> None:
    push = Push(context_tokens=tokens, context_window_tokens=200_000, context_percent=float(tokens // 2_000))
    text = format_line(status_line(push, (), NOW), Look(("context",), (51, 81, 100), None, has_colour=True), NOW)
    assert f"\x1b[{code}m {tokens // 2_000} %" in text


def test_the_context_is_reckoned_where_the_client_does_not_say() -> None:
    line = status_line(Push(context_tokens=50_000, context_window_tokens=200_000), (), NOW)
    assert line.context_percent == 25
    assert status_line(Push(context_tokens=50_000), (), NOW).context_percent is None
    assert status_line(Push(context_percent=12.0), (), NOW).context_fill == 12
    assert shown(status_line(Push(context_tokens=9, context_window_tokens=1), (), NOW)) == "context 900 %"


def test_the_windows_come_from_the_readings() -> None:
    readings = [LimitReading("a", "five_hour", "statusline", NOW - 1, 20.0, NOW + HOUR_US)]
    assert shown(status_line(Push(), readings, NOW)) == "5h ██░░░░░░░░ 20 % 1h 00m"


def test_a_notice_outlives_all_segments() -> None:
    assert shown(FULL, 40, notice="the ledger is damaged") == "tokentide: the ledger is damaged"


@pytest.mark.parametrize(
    ("text", "cells"),
    [("abc", 3), ("é", 1), ("e\u0301", 1), ("日本", 4), ("한글", 4), ("█░", 2), ("👍", 2), ("", 0)],
)
def test_wide_characters_count_twice(text: str, cells: int) -> None:
    assert cell_width(text) == cells


def test_a_cut_text_takes_no_more_than_it_may() -> None:
    assert cut("日本語", 6) == "日本語"
    assert cut("日本語", 5) == "日本…"
    assert cut("日本語", 4) == "日…"
    assert cut("日本語", 0) == ""
