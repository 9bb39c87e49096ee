"""A session's turns as CSV: one line a turn, the names of the JSON."""

from __future__ import annotations

from collections.abc import Iterator

from tokentide.analytics.timeline_model import AgentWork, Timeline, Turn, Work
from tokentide.clock import SECOND_US
from tokentide.render.csv_text import csv_lines, csv_value, safe
from tokentide.render.report_json import instant, sums_json
from tokentide.render.timeline_words import outcome_words

_HEAD = ("number", "at", "ended_at", "prompt_bytes", "command", "waited_seconds", "context_tokens", "sub_agents")


def timeline_csv(timeline: Timeline) -> str:
    """Heading and turns; `happened` tells in words what the steps in the JSON are."""
    return csv_lines([*_HEAD, *sums_json(timeline.sums), "happened"], _lines(timeline))


def _lines(timeline: Timeline) -> Iterator[list[str]]:
    for turn in timeline.turns:
        prompt = turn.prompt
        yield [
            str(turn.number),
            instant(turn.at),
            instant(turn.ended_at),
            str(prompt.amount) if prompt else "",
            safe(prompt.name) if prompt else "",
            str(turn.waited // SECOND_US),
            csv_value(context_of(turn)),
            str(sum(step.agents for step in turn.steps if isinstance(step, AgentWork))),
            *map(csv_value, sums_json(turn.sums).values()),
            safe("; ".join(outcome_words(turn))),
        ]


def context_of(turn: Turn) -> int | None:
    """What the last response of a turn was sent, in tokens; None where there was none."""
    return next((step.context_tokens for step in reversed(turn.steps) if isinstance(step, Work)), None)
