"""What the rules of advice may know beside the ledger's usage: prices, forecasts, plans, memory files here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentide.analytics.advice.evidence import Surroundings
from tokentide.analytics.forecasting.latest import latest_forecast
from tokentide.analytics.limits import read_limits
from tokentide.analytics.what_if.plan_costs import plan_reports

if TYPE_CHECKING:
    from tokentide.analytics.calendar import Calendar
    from tokentide.analytics.forecasting.model import Forecast
    from tokentide.analytics.plans import PlanWish
    from tokentide.analytics.selection import Selection
    from tokentide.pricing.book import PriceBook
    from tokentide.settings import Settings
    from tokentide.sources.claude_code.memory_files import MemoryFile
    from tokentide.store.sqlite.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Place:
    """The machine that is advised: its prices, settings, environment, and how its windows are estimated."""

    book: PriceBook
    settings: Settings
    environ: Mapping[str, str]
    plan_wish: PlanWish


def surroundings_of(
    ledger: Ledger, selection: Selection, calendar: Calendar, place: Place, *, now: int
) -> Surroundings:
    """What stands around a selection; nobody is asked for it. Raises LedgerError."""
    return Surroundings(
        place.book.cost_nano_usd,
        tuple(each.asked for each in place.book.known_models(now)),
        lambda project: _memory(project, place),
        _forecasts(ledger, selection, calendar, place.plan_wish, now),
        lambda history: plan_reports(ledger, history, calendar, place.plan_wish, now=now),
    )


def _forecasts(
    ledger: Ledger, selection: Selection, calendar: Calendar, wish: PlanWish, now: int
) -> tuple[Forecast, ...]:
    """What is expected of the windows of the accounts in question."""
    names = selection.filters.accounts
    return tuple(
        latest_forecast(ledger, each, calendar, now=now)
        for each in read_limits(ledger, now=now, wish=wish)
        if each.windows and (not names or each.account.name in names)
    )


def _memory(project: str, place: Place) -> list[MemoryFile]:
    """The memory files that a session in this project begins with now; none where it is not on this machine."""
    if not os.path.isdir(project):
        return []
    from tokentide.repositories import slug_of
    from tokentide.sources.claude_code.memory_files import memory_files
    from tokentide.sources.claude_code.paths import home_of
    from tokentide.sync.roots import config_folders

    folders = config_folders(place.settings, place.environ)
    config = next((folder for folder in folders if os.path.isdir(folder)), folders[0] if folders else "")
    return memory_files(project, config, home_of(place.environ), os.path.join(config, "projects", slug_of(project)))
