"""What alerts say: a title in one line, and a body of a few plain sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.forecasting.model import FULL, CapChange, WindowForecast
from tokentide.analytics.windows import WindowState
from tokentide.clock import HOUR_US
from tokentide.model.alerts import Alert
from tokentide.model.limits import Money
from tokentide.render.forecast_words import clock_words, odds_words
from tokentide.render.limit_words import money_of, percent, window_title
from tokentide.render.words import ago, duration, money

PERIOD_TITLES = {"day": "Today", "week": "This week", "month": "This month"}
_SINCE_OPTIONS = {"day": "--today", "week": "--last 1w", "month": "--last 1m"}
OLD_US = HOUR_US
"""From then on it is said how old a percentage is."""
MOST_TITLES = 3
"""More are counted only, where several alerts are told in one message."""


class Words(NamedTuple):
    """What one alert says."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class AlertLook:
    """What the words depend on."""

    calendar: Calendar
    now: int

    def clock(self, at: int) -> str:
        """An instant by the clock on the wall."""
        return clock_words(at, self.calendar, self.now)

    def reset(self, at: int) -> str:
        """When a window resets, and how long that is."""
        return f"{self.clock(at)}, in {duration(at - self.now)}"


def percent_words(window: WindowState, forecast: WindowForecast | None, look: AlertLook) -> Words:
    """A window that is used beyond a threshold."""
    title = window_title(window.window) + (" (estimate)" if window.is_estimate else "")
    value = window.percent or 0.0
    said = f"{title}: used up" if value >= FULL else f"{title}: {percent(value)} used"
    return Words(said, " ".join(_percent_body(window, forecast, look)))


def _percent_body(window: WindowState, forecast: WindowForecast | None, look: AlertLook) -> Iterator[str]:
    age = look.now - window.observed_at
    if age > OLD_US:
        yield f"So it was {ago(age)}; nothing newer is known."
    if window.percent is not None and window.percent > FULL:
        yield f"{percent(window.percent)} used."
    if window.used is not None:
        yield f"{_spent(window.used, window.ceiling)}."
    elapsed = window.elapsed(look.now)
    if window.resets_at is None or window.is_over(look.now):
        return
    left = "" if elapsed is None else f", {percent(100 * (1 - elapsed))} of its time is left"
    yield f"It resets {look.reset(window.resets_at)}{left}."
    if window.percent is not None and window.percent < FULL:
        if forecast is not None and forecast.odds is not None:
            yield f"{_sentence(odds_words(forecast.odds))} that it is used up before then."
        yield from lasting_pace(window.percent, window.resets_at, look)


def odds_alert_words(window: WindowForecast, resets_at: int, look: AlertLook) -> Words:
    """A window that will probably run out before its reset."""
    odds = odds_words(window.odds or 0.0)
    title = window_title(window.window) + (" (estimate)" if window.is_estimate else "")
    if window.hits_at is None:
        return Words(
            f"{title}: {odds} that it runs out before the reset", " ".join(_odds_body(window, resets_at, look))
        )
    likely = look.clock(window.hits_at.rounded().likely)
    return Words(f"{title}: {odds} that it runs out, about {likely}", " ".join(_odds_body(window, resets_at, look)))


def _odds_body(window: WindowForecast, resets_at: int, look: AlertLook) -> Iterator[str]:
    used = f"{percent(window.percent)} is used; it resets {look.reset(resets_at)}."
    yield used
    if window.hits_at is not None:
        told = window.hits_at.rounded()
        low, likely, high = (look.clock(at) for at in (told.low, told.likely, told.high))
        yield f"Most likely it is used up about {likely}, with 8 in 10 between {low} and {high}."
    if window.percent is not None:
        yield from lasting_pace(window.percent, resets_at, look)


def lasting_pace(used: float, resets_at: int, look: AlertLook) -> Iterator[str]:
    """How slowly one has to go for the window to last."""
    ahead = resets_at - look.now
    if 0 < used < FULL and ahead > 0:
        hourly = (FULL - used) * HOUR_US / ahead
        if ahead > 48 * HOUR_US:
            yield f"It lasts at {_points(hourly * 24)} a day."
        elif ahead > HOUR_US:
            yield f"It lasts at {_points(hourly)} an hour."


def paid_words(window: WindowState, step: Money | None) -> Words:
    """Money that is spent beyond the plan; `step` is the amount that was passed, None for the first."""
    title = window_title(window.window)
    spent = _spent(window.used, window.ceiling) if window.used else "an unknown amount"
    said = f"{title}: {spent}" if step is None else f"{title}: above {money_of(step)}"
    body = f"Paid for beyond the plan this month: {spent}."
    return Words(said, body if step is None else f"{spent} this month. {_left(window)}".strip())


def cost_words(period: str, spent: int, bound: int, who: str, look: AlertLook) -> Words:
    """Cost of a day, week or month that passed an amount; nano-USD."""
    title = PERIOD_TITLES[period] + (f", {who}" if who else "")
    return Words(
        f"{title}: {money(spent)} spent",
        f"That is above {money(bound)}, at list prices, as of {look.clock(look.now)}. "
        f"`tokentide session {_SINCE_OPTIONS[period]}` tells which sessions took it.",
    )


def unusual_words(spent: int, usual: int, factor: float, hour: int, look: AlertLook) -> Words:
    """An hour that is far dearer than usual; nano-USD."""
    times = (
        f"{factor:.{1 if factor < 10 else 0}f}".removesuffix(".0") + " times"
        if factor < 1000
        else "more than 1,000 times"
    )
    what = (
        f"That is {times} the usual {money(usual)} of such an hour." if usual else "Such an hour usually costs nothing."
    )
    return Words(
        f"Unusual hour: {money(spent)} since {look.clock(hour)}",
        f"{what} `tokentide session --today` tells which sessions run; one may be caught in a loop.",
    )


def reset_words(window: str, peak: float, opened_at: int, look: AlertLook) -> Words:
    """A window that is free again."""
    return Words(
        f"{window_title(window)}: free again",
        f"It was {percent(peak)} used, and was reset at {look.clock(opened_at)}.",
    )


def login_words(fault: str, age: str) -> Words:
    """A login that does not serve any more; `age` is that of what is known, empty where nothing is."""
    known = f"What is known of them is from {age}." if age else "Nothing is known of them."
    return Words("The limits cannot be asked for", f"{_sentence(fault)}. {known}")


def stale_words(age: str) -> Words:
    """Readings that stopped although work goes on."""
    return Words(
        f"No word of the limits for {age}",
        "Claude is used here, but nobody tells how much of the limits is left. `tokentide limits` asks the account, "
        "`tokentide statusline status` tells whether the status line works.",
    )


def cap_words(change: CapChange, look: AlertLook) -> Words:
    """A limit that the vendor seems to have moved."""
    way = "tighter" if change.ratio < 1 else "wider"
    return Words(
        f"{window_title(change.window)}: the limit seems {way}",
        f"Since {look.clock(change.at)} one percent of it is worth {money(change.after)} at list price, "
        f"before it was {money(change.before)}. `tokentide forecast` tells more.",
    )


def problem_words(count: int) -> Words:
    """Lines that could not be read."""
    lines = "1 line" if count == 1 else f"{count:,} lines"
    return Words(
        f"{lines} of transcripts could not be read",
        "What they say is missing in every report. `tokentide doctor` lists them.",
    )


def message_words(alerts: Sequence[Alert]) -> Words:
    """Several alerts as one message, the gravest first."""
    if len(alerts) == 1:
        return Words(alerts[0].title, alerts[0].body)
    named = "; ".join(alert.title for alert in alerts[:MOST_TITLES])
    more = f"; {len(alerts) - MOST_TITLES} more" if len(alerts) > MOST_TITLES else ""
    return Words(f"{len(alerts)} alerts: {named}{more}", "\n".join(f"{each.title}. {each.body}" for each in alerts))


def _spent(used: Money, ceiling: Money | None) -> str:
    return f"{money_of(used)} of {money_of(ceiling)}" if ceiling else money_of(used)


def _left(window: WindowState) -> str:
    """What is left below the ceiling."""
    if window.used is None or window.ceiling is None or window.used.minor > window.ceiling.minor:
        return ""
    return f"{money_of(window.ceiling._replace(minor=window.ceiling.minor - window.used.minor))} is left."


def _points(value: float) -> str:
    """A pace that lasts, rounded down: at a higher one the window would not."""
    if value >= 5:
        return f"up to {int(value)} %"
    return f"up to {int(value * 10) / 10:g} %" if value >= 0.1 else "less than 0.1 %"


def _sentence(text: str) -> str:
    """The text with a capital at its beginning."""
    return text[:1].upper() + text[1:]
