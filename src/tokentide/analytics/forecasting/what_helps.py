"""What would keep a window from being full before its reset: a slower pace, or a pause."""

from __future__ import annotations

from dataclasses import dataclass

from tokentide.analytics.forecasting.model import FULL, WindowForecast
from tokentide.clock import HOUR_US
from tokentide.model.odds import NOTABLE_ODDS


@dataclass(frozen=True, slots=True)
class Help:
    """Either of these keeps the window, if the rest goes as expected."""

    window: str
    percent_per_hour: float
    """At most, until the reset."""
    pause_us: int
    """How long nothing is used, at the pace expected; 0 where slower is enough to say."""


def what_helps(forecast: WindowForecast, now: int) -> Help | None:
    """What would keep this window; None where it is in no danger, full, or nothing is known."""
    if forecast.odds is None or not NOTABLE_ODDS <= forecast.odds < 1 or forecast.at_reset is None:
        return None
    if forecast.resets_at is None or forecast.percent is None or forecast.resets_at <= now:
        return None
    left, expected = FULL - forecast.percent, forecast.at_reset.likely - forecast.percent
    span = forecast.resets_at - now
    pause = round(span * (1 - left / expected)) if expected > left else 0
    return Help(forecast.window, left / (span / HOUR_US), pause)
