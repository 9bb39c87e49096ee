"""The figures of now as an address asks for them, and running sessions as they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from tokentide.analytics.context.window import AutoCompact, window_of
from tokentide.analytics.limits import level_of
from tokentide.analytics.live import LiveAsk, LiveSession, LiveState, build_live, latest_responses
from tokentide.analytics.status_line import context_fill
from tokentide.errors import UsageError
from tokentide.render.limit_words import percent
from tokentide.render.status_line import CONTEXT_THRESHOLDS
from tokentide.render.words import ago, clean, cost, model_name, project_names, reckoned, short_tokens
from tokentide.store.query import Response
from tokentide.web.asked import Filters
from tokentide.web.desk import Sight

MOST_RESPONSES = 20
"""Of the list of those that came last."""


@dataclass(frozen=True, slots=True)
class SessionCard:
    """One session that responded within the last hour, as it is shown."""

    session_id: str
    href: str
    title: str
    project: str
    project_path: str
    model: str
    effort: str
    tokens: str
    cost: str
    """Both of the last half hour."""
    rate: str
    """Cost an hour, by the last hour."""
    seen: str
    """How long ago it responded."""
    context: str
    """In words; empty where it is not known."""
    filled: float
    """Of the context, 0 to 100."""
    level: str


def live_ask(sight: Sight, asked: Filters) -> LiveAsk:
    """What the figures are of; days mean nothing to them. Raises UsageError."""
    if len(asked.account) > 1:
        raise UsageError("live figures are of one account or of all: name one")
    plain = asked.model_copy(update={"since": "", "until": "", "last": "", "today": False})
    return LiveAsk(
        sight.calendar(asked),
        sight.mode(asked),
        sight.selection(plain).filters,
        "".join(asked.account),
        sight.plan_wish(asked),
    )


def live_of(sight: Sight, asked: Filters) -> LiveState:
    """Everything of now. Raises UsageError, LedgerError."""
    return build_live(sight.ledger, live_ask(sight, asked), now=sight.now, problems=sight.problems)


def responses_of(sight: Sight, asked: Filters) -> list[Response]:
    """The responses that came last, the newest first. Raises UsageError, LedgerError."""
    return latest_responses(sight.ledger, live_ask(sight, asked), now=sight.now, most=MOST_RESPONSES)


def session_cards(sight: Sight, state: LiveState) -> list[SessionCard]:
    """The running sessions, the one that responded last first."""
    names = project_names(each.burn.project for each in state.sessions)
    return [_card(sight, each, names.get(each.burn.project, "")) for each in state.sessions]


def _card(sight: Sight, session: LiveSession, project: str) -> SessionCard:
    burn = session.burn
    words, filled, level = _context(sight, session)
    return SessionCard(
        burn.session_id,
        f"/sessions/{quote(burn.session_id, safe='')}",
        clean(burn.title or burn.session_id[:8]) or "(unnamed)",
        project,
        clean(burn.project),
        model_name(burn.model) or "unknown",
        clean(session.effort),
        short_tokens(burn.half_hour.sums.total_tokens),
        cost(burn.half_hour.sums),
        reckoned(burn.hour.sums, burn.hour.cost_per_hour),
        ago(sight.now - burn.last_at),
        words,
        filled,
        level,
    )


def _context(sight: Sight, session: LiveSession) -> tuple[str, float, str]:
    """How full the context is: words, the bar, the level; about where only the model tells how much it holds."""
    tokens, told = session.context_tokens, session.context_window_tokens
    if tokens is None:
        return "", 0.0, ""
    size = told or window_of(session.burn.model, tokens, None, AutoCompact(), sight.book).tokens
    mark = "" if told else "~"
    words = f"{mark}{percent(100 * tokens / size)} of {short_tokens(size)} tokens"
    level = level_of(context_fill(tokens, size), CONTEXT_THRESHOLDS)
    return words, min(100 * tokens / size, 100.0), level.value
