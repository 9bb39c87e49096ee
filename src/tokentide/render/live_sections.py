"""The other sections of the live view: burn rate, block, models, sessions, cost, the last hours, alerts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from rich.text import Text

from tokentide.analytics.blocks import BurnRate, burn_rate
from tokentide.analytics.limits import level_of
from tokentide.analytics.live import CHART_STEP_US, LiveSession, LiveState
from tokentide.analytics.status_line import context_fill
from tokentide.clock import HOUR_US, MINUTE_US
from tokentide.model.alerts import CRITICAL, WARNING
from tokentide.render import words
from tokentide.render.fitting import flowed
from tokentide.render.limit_words import window_title
from tokentide.render.live_look import NARROW, LiveLook, columns_of, fitted, meter, part_sign, right, stacked
from tokentide.render.live_windows import limit_lines
from tokentide.render.status_line import CONTEXT_THRESHOLDS

Draw = Callable[[LiveState, LiveLook], list[Text]]
MOST_SESSIONS = 12
MOST_MODELS = 4
MOST_ALERTS = 3
_FADES_US = 2 * HOUR_US
"""So long an alert that is over is still told."""
_SPENT_NAMES = {"today": "Today", "week": "This week", "month": "This month"}
_WIDE_SESSIONS = 72


def heading(title: str, look: LiveLook, note: str = "") -> Text:
    """The first line of a section: its title, a note, and a rule to the end."""
    text = Text.assemble((title, look.palette.head), (f"  {note}" if note else "", look.palette.dim), " ")
    text.truncate(look.room, overflow="ellipsis")
    return text.append("─" * max(look.room - text.cell_len, 0), look.palette.track)


def burn_lines(state: LiveState, look: LiveLook) -> list[Text]:
    """The burn rate of now, of the block and of the windows; per hour and per minute, USD and tokens."""
    burn = state.burn
    rates = [("last hour", burn.hour), ("last 30 min", burn.half_hour)]
    block = None if burn.block is None else burn_rate(burn.block)
    rates += [("block", block)] if block is not None else []
    rates += [(window_title(window), rate) for window, rate in burn.windows]
    name = min(max(len(title) for title, _ in rates), 14)
    cells = _rate_cells(look.room - name)
    units = Text("").join(right(f" {unit}", width, look.palette.dim) for unit, width, _ in cells)
    title = heading("Burn rate", replace(look, room=look.room - units.cell_len + _blanks(units.plain)))
    return [title + units[_blanks(units.plain) :], *(_rate_line(title, rate, look, name) for title, rate in rates)]


def _blanks(text: str) -> int:
    """How many blanks a text begins with, but the last of them."""
    return max(len(text) - len(text.lstrip()) - 1, 0)


def _rate_line(title: str, rate: BurnRate, look: LiveLook, name: int) -> Text:
    is_idle = not rate.sums.responses
    line = fitted(title, name, look.palette.dim if is_idle else "")
    for unit, width, cell in _rate_cells(look.room - name):
        style = look.palette.dim if is_idle else look.palette.money if unit.startswith("$") else ""
        line = line + right(cell(rate), width, style)
    return line


_RATE_CELLS: tuple[tuple[str, int, Callable[[BurnRate], str]], ...] = (
    ("$/h", 10, lambda rate: words.money(rate.cost_per_hour)),
    ("tokens/min", 12, lambda rate: words.short_tokens(round(rate.tokens_per_minute))),
    ("tokens/h", 10, lambda rate: words.short_tokens(round(rate.tokens_per_hour))),
    ("$/min", 9, lambda rate: words.money(rate.cost_per_minute)),
)


def _rate_cells(room: int) -> list[tuple[str, int, Callable[[BurnRate], str]]]:
    """The columns that there is room for, the most telling first."""
    found: list[tuple[str, int, Callable[[BurnRate], str]]] = []
    for cell in _RATE_CELLS:
        if sum(width for _, width, _ in found) + cell[1] <= room:
            found.append(cell)
    return found


def block_lines(state: LiveState, look: LiveLook) -> list[Text]:
    """The open block: its clock, what it came to, and by which models."""
    block = state.burn.block
    if block is None:
        return [
            heading("Block", look),
            *flowed([Text("none open: nothing used in five hours", look.palette.dim)], look.room),
        ]
    share = (look.now - block.start) / (block.end - block.start)
    left = f" {words.duration(max(block.end - look.now, 0))} left"
    note = f"{look.clock(block.start)}–{look.clock(block.end)}" + ("" if block.is_official else ", estimate")
    spent = [
        Text(words.cost(block.sums), look.palette.money),
        Text(f"{words.short_tokens(block.sums.total_tokens)} tokens"),
        Text(words.plural(block.sums.responses, "response"), look.palette.dim),
    ]
    clock = meter(share, max(look.room - len(left), 0), look.palette.accent, look.palette.track)
    return [
        heading("Block", look, note),
        fitted(clock + Text(left), look.room),
        *flowed(spent, look.room),
        *_mix(state, look),
    ]


def _mix(state: LiveState, look: LiveLook) -> list[Text]:
    """The models of the block as parts of one bar, and each with its share."""
    costs = [sums.cost for _, sums in state.models]
    values = costs if any(costs) else [sums.total_tokens for _, sums in state.models]
    total = sum(values) or 1
    styles = look.palette.parts
    shown = [
        (name, value / total, styles[min(i, len(styles) - 1)])
        for i, ((name, _), value) in enumerate(zip(state.models, values, strict=True))
    ]
    parts = [
        Text.assemble(
            (f"{part_sign(number, style, '■')} ", style),
            words.model_name(name) or "unknown",
            (f" {_share(share)}", look.palette.dim),
        )
        for number, (name, share, style) in enumerate(shown[:MOST_MODELS])
    ]
    parts += [Text(f"and {len(shown) - MOST_MODELS} more", look.palette.dim)] if len(shown) > MOST_MODELS else []
    return [stacked([(share, style) for _, share, style in shown], look.room), *flowed(parts, look.room)]


def _share(share: float) -> str:
    """A share of 1 in percent; little is not nothing."""
    return "<1 %" if 0 < share < 0.005 else f"{share:.0%}".replace("%", " %")


def session_lines(state: LiveState, look: LiveLook) -> list[Text]:
    """The sessions of the last hour: what they are, what they burn, how full their context is."""
    many = len(state.sessions)
    note = f"{words.plural(many, 'session')} within the last hour" if many else ""
    lines = [heading("Running", look, note)]
    if not many:
        return [*lines, *flowed([Text("no session responded within the last hour", look.palette.dim)], look.room)]
    projects = words.project_names(each.burn.project for each in state.sessions)
    for each in state.sessions[:MOST_SESSIONS]:
        lines += _session(each, projects, look)
    if many > MOST_SESSIONS:
        lines.append(Text(f"and {many - MOST_SESSIONS} more", look.palette.dim))
    return lines


def _session(session: LiveSession, projects: Mapping[str, str], look: LiveLook) -> list[Text]:
    """One line where there is room, else two."""
    burn, palette = session.burn, look.palette
    title = words.clean(burn.title or burn.session_id[:8]) or "(unnamed)"
    rate = f"{words.money(burn.hour.cost_per_hour)}/h"
    seen = words.ago(look.now - burn.last_at)
    model, project = words.model_name(burn.model), projects.get(burn.project, "")
    if look.room < _WIDE_SESSIONS:
        below = [project, model, _context_words(session), seen]
        return [
            fitted(title, look.room - 12) + right(rate, 12, palette.money),
            fitted("  " + " · ".join(filter(None, below)), look.room, palette.dim),
        ]
    spare = look.room - _WIDE_SESSIONS
    cells = [
        fitted(title, 18 + spare // 2),
        fitted(project, 10 + spare // 4, palette.dim),
        fitted(model, 10 + min(spare // 8, 6), palette.accent),
        right(rate, 9, palette.money),
        fitted(_context(session, look), 13),
    ]
    line = Text(" ").join(cells)
    return [line + Text(" ") + right(_short_ago(look.now - burn.last_at), look.room - line.cell_len - 1, palette.dim)]


def _context(session: LiveSession, look: LiveLook) -> Text:
    """How full the context is: a bar where its size is known, else the tokens alone."""
    tokens, size = session.context_tokens, session.context_window_tokens
    if tokens is None:
        return Text()
    if not size:
        return Text(f"{words.short_tokens(tokens)} context", look.palette.dim)
    style = look.palette.level(level_of(context_fill(tokens, size), CONTEXT_THRESHOLDS))
    return meter(tokens / size, 6, style, look.palette.track).append(f" {_share(tokens / size):>4}", style)


def _context_words(session: LiveSession) -> str:
    tokens, size = session.context_tokens, session.context_window_tokens
    if tokens is None:
        return ""
    return f"context {_share(tokens / size)}" if size else f"context {words.short_tokens(tokens)}"


def _short_ago(us: int) -> str:
    """now, 4 min: how long ago, without saying so."""
    return "now" if us < MINUTE_US else words.duration(us)


def cost_lines(state: LiveState, look: LiveLook) -> list[Text]:
    """Today, this week, this month; and the last hours as a chart."""
    parts = [
        Text.assemble(
            (f"{_SPENT_NAMES[spent.name]} ", look.palette.dim),
            (words.cost(spent.sums), look.palette.money),
            (f" {words.short_tokens(spent.sums.total_tokens)}" if spent.sums.responses else "", look.palette.dim),
        )
        for spent in state.spent
    ]
    return [heading("Cost", look, _mode_note(state)), *flowed(parts, look.room, 0, Text("   ")), *_chart(state, look)]


def _mode_note(state: LiveState) -> str:
    return words.cost_basis(state.mode)


def _chart(state: LiveState, look: LiveLook) -> Iterator[Text]:
    """A column each five minutes, as many as there is room for."""
    values = _as_of(state, look)[-look.room :]
    if not any(values):
        return
    for row in columns_of(values, look.chart_rows):
        yield Text(row, look.palette.accent)
    first = (look.now // CHART_STEP_US - len(values) + 1) * CHART_STEP_US
    peak = f"most {words.money(max(values))} in 5 min"
    ends = (look.when(first), "now")
    between = max(len(values) - sum(map(len, ends)), 1)
    middle = peak.center(between) if between >= len(peak) + 2 else " " * between
    yield Text(f"{ends[0]}{middle}{ends[1]}", look.palette.dim)


def _as_of(state: LiveState, look: LiveLook) -> Sequence[int]:
    """The chart, moved on to now: what was read before ends before now."""
    moved = min(max(look.now // CHART_STEP_US - state.at // CHART_STEP_US, 0), len(state.chart))
    return (*state.chart[moved:], *(0,) * moved)


def alert_lines(state: LiveState, look: LiveLook) -> list[Text]:
    """The alerts of the last day that are still so, and what was over within the last hours; none without any."""
    told = [alert for alert in state.alerts if not alert.cleared_at or look.now - alert.at < _FADES_US][:MOST_ALERTS]
    if not told:
        return []
    styles = {CRITICAL: look.palette.full, WARNING: look.palette.raised}
    lines = [heading("Alerts", look)]
    for alert in told:
        style = look.palette.dim if alert.cleared_at else styles.get(alert.severity, look.palette.accent)
        line = Text.assemble((f"{look.clock(alert.at)} ", look.palette.dim), (words.clean(alert.title), style))
        body = words.clean(" ".join(alert.body.split()))
        line.append(f"  {body}" if look.room >= NARROW else "", look.palette.dim)
        lines.append(fitted(line, look.room))
    return lines


def idle_note(state: LiveState, look: LiveLook) -> str:
    """When the last response came, where that is longer ago than an hour."""
    if state.newest_at is None:
        return "no usage found here yet"
    idle = look.now - state.newest_at
    if look.room < NARROW:
        return words.ago(idle)
    return f"idle, last response {words.ago(idle)}" if idle > HOUR_US else f"last response {words.ago(idle)}"


SECTIONS: Mapping[str, Draw] = {
    "limits": limit_lines,
    "alerts": alert_lines,
    "burn": burn_lines,
    "block": block_lines,
    "sessions": session_lines,
    "cost": cost_lines,
}
"""In the order of the page."""
