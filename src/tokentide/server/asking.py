"""Answers what a person's reports ask of the team store from elsewhere: only known questions, within limits."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TypeVar

import msgspec

from tokentide import __version__
from tokentide.errors import UsageError
from tokentide.store.query import DIMENSIONS, TEAM_DIMENSIONS, Moment, Response
from tokentide.store.remote import wire
from tokentide.store.team.compiler import runs_of
from tokentide.store.team.ledger import TeamLedger

MOST_SINGLE = 20_000
"""About so many single responses are told at once."""
MOST_GROUPS = 500_000
"""An answer that holds more is refused: nobody reads it."""
MOST_RUNS = 2_000
"""Stretches of periods of one length: each is compared with every total."""
MOST_DIMENSIONS = 6
MOST_NAMES = 10_000
"""Values of all filters of a question together."""
LISTED = ("model", "project", "source", "account", "session", "branch")
T = TypeVar("T", Moment, Response)
Part = tuple[object, int | None]
"""What is answered, and until when it is whole."""

_asked_decoder = msgspec.json.Decoder(wire.Asked)
_format_decoder = msgspec.json.Decoder(wire.Format)


def answer(body: bytes, ledger: TeamLedger) -> bytes:
    """The answer to a question, as JSON, of what the ledger's viewer may see.

    Raises UsageError saying what is wrong with the question, and StoreError.
    """
    question = _question(body)
    told, until = _part(ledger, question)
    raw = msgspec.Raw(msgspec.json.encode(told))
    return msgspec.json.encode(wire.Replied(wire.FORMAT, __version__, raw, until, ledger.missing))


def _question(body: bytes) -> wire.Question:
    if len(body) > wire.MOST_QUESTION_BYTES:
        raise UsageError(f"the question is longer than {wire.MOST_QUESTION_BYTES >> 20} MiB")
    try:
        found = _format_decoder.decode(body).format
        if found != wire.FORMAT:
            raise UsageError(
                f"the question is of format {found}; this server, tokentide {__version__}, knows {wire.FORMAT}: "
                "bring both to one version"
            )
        question = _asked_decoder.decode(body).question
    except (ValueError, RecursionError) as error:
        raise UsageError(f"no question that this server knows: {error}") from None
    narrow = getattr(question, "filters", None)
    if narrow is not None and sum(map(len, msgspec.structs.astuple(narrow))) > MOST_NAMES:
        raise UsageError(f"the filters name more than {MOST_NAMES:,} values")
    return question


def _part(ledger: TeamLedger, question: wire.Question) -> Part:
    """What is answered to a question."""
    if isinstance(question, wire.AskTotals):
        return _totals(ledger, question)
    if isinstance(question, wire.AskMoments | wire.AskResponses | wire.AskPause | wire.AskStretches):
        return _single(ledger, question)
    if isinstance(question, wire.AskFacts):
        facts = ledger.session_facts(question.session_id)
        return [wire.FactsRow(key, each.project, each.branch) for key, each in facts.items()], None
    if isinstance(question, wire.AskValues):
        return _values(ledger, question)
    if isinstance(question, wire.AskDays):
        return ledger.days(), None
    scope = ledger.scope
    return wire.About(scope.tenant, scope.teams, scope.users, ledger.newest_at()), None


def _totals(ledger: TeamLedger, question: wire.AskTotals) -> Part:
    unknown = [name for name in question.dimensions if name not in (*DIMENSIONS, *TEAM_DIMENSIONS)]
    if unknown or len(question.dimensions) > MOST_DIMENSIONS:
        raise UsageError(f"usage is grouped by up to {MOST_DIMENSIONS} of {', '.join((*DIMENSIONS, *TEAM_DIMENSIONS))}")
    if len(question.periods) > wire.MOST_PERIODS:
        raise UsageError(f"more than {wire.MOST_PERIODS:,} periods: ask for fewer days, or for weeks")
    if sum(1 for _ in runs_of(question.query().periods)) > MOST_RUNS:
        raise UsageError(f"periods in more than {MOST_RUNS:,} stretches: ask for days that follow one another")
    groups = ledger.totals(question.query())
    if len(groups) > MOST_GROUPS:
        raise UsageError(f"the answer has {len(groups):,} rows: narrow it by days or filters")
    return [wire.GroupRow.of(group) for group in groups], None


def _single(
    ledger: TeamLedger, question: wire.AskMoments | wire.AskResponses | wire.AskPause | wire.AskStretches
) -> Part:
    """What is reckoned from single responses."""
    filters = question.filters.filters()
    if isinstance(question, wire.AskPause):
        at = ledger.last_pause_end(filters, question.start, question.end, question.length)
        return wire.Paused(at), None
    if isinstance(question, wire.AskStretches):
        return ledger.stretch_costs(filters, question.mode, question.start, question.length), None
    if isinstance(question, wire.AskMoments):
        moments, until = _portion(ledger.moments(filters, question.mode, question.start))
        return [wire.MomentRow.of(each) for each in moments], until
    found, until = _portion(ledger.responses(filters, question.mode, question.start, question.end))
    return [wire.ResponseRow.of(each) for each in found], until


def _portion(found: Iterator[T]) -> tuple[list[T], int | None]:
    """About as many as are told at once, those of an instant together, and where it goes on."""
    rows: list[T] = []
    for at, same in groupby(found, key=lambda each: each.at):
        if len(rows) >= MOST_SINGLE:
            return rows, at
        rows += same
    return rows, None


def _values(ledger: TeamLedger, question: wire.AskValues) -> Part:
    if question.dimension not in LISTED:
        raise UsageError(f"values are listed of {', '.join(LISTED)}")
    return ledger.values(question.dimension), None
