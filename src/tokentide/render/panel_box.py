"""The panel in code mode and in console mode: a small box that says all at once."""

from __future__ import annotations

from datetime import datetime

from rich.cells import cell_len
from rich.text import Text

from tokentide.analytics.console_costs import MonthCost
from tokentide.analytics.limits import level_of
from tokentide.analytics.panel import FRESH_US, CodePart, Panel
from tokentide.analytics.windows import WindowState
from tokentide.model.limits import FIVE_HOUR, SEVEN_DAY
from tokentide.render.limit_words import LEVEL_STYLES, SOURCE_WORDS, countdown, money_of, percent, plan_name
from tokentide.render.limit_words import window_title as general_title
from tokentide.render.panel_layout import PanelLook, bar_rows, boxed, label_cells, wrapped
from tokentide.render.panel_pace import pace_rows
from tokentide.render.words import duration, money, plural

CODE_TITLE, CONSOLE_TITLE = "Claude Code Usage", "Console Usage"
NOBODY = (
    "No limits are known here yet.",
    "Log in with `claude`, or run `tokentide statusline install`; with an Admin key `tokentide panel --mode console`.",
)
_BADGES = {"Enterprise": "bold blue", "Team": "bold cyan", "Max": "bold yellow", "Pro": "bold magenta"}
_TITLES = {FIVE_HOUR: "5-Hour Limit", SEVEN_DAY: "7-Day Limit"}


def panel_lines(panel: Panel, look: PanelLook, height: int | None = None) -> list[Text]:
    """The whole panel, line by line.

    `height` is how many lines there are, None where nothing limits them: then accounts that do not fit are left out,
    and after them blank rows.
    """
    boxes = [boxed(*found, look) for found in _boxes(panel, look)]
    if height is not None and sum(map(len, boxes)) > height:
        title, rows = _boxes(panel, look)[0]
        if len(boxes) > 1:
            rows = [*rows, Text(f"No room for {plural(len(boxes) - 1, 'more account')}", "dim")]
        full = boxed(title, rows, look)
        return full if len(full) <= height else boxed(title, [row for row in rows if row.plain], look)
    return [line for box in boxes for line in box]


def window_title(window: str) -> str:
    """5-Hour Limit; 7-Day Limit; 7-Day, Opus."""
    title = general_title(window)
    return _TITLES.get(window) or title.replace("Week,", "7-Day,")


def _boxes(panel: Panel, look: PanelLook) -> list[tuple[str, list[Text]]]:
    """Title and rows of each box."""
    if panel.month is not None:
        return [(CONSOLE_TITLE, _month_rows(panel.month, panel.fault, look))]
    if not panel.accounts:
        rows = [row for text in NOBODY for row in wrapped(look.safe(text), look.room)]
        return [(CODE_TITLE, [*rows, *_fault_rows(panel.fault, look)])]
    first, *others = (_account_rows(part, look) for part in panel.accounts)
    faults = _fault_rows(panel.fault, look)
    return [(CODE_TITLE, [*first, *faults]), *((CODE_TITLE, rows) for rows in others)]


def _account_rows(part: CodePart, look: PanelLook) -> list[Text]:
    """One account, from who it is down to what is wrong."""
    rows = [*_who_rows(part, look), Text(""), *_window_rows(part, look), Text("")]
    if part.pace is not None:
        rows += [*pace_rows(part.pace, look), Text("")]
    if part.observed_at is not None:
        rows.append(_updated_row(part, look, part.observed_at))
    polled = part.limits.polled
    wait = f"; next try in {countdown(polled.next_at - look.now)}" if polled.next_at > look.now else ""
    return _trimmed([*rows, *_fault_rows(f"{polled.fault}{wait}" if polled.fault else "", look)])


def _who_rows(part: CodePart, look: PanelLook) -> list[Text]:
    """Name, address, organisation, plan, tier; what is not known is left out."""
    profile, account = part.limits.profile, part.limits.account
    email = look.safe(profile.email if profile else "") or look.safe(account.name)
    name = look.safe(profile.name if profile else "")
    person = f"{look.sign('👤')}{name or email}"
    address = f"({email})" if name and email != name else ""
    rows = _joined(person, Text(address), look) if address else [Text(person)]
    organization = look.safe((profile.organization if profile else "") or account.organization)
    badge = _badge(plan_name(profile) if profile else "")
    if organization:
        rows += _joined(f"{look.sign('🏢')}{organization}", badge, look, "Plan: ")
    elif badge.plain:
        rows.append(Text.assemble("Plan: ", badge))
    if profile and profile.rate_limit_tier:
        rows.append(Text(f"{look.sign('⚡')}Tier: {look.safe(profile.rate_limit_tier)}"))
    return rows


def _joined(first: str, second: Text, look: PanelLook, prefix: str = "") -> list[Text]:
    """Two texts on one row, on two where there is no room."""
    if not second.plain:
        return [Text(first)]
    if cell_len(first) + 1 + second.cell_len <= look.room:
        return [Text.assemble(first, " ", second)]
    return [Text(first), Text.assemble(prefix, second)]


def _badge(plan: str) -> Text:
    """The plan as a coloured word: ENTERPRISE, MAX 20x."""
    kind, _, factor = plan.partition(" ")
    return Text(f"{kind.upper()} {factor}".strip(), _BADGES.get(kind, "bold"))


def _window_rows(part: CodePart, look: PanelLook) -> list[Text]:
    """A bar a window with its reset; where there is none, why."""
    windows = part.limits.windows
    if not windows:
        answered = part.limits.polled.good_at
        return wrapped(
            "This plan has no windows." if answered else "No limits are known of this account yet.", look.room
        )
    cells = label_cells([f"{look.safe(window_title(window.window))}:" for window in windows])
    rows: list[Text] = []
    for window in windows:
        rows += [*_one_window(window, look, cells), *_notes(window, part, look)]
    return rows


def _one_window(window: WindowState, look: PanelLook, cells: int) -> list[Text]:
    """The bar of a window, or in words what is known of it."""
    label = f"{look.safe(window_title(window.window))}:"
    rows: list[Text] = []
    if window.percent is not None:
        over = window.is_over(look.now)
        style = "dim" if over else LEVEL_STYLES[level_of(window.percent, look.thresholds)]
        rows = bar_rows(label, (window.percent, percent(window.percent)), style, look, cells)
    if window.used is not None:
        spent = money_of(window.used) + (f" of {money_of(window.ceiling)}" if window.ceiling else "")
        rows += wrapped(look.safe(spent if rows else f"{label} {spent}"), look.room)
    return rows or [Text(f"{label} not told")]


def _notes(window: WindowState, part: CodePart, look: PanelLook) -> list[Text]:
    """When it resets; and where it is older than the panel's newest number, how old and by whom."""
    notes: list[str] = []
    if window.is_over(look.now):
        notes.append("Window expired")
    elif window.resets_at is not None:
        notes.append(f"Resets in: {countdown(window.resets_at - look.now)}")
    sign = look.sign("⏰") if notes else ""
    if window.is_estimate:
        notes.append("(estimate)")
    elif (part.observed_at or 0) - window.observed_at > FRESH_US:
        notes.append(f"({_age(window, look)})")
    return wrapped(f"{sign}{look.safe(' '.join(notes))}", look.room) if notes else []


def _age(window: WindowState, look: PanelLook) -> str:
    """How old a number is, and who said it."""
    return f"{duration(look.now - window.observed_at)} old, {SOURCE_WORDS[window.source]}"


def _updated_row(part: CodePart, look: PanelLook, at: int) -> Text:
    """When the newest number is from."""
    row = Text(f"Updated: {look.moment(at)}", "dim")
    newest = max(part.limits.windows, key=lambda window: window.observed_at)
    if look.now - at > FRESH_US and newest.source in SOURCE_WORDS:
        row.append(f" ({_age(newest, look)})")
    return row


def _month_rows(month: MonthCost, fault: str, look: PanelLook) -> list[Text]:
    """A person's month in the console."""
    rows = [Text(f"{look.sign('🏢')}{look.safe(month.organization)}"), Text("")] if month.organization else []
    head = f"Month-to-Date ({datetime.strptime(month.month, '%Y-%m'):%B %Y})"  # noqa: DTZ007 - a month has no zone
    frame = "===" if look.is_plain else "═══"
    rows += [Text(f"{frame} {head} {frame}" if len(head) + 8 <= look.room else head, "bold")]
    is_known = month.person and month.fetched_at
    spent = money(month.cost) if month.cost is not None else "no usage reported" if is_known else "not known"
    rows += _joined("Your Claude Code usage:", Text(spent, "bold green"), look)
    rows.append(
        Text(f"({look.safe(month.person)})" if month.person else "(who you are is not known: see --user)", "dim")
    )
    rows += [Text(""), *_rate_rows(month, look), Text("")]
    if month.fetched_at:
        rows.append(Text(f"Updated: {look.moment(month.fetched_at)}", "dim"))
    return _trimmed([*rows, *_fault_rows(fault, look)])


def _rate_rows(month: MonthCost, look: PanelLook) -> list[Text]:
    """Where the month leads, and how fast."""
    if month.cost is None:
        return []
    if month.rate_per_hour is None or month.rate_window_us is None:
        return wrapped("Rate: not known before a second look", look.room, "dim")
    rows: list[Text] = []
    if month.projection is not None:
        more = f"{money(month.projection)} (+{money(month.projection - month.cost)})"
        rows += _joined("Projected by end of month:", Text(more), look)
    over = Text(f"(over {duration(month.rate_window_us)})", "dim")
    return [*rows, *_joined(f"Rate: {money(month.rate_per_hour)}/hour", over, look)]


def _fault_rows(fault: str, look: PanelLook) -> list[Text]:
    """What is wrong, in red."""
    return wrapped(look.safe(fault), look.room, "red") if fault else []


def _trimmed(rows: list[Text]) -> list[Text]:
    """Without blank rows at the end, and without two in a row."""
    kept = [row for number, row in enumerate(rows) if row.plain or (number and rows[number - 1].plain)]
    while kept and not kept[-1].plain:
        kept.pop()
    return kept
