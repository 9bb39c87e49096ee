"""What is believed of a window, whatever the sources say in whatever order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentide.analytics.limit_history import WindowHistory, highest_by_step
from tokentide.analytics.limits import Level, current_windows, level_of
from tokentide.analytics.official_windows import official_windows
from tokentide.analytics.windows import WindowState, estimated_window
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from tokentide.model.limits import (
    ACCOUNT,
    CLIENT_COPY,
    EXTRA_USAGE,
    FIVE_HOUR,
    REFUSAL,
    SEVEN_DAY,
    STATUSLINE,
    Account,
    LimitReading,
    Money,
)
from tokentide.store.sqlite.connection import MEMORY
from tokentide.store.sqlite.ledger import Ledger

NOON = 1_773_316_800 * SECOND_US
RESET = NOON + 2 * HOUR_US


def said(
    minute: float,
    percent: float | None,
    resets_at: int | None = RESET,
    *,
    source: str = STATUSLINE,
    window: str = FIVE_HOUR,
    until: float | None = None,
) -> LimitReading:
    """A reading so many minutes after noon, said until another minute."""
    at = NOON + round(minute * MINUTE_US)
    seen_at = 0 if until is None else NOON + round(until * MINUTE_US)
    return LimitReading("a", window, source, at, percent, resets_at, seen_at=seen_at)


def believed(*readings: LimitReading, minute: float = 60) -> WindowState:
    (state,) = current_windows(readings, NOON + round(minute * MINUTE_US))
    return state


def percent_of(*readings: LimitReading, minute: float = 60) -> float | None:
    return believed(*readings, minute=minute).percent


def test_an_idle_terminal_that_repeats_old_numbers_changes_nothing() -> None:
    assert percent_of(said(0, 20), said(5, 60), said(6, 20), said(30, 60), said(31, 20)) == 60


def test_a_lower_number_counts_once_it_has_lasted() -> None:
    assert percent_of(said(0, 60), said(5, 40)) == 60
    assert percent_of(said(0, 60), said(5, 40), said(6, 41)) == 60
    assert percent_of(said(0, 60), said(5, 40), said(7, 41)) == 41
    assert percent_of(said(0, 60), said(5, 40, until=7)) == 40


def test_a_lower_number_does_not_last_while_somebody_says_the_higher() -> None:
    assert percent_of(said(0, 60, until=30), said(5, 40), said(20, 40)) == 60
    assert percent_of(said(0, 60), said(5, 40), said(6, 60), said(8, 40)) == 60


def test_lower_numbers_last_only_since_somebody_said_the_higher_one() -> None:
    confirmed = said(5, 60, source=ACCOUNT, until=50)
    assert percent_of(said(0, 60), confirmed, said(40, 40), said(55, 56)) == 60
    assert percent_of(said(0, 60), confirmed, said(40, 40), said(55, 56), said(58, 56)) == 56


def test_a_clock_that_was_ahead_for_a_while_confirms_nothing() -> None:
    state = believed(said(0, 60, until=9000), said(61, 40), said(65, 40), minute=70)
    assert (state.percent, state.observed_at) == (60, NOON + 70 * MINUTE_US)


def test_a_new_window_begins_with_its_own_number() -> None:
    later = RESET + 5 * HOUR_US
    assert percent_of(said(0, 97), said(125, 3, later), minute=130) == 3
    # An idle terminal goes on repeating the old window's number.
    assert percent_of(said(0, 97), said(125, 3, later), said(126, 97), minute=130) == 3


def test_a_reset_that_moved_ahead_is_believed_at_once() -> None:
    assert percent_of(said(0, 97), said(5, 2, RESET + HOUR_US)) == 2


def test_a_reset_that_moved_back_is_believed_once_it_has_lasted() -> None:
    earlier = RESET - 30 * MINUTE_US
    assert believed(said(0, 50), said(5, 10, earlier)).resets_at == RESET
    assert believed(said(0, 50), said(5, 10, earlier), said(8, 10, earlier)).resets_at == earlier


def test_resets_that_jitter_are_one() -> None:
    state = believed(said(0, 50), said(5, 51, RESET - 10_000), said(6, 52, RESET + 900_000))
    assert (state.percent, state.source) == (52, STATUSLINE)


def test_a_percentage_above_100_is_kept() -> None:
    assert percent_of(said(0, 99), said(5, 103)) == 103


def test_a_glitch_after_the_reset_goes_away() -> None:
    later = RESET + 5 * HOUR_US
    glitch = (said(0, 80), said(121, 100, later))
    assert percent_of(*glitch, said(122, 1, later), minute=130) == 100
    assert percent_of(*glitch, said(122, 1, later), said(125, 1, later), minute=130) == 1


def test_a_leaked_epoch_leaves_the_number_alone() -> None:
    assert percent_of(said(0, 50), said(5, None)) == 50
    assert percent_of(said(0, None)) is None


def test_a_window_that_is_not_open_any_more_was_reset() -> None:
    state = believed(said(0, 50), said(125, 0.0, None), minute=130)
    assert (state.percent, state.resets_at) == (0, None)


def test_a_reset_further_away_than_the_window_is_long_is_not_believed_at_once() -> None:
    assert believed(said(0, 50), said(5, 60, RESET + 9 * HOUR_US)).resets_at == RESET


def test_a_refusal_fills_the_window() -> None:
    state = believed(said(0, 97), said(5, 100.0, source=REFUSAL), said(6, 97))
    assert (state.percent, state.source) == (100, REFUSAL)


def test_whoever_confirmed_it_last_is_named() -> None:
    state = believed(said(0, 50), said(20, 50, source=ACCOUNT))
    assert (state.source, state.observed_at, state.since) == (ACCOUNT, NOON + 20 * MINUTE_US, NOON)


def test_what_lies_ahead_is_not_known_yet() -> None:
    assert percent_of(said(0, 50), said(90, 70), minute=60) == 50


def test_money_grows_and_falls_by_the_same_rules() -> None:
    def spent(minute: int, minor: int) -> LimitReading:
        return said(minute, None, None, window=EXTRA_USAGE)._replace(used=Money(minor, "USD", 2))

    def amount(*readings: LimitReading) -> int:
        used = believed(*readings).used
        assert used is not None
        return used.minor

    assert amount(spent(0, 100), spent(5, 250)) == 250
    assert amount(spent(0, 900), spent(5, 0)) == 900
    assert amount(spent(0, 900), spent(5, 0), spent(10, 0)) == 0


def test_the_newest_limit_in_money_holds() -> None:
    first = said(0, 0, None, window=EXTRA_USAGE)._replace(used=Money(0, "USD", 2), ceiling=Money(5_000, "USD", 2))
    raised = first._replace(at=NOON + MINUTE_US, ceiling=Money(10_000, "USD", 2))
    assert believed(first, raised).ceiling == raised.ceiling


def test_windows_come_in_a_fixed_order() -> None:
    names = [EXTRA_USAGE, "tangelo", "seven_day_opus", SEVEN_DAY, FIVE_HOUR]
    windows = current_windows([said(0, 1, None, window=name) for name in names], NOON + 1)
    assert [window.window for window in windows] == [FIVE_HOUR, SEVEN_DAY, "seven_day_opus", "tangelo", EXTRA_USAGE]


def test_pace_is_use_beyond_the_clock() -> None:
    state = believed(said(0, 62))
    assert state.elapsed(NOON) == pytest.approx(0.6)
    assert state.pace(NOON) == pytest.approx(2)
    assert state.pace(RESET) is None
    assert state.is_over(RESET)


@pytest.mark.parametrize(
    ("percent", "level"),
    [
        (0, Level.LOW),
        (50.9, Level.LOW),
        (51, Level.RAISED),
        (81, Level.HIGH),
        (99.9, Level.HIGH),
        (100, Level.FULL),
        (140, Level.FULL),
    ],
)
def test_levels_begin_at_their_thresholds(percent: float, level: Level) -> None:
    assert level_of(percent, (51, 81, 100)) is level


any_reading = st.builds(
    said,
    st.integers(0, 300),
    st.none() | st.integers(0, 104).map(float),
    st.none() | st.integers(-100, 600).map(lambda minute: NOON + minute * MINUTE_US),
    source=st.sampled_from([STATUSLINE, ACCOUNT, CLIENT_COPY]),
)


@given(st.lists(any_reading, max_size=30))
def test_repeating_every_reading_changes_no_belief(readings: list[LimitReading]) -> None:
    readings.sort(key=lambda reading: reading.at)
    twice = [reading for reading in readings for _ in range(2)]
    assert current_windows(twice, NOON + DAY_US) == current_windows(readings, NOON + DAY_US)


@given(st.lists(any_reading, max_size=30))
def test_the_ledger_gives_back_what_was_put_in(readings: list[LimitReading]) -> None:
    readings.sort(key=lambda reading: reading.at)
    with Ledger.open(MEMORY) as ledger:
        ledger.limits.take([Account("a", "ada@example.com")], readings)
        once = ledger.limits.readings()
        ledger.limits.take([], readings)
        assert ledger.limits.readings() == once
        kept = {(each.source, each.percent, each.resets_at) for each in once}
        assert kept == {(each.source, each.percent, each.resets_at) for each in _last_of_each_instant(readings)}


def _last_of_each_instant(readings: list[LimitReading]) -> list[LimitReading]:
    """Of several readings of a source at one instant the last one counts."""
    return list({(each.source, each.at): each for each in readings}.values())


def test_what_a_source_says_again_takes_no_new_row() -> None:
    with Ledger.open(MEMORY) as ledger:
        for minute in range(10):
            ledger.limits.take([], [said(minute, 50)])
        (only,) = ledger.limits.readings()
        assert (only.at, only.last_at) == (NOON, NOON + 9 * MINUTE_US)


def test_what_a_source_says_again_against_another_one_lasts() -> None:
    with Ledger.open(MEMORY) as ledger:
        for minute in range(0, 30, 5):
            ledger.limits.take([], [said(minute, 10, source=ACCOUNT)])
            if minute == 5:
                ledger.limits.take([], [said(7, 100)])
        told = ledger.limits.readings()
        assert [(each.source, each.at) for each in told] == [
            (ACCOUNT, NOON),
            (STATUSLINE, NOON + 7 * MINUTE_US),
            (ACCOUNT, NOON + 10 * MINUTE_US),
        ]
        assert percent_of(*told) == 10


def test_a_window_that_reset_before_the_history_is_not_in_it() -> None:
    (state,) = current_windows([said(0, 90)], RESET + 1)
    history = WindowHistory(Account("a", "a"), FIVE_HOUR, (state,))
    assert highest_by_step(history, RESET + MINUTE_US, RESET + DAY_US, 10) == [None] * 10


def test_a_booking_of_a_clock_that_was_wrong_binds_nobody() -> None:
    with Ledger.open(MEMORY) as ledger:
        assert ledger.limits.claim_poll("usage a", NOON, NOON + DAY_US)
        assert not ledger.limits.claim_poll("usage a", NOON + 1, NOON + DAY_US)
        assert ledger.limits.claim_poll("usage a", NOON - HOUR_US, NOON)


def test_official_windows_do_not_overlap() -> None:
    with Ledger.open(MEMORY) as ledger:
        moved = RESET + 3 * HOUR_US
        ledger.limits.take(
            [], [said(0, 5), said(1, 6, RESET + 50_000), said(9, 7, moved), said(9, 7, window=SEVEN_DAY)]
        )
        assert official_windows(ledger, NOON + DAY_US) == [
            (RESET - 5 * HOUR_US, moved - 5 * HOUR_US),
            (moved - 5 * HOUR_US, moved),
        ]
        ledger.limits.take([], [said(0, 5)._replace(account="b")])
        assert official_windows(ledger, NOON + DAY_US) == []


def test_no_window_is_estimated_where_nothing_was_used() -> None:
    with Ledger.open(MEMORY) as ledger:
        assert estimated_window(ledger, "ada@example.com", None, NOON) is None
