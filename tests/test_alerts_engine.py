"""Each alert once: over repeated looks, restarts, processes, quiet hours and snoozes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.alert_stage import NOON, RESET, Stage, only, rules
from tests.receivers import web_receiver
from tokentide.alerts.engine import deliver
from tokentide.alerts.quiet import is_quiet
from tokentide.analytics.calendar import Calendar
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.model.alerts import CRITICAL, DUE, HELD, SENT, Alert, Claim, QuietHours, Snooze
from tokentide.model.limits import FIVE_HOUR, SEVEN_DAY
from tokentide.store.sqlite.ledger import Ledger

QUIET = "quiet_hours = '11:30-12:30'\n"
RULE = "[[rule]]\nkind = 'percent'\npercent = [80, 95]\n"
OTHERS = ("odds", "reset")
NO_DESKTOP = "[[channel]]\nkind='desktop'\nenabled=false\n"
UTC = Calendar("UTC")


def test_what_was_told_stays_told_after_a_restart(tmp_path: Path) -> None:
    path = str(tmp_path / "ledger.sqlite3")
    with Ledger.open(path) as ledger:
        stage = Stage(rules(RULE, off=OTHERS), ledger)
        stage.say(0, 85)
        assert len(stage.look(0)) == 1
    with Ledger.open(path) as ledger:
        assert Stage(rules(RULE, off=OTHERS), ledger).look(1) == ()


def test_the_gravest_comes_first() -> None:
    stage = Stage(rules(RULE, off=OTHERS))
    stage.say(0, 85)
    stage.say(0, 97, NOON + 2 * DAY_US, window=SEVEN_DAY)
    assert stage.titles(0) == ["Week: 97 % used", "5 hours: 85 % used"]


# Quiet hours and snoozes


def test_quiet_hours_hold_back_and_tell_together_afterwards_what_is_still_so() -> None:
    stage = Stage(rules(QUIET + RULE, off=OTHERS))
    stage.say(0, 85)
    stage.say(1, 82, NOON + 2 * DAY_US, window=SEVEN_DAY)
    stage.say(1, 82, NOON + 20 * MINUTE_US, window="seven_day_opus")
    assert stage.look(2) == ()
    assert {alert.state for alert in stage.ledger.alerts.recent(0)} == {HELD}
    stage.say(10, 96)
    assert stage.look(10) == ()
    # The Opus window has reset meanwhile, and 85 % has become 96 %.
    told = stage.look(30)
    assert [alert.title for alert in told] == ["5 hours: 96 % used", "Week: 82 % used"]
    assert [alert.at for alert in told] == [NOON + 30 * MINUTE_US] * 2
    assert "in 1 h 30 min" in told[0].body
    assert stage.look(31) == ()


def test_what_is_critical_passes_quiet_hours_if_asked() -> None:
    stage = Stage(rules(QUIET + "critical_passes = true\n" + RULE, off=OTHERS))
    stage.say(0, 85)
    assert stage.look(0) == ()
    stage.say(1, 97)
    assert [alert.severity for alert in stage.look(1)] == [CRITICAL]


@pytest.mark.parametrize(
    ("clock", "quiet"),
    [
        ("21:59", False),
        ("22:00", True),
        ("23:59", True),
        ("00:00", True),
        ("06:59", True),
        ("07:00", False),
        ("12:00", False),
    ],
)
def test_spans_run_over_midnight(clock: str, quiet: bool) -> None:
    hour, minute = map(int, clock.split(":"))
    at = NOON - 12 * HOUR_US + (hour * 60 + minute) * MINUTE_US
    assert is_quiet(QuietHours(((22 * 60, 7 * 60),)), Calendar("UTC"), at) is quiet


def test_spans_and_days_are_local_also_when_the_clocks_change() -> None:
    berlin = Calendar("Europe/Berlin")
    span = QuietHours(((2 * 60, 3 * 60),))
    change = NOON + 17 * DAY_US - 11 * HOUR_US  # 29 March, 01:00 UTC: there is no hour from 2 to 3
    assert not is_quiet(span, berlin, change - 1)
    assert not is_quiet(span, berlin, change)
    assert is_quiet(span, berlin, change - DAY_US)
    assert is_quiet(QuietHours(days=(6,)), berlin, change - 2 * HOUR_US + 1)
    assert not is_quiet(QuietHours(days=(6,)), berlin, change - 2 * HOUR_US - 1)


def test_a_span_to_midnight_is_a_whole_evening() -> None:
    assert is_quiet(QuietHours(((18 * 60, 24 * 60),)), Calendar("UTC"), NOON + 12 * HOUR_US - 1)
    assert not is_quiet(QuietHours(((18 * 60, 24 * 60),)), Calendar("UTC"), NOON + 12 * HOUR_US)


@pytest.mark.parametrize("rule", ["", "percent"])
def test_a_snooze_holds_back_until_its_end(rule: str) -> None:
    stage = Stage(rules(RULE, off=OTHERS))
    stage.ledger.alerts.snooze(Snooze(rule, NOON + 30 * MINUTE_US, NOON))
    stage.say(0, 97)
    assert stage.look(0) == ()
    assert stage.look(29) == ()
    assert stage.titles(30) == ["5 hours: 97 % used"]


def test_a_snooze_of_another_rule_or_of_a_wrong_clock_holds_nothing() -> None:
    stage = Stage(rules(RULE, off=OTHERS))
    stage.ledger.alerts.snooze(Snooze("odds", NOON + HOUR_US, NOON))
    stage.ledger.alerts.snooze(Snooze("", NOON + 4000 * DAY_US, NOON))
    stage.say(0, 97)
    assert len(stage.look(0)) == 1


def test_odds_that_fall_while_held_back_are_told_only_if_they_rise_again() -> None:
    stage = Stage(rules(QUIET + "[[rule]]\nkind = 'odds'\n", off=("percent", "reset")))
    stage.say(0, 70)
    assert stage.foresee(0, 0.7) == ()
    assert stage.foresee(10, 0.3) == ()
    assert stage.foresee(31, 0.5) == ()
    assert [alert.facts["odds"] for alert in stage.foresee(40, 0.8)] == [0.8]
    assert stage.foresee(41, 0.9) == ()


# Delivery, seen from the ledger


def test_what_a_process_did_not_send_before_it_died_is_sent_by_another() -> None:
    stage = Stage(rules(RULE, off=(*OTHERS,)))
    nobody = rules("[[channel]]\nkind='desktop'\nenabled=false\n")
    stage.say(0, 97)
    (lost,) = stage.look(0)
    soon, late = NOON + 9 * MINUTE_US, NOON + 11 * MINUTE_US
    assert deliver([], nobody, stage.ledger, {}, UTC, now=soon) == ()
    (told,) = deliver([], nobody, stage.ledger, {}, UTC, now=late)
    assert (told.key, told.state) == (lost.key, SENT)
    assert deliver([], nobody, stage.ledger, {}, UTC, now=late + HOUR_US) == ()


def test_what_is_over_or_old_is_not_sent_late() -> None:
    nobody = rules("[[channel]]\nkind='desktop'\nenabled=false\n")
    stage = Stage(rules(RULE, off=OTHERS))
    stage.say(0, 97)
    stage.look(0)
    stage.look(125)  # its window has reset
    assert deliver([], nobody, stage.ledger, {}, UTC, now=NOON + 126 * MINUTE_US) == ()
    week = Stage(rules(RULE, off=OTHERS))
    week.say(0, 97, NOON + 2 * DAY_US, window=SEVEN_DAY)
    week.look(0)
    assert deliver([], nobody, week.ledger, {}, UTC, now=NOON + 13 * HOUR_US) == ()


def test_what_nobody_was_told_of_is_not_told_late_in_quiet_hours() -> None:
    stage = Stage(rules(RULE, off=OTHERS))
    stage.say(0, 97)
    (lost,) = stage.look(0)
    night = rules(QUIET + RULE, off=OTHERS)
    assert deliver([], night, stage.ledger, {}, UTC, now=NOON + 11 * MINUTE_US) == ()
    (held,) = stage.ledger.alerts.recent(0)
    assert (held.key, held.state) == (lost.key, HELD)


def test_what_no_channel_took_for_want_of_a_network_is_told_once_there_is_one() -> None:
    stage = Stage(rules(RULE, off=OTHERS))
    stage.say(0, 97)
    unreachable = rules("[[channel]]\nkind='apprise'\nname='net'\nurl='json://127.0.0.1:1/'\n" + NO_DESKTOP)
    given = stage.look(0)
    (tried,) = deliver(given, unreachable, stage.ledger, dict(os.environ), UTC, now=NOON)
    assert (tried.state, bool(tried.deliveries["net"])) == (DUE, True)
    with web_receiver() as web:
        there = rules(f"[[channel]]\nkind='apprise'\nname='net'\nurl='json://{web.url}/'\n" + NO_DESKTOP)
        assert deliver([], there, stage.ledger, dict(os.environ), UTC, now=NOON + 9 * MINUTE_US) == ()
        (told,) = deliver([], there, stage.ledger, dict(os.environ), UTC, now=NOON + 11 * MINUTE_US)
        assert deliver([], there, stage.ledger, dict(os.environ), UTC, now=NOON + 30 * MINUTE_US) == ()
        assert (told.key, told.state, told.deliveries) == (given[0].key, SENT, {"net": ""})
        assert len(web.asked) == 1


def test_what_one_channel_took_is_not_tried_again_on_the_others() -> None:
    stage = Stage(rules(RULE, off=OTHERS))
    stage.say(0, 97)
    with web_receiver() as web:
        half = rules(
            "[[channel]]\nkind='apprise'\nname='net'\nurl='json://127.0.0.1:1/'\n"
            f"[[channel]]\nkind='apprise'\nname='good'\nurl='json://{web.url}/'\n" + NO_DESKTOP
        )
        (told,) = deliver(stage.look(0), half, stage.ledger, dict(os.environ), UTC, now=NOON)
        assert (told.state, told.deliveries["good"]) == (SENT, "")
        assert deliver([], half, stage.ledger, dict(os.environ), UTC, now=NOON + HOUR_US) == ()


def test_held_alerts_are_not_sent() -> None:
    stage = Stage(rules(QUIET + RULE, off=OTHERS))
    stage.say(0, 97)
    stage.look(0)
    (held,) = stage.ledger.alerts.recent(0)
    assert deliver([held], stage.rules, stage.ledger, {}, UTC, now=NOON + HOUR_US) == ()


# Laws


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["say", "look", "look", "foresee"]),
        st.integers(-30, 700),
        st.integers(0, 105),
        st.sampled_from([RESET, RESET + 400_000, RESET + 5 * HOUR_US, RESET + 30 * MINUTE_US]),
    ),
    max_size=25,
)


@settings(max_examples=80, deadline=None)
@given(STEPS, st.booleans())
def test_whatever_the_order_of_looks_each_key_is_told_once(steps: list[tuple[str, int, int, int]], quiet: bool) -> None:
    stage = Stage(
        rules((QUIET if quiet else "") + "[[rule]]\nkind='percent'\npercent=[50, 80, 95]\n[[rule]]\nkind='odds'\n")
    )
    told: list[Alert] = []
    for step, minute, percent, reset in steps:
        if step == "say":
            stage.say(minute, percent, reset)
        else:
            told += stage.look(minute) if step == "look" else stage.foresee(minute, percent / 105)
    assert max(Counter(alert.key for alert in told).values(), default=1) == 1
    known = {alert.key: alert.state for alert in stage.ledger.alerts.recent(-(10**18))}
    assert all(known[alert.key] == DUE for alert in told)
    assert {key for key, state in known.items() if state == DUE} == {alert.key for alert in told}


LOOKER = """
import sys, time
from tests.alert_stage import Stage, rules
from tokentide.store.sqlite.ledger import Ledger
path, begin = sys.argv[1], float(sys.argv[2])
stage = Stage(rules("[[rule]]\\nkind='percent'\\npercent=[50, 80, 95]\\n[[rule]]\\nkind='cost'\\nusd=[1, 2]\\n", off=("odds",)), Ledger.open(path))
time.sleep(max(0.0, begin - time.time()))
for minute in range(20):
    for alert in stage.look(minute % 5):
        print(alert.key)
"""


def test_of_several_processes_that_look_at_once_one_tells(tmp_path: Path) -> None:
    path = str(tmp_path / "ledger.sqlite3")
    with Ledger.open(path) as ledger:
        stage = Stage(rules(""), ledger)
        for number, window in enumerate((FIVE_HOUR, "seven_day_a", "seven_day_b")):
            stage.say(0, 85 + number, RESET if window == FIVE_HOUR else NOON + 3 * DAY_US, window=window)
        stage.spend(-1, 2.5)
    begin = str(time.time() + 2.0)
    looking = [
        subprocess.Popen(
            [sys.executable, "-c", LOOKER, path, begin], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    ended = [process.communicate(timeout=60) for process in looking]
    assert [process.returncode for process in looking] == [0] * 4, ended
    told = [line for out, _ in ended for line in out.split("\n") if line]
    assert len(told) == len(set(told)) == 4, told


def test_processes_that_release_what_was_held_tell_it_once(tmp_path: Path) -> None:
    path = str(tmp_path / "ledger.sqlite3")
    with Ledger.open(path) as one, Ledger.open(path) as other:
        first, second = (Stage(rules(QUIET + RULE, off=OTHERS), ledger) for ledger in (one, other))
        first.say(0, 97)
        assert first.look(0) == ()
        held = one.alerts.recent(0)
        assert len(other.alerts.release(held, NOON)) == 1
        assert one.alerts.release(held, NOON) == []
        assert second.look(40) == ()


def test_a_claim_takes_instances_within_its_tolerance_for_one() -> None:
    ledger = Ledger.open(":memory:")

    def won(instance: int, level: float) -> bool:
        claim = Claim("s", instance, level, 5)
        return bool(ledger.alerts.claim([(claim, Alert(claim.key, "percent", "", "", 1, "info", "t", "b"))], 1))

    assert won(100, 50)
    assert not won(105, 50)
    assert won(104, 80)
    assert not won(99, 60)
    assert not won(109, 60)
    assert won(110, 60)


def test_damaged_facts_in_the_ledger_are_empty_facts() -> None:
    ledger = Ledger.open(":memory:")
    alert = Alert("k|0|0", "percent", "", "", 1, "info", "t", "b", {"percent": 1})
    ledger.alerts.claim([(Claim("k", 0), alert)], 1)
    ledger._connection.execute("UPDATE alerts SET facts = '{', deliveries = '[1]'")
    (found,) = ledger.alerts.recent(0)
    assert (found.facts, found.deliveries) == ({}, {})


def test_a_look_that_finds_nothing_new_writes_nothing(tmp_path: Path) -> None:
    path = str(tmp_path / "ledger.sqlite3")
    with Ledger.open(path) as ledger:
        stage = Stage(rules(RULE, off=("odds", "cap_changed")), ledger)
        stage.say(0, 97)
        stage.look(0)
        before = ledger._connection.total_changes
        for minute in range(10):
            stage.look(minute)
        assert ledger._connection.total_changes == before


def test_facts_are_json() -> None:
    stage = Stage(only("percent", "percent = 80"))
    stage.say(0, 97)
    (alert,) = stage.look(0)
    assert json.loads(json.dumps(dict(alert.facts))) == dict(stage.ledger.alerts.recent(0)[0].facts)
