"""What advice rests on beside the responses: their tool runs and traits, and what happened in their sessions."""

from __future__ import annotations

from tokentide.clock import DAY_US
from tokentide.model.activity import Mark, ToolRun, Trait
from tokentide.store.sqlite.connection import Part


class EvidenceStore(Part):
    """Every method raises LedgerDamagedError."""

    def traits(self, start: int, end: int) -> list[Trait]:
        """Of the responses from `start` to before `end` whose transcripts were there to be read."""
        columns = ", ".join(f"t.{name}" for name in Trait.__struct_fields__)
        statement = (
            f"SELECT {columns} FROM records r JOIN traits t ON t.identity = r.identity WHERE r.at >= ? AND r.at < ?"
        )
        return [Trait(*row) for row in self._ask(statement, start, end)]

    def runs(self, start: int, end: int) -> list[ToolRun]:
        """The calls that the responses from `start` to before `end` hold, in no order, and those of a day around.

        A call has an instant of its own, near that of its response; to look that one up takes thrice as long.
        """
        columns = ", ".join(ToolRun.__struct_fields__)
        statement = f"SELECT {columns} FROM tool_runs WHERE at >= ? AND at < ?"
        return [ToolRun(*row) for row in self._ask(statement, start - DAY_US, end + DAY_US)]

    def marks(self, start: int, end: int) -> list[Mark]:
        """What happened in sessions from `start` to before `end`, in the order of time; a copy in a fork is another."""
        columns = ", ".join(Mark.__struct_fields__)
        statement = f"SELECT {columns} FROM marks WHERE at >= ? AND at < ? ORDER BY at, session_id, key"
        return [Mark(*row) for row in self._ask(statement, start, end)]

    def agent_types(self) -> dict[str, str]:
        """Kinds of sub-agents, by their id."""
        return dict(self._ask("SELECT agent_id, agent_type FROM agents"))
