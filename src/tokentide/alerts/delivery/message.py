"""What goes over a channel: one message for all that is told together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tokentide.model.alerts import SEVERITIES, Alert
from tokentide.render.alert_words import message_words
from tokentide.render.alerts_json import message_json
from tokentide.render.words import clean

MOST_TITLE, MOST_BODY = 250, 4000
"""Characters; longer texts are cut, before another machine cuts or refuses them."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message, clean for a terminal."""

    title: str
    body: str
    severity: str
    """Of the gravest alert in it."""
    data: str
    """The same and all facts as JSON."""


def message_of(alerts: Sequence[Alert]) -> Message:
    """Several alerts as one message; there is at least one."""
    words = message_words(alerts)
    gravest = max((alert.severity for alert in alerts), key=SEVERITIES.index)
    body = "\n".join(clean(line) for line in words.body.split("\n"))
    return Message(_cut(clean(words.title), MOST_TITLE), _cut(body, MOST_BODY), gravest, message_json(alerts))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
