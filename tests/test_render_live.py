"""The page of now and the tables as text: never wider than there is room for, whatever the data holds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.text import Text

from tests.conftest import Machine, usage_line
from tests.ledgers import synced
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.forecasting.model import Forecast, Instants, Spread, WindowForecast
from tokentide.analytics.live import LiveAccount, LiveAsk, LiveState, build_live
from tokentide.analytics.live_tables import VIEWS, View, build_table
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.model.alerts import Alert
from tokentide.model.limits import FIVE_HOUR, SEVEN_DAY, STATUSLINE, Account, LimitReading, Money, SessionState
from tokentide.render.fitting import flowed
from tokentide.render.live_look import PALETTES, LiveLook, columns_of, fitted, meter, stacked
from tokentide.render.live_page import live_page
from tokentide.render.live_tables import cells_of, columns_for, label_of, label_width, matches, total_line
from tokentide.render.time_of_day import TimeOfDay, has_am_pm
from tokentide.sources.claude_code.instants import parse_instant

NOW = parse_instant("2026-03-12T12:00:00Z") or 0
ASK = LiveAsk(Calendar("UTC"))
EVIL = "[red]x[/] \x1b[31m\u202e 日本語の長い題 " + "x" * 300


def look(room: int, theme: str = "dark", *, now: int = NOW) -> LiveLook:
    return LiveLook(TimeOfDay(Calendar("UTC")), (51, 81, 100), room, now, PALETTES[theme])


@pytest.fixture
def state(machine: Machine) -> LiveState:
    for number in range(20):
        line = usage_line(
            f"m{number}", f"r{number}", "2026-03-12T11:40:00.000Z", EVIL, f"s{number}", output_tokens=10**7
        )
        title = {"type": "ai-title", "sessionId": f"s{number}", "aiTitle": EVIL}
        machine.write(f"-p/s{number}.jsonl", line | {"cwd": f"/srv/{EVIL}/{number}"}, title)
    ledger = synced(machine.home)
    account = Account("u:o", EVIL, EVIL)
    readings = [
        LimitReading("u:o", window, STATUSLINE, NOW - HOUR_US, percent, resets_at, used, ceiling)
        for window, percent, resets_at, used, ceiling in (
            (FIVE_HOUR, 62.0, NOW + HOUR_US, None, None),
            (SEVEN_DAY, 134.0, NOW + DAY_US, None, None),
            (f"seven_day_{EVIL}", 99.9, NOW - MINUTE_US, None, None),
            ("extra_usage", None, None, Money(123_456, "EUR", 2), Money(10**12, "EUR", 2)),
            ("nimbus", 0.0, None, None, None),
        )
    ]
    states = [SessionState("s1", "u:o", NOW, 1, context_tokens=199_000, context_window_tokens=200_000)]
    ledger.limits.take([account], readings, states)
    alert = Alert("k", "percent", "u:o", "", NOW - HOUR_US, "critical", EVIL, EVIL + "\n\n" + EVIL)
    return replace(build_live(ledger, ASK, now=NOW), alerts=(alert, replace(alert, cleared_at=NOW)))


@pytest.mark.parametrize("theme", PALETTES)
@pytest.mark.parametrize("room", [1, 10, 20, 37, 40, 59, 60, 77, 80, 100, 115, 116, 160, 300])
def test_no_line_is_wider_than_the_room(state: LiveState, room: int, theme: str) -> None:
    if room < 20:
        live_page(state, look(room, theme), 10)  # the app draws no narrower than 20; it must only not fail
        return
    for height in (None, 5, 200):
        for line in live_page(state, look(room, theme), height):
            assert line.cell_len <= room, line.plain
            assert not {"\x1b", "\u202e", "\n"} & set(line.plain)


def test_the_page_makes_use_of_the_height(state: LiveState) -> None:
    low, high = live_page(state, look(80), 10), live_page(state, look(80), 70)
    assert len(low) < len(high) <= 70
    assert all(line.plain.strip() for line in low if line.plain != "")


def test_what_needs_a_line_of_its_own_goes_where_a_window_rather_runs_out(state: LiveState) -> None:
    def text(odds: float, room: int) -> str:
        at = NOW + HOUR_US
        window = WindowForecast(FIVE_HOUR, at, 62.0, odds, Instants(NOW, NOW, NOW), Spread(90.0, 118.0, 130.0), None)
        forecast = Forecast(
            state.accounts[0].limits.account, NOW, (window,), FIVE_HOUR, None, None, (), (), None, 30, None
        )
        accounts = (LiveAccount(state.accounts[0].limits, forecast), *state.accounts[1:])
        return "\n".join(line.plain for line in live_page(replace(state, accounts=accounts), look(room)))

    assert "118 % at reset" in text(0.8, 100)
    assert "118 % at reset" in text(0.4, 66)
    assert "118 % at reset" not in text(0.8, 66)


def test_what_was_read_a_while_ago_is_drawn_as_of_now(state: LiveState) -> None:
    text = "\n".join(line.plain for line in live_page(state, look(100, now=NOW + 30 * MINUTE_US)))
    assert "resets 13:00, in 30 min" in text
    text = "\n".join(line.plain for line in live_page(state, look(100, now=NOW + 2 * HOUR_US)))
    assert "reset 13:00, nothing said since" in text


def test_more_sessions_than_there_is_room_for_are_counted(state: LiveState) -> None:
    text = "\n".join(line.plain for line in live_page(state, look(80)))
    assert "20 sessions within the last hour" in text
    assert "and 8 more" in text


@pytest.mark.parametrize("room", [20, 40, 80, 120, 200])
@pytest.mark.parametrize("view", VIEWS[1:])
@pytest.mark.usefixtures("state")
def test_tables_fit_and_drop_the_least_important_columns(machine: Machine, view: str, room: int) -> None:
    ledger = synced(machine.home)
    table = build_table(ledger, View(view), ASK, now=NOW)
    columns = columns_for(table, room)
    shared = cells_of(table, look(room))
    assert columns[-1 if room < 60 else 0]
    for row in table.rows:
        cells = [
            label_of(table, row, shared, label_width(columns, room)),
            *(column.cell(row, shared) for column in columns),
        ]
        widths = [label_width(columns, room), *(column.width for column in columns)]
        assert all(
            cell.cell_len <= width
            for cell, width in zip(cells, widths, strict=True)
            if "\N{HORIZONTAL ELLIPSIS}" in cell.plain
        )
        assert not any({"\x1b", "\u202e"} & set(cell.plain) for cell in cells)
    assert "cost" in {column.name for column in columns}
    assert total_line(table, table.rows, look(room)).cell_len == room


@pytest.mark.usefixtures("state")
def test_a_row_matches_where_every_word_is_in_it(machine: Machine) -> None:
    row = build_table(synced(machine.home), View("session"), ASK, now=NOW).rows[0]
    assert matches(row, "")
    assert matches(row, "日本語 RED")
    assert not matches(row, "日本語 nothing")


@pytest.mark.parametrize(
    ("wish", "environ", "expected"),
    [
        ("12h", {}, True),
        ("24h", {"LANG": "en_US.UTF-8"}, False),
        ("auto", {"LANG": "en_US.UTF-8"}, True),
        ("auto", {"LANG": "en_US.UTF-8", "LC_TIME": "de_DE"}, False),
        ("auto", {"LC_ALL": "en_IN@x", "LANG": "de_DE"}, True),
        ("auto", {"LANG": "C.UTF-8"}, False),
        ("auto", {}, False),
    ],
)
def test_am_and_pm_where_people_read_them(wish: str, environ: dict[str, str], expected: bool) -> None:
    assert has_am_pm(wish, environ) is expected


@pytest.mark.parametrize(("hour", "shown"), [(0, "12:05 am"), (11, "11:05 am"), (12, "12:05 pm"), (23, "11:05 pm")])
def test_the_twelve_hours(hour: int, shown: str) -> None:
    at = NOW - 12 * HOUR_US + hour * HOUR_US + 5 * MINUTE_US
    assert TimeOfDay(Calendar("UTC"), has_am_pm=True).clock(at) == shown


def test_instants_are_as_near_as_needed() -> None:
    time = TimeOfDay(Calendar("UTC"))
    assert [time.when(NOW + ahead, NOW) for ahead in (HOUR_US, DAY_US, 8 * DAY_US)] == [
        "13:00",
        "Fri 12:00",
        "Fri 20 Mar 12:00",
    ]


def test_bars_and_charts() -> None:
    assert meter(0.001, 10, "", "").plain == "█░░░░░░░░░"
    assert meter(0, 4, "", "").plain == "░░░░"
    assert meter(9, 4, "", "").plain == "████"
    assert stacked([(0.5, "a"), (0.001, "b"), (0.499, "c")], 10).plain == "██████████"
    assert columns_of([0, 1, 8, 16], 2) == ["   █", " ▁██"]
    assert columns_of([0, 0], 1) == ["  "]
    assert columns_of([], 2) == ["", ""]
    assert cell_len(fitted("日本語", 4).plain) == 4


def test_long_parts_are_broken_at_blanks() -> None:
    lines = [line.plain for line in flowed([Text("one two three"), Text("four"), Text("x" * 30)], 12, 2)]
    assert lines == ["  one two", "  three", "  four", f"  {'x' * 9}…"]
