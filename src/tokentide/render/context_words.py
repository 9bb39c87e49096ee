"""What the parts of a context are called and how they look; what hints say."""

from __future__ import annotations

from dataclasses import dataclass

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.context import hints, model
from tokentide.analytics.context.hints import Hint
from tokentide.analytics.context.model import AgentContext, Context, Item
from tokentide.clock import HOUR_US
from tokentide.model.activity import SIDE_CHAIN
from tokentide.render import words
from tokentide.render.forecast_words import clock_words


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
    model.SUMMARY: Look("compaction summary", "▤", "Z", "bright_cyan"),
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
FILLING, FULL = 0.6, 0.85
"""Shares of the window from which the total is yellow, and red."""
GONE = "The transcript is gone, so what the context was made of is not known any more; the ledger kept the rest."
AGENT_NAMES = {SIDE_CHAIN: "not told apart; the last one's"}
"""Old clients' transcripts do not say which sub-agent speaks."""
GLYPHS = "".join(look.glyph for look in (*LOOKS.values(), FREE, RESERVE))
WINDOW_SOURCES = {
    model.TOLD: "as the client's status line says",
    model.MARKED: "as the model's name says",
    model.SENT: "the usual one ends before that",
    model.LISTED: "the model's",
    model.ASSUMED: "assumed: nothing tells this model's",
}
CAUSES = {
    model.PAUSE: "pause",
    model.MODEL: "model changed",
    model.COMPACTED: "compaction or a step back",
    model.TOOLS: "tools or system prompt changed",
    model.EFFORT: "effort changed",
    model.CONVERSATION: "messages changed or dropped",
    model.UNKNOWN: "cause unknown",
}


REPORTING = ("Agent", "Task")
"""Tools whose results are what a sub-agent reports."""


def item_title(item: Item) -> str:
    """An item in words, safe for a terminal: Read loop.py, prompt, thinking."""
    name, target = words.clean(item.name), words.clean(item.target)
    if item.kind == model.RESULTS:
        return f"{name or 'a tool'} {_short(target)}".strip()
    if item.kind == model.CALLS:
        return f"call of {name or 'a tool'} {_short(target)}".strip()
    if item.kind == model.PROMPTS:
        return f"prompt {name}".strip()
    if item.kind == model.ATTACHMENTS:
        return f"{part_title(item.kind, name)} {_short(target)}".strip()
    title = LOOKS[item.kind].title
    return f"{title}: {_short(name or target)}" if name or target else title


def part_title(kind: str, name: str) -> str:
    """A part of a kind by its name."""
    if kind == model.MEMORY:
        return _short(words.clean(name))
    if kind == model.ATTACHMENTS and not name.startswith("/"):
        return words.clean(name).replace("_", " ").replace("-", " ")
    return words.clean(name) or "(unnamed)"


def _short(path: str) -> str:
    """The last two parts of a path."""
    pieces = path.replace("\\", "/").rstrip("/").split("/")
    return path if len(pieces) <= 2 else "/".join(pieces[-2:])


def sentence(hint: Hint) -> str:
    """A hint: what is so, with its figures, and what would help."""
    tokens, cost = f"about {words.short_tokens(hint.tokens)} tokens", words.money(hint.cost or 0)
    if hint.kind == hints.COMPACTS_SOON:
        more = words.plural(hint.count, "more request")
        when = f"after {more} at the recent pace" if hint.count else "any moment now"
        free = f"{words.short_tokens(hint.tokens)} tokens are free" if hint.tokens else "nothing is free"
        return f"The client will compact by itself {when}: {free}. Choose the moment with /compact, or begin anew."
    if hint.kind == hints.COLD:
        written = f"The cache is cold: the next request writes {tokens} again, for {cost} more than reading them."
        return f"{written} Where the next task is another, /clear spares it."
    if hint.kind == hints.COMPACT:
        saved = f", and save {cost} with each request" if hint.cost is not None else ""
        return f"/compact now would free {tokens}{saved}; where the next task is another, /clear frees more."
    if hint.kind == hints.MEMORY_FILES:
        largest = f" (the largest is {_short(words.clean(hint.name))})" if hint.name else ""
        return f"Memory files take {tokens} of every request{largest}: move what is not always needed into skills."
    return _of_result(hint, tokens) if hint.kind == hints.BIG_RESULT else _of_rebuilds(hint, cost)


def _of_result(hint: Hint, tokens: str) -> str:
    """One large result, and how the next one may be smaller."""
    what = words.clean(f"{hint.name} {_short(hint.target)}".strip())
    carried = f"; {words.plural(hint.count, 'request')} carried it" if hint.count else ""
    help_ = "ask for shorter reports" if hint.name in REPORTING else "ask for less, or let a sub-agent read and report"
    return f"One result ({what}) holds {tokens}{carried}. Next time {help_}."


def _of_rebuilds(hint: Hint, cost: str) -> str:
    """How often the cache was written again; after pauses it may be cheaper."""
    if not hint.others:
        return f"The cache was built anew {words.times(hint.count)}, for {cost}."
    paused = "after a pause" if hint.count == hint.others else f"{words.times(hint.others)} after a pause"
    built = f"The cache was built anew {words.times(hint.count)}, {paused}, for {cost}."
    return f"{built} Before a long pause, /compact makes that cheaper."


def head(context: Context, now: int) -> str:
    """Which session it is: title, project, model, how long ago."""
    named = [
        words.clean(context.title) or context.session_id[:8],
        words.project_name(context.project) if context.project else "",
        words.model_name(context.model),
        words.ago(now - context.at) if context.at else "",
    ]
    return " · ".join(filter(None, named))


def total(context: Context) -> str:
    """How many tokens the next request sends; an estimate where something was not sent yet."""
    return f"{'~' if context.pending_tokens else ''}{words.tokens(context.total_tokens)}"


def made_of(context: Context) -> str:
    """Where the total is from."""
    parts = [f"{words.tokens(context.prompt_tokens)} sent last"] if context.growth else []
    if context.output_tokens:
        parts.append(f"{words.tokens(context.output_tokens)} answered")
    if context.is_compacted:
        parts.append("compacted since")
    if context.pending_tokens:
        parts.append(f"~{words.tokens(context.pending_tokens)} not sent yet")
    return f"{', '.join(parts)}; window: {WINDOW_SOURCES[context.window.source]}"


def agents_head(context: Context) -> str:
    """How many; old clients do not tell one from another."""
    count = len(context.agents)
    if any(agent.chain in AGENT_NAMES for agent in context.agents):
        return "Sub-agents, with contexts of their own"
    return f"{words.plural(count, 'sub-agent')}, {'with' if count == 1 else 'each with'} a context of its own"


def agent_name(agent: AgentContext) -> str:
    """A sub-agent's kind, else the beginning of its id."""
    return words.clean(agent.kind) or AGENT_NAMES.get(agent.chain) or words.clean(agent.chain)[:12]


def cache_state(context: Context, calendar: Calendar, now: int) -> str:
    """Warm or cold, and until or since when."""
    until = clock_words(context.cache.warm_until, calendar, now)
    return f"warm until {until}" if context.cache.warm_until >= now else f"cold since {until}"


def cache_facts(context: Context) -> str:
    """How long it is kept, how much was read from it, what the next request costs once it is cold."""
    cache = context.cache
    life = "1 h" if cache.lifetime >= HOUR_US else words.duration(cache.lifetime)
    parts = [f"kept {life} after each use", f"{100 * cache.hit_share:.0f} % of all prompt tokens were read from it"]
    if cache.cold_cost:
        parts.append(f"cold, the next request costs {words.money(cache.cold_cost)} more")
    return "; ".join(parts)


def rebuilds_by_cause(context: Context) -> list[tuple[str, int, int, int]]:
    """What was written again, the dearest cause first: cause, times, tokens, nano-USD."""
    causes: dict[str, list[int]] = {}
    for each in context.cache.rebuilds:
        sums = causes.setdefault(each.cause, [0, 0, 0])
        sums[0], sums[1], sums[2] = sums[0] + 1, sums[1] + each.lost_tokens, sums[2] + (each.cost or 0)
    found = [(cause, count, lost, cost) for cause, (count, lost, cost) in causes.items()]
    return sorted(found, key=lambda row: -row[3])
