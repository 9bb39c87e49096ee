"""A session's timeline: a head, then each prompt with what came of it, folded in the middle where it has no room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from tokentide.analytics.timeline_model import Timeline, Turn
from tokentide.render import words
from tokentide.render.charts import sparkline
from tokentide.render.timeline_rows import TimelineLook, joined, pause_line, step_lines, with_cost
from tokentide.render.timeline_words import prompt_count, prompt_words, timeline_notes
from tokentide.store.query import Sums

FOLD_LINES = 2
"""What stands for folded turns, with the day of the next."""


def timeline_lines(timeline: Timeline, turns: Sequence[Turn], look: TimelineLook) -> Iterator[Text]:
    """The head, then these of its turns."""
    head = list(_head(timeline, look))
    yield from head
    told = [list(_turn(turn, timeline, look)) for turn in turns]
    room = None if look.height is None else max(look.height - len(head), 8)
    yield from _fitted(turns, told, room, look)


def _fitted(turns: Sequence[Turn], told: Sequence[list[Text]], room: int | None, look: TimelineLook) -> Iterator[Text]:
    """All turns; where they are longer than there is room, the first, what is between in a line, and the last."""
    days = [look.day(turn.at) for turn in turns]
    sizes = [
        len(lines) + (turn.waited > 0) + (index == 0 or days[index] != days[index - 1])
        for index, (turn, lines) in enumerate(zip(turns, told, strict=True))
    ]
    shown = set(range(len(turns)))
    if room is not None and sum(sizes) > room:
        shown = _ends(sizes, room - FOLD_LINES)
    day = ""
    for index, turn in enumerate(turns):
        if index not in shown:
            if index - 1 in shown or index == 0:
                yield _folded([turns[i] for i in range(index, len(turns)) if i not in shown], look)
            continue
        if turn.waited:
            yield pause_line(turn.waited, look)
        if days[index] != day:
            day = days[index]
            yield Text(day, style="bold dim")
        yield from told[index]


def _ends(sizes: Sequence[int], room: int) -> set[int]:
    """The first turn if it is short, and as many of the last as fit; at least the last."""
    last = len(sizes) - 1
    shown = {last}
    left = room - sizes[last]
    if sizes[0] <= left // 3:
        shown.add(0)
        left -= sizes[0]
    for index in range(last - 1, 0, -1):
        left -= sizes[index]
        if left < 0:
            break
        shown.add(index)
    return shown


def _folded(turns: Sequence[Turn], look: TimelineLook) -> Text:
    """What stands for turns that are not shown."""
    sums = Sums()
    for turn in turns:
        sums.add(turn.sums)
    first, last = turns[0].number, turns[-1].number
    which = f"prompts {first} to {last}" if first else f"everything up to prompt {last}"
    which = f"prompt {first}" if first == last else which
    cost = words.cost(sums)
    whole, short = (
        f"{' ' * look.margin}⋮ {which}: {what} (--full)"
        for what in (f"{words.plural(sums.responses, 'response')}, {cost}", cost)
    )
    return Text(whole if len(whole) <= look.room else short, style="dim italic")


def _head(timeline: Timeline, look: TimelineLook) -> Iterator[Text]:
    """Whose session it is, what it came to, how it went."""
    facts, sums = timeline.facts, timeline.sums
    title = words.clean(facts.title) or "(no title)"
    yield from joined([Text(title, style="bold"), Text(timeline.session_id, style="dim")], look, "  ")
    where = [words.project_name(facts.project), words.clean(facts.branch), *map(words.model_name, timeline.models)]
    yield from joined([Text(part, style="cyan") for part in where if part], look, " · ")
    spent = [
        Text(words.cost(sums), style="bold green"),
        Text(f"{words.short_tokens(sums.total_tokens)} tokens"),
        Text(words.plural(sums.responses, "response")),
        *([Text(words.plural(prompt_count(timeline), "prompt"))] if timeline.is_told else []),
        *([Text(words.plural(timeline.agents, "sub-agent"))] if timeline.agents else []),
    ]
    yield from joined(spent, look, "  ")
    yield from joined(_time(timeline, look), look, "  ")
    yield from _context(timeline, look)
    for note in timeline_notes(timeline):
        yield from joined([Text(word, style="yellow") for word in note.split(" ")], look, " ")
    yield Text("")


def _time(timeline: Timeline, look: TimelineLook) -> list[Text]:
    """From when to when, and how much of it something happened."""
    first, last = timeline.began_at, timeline.ended_at
    same = look.day(first) == look.day(last)
    until = look.clock(last) if same else f"{look.day(last)} {look.clock(last)}"
    parts = [
        Text(f"{look.day(first)} {look.clock(first)}"),
        Text(f"to {until}"),
        Text(words.duration(timeline.duration)),
    ]
    if timeline.pauses:
        parts.append(Text(f"{words.duration(timeline.active)} active"))
        parts.append(Text(f"{words.plural(len(timeline.pauses), 'pause')} over 5 min"))
    return parts


def _context(timeline: Timeline, look: TimelineLook) -> Iterator[Text]:
    """A mark for each stretch of responses, as high as the fullest context in it."""
    sizes = timeline.context
    if not sizes:
        return
    peak, now = words.short_tokens(max(sizes)), words.short_tokens(sizes[-1])
    figures = f"peak {peak}, {now} at the end"
    cells = max(min(look.room - len("Context  ") - len(figures) - 2, len(sizes)), 8)
    cells = min(cells, len(sizes))
    marks = [max(sizes[i * len(sizes) // cells : max((i + 1) * len(sizes) // cells, 1)]) for i in range(cells)]
    parts = [Text.assemble("Context  ", (sparkline(marks), "cyan")), Text(figures, style="dim")]
    yield from joined(parts, look, "  ")


def _turn(turn: Turn, timeline: Timeline, look: TimelineLook) -> Iterator[Text]:
    """The prompt, with its cost at the right edge, and what came of it."""
    which, _, rest = prompt_words(turn, timeline).partition("  ")
    line = Text.assemble((f"{look.clock(turn.at)}  ", "dim"), (which, "bold"), f"  {rest}" if rest else "")
    yield with_cost(line, turn.sums, look)
    yield from step_lines(turn.steps, timeline, look, 0)
