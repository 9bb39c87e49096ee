"""Windows, how they went, forecasts and blocks as an address asks for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from pydantic import Field

from tokentide.analytics.block_report import BlockReport, BlockWishes, build_blocks
from tokentide.analytics.forecasting.backtest_report import Backtest, known_accounts
from tokentide.analytics.forecasting.latest import latest_forecasts
from tokentide.analytics.forecasting.model import Forecast
from tokentide.analytics.limit_history import WindowHistory, limit_histories
from tokentide.analytics.limits import AccountLimits, read_limits
from tokentide.analytics.official_windows import official_windows
from tokentide.analytics.reports import Ask
from tokentide.analytics.window_course import WindowCourse, window_courses
from tokentide.model.limits import Account
from tokentide.web.asked import LONGEST_TEXT, Filters
from tokentide.web.desk import Sight
from tokentide.web.replays import BacktestQuery

HISTORY_RANGE = "7d"
"""The days that a history is of where none are asked for; those of `tokentide limits --history`."""


class WindowQuery(Filters):
    """Windows of every account; of the filters only the account and days mean anything here."""

    window: str = Field(default="", max_length=LONGEST_TEXT, description="only this window: five_hour, seven_day, …")


class BlocksQuery(Filters):
    """The five-hour blocks."""

    active: bool = Field(default=False, description="only the block that is open")
    recent: bool = Field(default=False, description="only the last three days, and the open one")
    token_limit: str = Field(
        default="", pattern=r"^(|max|[0-9]{1,18})$", description="compare with so many tokens, or with the largest"
    )
    session_length: int = Field(default=5, ge=1, le=168, description="length of a block in hours")


def accounts_of(sight: Sight, asked: Filters) -> list[Account]:
    """The accounts that are asked for and of which limits are known. Raises LedgerError."""
    return [each for each in sight.ledger.limits.accounts() if _is_asked(each, asked)]


def _is_asked(account: Account, asked: Filters) -> bool:
    return not asked.account or any(map(account.matches, asked.account))


def limits_of(sight: Sight, asked: Filters) -> list[AccountLimits]:
    """The accounts that are asked for, each with its windows. Raises LedgerError."""
    every = read_limits(sight.ledger, now=sight.now, wish=sight.plan_wish(asked))
    return [each for each in every if _is_asked(each.account, asked)]


def forecasts_of(sight: Sight, asked: Filters, found: Sequence[AccountLimits]) -> dict[str, Forecast]:
    """What is expected of them, by `Account.key`."""
    return latest_forecasts(sight.ledger, found, sight.calendar(asked), now=sight.now)


def courses_of(
    sight: Sight, found: Sequence[AccountLimits], forecasts: Mapping[str, Forecast], window: str = ""
) -> list[WindowCourse]:
    """How the open windows of these accounts go, or that of one name."""
    courses = window_courses(sight.ledger, found, forecasts, now=sight.now)
    return [each for each in courses if window in ("", each.state.window)]


def histories_of(sight: Sight, asked: WindowQuery) -> list[WindowHistory]:
    """How windows went in the days that are asked for. Raises UsageError, LedgerError."""
    calendar, selection = sight.calendar(asked), sight.selection(asked, HISTORY_RANGE)
    since = 0 if selection.since is None else calendar.start_of(selection.since)
    until = sight.now
    if selection.until is not None:
        until = min(until, calendar.end_of(selection.until) - 1)
    found = limit_histories(sight.ledger, accounts_of(sight, asked), since=since, now=until)
    return [each for each in found if asked.window in ("", each.window)]


def blocks_of(sight: Sight, asked: BlocksQuery, usual_range: str = "") -> BlockReport:
    """The blocks that are asked for. Raises UsageError, LedgerError."""
    ask = Ask(sight.selection(asked, usual_range), sight.calendar(asked), sight.mode(asked))
    official = tuple(official_windows(sight.ledger, sight.now))
    wishes = BlockWishes(asked.active, asked.recent, asked.token_limit, Fraction(asked.session_length), official)
    return build_blocks(sight.ledger, ask, wishes, now=sight.now, problems=sight.problems)


def backtests_of(sight: Sight, asked: BacktestQuery) -> list[Backtest]:
    """How right forecasts were, an account an entry. Raises ReplayRunsError, LedgerError."""
    accounts = [each for each in known_accounts(sight.ledger) if _is_asked(each, asked)]
    calendar = sight.calendar(asked)
    return [sight.replays.of(sight.ledger, each, calendar, days=asked.days, now=sight.now) for each in accounts]
