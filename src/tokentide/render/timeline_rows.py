"""The rows of a timeline below a prompt: responses with their tools, sub-agents, pauses, and what else happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from msgspec.structs import replace
from rich.cells import cell_len
from rich.text import Text

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.timeline_model import AgentWork, Pause, Step, Timeline, ToolUse, Work
from tokentide.clock import SECOND_US
from tokentide.model.activity import (
    API_ERROR,
    COMPACTION,
    INTERRUPTION,
    MICROCOMPACTION,
    PULL_REQUEST,
    REFUSAL,
    Mark,
    mcp_parts,
)
from tokentide.render import words
from tokentide.render.charts import bar
from tokentide.render.fitting import flowed, shortened
from tokentide.render.timeline_words import AGENT, MOST_TARGETS, mark_words, sameness, target_names, tool_name
from tokentide.store.query import Sums

NARROW = 60
WIDEST = 110
BAR_CELLS = 10
GAP = 2
"""Before a cost."""
LEAST_NAME, MOST_NAME = 8, 24
"""Cells of one such name, at the narrowest and at most."""
_STYLES = {API_ERROR: "red", REFUSAL: "red", INTERRUPTION: "yellow", PULL_REQUEST: "magenta", MICROCOMPACTION: "yellow"}


@dataclass(frozen=True, slots=True)
class TimelineLook:
    """What the lines are drawn by."""

    calendar: Calendar
    width: int
    height: int | None = None
    """Lines that it should fit in; None for as many as it takes."""
    is_full: bool = False
    """True for all names of files and programs."""

    @property
    def room(self) -> int:
        """Cells that are drawn on."""
        return min(self.width, WIDEST)

    @property
    def margin(self) -> int:
        """What stands before what came of a prompt."""
        return 7 if self.width >= NARROW else 2

    def clock(self, at: int) -> str:
        """Hours and minutes."""
        return f"{self.calendar.local(at):%H:%M}"

    def day(self, at: int) -> str:
        """The day, for a heading."""
        return f"{self.calendar.local(at):%a %d %b %Y}"


def step_lines(steps: Sequence[Step], timeline: Timeline, look: TimelineLook, depth: int) -> Iterator[Text]:
    """Steps in their order, those of a sub-agent set in; marks that say the same of the same minute in one line."""
    for step, alike in groupby(steps, sameness):
        if isinstance(step, Work):
            yield from _work(step, timeline, look, depth)
        elif isinstance(step, AgentWork):
            yield from _agent(step, timeline, look, depth)
        elif isinstance(step, Pause):
            yield pause_line(step.length, look)
        else:
            yield from _mark(step, len([*alike]), look, depth)


def _indent(look: TimelineLook, depth: int) -> str:
    return " " * (look.margin + 2 * min(depth, 6))


def _work(work: Work, timeline: Timeline, look: TimelineLook, depth: int) -> Iterator[Text]:
    """Responses with the context that they reached, then their tools."""
    indent = _indent(look, depth)
    took = work.ended_at - work.at
    parts = [Text(words.plural(work.sums.responses, "response"))]
    if took >= SECOND_US:
        parts[0].append(f" in {words.duration(took)}", "dim")
    top = max(timeline.context, default=0)
    if depth == 0 and top:
        share = bar(work.context_tokens / top, BAR_CELLS) if look.width >= NARROW else ""
        parts.append(Text(f"{share} {words.short_tokens(work.context_tokens)}".lstrip(), style="cyan"))
    yield from joined(parts, look, "  ", indent)
    yield from _tools(work, look, depth)


def _tools(work: Work, look: TimelineLook, depth: int) -> Iterator[Text]:
    yield from joined([_tool(use, look, depth) for use in work.tools], look, ", ", _indent(look, depth))


def _tool(use: ToolUse, look: TimelineLook, depth: int) -> Text:
    """Read ×4 (a.py, b.py, +2) 1 failed."""
    room = look.room - len(_indent(look, depth)) - 1
    server, tool = mcp_parts(use.tool)
    name = tool_name(use.tool)
    cells = max(room - MOST_NAME, LEAST_NAME)
    if server and cell_len(name) > cells:
        name = words.clean(tool)
    text = Text.assemble((shortened(name, cells), "blue"))
    if use.calls > 1:
        text.append(f" ×{use.calls}")
    outcome = Text()
    if use.failed:
        outcome.append(f" {use.failed} failed", "red")
    if use.denied:
        outcome.append(f" {use.denied} denied", "yellow")
    text.append(_targets(use, look, room - text.cell_len - outcome.cell_len), "dim")
    return text.append_text(outcome)


def _targets(use: ToolUse, look: TimelineLook, room: int) -> str:
    """What calls worked on, in brackets, without folders; empty where it is not known or has no room."""
    names = target_names(use)
    if look.is_full:
        return f" ({', '.join(names)})" if names else ""
    shown = names[: min(MOST_TARGETS, max((room - len(" (, +10)") + 2) // (LEAST_NAME + 2), 1))]
    rest = f", +{len(names) - len(shown)}" if len(names) > len(shown) else ""
    if not shown or room < LEAST_NAME + 4 + len(rest):
        return ""
    cells = (room - len(" ()") - len(rest)) // len(shown) - 2
    fitted = [shortened(name, min(max(cells, LEAST_NAME), MOST_NAME)) for name in shown]
    return f" ({', '.join(fitted)}{rest})"


def _agent(agent: AgentWork, timeline: Timeline, look: TimelineLook, depth: int) -> Iterator[Text]:
    """A sub-agent below the call that started it."""
    line = Text(f"{_indent(look, depth)}└ ")
    several = f" ×{agent.agents}" if agent.agents > 1 else ""
    responses = f"{several}  {words.plural(agent.sums.responses, 'response')}"
    took = agent.ended_at - agent.at
    room = look.room - line.cell_len - len(responses) - GAP - cell_len(words.cost(agent.sums))
    duration = f" in {words.duration(took)}" if took >= SECOND_US else ""
    duration = duration if room - len(duration) >= LEAST_NAME else ""
    kind = words.clean(agent.kind) or AGENT
    line.append(shortened(kind, max(room - len(duration), LEAST_NAME)), "magenta")
    line.append(f"{responses}{duration}")
    yield with_cost(line, agent.sums, look)
    only = agent.steps[0] if len(agent.steps) == 1 else None
    if isinstance(only, Work):
        yield from _tools(only, look, depth + 1)
    else:
        yield from step_lines(agent.steps, timeline, look, depth + 1)


def pause_line(length: int, look: TimelineLook) -> Text:
    """So long nothing happened."""
    return Text(f"{' ' * look.margin}· · ·  {words.duration(length)} pause", style="dim")


def _mark(mark: Mark, times: int, look: TimelineLook, depth: int) -> Iterator[Text]:
    """A compaction, an error, an interruption, a pull request."""
    said, style = _told(mark)
    line = f"{look.clock(mark.at)} {said}{f' ×{times}' if times > 1 else ''}"
    return joined([Text(word, style=style) for word in line.split(" ")], look, " ", _indent(look, depth))


def _told(mark: Mark) -> tuple[str, str]:
    """What a mark is called, and its style."""
    if mark.kind == COMPACTION:
        return mark_words(replace(mark, name=shortened(words.clean(mark.name), LEAST_NAME))), "yellow"
    return mark_words(mark), _STYLES.get(mark.kind, "")


def with_cost(line: Text, sums: Sums, look: TimelineLook) -> Text:
    """The cost at the right edge."""
    cost = words.cost(sums) if sums.responses else "-"
    line.truncate(max(look.room - GAP - cell_len(cost), LEAST_NAME), overflow="ellipsis")
    line.append(" " * max(look.room - line.cell_len - cell_len(cost), GAP))
    line.append(cost, "green")
    return line


def joined(parts: Iterable[Text], look: TimelineLook, between: str, indent: str = "") -> Iterator[Text]:
    """Parts one after the other, empty ones left out, in as many lines as they need."""
    told = [part for part in parts if part]
    yield from flowed(told, look.room, len(indent), Text(between), between.rstrip())
