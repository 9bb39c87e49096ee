"""Replays are made once a day, one at a time, and those that nobody asked for lately are forgotten."""

from __future__ import annotations

import threading
import time

import pytest

from tests.conftest import Machine
from tests.web_stage import NOW, fill
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.forecasting.backtest_report import Backtest, known_accounts
from tokentide.clock import DAY_US
from tokentide.sample_limits import ACCOUNT
from tokentide.store.sqlite.ledger import Ledger
from tokentide.web.replays import MOST_KEPT, ReplayRunsError, Replays

UTC = Calendar("UTC")


@pytest.fixture
def filled(machine: Machine) -> Machine:
    fill(machine, days=30)
    return machine


def replay(machine: Machine, replays: Replays, days: int, now: int = NOW) -> Backtest:
    """With a ledger of its own, as each thread has."""
    with Ledger.open(str(machine.ledger)) as ledger:
        (account,) = known_accounts(ledger)
        assert account == ACCOUNT
        return replays.of(ledger, account, UTC, days=days, now=now)


def test_a_replay_is_made_once_a_day(filled: Machine) -> None:
    replays = Replays()
    made = replay(filled, replays, 8)
    assert made.windows
    assert replay(filled, replays, 8, NOW + 1) is made
    assert replay(filled, replays, 7) is not made
    assert replay(filled, replays, 8, NOW + DAY_US) is not made
    assert replays.progress == (0, 0)


def test_a_second_one_is_refused_while_the_first_runs(filled: Machine) -> None:
    replays = Replays()
    made: list[Backtest] = []
    first = threading.Thread(target=lambda: made.append(replay(filled, replays, 30)))
    first.start()
    deadline = time.monotonic() + 30
    while not replays.progress[1]:
        assert time.monotonic() < deadline
    with pytest.raises(ReplayRunsError, match="ask again when it is done"):
        replay(filled, replays, 7)
    first.join()
    assert made[0].windows
    assert replay(filled, replays, 7).windows


def test_only_the_latest_are_kept(filled: Machine) -> None:
    replays = Replays()
    oldest = replay(filled, replays, 7, NOW - 20 * DAY_US)
    newer = [replay(filled, replays, 7, NOW - (20 - day) * DAY_US) for day in range(1, MOST_KEPT + 1)]
    assert replay(filled, replays, 7, NOW - 12 * DAY_US) is newer[-1]
    assert replay(filled, replays, 7, NOW - 20 * DAY_US) is not oldest
