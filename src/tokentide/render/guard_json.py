"""The guard's verdict as JSON, format 1."""

from __future__ import annotations

from tokentide.analytics.forecasting.model import Instants
from tokentide.analytics.guard import Guarded, Share, WindowCheck
from tokentide.render.json_text import Json, dumps, usd
from tokentide.render.limit_words import window_title
from tokentide.render.report_json import head_json, instant

UNKNOWN = "unknown"


def guard_json(guarded: Guarded | None, *, line: str, exit_code: int, timezone: str, now: int) -> str:
    """One object; without any account `account` is null and there are no windows."""
    worst = guarded.worst if guarded else None
    wish = guarded.wish if guarded else None
    verdict = guarded.verdict if guarded else None
    return dumps(
        {
            **head_json("guard", now, timezone),
            "verdict": verdict.value if verdict else UNKNOWN,
            "exit_code": exit_code,
            "line": line,
            "account": guarded.account.key if guarded else None,
            "name": guarded.account.name if guarded else None,
            "need_percent": wish.need_percent if wish else None,
            "need_usd": usd(wish.need_cost) if wish and wish.need_cost is not None else None,
            "max_odds": wish.max_odds if wish else None,
            "decided_by": worst.window if worst else None,
            "windows": [_window(each, now) for each in guarded.windows] if guarded else [],
        }
    )


def _window(check: WindowCheck, now: int) -> dict[str, Json]:
    """One window; shares are percent of it."""
    return {
        "window": check.window,
        "title": window_title(check.window),
        "verdict": check.verdict.value,
        "reasons": [reason.value for reason in check.reasons],
        "percent": round(check.percent, 2),
        "percent_left": round(check.left, 2),
        "last_reading_percent": round(check.said, 2),
        "resets_at": None if check.resets_at is None else instant(check.resets_at),
        "seconds_left": None if check.resets_at is None else max(0, (check.resets_at - now) // 1_000_000),
        "odds": None if check.odds is None else round(check.odds, 3),
        "hits_at": _instants(check.hits_at),
        "need_percent": _need(check.need),
        "five_minutes_percent": _usual(check.usual),
        "is_estimate": check.is_estimate,
        "observed_at": instant(check.observed_at),
        "age_seconds": (now - check.observed_at) // 1_000_000,
    }


def _usual(usual: Share | None) -> Json:
    return None if usual is None else {"p50": round(usual.likely, 2), "p80": round(usual.high, 2)}


def _need(need: Share | None) -> Json:
    return None if need is None else {"likely": round(need.likely, 2), "high": round(need.high, 2)}


def _instants(instants: Instants | None) -> Json:
    if instants is None:
        return None
    return {"p10": instant(instants.low), "p50": instant(instants.likely), "p90": instant(instants.high)}
