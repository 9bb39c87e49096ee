"""Parts of the live view as CSV: running sessions, the last hours, the responses that came last; these also as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from tokentide.analytics.live import CHART_STEP_US, LiveSession, LiveState
from tokentide.clock import SECOND_US
from tokentide.render.csv_text import csv_lines, csv_value, safe
from tokentide.render.json_text import dumps, usd
from tokentide.render.report_json import head_json, instant, sums_json
from tokentide.store.query import Response

SESSION_HEADING = (
    "session",
    "source",
    "title",
    "project",
    "model",
    "last_at",
    "tokens_30_minutes",
    "cost_usd_30_minutes",
    "tokens_60_minutes",
    "cost_usd_60_minutes",
    "context_tokens",
    "context_window_tokens",
)
RESPONSE_HEADING = ("at", "session", "source", "project", "title", "agent", "model")


def sessions_csv(state: LiveState) -> str:
    """A line a session that responded within the last hour."""
    return csv_lines(SESSION_HEADING, map(_session, state.sessions))


def _session(session: LiveSession) -> Sequence[str]:
    burn = session.burn
    half, hour = burn.half_hour.sums, burn.hour.sums
    texts = (burn.session_id, burn.source, burn.title, burn.project, burn.model)
    figures = (half.total_tokens, usd(half.cost), hour.total_tokens, usd(hour.cost))
    context = (session.context_tokens, session.context_window_tokens)
    return [*map(safe, texts), instant(burn.last_at), *map(csv_value, (*figures, *context))]


def chart_json(state: LiveState) -> str:
    """The cost of each step of the last hours, oldest first."""
    return dumps(
        {
            **head_json("live_chart", state.at, state.timezone),
            "step_seconds": CHART_STEP_US // SECOND_US,
            "steps": [{"at": instant(at), "cost_usd": usd(cost)} for at, cost in state.steps],
        }
    )


def chart_csv(state: LiveState) -> str:
    """A line a step."""
    return csv_lines(("at", "cost_usd"), ((instant(at), csv_value(usd(cost))) for at, cost in state.steps))


def responses_json(responses: Sequence[Response], *, timezone: str, now: int) -> str:
    """One object with an entry a response, in the order given."""
    return dumps(
        {
            **head_json("live_responses", now, timezone),
            "responses": [
                {
                    "at": instant(each.at),
                    "session": each.session_id,
                    "source": each.source,
                    "project": each.project,
                    "title": each.title or None,
                    "agent": each.agent,
                    "model": each.model,
                    **sums_json(each.sums),
                }
                for each in responses
            ],
        }
    )


def responses_csv(responses: Sequence[Response]) -> str:
    """A line a response, in the order given."""
    heading = [*RESPONSE_HEADING, *(sums_json(responses[0].sums) if responses else ())]
    return csv_lines(heading, map(_response, responses))


def _response(each: Response) -> Sequence[str]:
    texts = (each.session_id, each.source, each.project, each.title, each.agent, each.model)
    return [instant(each.at), *map(safe, texts), *map(csv_value, sums_json(each.sums).values())]
