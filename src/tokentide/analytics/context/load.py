"""Finds the session that is asked for, and reads what its context is made of."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tokentide.analytics.context.build import Ask, build_context, context_of_ledger
from tokentide.analytics.context.measuring import MemorySize
from tokentide.analytics.context.model import Context
from tokentide.analytics.context.requests import Chain, chains_of
from tokentide.analytics.context.window import AutoCompact
from tokentide.errors import SessionError
from tokentide.model.activity import MAIN_CHAIN
from tokentide.pricing.book import PriceBook
from tokentide.repositories import project_of
from tokentide.sources.claude_code.memory_files import memory_files, working_folder
from tokentide.sources.claude_code.paths import FoundFile, home_of
from tokentide.sources.claude_code.reader import session_of
from tokentide.store.query import CostMode, Filters, SessionFacts
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.compacting import compacts_itself
from tokentide.sync.transcripts import SessionFiles, events_of_file, find_session

FOREVER_US = 1 << 62


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a context is read with, beside the ledger."""

    found: Sequence[FoundFile]
    """Every transcript on disk."""
    book: PriceBook
    environ: Mapping[str, str]
    project: str = ""
    """Where the person stands; without a wish its latest session comes first."""


def load_context(ledger: Ledger, wish: str, around: Surroundings) -> Context:
    """The session whose id begins with the wish; without one the latest of the project, else of all.

    Raises SessionError where there is none, or where several begin so.
    """
    facts = {key.partition("\t")[2]: each for key, each in ledger.session_facts().items()}
    try:
        files = _find(around, wish, facts)
    except SessionError:
        known = [name for name in facts if wish and name.startswith(wish)]
        if not known or any(session_of(each.key).startswith(wish) for each in around.found):
            raise
        if len(known) > 1 and wish not in known:
            raise SessionError.ambiguous(wish, sorted(known)) from None
        return _remembered(ledger, wish if wish in known else known[0], facts, around)
    return _read(ledger, files, facts, around)


def _find(around: Surroundings, wish: str, facts: Mapping[str, SessionFacts]) -> SessionFiles:
    """By the wish; without one the latest of the project, if it has any."""
    if not wish and around.project:
        here = {name for name, each in facts.items() if each.project == around.project}
        found = [each for each in around.found if session_of(each.key) in here]
        if found:
            return find_session(found)
    return find_session(around.found, wish)


def _remembered(ledger: Ledger, session: str, facts: Mapping[str, SessionFacts], around: Surroundings) -> Context:
    """What the ledger knows of a session whose transcript is gone."""
    ask = Ask(session, facts[session], ledger.limits.session(session), AutoCompact.told(around.environ, is_on=True))
    responses = ledger.responses(Filters(sessions=(session,)), CostMode.AUTO, 0, FOREVER_US)
    return context_of_ledger(ask, responses, around.book)


def _read(ledger: Ledger, files: SessionFiles, facts: Mapping[str, SessionFacts], around: Surroundings) -> Context:
    session = files.session_id
    try:
        own = chains_of(events_of_file(files.own[0])) if files.own else None
    except OSError:  # gone since it was found, or not to be read
        own = None
    if own is None:
        if session in facts:
            return _remembered(ledger, session, facts, around)
        raise SessionError.unknown(session)
    latest = files.own[0]
    home, cwd = home_of(around.environ), _began_in(latest)
    ask = Ask(
        session,
        facts.get(session) or SessionFacts(project=project_of(cwd, latest.slug)),
        ledger.limits.session(session),
        AutoCompact.told(around.environ, is_on=compacts_itself(latest.root, home)),
        _memory(latest, cwd, home),
    )
    return build_context(ask, own, _agent_chains(files, own), around.book)


def _agent_chains(files: SessionFiles, own: dict[str, Chain]) -> dict[str, Chain]:
    """The conversations of sub-agents; what a file and progress lines of the session's own both tell is taken once."""
    found: dict[str, Chain] = {}
    for each in files.agents:
        for name, chain in _chains(each).items():
            known = [chain, *(chains[name] for chains in (found, own) if name in chains)]
            found[name] = max(known, key=lambda one: len(one.requests))
    return found


def _chains(found: FoundFile) -> dict[str, Chain]:
    """The conversations of a sub-agent's file; none of one that cannot be read, or is gone meanwhile."""
    try:
        chains = chains_of(events_of_file(found))
    except OSError:
        return {}
    name = os.path.basename(found.key).removesuffix(".jsonl").removeprefix("agent-")
    main = chains.pop(MAIN_CHAIN, None)
    return {**chains, name: main} if main is not None and main.requests else chains


def _began_in(found: FoundFile) -> str:
    """The folder that a session began in; empty where nothing tells."""
    try:
        return working_folder(found.path)
    except OSError:
        return ""


def _memory(found: FoundFile, cwd: str, home: str) -> tuple[MemorySize, ...]:
    """The memory files of a session; below the home their names begin with `~`."""
    files = memory_files(cwd, found.root, home, os.path.dirname(found.path))
    return tuple(MemorySize(_shortened(each.path, home), each.size_bytes) for each in files)


def _shortened(path: str, home: str) -> str:
    return f"~{path[len(home) :]}" if home and path.startswith(home.rstrip("/") + "/") else path
