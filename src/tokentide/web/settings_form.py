"""The settings as forms: what each does, what it may be, what is in force, and who says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from tokentide import locations
from tokentide.analytics.advice.rules import RULES
from tokentide.render.words import clean
from tokentide.settings import COST_MODES, PLANS, SEGMENTS, THEMES, TIME_FORMATS, WEEKDAYS
from tokentide.settings_edit import Choice, SettingsFile, Standing, read_settings_file, standings
from tokentide.web.desk import Sight

PLAN_TITLES = {
    "auto": "As the account says",
    "pro": "Pro",
    "max5": "Max 5x",
    "max20": "Max 20x",
    "team": "Team",
    "custom": "My own blocks: 9 in 10 were smaller",
    "custom_max": "My own largest block",
}
COST_TITLES = {
    "auto": "What the client reported, else at list price",
    "calculate": "At list price, always",
    "display": "Only what the client reported",
}
SEGMENT_TITLES = {
    "five_hour": "five-hour window",
    "week": "weekly window",
    "other_windows": "other windows",
    "odds": "odds of running out",
    "session_cost": "cost of the session",
    "today_cost": "cost of today",
    "burn_rate": "burn rate",
}
CLOCK_TITLES = {"auto": "As the system does", "12h": "12 hours", "24h": "24 hours"}
CURRENCIES = ("USD", "EUR", "GBP", "CHF", "CAD", "AUD", "JPY", "INR", "BRL", "SEK", "PLN", "KRW", "CNY")
"""Offered; any other three letters will do."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a form asks about one setting."""

    key: str
    title: str
    help: str
    kind: str
    """select, flag, number, text, zone, day, thresholds, folders, switches or order."""
    choices: tuple[tuple[str, str], ...] = ()
    """Values with what they are called."""
    step: str = "1"
    least: str = ""
    most: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """One form."""

    id: str
    title: str
    questions: tuple[Question, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A question with its answer."""

    question: Question
    standing: Standing

    @property
    def key(self) -> str:
        """Of the setting."""
        return self.standing.key

    @property
    def text(self) -> str:
        """The value as a field of a form holds it."""
        return _text(self.standing.value)

    @property
    def lines(self) -> tuple[str, ...]:
        """The values of a list."""
        value = self.standing.value
        return tuple(map(str, value)) if isinstance(value, tuple) else ()

    @property
    def ordered(self) -> list[tuple[str, str, bool]]:
        """Every choice of a list with what it is called and whether it is in it; those in it first, in its order."""
        titles, chosen = dict(self.question.choices), self.lines
        rest = [name for name in titles if name not in chosen]
        return [(name, titles.get(name, clean(name)), name in chosen) for name in (*chosen, *rest)]

    @property
    def default(self) -> str:
        """The default in words."""
        value = self.standing.default
        if isinstance(value, bool):
            return "on" if value else "off"
        titles = dict(self.question.choices)
        return titles.get(str(value), _text(value).replace("\n", ", ")) or "nothing"

    @property
    def is_locked(self) -> bool:
        """True where a change of the file would change nothing."""
        return bool(self.standing.variable)


@dataclass(frozen=True, slots=True)
class SettingsForm:
    """All forms, and the file that they change."""

    file: SettingsFile
    groups: list[tuple[Group, list[Field]]] = field(default_factory=list)


def _plain(names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, name.replace("_", " ").capitalize()) for name in names)


def _titled(names: Sequence[str], titles: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, titles.get(name, name.replace("_", " "))) for name in names)


GROUPS = (
    Group(
        "limits",
        "Limits and plan",
        (
            Question(
                "limit_thresholds",
                "Colours of a limit",
                "Percent used from which a window is yellow, orange and red.",
                "thresholds",
            ),
            Question(
                "plan",
                "Plan",
                "Whose limits are estimated where the vendor tells none. Official percentages always win.",
                "select",
                _titled(PLANS, PLAN_TITLES),
            ),
            Question(
                "custom_limit_tokens",
                "Own limit, tokens",
                "Input and output tokens that five hours hold, to estimate by. Empty: the plan decides.",
                "number",
                least="1",
            ),
            Question(
                "account_poll",
                "Ask the account",
                "Ask Anthropic for your own limits, every five minutes at most. Off: only what lies on this machine.",
                "flag",
            ),
        ),
    ),
    Group(
        "time",
        "Time",
        (
            Question(
                "timezone",
                "Time zone",
                "Days, weeks and months are cut in it. An IANA name, or local for the system's.",
                "zone",
            ),
            Question("start_of_week", "Start of the week", "In every report.", "select", _plain(WEEKDAYS)),
            Question(
                "reset_hour",
                "A day begins at",
                "The hour that days begin with, 0 to 23: whoever works past midnight may want 4.",
                "number",
                least="0",
                most="23",
            ),
        ),
    ),
    Group(
        "money",
        "Cost and currency",
        (
            Question("cost_mode", "Cost", "Which cost reports show.", "select", _titled(COST_MODES, COST_TITLES)),
            Question(
                "currency",
                "Show amounts in",
                "The three letters of a currency. Pages alone: the terminal, downloads and the API stay in USD.",
                "text",
                tuple((code, code) for code in CURRENCIES),
            ),
            Question(
                "usd_rate",
                "One USD is",
                "In that currency. You give the rate, since nothing is asked of anybody.",
                "number",
                step="any",
                least="0",
            ),
            Question("usd_rate_date", "Day of the rate", "Shown beside amounts, so that its age is seen.", "day"),
        ),
    ),
    Group(
        "sources",
        "What is read",
        (
            Question("claude_dirs", "Further folders", "One a line, read like ~/.claude.", "folders"),
            Question(
                "default_dirs",
                "Usual folders",
                "Read ~/.claude and its like. Off: only the folders above and CLAUDE_CONFIG_DIR.",
                "flag",
            ),
        ),
    ),
    Group(
        "advice",
        "Advice",
        (
            Question(
                "advice_off",
                "Rules",
                "What advice is given about. A rule that is off is not looked at.",
                "switches",
                tuple((rule.name, f"{rule.name}: {rule.summary}") for rule in RULES),
            ),
        ),
    ),
    Group(
        "surfaces",
        "Status line and live view",
        (
            Question(
                "statusline_segments",
                "Status line shows",
                "In this order; what does not fit goes from the right.",
                "order",
                _titled(SEGMENTS, SEGMENT_TITLES),
            ),
            Question("statusline_sync", "Status line reads", "It starts a sync once a minute at most.", "flag"),
            Question(
                "time_format",
                "Time of day in the live view",
                "As your system writes it unless told.",
                "select",
                _titled(TIME_FORMATS, CLOCK_TITLES),
            ),
            Question("live_theme", "Colours of the live view", "Auto asks the terminal.", "select", _plain(THEMES)),
            Question(
                "live_refresh_seconds",
                "Live view is drawn every",
                "Seconds, 0.5 to 60; and whenever something new is written.",
                "number",
                step="0.5",
                least="0.5",
                most="60",
            ),
        ),
    ),
)


def settings_form(sight: Sight) -> SettingsForm:
    """Every form with what is in force. Raises SettingsError for a file that cannot be read."""
    file = read_settings_file(locations.settings_path())
    found = {each.key: each for each in standings(sight.settings, file, sight.environ)}
    return SettingsForm(file, [(group, [Field(each, found[each.key]) for each in group.questions]) for group in GROUPS])


def _text(value: Choice) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return "\n".join(map(str, value))
    if isinstance(value, Decimal):
        return format(value, "f")
    return f"{value:g}" if isinstance(value, float) else str(value)
