"""The ledger's responses in the order in which they came in: what a push to a team server is made of."""

from __future__ import annotations

from typing import NamedTuple

from tokentide.model.pushing import PushedPlace, PushedRecord
from tokentide.model.usage import Place
from tokentide.store.query import MAIN_AGENT
from tokentide.store.sqlite.attribution import WITH_TRAITS
from tokentide.store.sqlite.compiler import expression_of
from tokentide.store.sqlite.connection import Part, Row
from tokentide.store.sqlite.format import RECORD_COUNTERS

_ROWS = (
    f"SELECT r.id, r.place, r.identity, r.request_id, r.at, r.model, {RECORD_COUNTERS}, r.speed, r.service_tier, "
    f"r.inference_geo, r.output_is_final, COALESCE(r.reported_cost, -1), {expression_of('agent')}, s.is_sidechain, "
    "COALESCE(t.effort, ''), COALESCE(t.skill, '') FROM records r JOIN places s ON s.id = r.place "
    f"LEFT JOIN agents a ON a.agent_id = s.agent_id {WITH_TRAITS} WHERE r.id > ? ORDER BY r.id LIMIT ?"
)


class LedgerRow(NamedTuple):
    """One response of the ledger, as it would be sent."""

    id: int
    """The ledger's own number: another one when the response has changed; those of the newest may be given again."""
    place: int
    """The ledger's own number."""
    record: PushedRecord
    """Its place is 0."""


class PushStore(Part):
    """Every method raises LedgerDamagedError."""

    def rows(self, after: int, most: int) -> list[LedgerRow]:
        """The next so many responses with a number above this one, by number."""
        return [_row(row) for row in self._ask(_ROWS, after, most)]

    def count(self, after: int) -> int:
        """How many have a number above this one."""
        return int(next(self._ask("SELECT COUNT(*) FROM records WHERE id > ?", after))[0])


def pushed_place(place: Place, account: str, project: str) -> PushedPlace:
    """A place as it is sent, under these names of its account and project."""
    return PushedPlace(place.source, account, place.session_id, project, place.branch, place.version)


def _row(row: Row) -> LedgerRow:
    number, place, identity, request_id, at, model, *counters = row[:12]
    speed, tier, geo, is_final, cost, agent, is_sidechain, effort, skill = row[12:]
    kind = "" if agent == MAIN_AGENT else agent
    traits = [speed, tier, geo, bool(is_final), cost, kind, bool(is_sidechain), effort, skill]
    return LedgerRow(number, place, PushedRecord(*[identity, at, 0, model, request_id, *counters, *traits]))
