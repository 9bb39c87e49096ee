"""Official limits as CSV: a line a window."""

from __future__ import annotations

from collections.abc import Sequence

from tokentide.analytics.limits import AccountLimits
from tokentide.analytics.windows import WindowState
from tokentide.render.csv_text import csv_lines, csv_value, safe
from tokentide.render.report_json import instant

HEADING = ("account", "name", "window", "percent", "resets_at", "source", "is_estimate", "observed_at")


def limits_csv(found: Sequence[AccountLimits]) -> str:
    """What the vendor did not say is empty."""
    return csv_lines(HEADING, (_line(limits, window) for limits in found for window in limits.windows))


def _line(limits: AccountLimits, window: WindowState) -> Sequence[str]:
    return [
        *map(safe, (limits.account.key, limits.account.name, window.window)),
        csv_value(window.percent),
        "" if window.resets_at is None else instant(window.resets_at),
        safe(window.source),
        csv_value(window.is_estimate),
        instant(window.observed_at),
    ]
