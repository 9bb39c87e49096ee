"""The live view's figures as JSON, format 1."""

from __future__ import annotations

from tokentide.analytics.block_report import block_row
from tokentide.analytics.blocks import SESSION_HOURS, length_us
from tokentide.analytics.live import CHART_STEP_US, LiveAccount, LiveSession, LiveState, Status
from tokentide.clock import SECOND_US
from tokentide.render.alerts_json import alert_json
from tokentide.render.block_views import block_json
from tokentide.render.burn_json import burn_json, session_json
from tokentide.render.forecast_json import forecast_json
from tokentide.render.json_text import Json, dumps, usd
from tokentide.render.limits_json import account_json
from tokentide.render.report_json import head_json, instant, sums_json


def live_json(state: LiveState, status: Status, code: int, thresholds: tuple[int, int, int]) -> str:
    """One object; `code` is what the process ends with, `status` its name."""
    block = state.burn.block
    return dumps(
        {
            **head_json("live", state.at, state.timezone),
            "filters": {"mode": state.mode.value},
            "status": {"code": code, "label": status.value},
            "accounts": [_account(account, thresholds, state.at) for account in state.accounts],
            "burn": burn_json(state.burn),
            "block": block_json(block_row(block, state.at, length_us(SESSION_HOURS)), None) if block else None,
            "models": [{"model": model, **sums_json(sums)} for model, sums in state.models],
            "sessions": [_session(session) for session in state.sessions],
            **{spent.name: {"since": instant(spent.since), **sums_json(spent.sums)} for spent in state.spent},
            "chart": {"step_seconds": CHART_STEP_US // SECOND_US, "cost_usd": [usd(cost) for cost in state.chart]},
            "alerts": [alert_json(alert) for alert in state.alerts],
            "newest_at": None if state.newest_at is None else instant(state.newest_at),
            "problems": state.problems,
        }
    )


def _account(account: LiveAccount, thresholds: tuple[int, int, int], now: int) -> dict[str, Json]:
    """The account as in `limits`, and the forecast of each window that has one."""
    forecast = account.forecast
    return {
        **account_json(account.limits, thresholds, now),
        "forecast": None if forecast is None else forecast_json(forecast),
    }


def _session(session: LiveSession) -> dict[str, Json]:
    """The session as in `burn`, with what its status line said."""
    return {
        **session_json(session.burn),
        "effort": session.effort or None,
        "context_tokens": session.context_tokens,
        "context_window_tokens": session.context_window_tokens,
    }
