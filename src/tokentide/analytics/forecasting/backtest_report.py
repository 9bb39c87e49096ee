"""The back-test of one account: its history replayed, and scored by window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentide.analytics.forecasting.backtest import Case, Progress, replay
from tokentide.analytics.forecasting.evidence import DEPTH_US
from tokentide.analytics.forecasting.made_up_limits import made_up_evidence
from tokentide.analytics.forecasting.reading import read_evidence
from tokentide.analytics.forecasting.scores import WindowScores, score_cases
from tokentide.clock import DAY_US
from tokentide.model.limits import Account

if TYPE_CHECKING:
    from tokentide.analytics.calendar import Calendar
    from tokentide.analytics.forecasting.evidence import Evidence
    from tokentide.store.sqlite.ledger import Ledger

LEAST_WINDOWS = 10
"""Scores of fewer windows of a kind are shown with a warning."""


@dataclass(frozen=True, slots=True)
class Backtest:
    """One account's."""

    account: Account
    since: int
    until: int
    """µs UTC, both."""
    windows: tuple[WindowScores, ...]
    """By window; empty where there is too little to score."""
    abstained: int
    """How often there was too little to say odds by."""
    is_made_up: bool
    """True where no official reading is known: limits in USD stand in for it, which proves the demand alone."""
    history_days: int


def run_backtest(
    ledger: Ledger, account: Account, calendar: Calendar, *, days: int, now: int, progress: Progress | None = None
) -> Backtest:
    """Replay the last `days` days of an account."""
    since, depth = now - days * DAY_US, days * DAY_US + DEPTH_US
    evidence = read_evidence(ledger, account, now=now, depth_us=depth, exact_us=depth)
    is_made_up = not evidence.five and not any(evidence.weekly.values())
    histories: list[Evidence] = [evidence]
    if is_made_up:
        histories = made_up_evidence(evidence.spending, begin=evidence.begin, now=now)
    cases: list[Case] = []
    abstained = 0
    for each in histories:
        replayed = replay(each, calendar, since=since, now=now, progress=progress)
        cases += replayed.cases
        abstained += replayed.abstained
    windows = dict.fromkeys(case.window for case in cases)
    return Backtest(
        account,
        since,
        now,
        tuple(score_cases(window, [case for case in cases if case.window == window]) for window in windows),
        abstained,
        is_made_up,
        max(now - evidence.begin, 0) // DAY_US,
    )


def known_accounts(ledger: Ledger) -> list[Account]:
    """Accounts with limits, and those that only records tell of. Raises LedgerError."""
    known = ledger.limits.accounts()
    names = {account.name for account in known}
    return known + [Account(name, name) for name in ledger.values("account") if name not in names]
