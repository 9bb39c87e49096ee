"""Burn rates as JSON: the same object wherever one is given."""

from __future__ import annotations

from tokentide.analytics.blocks import BurnRate
from tokentide.analytics.burn import Burn, SessionBurn
from tokentide.render.json_text import Json, usd
from tokentide.render.report_json import instant


def rate_json(rate: BurnRate | None) -> Json:
    """Tokens a minute, all five counters, and USD an hour, null where nothing has a price; null for no known rate."""
    if rate is None:
        return None
    cost = usd(rate.cost_per_hour) if rate.sums.has_cost else None
    return {"tokens_per_minute": rate.tokens_per_minute, "cost_usd_per_hour": cost}


def burn_json(burn: Burn) -> dict[str, Json]:
    """Now, by window, and by session that responded within the last hour, the dearest first."""
    return {
        "last_30_minutes": rate_json(burn.half_hour),
        "last_60_minutes": rate_json(burn.hour),
        "windows": {window: rate_json(rate) for window, rate in burn.windows},
        "sessions": [session_json(session) for session in burn.sessions],
    }


def session_json(session: SessionBurn) -> dict[str, Json]:
    """One of them."""
    return {
        "source": session.source,
        "session": session.session_id,
        "title": session.title or None,
        "project": session.project,
        "model": session.model,
        "last_at": instant(session.last_at),
        "last_30_minutes": rate_json(session.half_hour),
        "last_60_minutes": rate_json(session.hour),
    }
