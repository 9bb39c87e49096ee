"""The guard's verdict in one line for a script, and in a few for somebody who is about to send a prompt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.guard import Guarded, Reason, Verdict, WindowCheck
from tokentide.analytics.windows import STALE_US
from tokentide.model.limits import length_of
from tokentide.render.forecast_words import clock_words, odds_words
from tokentide.render.limit_words import countdown, percent, window_title
from tokentide.render.words import ago, duration, money

_HEADS = {Verdict.GO: "go on", Verdict.NEAR: "near", Verdict.FULL: "used up"}
GO_PREFIX = "go!"
"""What a prompt begins with that shall pass a guard which blocks. A `!` in front would make it a shell command."""
_SELDOM = 0.02
"""Odds below are not worth a word."""


@dataclass(frozen=True, slots=True)
class GuardLook:
    """What the words depend on."""

    calendar: Calendar
    now: int


def verdict_line(guarded: Guarded, look: GuardLook) -> str:
    """One line: what to do, the window that decides, then the others."""
    worst, verdict = guarded.worst, guarded.verdict
    if worst is None:
        if guarded.wish.window:
            name = repr(guarded.wish.window)
            return f"unknown: no window like {name} is known of this account; `tokentide limits` tells what is"
        return (
            "unknown: nobody tells how full a window of this account is; `tokentide statusline install` brings it, "
            "`--plan` estimates it"
        )
    if verdict is None:
        asked = _asked(guarded)
        return (
            f"unknown: nobody can tell how much of a window {asked} is, before a few windows have passed; "
            + "; ".join(_figures(each, look) for each in guarded.windows)
        )
    others = [_short(each) for each in guarded.windows if each is not worst]
    parts = [_figures(worst, look), *_why(worst, guarded, look), *_age(worst, look)]
    return f"{_HEADS[verdict]}: " + "; ".join([", ".join(parts), *others])


def prompt_warning(guarded: Guarded, look: GuardLook) -> str:
    """What somebody should know who is about to send a prompt; each window that is not simply open has its sentence."""
    return "\n".join(_sentence(each, guarded, look) for each in guarded.windows if each.reasons)


def block_reason(guarded: Guarded, look: GuardLook) -> str:
    """Why a prompt was not sent, until when that holds, and how to send it all the same."""
    held = [each for each in guarded.windows if each.reasons and each.resets_at is not None]
    until = max((each.resets_at or 0 for each in held), default=0)
    when = (
        f" This ends at {clock_words(until, look.calendar, look.now)}, in {countdown(until - look.now)}."
        if until
        else ""
    )
    return (
        f"tokentide guard: {prompt_warning(guarded, look)}{when}\n"
        f"To send it all the same, begin it with {GO_PREFIX} or type `tokentide guard snooze 30m` in a shell."
    )


def _sentence(check: WindowCheck, guarded: Guarded, look: GuardLook) -> str:
    """5 hours: 86 % used, 7 in 10 to be full before 14:00, most likely about 12:05."""
    return ", ".join([_figures(check, look), *_why(check, guarded, look), *_age(check, look)]) + "."


def _short(check: WindowCheck) -> str:
    return f"{window_title(check.window)} {_percent(check)}"


def _percent(check: WindowCheck) -> str:
    return ("~" if check.is_estimate or check.is_inferred else "") + percent(check.percent)


def _figures(check: WindowCheck, look: GuardLook) -> str:
    """The window, how full it is, and until when."""
    if check.resets_at is None:
        rest = " used" if length_of(check.window) is None else ", not open"
        return f"{window_title(check.window)} {_percent(check)}{rest}"
    reset = f"resets {clock_words(check.resets_at, look.calendar, look.now)}"
    return f"{window_title(check.window)} {_percent(check)} used, {reset} (in {countdown(check.resets_at - look.now)})"


def _why(check: WindowCheck, guarded: Guarded, look: GuardLook) -> Iterator[str]:
    """The odds, and what does not fit."""
    if check.left and check.odds is not None and check.odds >= _SELDOM:
        yield f"{odds_words(check.odds)} to be full before that{_when(check, look)}"
    if check.need is not None and Reason.FULL not in check.reasons:
        yield _fit(check, guarded)
    if check.left and Reason.USUAL in check.reasons and check.usual is not None:
        yield (
            f"{_points(check.left)} left, and five minutes of your work take {_points(check.usual.likely)}, "
            f"2 in 10 more than {_points(check.usual.high)}"
        )


def _when(check: WindowCheck, look: GuardLook) -> str:
    """When most likely, where that is a question."""
    if check.hits_at is None or Reason.ODDS not in check.reasons:
        return ""
    told = check.hits_at.rounded()
    low, likely, high = (clock_words(at, look.calendar, look.now) for at in (told.low, told.likely, told.high))
    return f", most likely about {likely} ({low} to {high})"


def _fit(check: WindowCheck, guarded: Guarded) -> str:
    """Whether what was asked for fits."""
    need = check.need
    if need is None:
        return ""
    fits = "will not fit" if need.likely > check.left else "may not fit" if need.high > check.left else "will fit"
    share = f" ({_points(need.likely)} of it)" if _is_converted(check, guarded) else ""
    return f"{_asked(guarded)}{share} {fits}"


def _is_converted(check: WindowCheck, guarded: Guarded) -> bool:
    """True where the need was not given in percent of this window."""
    return check.need is not None and check.need.likely != guarded.wish.need_percent


def _asked(guarded: Guarded) -> str:
    """The need as it was given."""
    if guarded.wish.need_cost is not None:
        return money(guarded.wish.need_cost)
    return _points(guarded.wish.need_percent or 0.0)


def _points(value: float) -> str:
    """A share of a window: small ones with a decimal."""
    return f"{value:.1f} %" if value < 9.95 and round(value, 1) != round(value) else f"{value:.0f} %"


def _age(check: WindowCheck, look: GuardLook) -> Iterator[str]:
    """How old the figure is, where it is old; that it is an estimate, or holds what was spent since it was said."""
    if check.is_estimate:
        yield "an estimate"
    elif check.is_inferred:
        yield f"{percent(check.said)} by the last reading, {ago(look.now - check.observed_at)}"
    elif check.resets_at is not None and look.now - check.observed_at >= STALE_US:
        yield f"as of {ago(look.now - check.observed_at)}"


def snooze_words(until: int, look: GuardLook) -> str:
    """Until when it says nothing."""
    return f"silent until {clock_words(until, look.calendar, look.now)} ({duration(until - look.now)})"
