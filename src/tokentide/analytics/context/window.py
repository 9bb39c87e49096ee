"""How large a session's context window is, and where the client compacts by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tokentide.analytics.context.model import ASSUMED, LISTED, MARKED, SENT, TOLD, Said, Window
from tokentide.pricing.book import PriceBook
from tokentide.pricing.names import marked_context, parse_name

USUAL_TOKENS, LONG_TOKENS = 200_000, 1_000_000
LONG_SINCE = (4, 7)
"""From this generation on the client opens the long window by itself; before it only where `[1m]` asks for it."""
LONG_FAMILIES = ("claude-opus-", "claude-sonnet-", "claude-fable-", "claude-mythos-")
"""Families that it opens it for; of others the price data is asked, which takes a tenth of a second to open."""
SUMMARY_TOKENS, MARGIN_TOKENS, MANUAL_TOKENS = 20_000, 13_000, 3_000
"""The client keeps room for the output of a summary, and compacts so long before that; without compacting by itself it
stops so long before the end. Source: Claude Code 2.1.197; 2.1.37 and 2.1.49 compacted at 167,400 of 200,000."""
_OFF = ("", "0", "false", "no", "off")


@dataclass(frozen=True, slots=True)
class AutoCompact:
    """What the person told the client about compacting."""

    is_on: bool = True
    percent: float | None = None
    """Of the usable window, in place of the margin."""

    @classmethod
    def told(cls, environ: Mapping[str, str], *, is_on: bool) -> AutoCompact:
        """The environment over the client's settings."""
        is_on = is_on and not any(_is_set(environ, name) for name in ("DISABLE_COMPACT", "DISABLE_AUTO_COMPACT"))
        try:
            percent = float(environ.get("CLAUDE_AUTOCOMPACT_PCT_OVERRIDE", ""))
        except ValueError:
            percent = 0.0
        return cls(is_on, percent if 0 < percent <= 100 else None)


def window_of(model: str, most_sent: int, said: Said | None, auto: AutoCompact, book: PriceBook) -> Window:
    """The window of a session; `most_sent` is the model's longest prompt in it, which has fitted.

    Of the usual window the client keeps a summary's room: what was sent into that had the long one.
    """
    tokens, source = _size(model, said, book)
    if most_sent > (tokens - SUMMARY_TOKENS if tokens == USUAL_TOKENS and source != TOLD else tokens):
        tokens, source = max(LONG_TOKENS, most_sent), SENT
    return Window(tokens, source, _reserve(tokens, auto), auto.is_on)


def _size(model: str, said: Said | None, book: PriceBook) -> tuple[int, str]:
    if said is not None and said.window_tokens:
        return said.window_tokens, TOLD
    marked = marked_context(model)
    if marked:
        return marked, MARKED
    name = parse_name(model)
    if name is not None and name.claude and name.generation is not None:
        if not name.since(LONG_SINCE):
            return USUAL_TOKENS, LISTED
        if name.model.startswith(LONG_FAMILIES):
            return LONG_TOKENS, LISTED
    listed = book.context_window(model) if model else None
    return (listed, LISTED) if listed else (USUAL_TOKENS, ASSUMED)


def _reserve(tokens: int, auto: AutoCompact) -> int:
    """What the client keeps free of a window."""
    usable = tokens - SUMMARY_TOKENS
    if not auto.is_on:
        return tokens - max(usable - MANUAL_TOKENS, 0)
    threshold = usable - MARGIN_TOKENS
    if auto.percent is not None:
        threshold = min(int(usable * auto.percent / 100), threshold)
    return tokens - max(threshold, 0)


def _is_set(environ: Mapping[str, str], name: str) -> bool:
    return environ.get(name, "").strip().lower() not in _OFF
