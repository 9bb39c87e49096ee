"""Tables with more rows than one wants to wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tests.live_stage import NOW
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.live_tables import LiveRow, LiveTable, View
from tokentide.live.rows import CHUNK_ROWS, Rows
from tokentide.render.live_look import PALETTES, LiveLook
from tokentide.render.time_of_day import TimeOfDay
from tokentide.store.query import Sums

MANY = 1300
LOOK = LiveLook(TimeOfDay(Calendar("UTC"), has_am_pm=False), (50, 75, 90), 80, NOW, PALETTES["none"])


class Stand(App[None]):
    """The table alone."""

    def compose(self) -> ComposeResult:
        yield Rows()


def table() -> LiveTable:
    """The dearest comes first, and has the number 0; every tenth one is rare."""
    labels = [f"{'rare' if i % 10 == 0 else 'task'} {i:04}" for i in range(MANY)]
    rows = (LiveRow(f"/srv/{label}", label, Sums(1, cost=10**9 * (MANY - i)), ()) for i, label in enumerate(labels))
    return LiveTable(View("project"), tuple(rows), Sums())


def play(steps: Callable[[Rows, Pilot[None]], Awaitable[None]]) -> None:
    async def main() -> None:
        app = Stand()
        async with app.run_test(size=(80, 24)) as pilot:
            rows = app.query_one(Rows)
            rows.focus()
            rows.show_table(table(), LOOK, "")
            await pilot.pause()
            await steps(rows, pilot)

    asyncio.run(main())


def labels(rows: Rows) -> list[str]:
    """What is drawn, from top to bottom."""
    return [rows.get_row_at(i)[0].plain.strip() for i in range(rows.row_count)]


def test_the_first_rows_come_at_once_and_the_others_before_one_reaches_them() -> None:
    async def steps(rows: Rows, pilot: Pilot[None]) -> None:
        assert rows.row_count == CHUNK_ROWS
        assert len(rows.shown_rows) == MANY
        for _ in range(90):
            await pilot.press("pagedown")
        await pilot.pause()
        assert rows.row_count == MANY
        assert labels(rows) == [each.label for each in table().rows]

    play(steps)


def test_the_end_is_the_very_end_and_a_new_order_begins_at_its_top() -> None:
    async def steps(rows: Rows, pilot: Pilot[None]) -> None:
        await pilot.press("G")
        await pilot.pause()
        assert rows.row_count == MANY
        assert rows.cursor_row == MANY - 1
        rows.reverse()
        await pilot.pause()
        assert labels(rows)[0] == f"task {MANY - 1:04}"
        assert len(rows.as_text().splitlines()) == MANY

    play(steps)


def test_a_filter_taken_away_far_down_leaves_all_rows_in_order() -> None:
    async def steps(rows: Rows, pilot: Pilot[None]) -> None:
        rows.show_table(table(), LOOK, "rare")
        await pilot.press("G")
        await pilot.pause()
        assert rows.row_count == MANY // 10
        rows.show_table(table(), LOOK, "")
        await pilot.pause()
        await pilot.press("G")
        await pilot.pause()
        assert labels(rows) == [each.label for each in table().rows]

    play(steps)
