"""All reports about a team, by name."""

from __future__ import annotations

from collections.abc import Callable

from tokentide.analytics.team.adoption import Adoption, build_adoption
from tokentide.analytics.team.asking import TeamAsk
from tokentide.analytics.team.cost import Cost, build_cost
from tokentide.analytics.team.coverage import Coverage, build_coverage
from tokentide.analytics.team.output import Output, build_output
from tokentide.analytics.team.people import People, build_people
from tokentide.analytics.team.reliability import Reliability, build_reliability
from tokentide.analytics.team.tools import Tools, build_tools
from tokentide.store.team.store import TeamStore

TeamReport = Adoption | Output | Cost | Reliability | Tools | People | Coverage

_BUILDERS: dict[str, Callable[[TeamStore, TeamAsk, int], TeamReport]] = {
    "adoption": lambda store, ask, now: build_adoption(store, ask, now=now),
    "output": lambda store, ask, now: build_output(store, ask, now=now),
    "cost": lambda store, ask, now: build_cost(store, ask, now=now),
    "reliability": lambda store, ask, now: build_reliability(store, ask, now=now),
    "tools": lambda store, ask, now: build_tools(store, ask, now=now),
    "people": lambda store, ask, now: build_people(store, ask, now=now),
    "coverage": lambda store, ask, now: build_coverage(store, ask, now=now),
}
TEAM_REPORTS = tuple(_BUILDERS)
"""Their names, in the order of the pages."""


def build_team_report(name: str, store: TeamStore, ask: TeamAsk, *, now: int) -> TeamReport:
    """The report of that name, one of TEAM_REPORTS. `now` is µs UTC. Raises UsageError and StoreError."""
    return _BUILDERS[name](store, ask, now)
