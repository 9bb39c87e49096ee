"""Pushes to a team server: what would be sent, what came of it, how it stands; in words and as JSON, format 1."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tokentide.analytics.calendar import Calendar
from tokentide.clock import SECOND_US
from tokentide.model.limits import Poll
from tokentide.render.json_text import Json, dumps
from tokentide.render.report_json import head_json, instant
from tokentide.render.words import ago, clean, duration, plural, size, times
from tokentide.sync.push import News, Outcome, PushState

NOBODY = "nobody is logged in here; OTEL_RESOURCE_ATTRIBUTES=enduser.id=NAME would tell"
NEVER = "Text, titles and file names are never part of it."


def outcome_words(outcome: Outcome, base: str) -> str:
    """What was sent."""
    if not outcome.sent:
        return f"nothing sent to {base}" if outcome.fault else f"nothing new for {base}"
    return f"sent {plural(outcome.sent, 'response')} to {base}, {size(outcome.sent_bytes)}"


def outcome_json(outcome: Outcome, base: str, *, now: int) -> str:
    """The same as JSON."""
    return dumps(
        {
            **head_json("push", now),
            "server": base,
            "sent_responses": outcome.sent,
            "rejected_responses": outcome.rejected,
            "bodies": outcome.bodies,
            "sent_bytes": outcome.sent_bytes,
            "was_due": not outcome.is_early,
            "next_at": _instant(outcome.next_at),
            "fault": outcome.fault or None,
        }
    )


def news_words(news: News, base: str, calendar: Calendar) -> Iterator[str]:
    """What would be sent, a line each."""
    if news.sample is None:
        yield f"Nothing new for {base}."
        return
    first, last = calendar.date_of(news.first_at), calendar.date_of(news.last_at)
    days = f"{first}" if first == last else f"{first} to {last}"
    yield f"Would send {plural(news.records, 'response')} of {plural(news.days, 'day')} ({days}) to {base}."
    yield f"Accounts: {clean(', '.join(news.accounts))}"
    resource = ", ".join(f"{key}={value}" for key, value in news.sample.resource.items())
    yield f"Whose they are: {clean(resource) or NOBODY}"
    yield f"{NEVER} --json shows the newest response as it would be sent."


def news_json(news: News, base: str, *, now: int) -> str:
    """The same as JSON, with a whole body that holds the newest response."""
    sample: Json = msgspec.to_builtins(news.sample) if news.sample else None
    return dumps(
        {
            **head_json("push_dry_run", now),
            "server": base,
            "responses": news.records,
            "days": news.days,
            "first_at": _instant(news.first_at),
            "last_at": _instant(news.last_at),
            "accounts": list(news.accounts),
            "sample": sample,
        }
    )


def standing_words(poll: Poll, state: PushState, waiting: int, base: str, *, now: int) -> Iterator[str]:
    """How it stands with a server, a line each."""
    if not poll.good_at and not state.sent and not poll.fault:
        yield f"Nothing was ever sent to {base}; {plural(waiting, 'response')} wait."
        return
    last = f"last {ago(now - poll.good_at)}" if poll.good_at else "never to the end"
    yield f"Sent {plural(state.sent, 'response')} to {base} so far, {last}; {plural(waiting, 'response')} wait."
    if state.rejected:
        yield f"The server could not take {plural(state.rejected, 'response')} of them."
    if poll.fault:
        often = f" ({times(poll.failures)} in a row)" if poll.failures > 1 else ""
        yield f"Last fault{often}: {clean(poll.fault)}"
    due = max(poll.next_at, state.retry_at)
    if due > now:
        yield f"Next in {duration(max(due - now, SECOND_US))} at the earliest."


def standing_json(poll: Poll, state: PushState, waiting: int, base: str, *, now: int) -> str:
    """The same as JSON."""
    return dumps(
        {
            **head_json("push_status", now),
            "server": base,
            "sent_responses": state.sent,
            "rejected_responses": state.rejected,
            "waiting_responses": waiting,
            "good_at": _instant(poll.good_at),
            "next_at": _instant(max(poll.next_at, state.retry_at)),
            "failures": poll.failures,
            "fault": poll.fault or None,
        }
    )


def _instant(at: int) -> str | None:
    return instant(at) if at else None
