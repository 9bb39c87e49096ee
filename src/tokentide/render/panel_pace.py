"""Pace Maker's part of the panel."""

from __future__ import annotations

from rich.text import Text

from tokentide.analytics.panel import Budget, PacePart, PaceStatus
from tokentide.model.limits import FIVE_HOUR
from tokentide.model.pacing import AUTO, OFF, ON
from tokentide.render.limit_words import countdown, percent
from tokentide.render.panel_layout import PanelLook, bar_rows, label_cells, wrapped

# The signs without the variation selector: with it terminals disagree about their width, and the box would break.
_STATUS = {
    PaceStatus.INACTIVE: ("", "INACTIVE", "dim"),
    PaceStatus.NO_DATA: ("", "no data", "dim"),
    PaceStatus.ERROR: ("", "ERROR", "bold red"),
    PaceStatus.THROTTLING: ("⚠", "THROTTLING", "bold yellow"),
    PaceStatus.ON_PACE: ("✓", "ON PACE", "bold green"),
}
_BUDGET = {
    Budget.UNDER: ("under budget", "green"),
    Budget.NEAR: ("near budget", "bright_yellow"),
    Budget.OVER: ("over budget", "red"),
}
_TEMPO = {AUTO: "auto", ON: "enabled", OFF: "disabled"}


def pace_rows(part: PacePart, look: PanelLook) -> list[Text]:
    """From how it stands down to its tempo; an inactive one says no more than that."""
    pacing = part.pacing
    sign, words, style = _STATUS[part.status]
    head = Text.assemble(f"{look.sign('🎯')}Pace Maker: ", (f"{look.sign(sign) if sign else ''}{words}", style))
    rows = [head.append(" (estimate)" if pacing.is_estimate else "", "dim")]
    if part.status is PaceStatus.INACTIVE:
        return rows
    rows += [*wrapped(look.safe(pacing.fault), look.room, "red")] if pacing.fault else []
    rows += _target_rows(part, look)
    if pacing.is_throttling:
        rows.append(Text(f"{look.sign('⏱')}Next delay: {pacing.delay_seconds}s per tool use"))
    rows.append(Text(f"Algorithm: {pacing.algorithm}"))
    rows.append(Text(f"Tempo: {_TEMPO[pacing.tempo]}", "green" if pacing.tempo == ON else ""))
    if pacing.backoff_until is not None:
        rows.append(Text(f"It asks the account again in {countdown(pacing.backoff_until - look.now)}", "dim"))
    return rows


def _target_rows(part: PacePart, look: PanelLook) -> list[Text]:
    """The target of the window that decides, and how far from it we are."""
    shown = part.shown
    if shown is None or shown.target is None:
        return []
    label = f"{'5-Hour' if shown.window == FIVE_HOUR else '7-Day'} Target:"
    rows = bar_rows(label, (shown.target, percent(shown.target)), "cyan", look, label_cells([label]))
    if part.deviation is not None and part.budget is not None:
        words, style = _BUDGET[part.budget]
        rows.append(Text.assemble("Deviation: ", (f"{part.deviation:+.1f} % ({words})", style)))
    return rows
