"""The panel as JSON, format 1."""

from __future__ import annotations

from tokentide.analytics.console_costs import MonthCost
from tokentide.analytics.panel import PacePart, Panel
from tokentide.clock import SECOND_US
from tokentide.model.pacing import PacedWindow
from tokentide.render.json_text import Json, dumps, usd
from tokentide.render.limits_json import account_json
from tokentide.render.report_json import head_json, instant


def panel_json(panel: Panel, thresholds: tuple[int, int, int], *, timezone: str, now: int) -> str:
    """One object; `accounts` in code mode, `month` in console mode."""
    return dumps(
        {
            **head_json("panel", now, timezone),
            "mode": panel.mode,
            "accounts": [
                {
                    **account_json(part.limits, thresholds, now),
                    "observed_at": _instant(part.observed_at),
                    "pace_maker": _pace(part.pace) if part.pace else None,
                }
                for part in panel.accounts
            ],
            "month": _month(panel.month) if panel.month else None,
            "fault": panel.fault or None,
        }
    )


def _pace(part: PacePart) -> dict[str, Json]:
    """Pace Maker; percentages are of 100."""
    pacing, decision = part.pacing, part.pacing.decision
    return {
        "status": part.status.value,
        "is_enabled": pacing.is_enabled,
        "version": pacing.version or None,
        "fault": pacing.fault or None,
        "observed_at": _instant(pacing.observed_at),
        "is_estimate": pacing.is_estimate,
        "windows": [_window(paced) for paced in pacing.windows],
        "constrained_window": pacing.constrained or None,
        "deviation_percent": _rounded(part.deviation),
        "budget": part.budget.value if part.budget else None,
        "next_delay_seconds": pacing.delay_seconds,
        "strategy": pacing.strategy or None,
        "algorithm": pacing.algorithm,
        "tempo": pacing.tempo,
        "decision": None
        if decision is None
        else {
            "should_throttle": decision.should_throttle,
            "delay_seconds": decision.delay_seconds,
            "at": instant(decision.at),
        },
        "backoff_until": _instant(pacing.backoff_until),
    }


def _window(paced: PacedWindow) -> dict[str, Json]:
    return {
        "window": paced.window,
        "percent": paced.percent,
        "resets_at": _instant(paced.resets_at),
        "target_percent": _rounded(paced.target),
        "safe_percent": _rounded(paced.safe),
        "is_limited": paced.is_limited,
    }


def _month(month: MonthCost) -> dict[str, Json]:
    """A person's month; a cost that the vendor does not report is null."""
    return {
        "organization": month.organization or None,
        "person": month.person or None,
        "month": month.month,
        "cost_usd": _usd(month.cost),
        "projection_usd": _usd(month.projection),
        "rate_usd_per_hour": _usd(month.rate_per_hour),
        "rate_window_seconds": None if month.rate_window_us is None else month.rate_window_us // SECOND_US,
        "fetched_at": instant(month.fetched_at) if month.fetched_at else None,
    }


def _usd(nano: int | None) -> Json:
    return None if nano is None else usd(nano)


def _instant(at: int | None) -> str | None:
    return None if at is None else instant(at)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
