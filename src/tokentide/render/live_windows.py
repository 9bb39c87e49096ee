"""The windows of the live view: how full, until when, and with which odds they fill before their reset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from tokentide.analytics.forecasting.model import WindowForecast
from tokentide.analytics.limits import AccountLimits
from tokentide.analytics.live import LiveAccount, LiveState
from tokentide.analytics.plans import TOKENS
from tokentide.analytics.windows import STALE_US, WindowState
from tokentide.model.limits import ESTIMATE
from tokentide.model.odds import EVEN_ODDS, SAFE_ODDS
from tokentide.render import words
from tokentide.render.charts import EMPTY, FULL
from tokentide.render.fitting import flowed
from tokentide.render.forecast_words import odds_words
from tokentide.render.limit_words import SOURCE_WORDS, money_of, percent, plan_name, window_title
from tokentide.render.live_look import NARROW, WIDE, LiveLook, fitted

MARK = "│"
"""Stands in a bar where the clock is."""
LONGEST_TITLE = 16
PERCENT_CELLS, GAP, LEAST_BAR = 7, 3, 10
"""Columns of a percentage, of the space between two parts of a row, and of the shortest bar."""
NO_LIMITS = (
    "No official limits are known here yet.",
    "`tokentide statusline install` gets them from Claude Code as you work; `tokentide limits` asks the account.",
)
NO_USAGE = "No usage was found: `tokentide doctor` tells where it was looked for, `tokentide demo live` shows a sample."


def account_title(limits: AccountLimits) -> str:
    """Whose windows they are: name, plan, organisation."""
    account, profile = limits.account, limits.profile
    named = [words.clean(account.name), plan_name(profile) if profile else "", words.clean(account.organization)]
    return " · ".join(filter(None, dict.fromkeys(named)))


def limit_lines(state: LiveState, look: LiveLook) -> list[Text]:
    """Every account with its windows; where nothing is known, how that comes about."""
    lines: list[Text] = []
    grid = _grid(state.windows, look)
    for account in state.accounts:
        lines += _account(account, look, grid)
    told = [] if any(account.limits.windows for account in state.accounts) else [*NO_LIMITS]
    told += [NO_USAGE] if state.newest_at is None else []
    return lines + [line for sentence in told for line in flowed([Text(sentence, look.palette.dim)], look.room)]


def _grid(windows: Sequence[WindowState], look: LiveLook) -> tuple[int, int]:
    """Columns of titles and of bars; the same for all accounts."""
    margin = min(max((len(window_title(window.window)) for window in windows), default=0), LONGEST_TITLE) + 2
    sides = (_sides(window, look, has_pace=look.room >= WIDE) for window in windows)
    taken = margin + PERCENT_CELLS + max((sum(each.cell_len + GAP for each in side) for side in sides), default=0)
    return margin, min(max(look.room - taken, LEAST_BAR), 30 if look.room >= WIDE else 20)


def _account(account: LiveAccount, look: LiveLook, grid: tuple[int, int]) -> Iterator[Text]:
    """The rows of one account, and why it could not be asked."""
    windows, (margin, bar) = account.limits.windows, grid
    seen = [_seen(window, look) for window in windows]
    is_one = len({each.plain for each in seen}) == 1
    yield _head(account.limits, seen[0] if is_one else Text(), look)
    for window, word in zip(windows, seen, strict=True):
        title, side = window_title(window.window), _sides(window, look, has_pace=look.room >= WIDE)
        expected = account.expected(window.window)
        parts = [*_expected(window, expected, look), *([] if is_one else [word])]
        last = _at_reset(window, expected, look.now)
        if look.room < NARROW:
            yield from _narrow(window, title, [*parts, *last], look)
        else:
            head = fitted(title, margin - 2, look.palette.head) + Text("  ") + limit_bar(window, look, bar)
            head = head + _percent(window, look)
            while side and head.cell_len + GAP + side[0].cell_len <= look.room:
                head = head + Text(" " * GAP) + side.pop(0)
            yield head
            is_spare = expected is not None and (expected.odds or 0) >= EVEN_ODDS
            yield from _told([*side, *parts], last, look, margin, is_spare=is_spare)
    if account.limits.polled.fault:
        yield from flowed([Text(words.clean(account.limits.polled.fault), look.palette.raised)], look.room)


def _head(limits: AccountLimits, seen: Text, look: LiveLook) -> Text:
    """Whose windows they are, and at the right who told of them all."""
    title = Text.assemble((account_title(limits), look.palette.head))
    gap = look.room - title.cell_len - seen.cell_len
    return title + Text(" " * gap) + seen if gap >= 2 else fitted(title, look.room)


def _narrow(window: WindowState, title: str, parts: list[Text], look: LiveLook) -> Iterator[Text]:
    """Title and percentage, the bar below them, then one thing a line."""
    shown = _percent(window, look)
    yield fitted(title, look.room - shown.cell_len, look.palette.head) + shown
    yield limit_bar(window, look, look.room)
    yield from flowed([*_sides(window, look, has_pace=False), *parts], look.room, 0, Text(" · ", look.palette.dim))


def limit_bar(window: WindowState, look: LiveLook, width: int) -> Text:
    """How much is used, with a mark where the clock is; empty where that is not known."""
    share = 0.0 if window.percent is None or window.is_over(look.now) else window.percent / 100
    filled = min(max(round(share * width), 1 if share > 0 else 0), width)
    style = look.level_style(window.percent or 0)
    elapsed = window.elapsed(look.now)
    mark = None if elapsed is None else min(int(elapsed * width), width - 1)
    text = Text.assemble((FULL * filled, style), (EMPTY * (width - filled), look.palette.track))
    if mark is None:
        return text
    return text[:mark] + Text(MARK, "bold") + text[mark + 1 :]


def _percent(window: WindowState, look: LiveLook) -> Text:
    """What is used, of 100; an estimate says so."""
    if window.is_over(look.now):
        return Text("  reset", look.palette.dim)
    if window.percent is None:
        return Text(" " * 7 if window.used else "      ?", look.palette.dim)
    about = "~" if window.is_estimate else ""
    return Text.assemble((f" {about + percent(window.percent):>6}", f"bold {look.level_style(window.percent)}"))


def _sides(window: WindowState, look: LiveLook, *, has_pace: bool) -> list[Text]:
    """Beside the percentage: amounts, how far use is ahead of the clock, and when it resets."""
    sides: list[Text] = []
    if window.used:
        ceiling = f" of {money_of(window.ceiling)}" if window.ceiling else ", no limit"
        sides.append(Text(f"{money_of(window.used)}{ceiling}"))
    pace = window.pace(look.now)
    if has_pace and pace is not None and abs(pace) >= 1:
        style = look.palette.raised if pace > 0 else look.palette.low
        sides.append(Text(f"{abs(pace):.0f} {'ahead of' if pace > 0 else 'behind'} clock", style))
    if window.resets_at is None:
        return sides if window.used else [*sides, Text("opens with the next request", look.palette.dim)]
    if window.is_over(look.now):
        return [*sides, Text(f"reset {look.when(window.resets_at)}, nothing said since", look.palette.dim)]
    about = "about " if window.is_estimate else ""
    left = words.duration(window.resets_at - look.now)
    return [*sides, Text(f"resets {about}{look.when(window.resets_at)}, in {left}")]


def _seen(window: WindowState, look: LiveLook) -> Text:
    """Who said so, and how long ago."""
    age = look.now - window.observed_at
    if window.source == ESTIMATE:
        by = f" by {window.plan}" if window.plan else ""
        return Text(f"estimate{by}, not official", look.palette.raised)
    style = look.palette.dim if age < STALE_US else look.palette.raised
    return Text(f"{SOURCE_WORDS.get(window.source, window.source)}, {words.ago(age)}", style)


def _expected(window: WindowState, expected: WindowForecast | None, look: LiveLook) -> Iterator[Text]:
    """What is expected before the reset; plain pace where there are no odds."""
    if expected is None or window.is_over(look.now) or window.resets_at is None:
        return
    if (window.percent or 0) >= 100:
        yield _used_up(window, look)
        return
    if expected.odds is None:
        yield from _pace(expected, look)
        return
    style = _odds_style(expected.odds, look)
    yield Text(f"{odds_words(expected.odds)} to run out", style)
    hits = expected.hits_at
    if hits is not None and expected.odds >= SAFE_ODDS:
        told = hits.rounded()
        yield Text(f"likely {look.when(told.likely)} ({look.when(told.low)}–{look.when(told.high)})", style)


def _at_reset(window: WindowState, expected: WindowForecast | None, now: int) -> list[Text]:
    """How full it is expected to be then."""
    is_open = window.resets_at is not None and not window.is_over(now) and (window.percent or 0) < 100
    if expected is None or expected.odds is None or expected.at_reset is None or not is_open:
        return []
    return [Text(f"{percent(expected.at_reset.likely)} at reset")]


def _told(parts: list[Text], last: list[Text], look: LiveLook, margin: int, *, is_spare: bool) -> list[Text]:
    """All parts in lines; `last` is left out where it can be spared and would need a line of its own."""
    joint = Text(" · ", look.palette.dim)
    short, whole = (flowed(each, look.room, margin, joint) for each in (parts, [*parts, *last]))
    return short if is_spare and len(whole) > len(short) else whole


def _used_up(window: WindowState, look: LiveLook) -> Text:
    """What a full window means: of a plan's estimate only that the plan may hold more."""
    if window.is_estimate and window.plan != TOKENS:
        return Text("more than the plan is thought to hold", look.palette.raised)
    return Text("used up until the reset", look.palette.full)


def _odds_style(odds: float, look: LiveLook) -> str:
    """How near a window is to running out; the same colours as in `limits` and `forecast`."""
    if odds >= EVEN_ODDS:
        return look.palette.full
    return look.palette.raised if odds >= SAFE_ODDS else look.palette.low


def _pace(expected: WindowForecast, look: LiveLook) -> Iterator[Text]:
    """Where constant use leads, and why there are no odds."""
    if expected.pace is not None:
        hit = expected.pace.hit_at
        full = f"full {look.when(hit)}" if hit is not None else f"{percent(expected.pace.percent_at_reset)} at reset"
        yield Text(f"at this pace {full}", look.palette.raised if hit is not None else "")
    if expected.abstains:
        yield Text(words.clean(expected.abstains), look.palette.dim)
