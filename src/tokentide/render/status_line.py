"""The status line as one line of text: whole segments give way, the least important first, until it fits.

Colours are written by hand: the line is made many times an hour, and Rich takes longer to load than all the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from tokentide.analytics.limits import Level, level_of
from tokentide.analytics.status_line import StatusLine
from tokentide.analytics.windows import STALE_US, WindowState
from tokentide.clock import DAY_US
from tokentide.model.limits import FIVE_HOUR, SEVEN_DAY
from tokentide.model.odds import EVEN_ODDS
from tokentide.render import words
from tokentide.render.charts import bar
from tokentide.render.limit_words import LEVEL_ANSI, countdown, percent, window_title

CONTEXT_THRESHOLDS = (51, 81, 92)
"""Percent of what the context may grow to, from which it is yellow, orange and red; the client warns at 82 itself."""
RESET_TOLD_US = DAY_US
"""So long a window is called reset; what it is at later nobody knows."""
BAR_CELLS = 10
LONGEST_NAME = 24
"""Cells of a model's name; a longer one ends in an ellipsis."""
SEPARATOR = " | "
DIM = "2"
_SHORT = {FIVE_HOUR: "5h", SEVEN_DAY: "week"}


class Piece(NamedTuple):
    """Some text in one style."""

    text: str
    style: str = ""
    """Parameters of the terminal's sequence; empty for plain."""


class Form(NamedTuple):
    """One way to show a segment."""

    importance: int
    """On a narrow terminal the smallest gives way first."""
    pieces: tuple[Piece, ...]


Segment = tuple[Form, ...]
"""The ways to show it, longest first."""
Thresholds = tuple[int, int, int]


class Look(NamedTuple):
    """How a line is to be shown."""

    segments: Sequence[str]
    """Names out of `settings.SEGMENTS`, in order."""
    thresholds: Thresholds
    width: int | None
    """Cells; None is without limit."""
    has_colour: bool


def format_line(line: StatusLine, look: Look, now: int, notice: str = "") -> str:
    """The line; `notice` is what a person must know, and comes last. Never longer than the width."""
    found = [segment for name in look.segments for segment in _MAKERS[name](line, look.thresholds, now)]
    if notice:
        found.append((Form(30, (Piece(f"tokentide: {words.clean(notice)}", LEVEL_ANSI[Level.RAISED]),)),))
    shown = fitting(found, look.width)
    if look.width is not None and _cells(shown) > look.width:
        return cut(_join(shown, has_colour=False), look.width)
    return _join(shown, has_colour=look.has_colour)


def fitting(segments: Sequence[Segment], width: int | None) -> list[Segment]:
    """What is left of the segments when forms have given way until the rest fits; the last one never goes."""
    left = [*segments]
    while width is not None and _cells(left) > width:
        least = min(range(len(left)), key=lambda index: left[index][0].importance)
        if len(left[least]) > 1:
            left[least] = left[least][1:]
        elif len(left) > 1:
            del left[least]
        else:
            break
    return left


def _cells(segments: Sequence[Segment]) -> int:
    """Cells that the segments take, in the form that each stands in."""
    texts = (piece.text for segment in segments for piece in segment[0].pieces)
    return sum(map(cell_width, texts)) + len(SEPARATOR) * max(len(segments) - 1, 0)


def _join(segments: Sequence[Segment], *, has_colour: bool) -> str:
    """The text of the segments."""
    parts = ["".join(_painted(piece, has_colour=has_colour) for piece in segment[0].pieces) for segment in segments]
    return _painted(Piece(SEPARATOR, DIM), has_colour=has_colour).join(parts)


def _painted(piece: Piece, *, has_colour: bool) -> str:
    return f"\x1b[{piece.style}m{piece.text}\x1b[0m" if has_colour and piece.style else piece.text


def cell_width(text: str) -> int:
    """Cells that a text takes on a terminal."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def _cells_of(character: str) -> int:
    """Two for wide characters, none for those that join the one before."""
    if character < "\u0300":
        return 1
    import unicodedata

    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(text: str, width: int) -> str:
    """The beginning of a text that takes at most so many cells, with an ellipsis where something is missing."""
    if cell_width(text) <= width:
        return text
    while text and cell_width(text) >= width:
        text = text[:-1]
    return text + "…" if width > 0 else ""


def _one(importance: int, *pieces: Piece) -> Iterator[Segment]:
    yield (Form(importance, pieces),)


def _model(line: StatusLine, _thresholds: Thresholds, _now: int) -> Iterator[Segment]:
    if line.model:
        yield from _one(10, Piece(cut(words.model_name(line.model), LONGEST_NAME), "36"))


def _effort(line: StatusLine, _thresholds: Thresholds, _now: int) -> Iterator[Segment]:
    if line.effort:
        yield from _one(3, Piece(cut(words.clean(line.effort), LONGEST_NAME), DIM))


def _five_hour(line: StatusLine, thresholds: Thresholds, now: int) -> Iterator[Segment]:
    for window in line.windows:
        if window.window == FIVE_HOUR:
            yield from _window(window, thresholds, now, (20, 12, 1))


def _week(line: StatusLine, thresholds: Thresholds, now: int) -> Iterator[Segment]:
    for window in line.windows:
        if window.window == SEVEN_DAY:
            yield from _window(window, thresholds, now, (14, 9))


def _other_windows(line: StatusLine, thresholds: Thresholds, now: int) -> Iterator[Segment]:
    for window in line.windows:
        if window.window not in _SHORT:
            yield from _window(window, thresholds, now, (8, 4))


def _window(window: WindowState, thresholds: Thresholds, now: int, importance: Sequence[int]) -> Iterator[Segment]:
    """One window: a bar where a third importance is given, the percentage, when it resets.

    One whose reset has passed is not shown as used; one that nobody tells a percentage of is left out.
    """
    title = Piece(_SHORT.get(window.window) or cut(window_title(window.window), LONGEST_NAME), DIM)
    if window.resets_at is not None and window.is_over(now):
        if now - window.resets_at > RESET_TOLD_US:
            return
        reset = Piece(" reset", DIM)
        since = Piece(f" {countdown(now - window.resets_at)} ago", DIM)
        yield Form(importance[1], (title, reset, since)), Form(importance[0], (title, reset))
    elif window.percent is not None:
        is_stale = now - window.observed_at > STALE_US
        style = DIM if is_stale else LEVEL_ANSI[level_of(window.percent, thresholds)]
        number = Piece(f" {percent(window.percent)}", style)
        rest = tuple(_rest(window, now, is_stale=is_stale))
        forms = [Form(importance[0], (title, number))]
        if rest:
            forms.insert(0, Form(importance[1], (title, number, *rest)))
        if len(importance) > 2:
            drawn = Piece(f" {bar(window.percent / 100, BAR_CELLS)}", style)
            forms.insert(0, Form(importance[2], (title, drawn, number, *rest)))
        yield tuple(forms)


def _rest(window: WindowState, now: int, *, is_stale: bool) -> Iterator[Piece]:
    """When it resets, and how old the figure is where that matters."""
    if window.resets_at is not None:
        yield Piece(f" {countdown(window.resets_at - now)}", DIM)
    if is_stale:
        yield Piece(f" ({countdown(now - window.observed_at)} old)", DIM)


def _context(line: StatusLine, _thresholds: Thresholds, _now: int) -> Iterator[Segment]:
    if line.context_percent is not None:
        style = LEVEL_ANSI[level_of(line.context_fill or line.context_percent, CONTEXT_THRESHOLDS)]
        yield from _one(13, Piece("context", DIM), Piece(f" {percent(line.context_percent)}", style))


def _odds(line: StatusLine, _thresholds: Thresholds, now: int) -> Iterator[Segment]:
    if line.odds is None:
        return
    from tokentide.render.forecast_words import odds_words

    style = LEVEL_ANSI[Level.FULL if line.odds.odds >= EVEN_ODDS else Level.RAISED]
    title = cut(_SHORT.get(line.odds.window) or window_title(line.odds.window), LONGEST_NAME)
    odds = Piece(odds_words(line.odds.odds), style)
    wall = Piece(f" {title} full in {countdown(line.odds.hit_at - now)}", DIM)
    yield Form(11, (odds, wall)), Form(15, (odds, Piece(f" {title} full", DIM)))


def _session_cost(line: StatusLine, _thresholds: Thresholds, _now: int) -> Iterator[Segment]:
    if line.session_cost is not None:
        yield from _one(7, Piece(words.money(line.session_cost)), Piece(" session", DIM))


def _today_cost(line: StatusLine, _thresholds: Thresholds, _now: int) -> Iterator[Segment]:
    if line.spending is not None:
        yield from _one(6, Piece(words.money(line.spending.today)), Piece(" today", DIM))


def _burn_rate(line: StatusLine, _thresholds: Thresholds, _now: int) -> Iterator[Segment]:
    if line.spending is not None and line.spending.last_hour:
        yield from _one(5, Piece(words.money(line.spending.last_hour)), Piece("/h", DIM))


_MAKERS: dict[str, Callable[[StatusLine, Thresholds, int], Iterator[Segment]]] = {
    "model": _model,
    "effort": _effort,
    "five_hour": _five_hour,
    "week": _week,
    "other_windows": _other_windows,
    "context": _context,
    "odds": _odds,
    "session_cost": _session_cost,
    "today_cost": _today_cost,
    "burn_rate": _burn_rate,
}
"""What makes each of `settings.SEGMENTS`; nothing where nothing is known."""
