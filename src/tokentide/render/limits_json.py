"""Official limits as JSON, format 1."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from tokentide.analytics.limit_history import WindowHistory
from tokentide.analytics.limits import AccountLimits, level_of
from tokentide.analytics.windows import WindowState
from tokentide.clock import SECOND_US
from tokentide.model.limits import Money, length_of
from tokentide.render.json_text import Json, dumps
from tokentide.render.limit_words import plan_name, window_title
from tokentide.render.report_json import head_json, instant


def limits_json(found: Sequence[AccountLimits], thresholds: tuple[int, int, int], *, timezone: str, now: int) -> str:
    """One object with an entry an account."""
    return dumps(
        {
            **head_json("limits", now, timezone),
            "accounts": [account_json(limits, thresholds, now) for limits in found],
        }
    )


def account_json(limits: AccountLimits, thresholds: tuple[int, int, int], now: int) -> dict[str, Json]:
    """One account with its windows; what the vendor did not say is null."""
    profile, polled = limits.profile, limits.polled
    return {
        "account": limits.account.key,
        "name": limits.account.name,
        "organization": limits.account.organization or None,
        "plan": (plan_name(profile) or None) if profile else None,
        "rate_limit_tier": (profile.rate_limit_tier or None) if profile else None,
        "windows": [window_json(window, thresholds, now) for window in limits.windows],
        "poll": {
            "answered_at": instant(polled.good_at) if polled.good_at else None,
            "next_at": instant(polled.next_at) if polled.next_at else None,
            "fault": polled.fault or None,
        },
    }


def window_json(window: WindowState, thresholds: tuple[int, int, int], now: int) -> dict[str, Json]:
    """One window; percentages are of 100, `pace_percent` is above 0 where use is ahead of the clock."""
    length, elapsed, pace = length_of(window.window), window.elapsed(now), window.pace(now)
    return {
        "window": window.window,
        "title": window_title(window.window),
        "percent": window.percent,
        "level": None if window.percent is None else level_of(window.percent, thresholds).value,
        "resets_at": None if window.resets_at is None else instant(window.resets_at),
        "seconds_left": None if window.resets_at is None else max(0, (window.resets_at - now) // SECOND_US),
        "is_over": window.is_over(now),
        "length_seconds": None if length is None else length // SECOND_US,
        "elapsed_percent": None if elapsed is None else round(100 * elapsed, 2),
        "pace_percent": None if pace is None else round(pace, 2),
        "used": _money(window.used),
        "limit": _money(window.ceiling),
        "source": window.source,
        "is_estimate": window.is_estimate,
        "estimated_by": window.plan or None,
        "observed_at": instant(window.observed_at),
        "age_seconds": (now - window.observed_at) // SECOND_US,
    }


def history_json(histories: Sequence[WindowHistory], *, timezone: str, now: int) -> str:
    """One object with an entry a window of an account; `points` are what was believed, at each change."""
    return dumps(
        {
            **head_json("limits_history", now, timezone),
            "windows": [
                {
                    "account": history.account.key,
                    "name": history.account.name,
                    "window": history.window,
                    "title": window_title(history.window),
                    "points": [
                        {
                            "at": instant(point.since),
                            "percent": point.percent,
                            "resets_at": None if point.resets_at is None else instant(point.resets_at),
                            "source": point.source,
                        }
                        for point in history.points
                    ],
                }
                for history in histories
            ],
        }
    )


def _money(money: Money | None) -> Json:
    if money is None:
        return None
    return {"amount": Decimal(money.minor).scaleb(-money.exponent), "currency": money.currency}
