"""What is told, and how, where no file says otherwise."""

from __future__ import annotations

from tokentide.model import alerts
from tokentide.model.alerts import Channel, Rule

DEFAULT_RULES = (
    Rule(alerts.PERCENT, alerts.PERCENT, percents=(80.0, 95.0), is_default=True),
    Rule(alerts.ODDS, alerts.ODDS, is_default=True),
    Rule(alerts.EXTRA_USAGE, alerts.EXTRA_USAGE, begins=True, is_default=True),
    Rule(alerts.RESET, alerts.RESET, is_default=True),
    Rule(alerts.LOGIN, alerts.LOGIN, is_default=True),
    Rule(alerts.CAP_CHANGED, alerts.CAP_CHANGED, is_default=True),
)
"""Each holds for what no rule of the file of the same kind matches."""
DEFAULT_CHANNELS = tuple(
    Channel(kind, kind, is_default=True) for kind in (alerts.DESKTOP, alerts.HOOK, alerts.BELL, alerts.SCREEN)
)
"""Each holds unless the file has one of the same kind."""
