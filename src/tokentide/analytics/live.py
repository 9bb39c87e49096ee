"""Everything of now, for the live view and its snapshots: limits, forecast, burn, block, sessions, cost, alerts."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from tokentide.analytics.burn import Burn, SessionBurn, burn_now
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.forecasting.latest import latest_forecast
from tokentide.analytics.forecasting.model import Forecast, WindowForecast
from tokentide.analytics.limits import AccountLimits, read_limits
from tokentide.analytics.plans import TOKENS, PlanWish
from tokentide.analytics.windows import WindowState
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.model.alerts import HELD, Alert
from tokentide.model.limits import FIVE_HOUR, SEVEN_DAY, SessionState
from tokentide.model.odds import EVEN_ODDS
from tokentide.store.query import MAIN_AGENT, CostMode, Filters, Response, Sums
from tokentide.store.sqlite.ledger import Ledger

NEAR_PERCENT, HIT_PERCENT = 80.0, 100.0
CHART_STEP_US = 5 * MINUTE_US
CHART_STEPS = 144
"""Twelve hours."""
ALERTS_US = DAY_US
BURNT_WINDOWS = (FIVE_HOUR, SEVEN_DAY)
"""Those that all usage counts in: of a window for one model the records of all models are no measure."""


class Status(StrEnum):
    """How an account stands, in one word; the exit code of `live --once` says the same."""

    OK = "ok"
    NEAR = "near"
    HIT = "hit"
    NO_DATA = "no_data"

    @property
    def code(self) -> int:
        """The same as a number, for exit codes."""
        return {Status.OK: 0, Status.NO_DATA: 5, Status.NEAR: 10, Status.HIT: 11}[self]


@dataclass(frozen=True, slots=True)
class LiveAsk:
    """What the figures are of."""

    calendar: Calendar
    mode: CostMode = CostMode.AUTO
    filters: Filters = field(default_factory=Filters)
    account: str = ""
    """Part of an account's name, organisation or key; empty for all."""
    wish: PlanWish = field(default_factory=PlanWish)


@dataclass(frozen=True, slots=True)
class LiveAccount:
    """One account's windows and what is expected of them."""

    limits: AccountLimits
    forecast: Forecast | None

    def expected(self, window: str) -> WindowForecast | None:
        """The forecast of one window; None where there is none."""
        return None if self.forecast is None else self.forecast.of(window)


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A session that responded within the last hour."""

    burn: SessionBurn
    context_tokens: int | None
    """In the context now: as its status line says, else what its last response read and wrote."""
    context_window_tokens: int | None
    """How many the context holds; None where no status line tells."""
    effort: str = ""


@dataclass(frozen=True, slots=True)
class Spent:
    """What one stretch of the calendar came to so far."""

    name: str
    """`today`, `week` or `month`."""
    since: int
    """µs UTC."""
    sums: Sums


@dataclass(frozen=True, slots=True)
class LiveState:
    """Everything at one instant."""

    at: int
    accounts: tuple[LiveAccount, ...]
    burn: Burn
    models: tuple[tuple[str, Sums], ...]
    """Of the block, the dearest first."""
    sessions: tuple[LiveSession, ...]
    spent: tuple[Spent, ...]
    chart: tuple[int, ...]
    """Nano-USD in each CHART_STEP_US; the last step holds `at`."""
    newest_at: int | None
    """The newest response, µs UTC; None for an empty ledger."""
    mode: CostMode
    timezone: str
    alerts: tuple[Alert, ...] = ()
    """Those of the last day, the newest first, without those that quiet hours hold back."""
    problems: int = 0
    """Places that could not be read."""

    @property
    def steps(self) -> tuple[tuple[int, int], ...]:
        """The chart with the instants that its steps begin at: µs UTC, nano-USD."""
        last = self.at // CHART_STEP_US - len(self.chart) + 1
        return tuple(((last + number) * CHART_STEP_US, cost) for number, cost in enumerate(self.chart))

    @property
    def windows(self) -> tuple[WindowState, ...]:
        """Of all accounts."""
        return tuple(window for account in self.accounts for window in account.limits.windows)


def build_live(ledger: Ledger, ask: LiveAsk, *, now: int, problems: int = 0) -> LiveState:
    """Ask the ledger for all of it. `now` is µs UTC. Raises LedgerError."""
    accounts = live_accounts(ledger, ask, now=now)
    windows = [each for account in accounts[:1] for each in account.limits.windows if each.window in BURNT_WINDOWS]
    burn = burn_now(ledger, ask.mode, now=now, windows=windows, filters=ask.filters)
    chart_start = now // CHART_STEP_US * CHART_STEP_US - (CHART_STEPS - 1) * CHART_STEP_US
    chart, last = _recent(ledger.responses(ask.filters, ask.mode, chart_start, now + 1), chart_start)
    return LiveState(
        at=now,
        accounts=accounts,
        burn=burn,
        models=() if burn.block is None else _by_cost(burn.block.by_model),
        sessions=_sessions(burn.sessions, last, ledger.limits.sessions(now - DAY_US)),
        spent=tuple(_spent(ledger, ask, now)),
        chart=chart,
        newest_at=ledger.newest_at(),
        mode=ask.mode,
        timezone=ask.calendar.name,
        alerts=tuple(each for each in ledger.alerts.recent(now - ALERTS_US) if each.state != HELD),
        problems=problems,
    )


def live_accounts(ledger: Ledger, ask: LiveAsk, *, now: int, expect: bool = True) -> tuple[LiveAccount, ...]:
    """The accounts that are asked for; without `expect` no forecast is made.

    The one seen last comes first, but those of which no percentage is known after those that have one.
    """
    found = [each for each in read_limits(ledger, now=now, wish=ask.wish) if each.account.matches(ask.account)]
    found.sort(key=lambda each: not _known(each.windows, now))
    return tuple(
        LiveAccount(limits, latest_forecast(ledger, limits, ask.calendar, now=now) if expect else None)
        for limits in found
    )


def status_of(accounts: Iterable[LiveAccount], now: int) -> Status:
    """HIT where an open window is used up, NEAR from 80 % or even odds on, NO_DATA where no percentage is known.

    What a window is estimated to hold by a plan makes no HIT, since nobody said that it holds no more; the number of
    tokens that a person has set does.
    """
    known = [
        (window, account.expected(window.window))
        for account in accounts
        for window in _known(account.limits.windows, now)
    ]
    if not known:
        return Status.NO_DATA
    return max(
        (_status(window, expected) for window, expected in known), key=(Status.OK, Status.NEAR, Status.HIT).index
    )


def _known(windows: Iterable[WindowState], now: int) -> list[WindowState]:
    """Those that are open and have a percentage."""
    return [each for each in windows if each.percent is not None and not each.is_over(now)]


def _status(window: WindowState, expected: WindowForecast | None) -> Status:
    percent = window.percent or 0.0
    if percent >= HIT_PERCENT and (not window.is_estimate or window.plan == TOKENS):
        return Status.HIT
    odds = expected.odds if expected is not None else None
    return Status.NEAR if percent >= NEAR_PERCENT or (odds or 0.0) >= EVEN_ODDS else Status.OK


def spent_in(ledger: Ledger, ask: LiveAsk, grain: str, now: int) -> Spent:
    """What today (`day`), this week or this month came to."""
    calendar = ask.calendar
    since = calendar.start_of(calendar.first_day(calendar.date_of(now), grain))
    return Spent("today" if grain == "day" else grain, since, ledger.used(ask.filters, ask.mode, since, now + 1))


def _spent(ledger: Ledger, ask: LiveAsk, now: int) -> Iterable[Spent]:
    return (spent_in(ledger, ask, grain, now) for grain in ("day", "week", "month"))


def _by_cost(found: dict[str, Sums]) -> tuple[tuple[str, Sums], ...]:
    """The dearest first."""
    return tuple(sorted(found.items(), key=lambda item: (-item[1].cost, -item[1].total_tokens, item[0])))


def _sessions(
    burning: Sequence[SessionBurn], last: Mapping[tuple[str, str], Response], states: Iterable[SessionState]
) -> tuple[LiveSession, ...]:
    """Those of the last hour, each with how full its context is; the one that responded last comes first."""
    told = {state.session_id: state for state in states}
    found = (_session(burn, last.get((burn.source, burn.session_id)), told.get(burn.session_id)) for burn in burning)
    return tuple(sorted(found, key=lambda each: (-each.burn.last_at, each.burn.session_id)))


def _session(burn: SessionBurn, last: Response | None, state: SessionState | None) -> LiveSession:
    if state is not None and state.context_tokens is not None:
        return LiveSession(burn, state.context_tokens, state.context_window_tokens, state.effort)
    tokens = None if last is None else last.sums.total_tokens
    return LiveSession(
        burn, tokens, None if state is None else state.context_window_tokens, state.effort if state else ""
    )


def _recent(responses: Iterable[Response], start: int) -> tuple[tuple[int, ...], dict[tuple[str, str], Response]]:
    """The cost of each step, and the last response of each session's own agent; in one pass, for there may be many."""
    steps = [0] * CHART_STEPS
    last: dict[tuple[str, str], Response] = {}
    for response in responses:
        steps[min((response.at - start) // CHART_STEP_US, CHART_STEPS - 1)] += response.sums.cost
        if response.agent == MAIN_AGENT:
            last[response.source, response.session_id] = response
    return tuple(steps), last


def latest_responses(ledger: Ledger, ask: LiveAsk, *, now: int, most: int) -> list[Response]:
    """The last responses of the last hour, the newest first, at most so many. Raises LedgerError."""
    found = ledger.responses(ask.filters, ask.mode, now - HOUR_US, now + 1)
    return [*reversed(deque(found, maxlen=most))]
