"""What the parts of a context are called and how they look; what hints say."""

from __future__ import annotations

from dataclasses import dataclass

from tokentide.analytics.context import hints, model
from tokentide.analytics.context.hints import Hint
from tokentide.analytics.context.model import Item
from tokentide.render import words


@dataclass(frozen=True, slots=True)
class Look:
    """How a kind of part is shown."""

    title: str
    glyph: str
    letter: str
    """In place of the glyph where the output has none."""
    style: str


LOOKS = {
    model.SYSTEM: Look("system prompt and tools", "■", "S", "grey62"),
    model.MCP: Look("MCP tools", "◆", "M", "cyan"),
    model.MEMORY: Look("memory files", "●", "F", "dark_orange"),
    model.SKILLS: Look("skills", "▲", "K", "yellow"),
    model.AGENTS: Look("agents", "▼", "G", "bright_yellow"),
    model.SUMMARY: Look("compaction summary", "▤", "Z", "white"),
    model.PROMPTS: Look("prompts", "▶", "P", "bright_green"),
    model.ANSWERS: Look("answers", "≡", "A", "green"),
    model.THINKING: Look("thinking", "◇", "T", "magenta"),
    model.CALLS: Look("tool calls", "○", "C", "bright_blue"),
    model.RESULTS: Look("tool results", "▣", "R", "blue"),
    model.ATTACHMENTS: Look("attachments, notices", "△", "N", "bright_magenta"),
    model.UNSEEN: Look("not in the transcript", "□", "U", "red"),
}
FREE = Look("free", "·", ".", "dim")
RESERVE = Look("auto-compact reserve", "▒", "-", "dim")
KEPT = Look("kept for a compaction", "▒", "-", "dim")
GLYPHS = "".join(look.glyph for look in (*LOOKS.values(), FREE, RESERVE))
WINDOW_SOURCES = {
    model.TOLD: "as the client's status line says",
    model.MARKED: "as the model's name says",
    model.SENT: "more than the usual was sent",
    model.LISTED: "the model's",
    model.ASSUMED: "assumed: nothing tells this model's",
}
CAUSES = {
    model.PAUSE: "pause",
    model.MODEL: "model changed",
    model.COMPACTED: "compaction or a step back",
    model.TOOLS: "tools or system prompt changed",
    model.EFFORT: "effort changed",
    model.CONVERSATION: "conversation rewritten",
    model.UNKNOWN: "cause unknown",
}


def item_title(item: Item) -> str:
    """An item in words, safe for a terminal: Read loop.py, prompt, thinking."""
    name, target = words.clean(item.name), words.clean(item.target)
    if item.kind == model.RESULTS:
        return f"{name or 'a tool'} {_short(target)}".strip()
    if item.kind == model.CALLS:
        return f"call of {name or 'a tool'} {_short(target)}".strip()
    if item.kind == model.PROMPTS:
        return f"prompt {name}".strip()
    title = LOOKS[item.kind].title
    return f"{title}: {_short(name or target)}" if name or target else title


def part_title(kind: str, name: str) -> str:
    """A part of a kind by its name."""
    if kind == model.MEMORY:
        return _short(words.clean(name))
    return words.clean(name).replace("_", " ") if kind == model.ATTACHMENTS else words.clean(name) or "(unnamed)"


def _short(path: str) -> str:
    """The last two parts of a path."""
    pieces = path.replace("\\", "/").rstrip("/").split("/")
    return path if len(pieces) <= 2 else "/".join(pieces[-2:])


def sentence(hint: Hint) -> str:
    """A hint in a sentence."""
    tokens, cost = f"about {words.short_tokens(hint.tokens)} tokens", words.money(hint.cost or 0)
    what = words.clean(f"{hint.name} {_short(hint.target)}".strip())
    if hint.kind == hints.COMPACTS_SOON:
        return (
            f"The client will compact by itself after {words.plural(hint.count, 'more request')} at the recent pace: "
            f"{words.short_tokens(hint.tokens)} tokens are free. Choose the moment with /compact, or begin anew."
        )
    if hint.kind == hints.COLD:
        return f"The cache is cold: the next request writes {tokens} again, for {cost} more than reading them."
    if hint.kind == hints.COMPACT:
        saved = f", and {cost} with each request" if hint.cost is not None else ""
        return f"/compact now would free {tokens}{saved}."
    if hint.kind == hints.MEMORY_FILES:
        named = f", {_short(words.clean(hint.name))} first" if hint.name else ""
        return f"Memory files take {tokens} of every request{named}: shorter ones, or skills, would not."
    if hint.kind == hints.BIG_RESULT:
        return f"One result ({what}) holds {tokens}; {words.plural(hint.count, 'request')} carried it."
    paused = f", {hint.others} after a pause" if hint.others else ""
    return f"The cache was built anew {words.plural(hint.count, 'time')}{paused}, for {cost}."
