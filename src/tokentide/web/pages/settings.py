"""Settings: forms for everything that a person may choose, and for what they are alerted of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tokentide.errors import SettingsError
from tokentide.web.alert_form import AlertForm, alert_form
from tokentide.web.asked import Filters
from tokentide.web.desk import Sight
from tokentide.web.frame import Page
from tokentide.web.settings_form import settings_form


def build(sight: Sight, asked: Filters, _item: str) -> Mapping[str, Any]:
    """The forms with what is in force; where the rules of alerts are broken, why."""
    alerts: AlertForm | None = None
    fault = ""
    try:
        alerts = alert_form(sight, asked)
    except SettingsError as error:
        fault = str(error)
    calendar = sight.calendar(asked)
    return {
        "form": settings_form(sight),
        "alerts": alerts,
        "alerts_fault": fault,
        "zone_now": f"{calendar.local(sight.now):%H:%M, %A %d %B}",
        "zone_name": calendar.name,
    }


PAGE = Page("/settings", "Settings", "settings.html", build, Filters, ())
