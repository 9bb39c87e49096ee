"""What was raised, as CSV."""

from __future__ import annotations

from collections.abc import Sequence

from tokentide.model.alerts import Alert
from tokentide.render.csv_text import csv_lines, safe
from tokentide.render.report_json import instant

HEADING = ("at", "rule", "severity", "account", "window", "title", "body", "state", "cleared_at")


def history_csv(told: Sequence[Alert]) -> str:
    """A line an alert, newest first."""
    return csv_lines(HEADING, map(_line, told))


def _line(alert: Alert) -> Sequence[str]:
    named = (alert.rule, alert.severity, alert.account, alert.window, alert.title, alert.body, alert.state)
    return [instant(alert.at), *map(safe, named), instant(alert.cleared_at) if alert.cleared_at else ""]
