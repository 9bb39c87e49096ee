"""The line for status bars in every dress, on what an account's name and a template may hold."""

from __future__ import annotations

import json

import pytest

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.live import LiveAsk
from tokentide.analytics.live_brief import Brief
from tokentide.clock import HOUR_US, MINUTE_US
from tokentide.errors import UsageError
from tokentide.model.limits import FIVE_HOUR, SEVEN_DAY, STATUSLINE, Account, LimitReading
from tokentide.render.compact_line import FIELDS, FORMATS, Line, LineLook, checked, compact
from tokentide.render.time_of_day import TimeOfDay
from tokentide.sources.claude_code.instants import parse_instant
from tokentide.store.sqlite.ledger import Ledger

NOW = parse_instant("2026-03-12T12:00:00Z") or 0
CALENDAR = Calendar("UTC")
EVIL = "<a & b>|#[bg=red]\x1b[31m"


def line_of(percent: float | None, name: str = "ada") -> Line:
    ledger = Ledger.open(":memory:")
    account = Account("u:o", name)
    if percent is not None:
        week = LimitReading("u:o", SEVEN_DAY, STATUSLINE, NOW, 34.0, NOW + 71 * HOUR_US)
        five = LimitReading("u:o", FIVE_HOUR, STATUSLINE, NOW, percent, NOW + 100 * MINUTE_US)
        ledger.limits.take([account], [five, week])
    return Line(Brief(ledger, LiveAsk(CALENDAR), now=NOW), LineLook(TimeOfDay(CALENDAR), (51, 81, 100)))


@pytest.mark.parametrize(
    ("wish", "shown"),
    [
        ("text", "5h 62 % 1h 40m | week 34 % | $0.00 today | $0.00/h"),
        ("tmux", "#[fg=yellow]5h 62 % 1h 40m | week 34 % | $0.00 today | $0.00/h#[default]"),
        ("starship", "62 % 1h 40m"),
        (
            "{bar} {reset_at} {week_reset} {most_window} {source} {account}",
            "█████░░░ 13:40 2d 23h 5 hours statusline ada",
        ),
        ("#[fg=red]{five_hour}#[default]", "#[fg=red]62 %#[default]"),
        ("a[ {odds}]b [{five_hour}]", "ab 62 %"),
        ("{odds}", "–"),
    ],
)
def test_formats_and_templates(wish: str, shown: str) -> None:
    assert compact(line_of(62.0), checked(wish)) == shown


@pytest.mark.parametrize(
    ("percent", "colour"), [(10.0, "green"), (60.0, "yellow"), (81.0, "colour208"), (100.0, "red")]
)
def test_tmux_has_the_colour_of_the_fullest_window(percent: float, colour: str) -> None:
    assert compact(line_of(percent), "tmux").startswith(f"#[fg={colour}]")


def test_where_nothing_is_known_no_colour_says_that_all_is_well() -> None:
    assert compact(line_of(None), "tmux") == "5h – – | week – | $0.00 today | $0.00/h"
    assert compact(line_of(None), "swiftbar").splitlines()[0] == "– –"


def test_waybar_gets_one_line_of_json_with_escaped_markup() -> None:
    shown = compact(line_of(85.0, EVIL), "waybar")
    assert "\n" not in shown
    found = json.loads(shown)
    assert (found["class"], found["percentage"], found["text"]) == ("near", 85, "85 % 1h 40m")
    assert "5 hours: 85 %, resets in 1h 40m\nWeek: 34 %" in found["tooltip"]


def test_swiftbar_gets_a_head_and_a_menu() -> None:
    head, rule, *menu = compact(line_of(85.0), "swiftbar").split("\n")
    assert head == "85 % 1h 40m | color=#e07b00"
    assert rule == "---"
    assert all(entry.count("|") == 1 for entry in menu)
    assert menu[0].startswith("5 hours: 85 %")


def test_json_is_one_line_with_figures_and_fields() -> None:
    shown = compact(line_of(62.0), "json")
    assert "\n" not in shown
    found = json.loads(shown)
    assert found["format"] == 1
    assert found["windows"]["five_hour"] == {
        "percent": 62.0,
        "resets_at": "2026-03-12T13:40:00.000Z",
        "is_estimate": False,
    }
    assert set(found["fields"]) == set(FIELDS)


@pytest.mark.parametrize("wish", FORMATS)
@pytest.mark.parametrize("percent", [None, 0.0, 62.0, 130.0])
def test_nothing_known_is_said_in_every_format(wish: str, percent: float | None) -> None:
    shown = compact(line_of(percent, EVIL), wish)
    assert shown
    assert "\x1b" not in shown


def test_names_from_data_steer_no_terminal() -> None:
    assert "\x1b" not in compact(line_of(62.0, EVIL), "{account}")


@pytest.mark.parametrize("wish", ["{nope}", "{}", "plain", "", "{five_hour} {Week}"])
def test_a_wrong_format_is_refused(wish: str) -> None:
    with pytest.raises(UsageError):
        checked(wish)


def test_a_figure_that_no_field_needs_is_not_looked_up() -> None:
    line = line_of(62.0)
    assert compact(line, "{five_hour} {reset}") == "62 % 1h 40m"
    assert "accounts" not in vars(line.brief)
    assert "last_hour" not in vars(line.brief)
