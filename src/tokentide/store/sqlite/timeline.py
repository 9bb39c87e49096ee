"""One session of the ledger: its responses, tool runs and marks."""

from __future__ import annotations

from typing import NamedTuple

from tokentide.model.activity import MCP_SERVER, PULL_REQUEST, SIDE_CHAIN, Mark, ToolRun
from tokentide.store.query import CostMode, Sums
from tokentide.store.sqlite.connection import Part, Row
from tokentide.store.sqlite.format import RECORD_COST, RECORD_COUNTERS


class Reply(NamedTuple):
    """One response of a session."""

    identity: str
    at: int
    """µs UTC."""
    chain: str
    """See tokentide.model.activity.MAIN_CHAIN."""
    agent: str
    """The kind of sub-agent; empty on the main chain, and where no file tells."""
    model: str
    is_told: bool
    """False where no transcript told what surrounded it."""
    sums: Sums

    @property
    def prompt_tokens(self) -> int:
        """All that was sent: what the context held."""
        return self.sums.total_tokens - self.sums.output_tokens


class TimelineStore(Part):
    """Every method raises LedgerDamagedError."""

    def latest(self) -> str:
        """The id of the session with the newest response; empty for an empty ledger."""
        statement = (
            "SELECT s.session_id FROM records r JOIN places s ON s.id = r.place ORDER BY r.at DESC, r.id DESC LIMIT 1"
        )
        return next((row[0] for row in self._ask(statement)), "")

    def replies(self, session_id: str, mode: CostMode) -> list[Reply]:
        """Its responses in the order of time."""
        statement = (
            f"SELECT r.identity, r.at, CASE WHEN s.agent_id <> '' THEN s.agent_id WHEN s.is_sidechain THEN "
            f"'{SIDE_CHAIN}' ELSE '' END, COALESCE(a.agent_type, ''), r.model, t.identity IS NOT NULL, "
            f"{RECORD_COUNTERS}, {RECORD_COST[mode]}, r.output_is_final FROM places s JOIN records r ON r.place = s.id "
            "LEFT JOIN agents a ON a.agent_id = s.agent_id LEFT JOIN traits t ON t.identity = r.identity "
            "WHERE s.session_id = ? ORDER BY r.at, r.id"
        )
        return [_reply(row) for row in self._ask(statement, session_id)]

    def runs(self, session_id: str) -> list[ToolRun]:
        """The tool runs that its responses called, in the order of time.

        CROSS JOIN keeps the order of the tables: from the session's responses to their few runs, not from all runs.
        """
        columns = ", ".join("r.identity" if name == "called_by" else f"x.{name}" for name in ToolRun.__struct_fields__)
        its = "JOIN places s ON s.id = r.place AND s.session_id = ?"
        statement = (
            f"SELECT {columns} FROM records r {its} CROSS JOIN tool_runs x ON x.called_by = r.identity UNION "
            f"SELECT {columns} FROM aliases n CROSS JOIN records r ON r.identity = n.identity {its} "
            f"CROSS JOIN tool_runs x ON x.called_by = n.name ORDER BY 4, 1"
        )
        return [ToolRun(*row) for row in self._ask(statement, session_id, session_id)]

    def marks(self, session_id: str) -> list[Mark]:
        """What happened in it, in the order of time."""
        columns = ", ".join(Mark.__struct_fields__)
        statement = f"SELECT {columns} FROM marks WHERE session_id = ? ORDER BY at, key"
        return [Mark(*row) for row in self._ask(statement, session_id)]

    def copied(self, session_id: str) -> frozenset[str]:
        """Keys of its marks that another session has too: one of the two copied them when it went on with the other."""
        statement = (
            f"SELECT key FROM marks WHERE session_id = ? AND kind NOT IN ('{MCP_SERVER}', '{PULL_REQUEST}') "
            "AND (key, at) IN (SELECT key, at FROM marks WHERE session_id <> ?)"
        )
        return frozenset(row[0] for row in self._ask(statement, session_id, session_id))


def _reply(row: Row) -> Reply:
    identity, at, chain, agent, model, told, *counters, cost, final = row
    sums = Sums.of_response(at, counters, cost, is_final=final)
    return Reply(identity, at, chain, agent, model, bool(told), sums)
