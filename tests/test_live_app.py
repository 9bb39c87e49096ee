"""The live view, driven by its keys over a real ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.conftest import Machine, usage_line
from tests.live_stage import NOW, QUIET_RULES, Stage, prepare, text_of, until
from tokentide.analytics.live_tables import VIEWS
from tokentide.following import errands
from tokentide.live.app import LiveApp
from tokentide.live.rows import Rows
from tokentide.live.theme import NAMES
from tokentide.model.alerts import Alert, Claim
from tokentide.model.limits import FIVE_HOUR, STATUSLINE, LimitReading
from tokentide.sample_limits import ACCOUNT
from tokentide.store.sqlite.ledger import Ledger

Play = Callable[[LiveApp, Pilot[int]], Awaitable[None]]


@pytest.fixture
def stage(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return prepare(machine, monkeypatch)


def run(stage: Stage, play: Play) -> None:
    async def main() -> None:
        async with stage.running() as (app, pilot):
            await play(app, pilot)

    asyncio.run(main())


async def press(app: LiveApp, pilot: Pilot[int], *keys: str) -> str:
    """Press keys one by one, each after what the one before it brought; the screen then."""
    for key in keys:
        await pilot.press(key)
        await until(pilot, lambda: app.view.name == "realtime" or app.pane.table is not None)
    return text_of(app)


def test_the_page_of_now_tells_everything_at_a_glance(stage: Stage) -> None:
    async def play(app: LiveApp, _pilot: Pilot[int]) -> None:
        text = text_of(app)
        for part in ("sam@example.com", "5 hours", "62 %", "resets 14:00, in 2 h 00 min", "to run out", "Burn rate"):
            assert part in text
        for part in ("Block", "Running", "Tidy the build", "71 %", "Cost", "Today", "12:00", "Alerts"):
            assert part in text

    stage.size = (100, 40)
    run(stage, play)


def test_keys_lead_to_every_view_and_around(stage: Stage) -> None:
    async def play(app: LiveApp, pilot: Pilot[int]) -> None:
        for number, name in enumerate(VIEWS, 1):
            await press(app, pilot, str(number))
            assert app.view.name == name
        await press(app, pilot, "tab")
        assert app.view.name == VIEWS[0]
        await press(app, pilot, "shift+tab", "left")
        assert app.view.name == VIEWS[-2]
        await press(app, pilot, "h", "l", "right")
        assert app.view.name == VIEWS[-1]
        await press(app, pilot, "escape")
        assert app.view.name == VIEWS[0]

    run(stage, play)


def test_a_click_on_a_name_shows_that_view(stage: Stage) -> None:
    async def play(app: LiveApp, pilot: Pilot[int]) -> None:
        await pilot.click("NavigationBar", offset=(10, 0))
        await until(pilot, lambda: app.pane.table is not None)
        assert app.view.name == "daily"

    run(stage, play)


def test_from_a_day_to_its_sessions_to_their_responses_and_back(stage: Stage) -> None:
    async def play(app: LiveApp, pilot: Pilot[int]) -> None:
        assert "2026-03-12" in await press(app, pilot, "2")
        text = await press(app, pilot, "enter")
        assert "Days › 2026-03-12" in text
        assert "2 sessions" in text
        text = await press(app, pilot, "enter")
        assert "Days › 2026-03-12 › Tidy the build" in text
        assert "Thu 12 Mar 11:55" in text
        table = app.pane.table
        assert table is not None
        with Ledger.open(str(stage.machine.ledger)) as ledger:
            told = {each.sums.responses for each in table.rows}
            assert told == {1}
            assert ledger.newest_at() == table.rows[0].sums.last_at
        assert "Days › 2026-03-12 ›" not in await press(app, pilot, "escape")
        assert "Days ›" not in await press(app, pilot, "escape")
        assert app.view.name == "daily"

    run(stage, play)


def test_a_click_on_a_row_opens_it(stage: Stage) -> None:
    async def play(app: LiveApp, pilot: Pilot[int]) -> None:
        await pilot.click(Rows, offset=(4, 2))
        await until(pilot, lambda: len(app.views) == 2 and app.pane.table is not None)
        assert app.view.since is not None
        assert app.view.since.isoformat() == "2026-03-11"

    stage.view = "daily"
    run(stage, play)


def test_rows_are_filtered_as_one_types(stage: Stage) -> None:
    async def play(app: LiveApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "slash", *"tidy shop")
        text = text_of(app)
        assert "only: tidy shop" in text
        shown = [line for line in text.splitlines()[3:-3] if line.strip()]
        assert shown
        assert all("Tidy the build" in line and "shop-api" in line for line in shown)
        assert f"{len(shown)} of 48 sessions" in text
        await press(app, pilot, "enter")
        assert not app.query_one("#filter", Input).display
        assert "only: tidy shop" in text_of(app)
        await press(app, pilot, "escape")
        assert "48 sessions" in text_of(app)
        assert "only:" not in text_of(app)

    stage.view, stage.size = "session", (120, 40)
    run(stage, play)


def test_the_line_below_a_filtered_table_tells_what_its_rows_come_to(stage: Stage) -> None:
    async def play(app: LiveApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "slash", *"tidy shop", "enter")
        table = app.pane.table
        assert table is not None
        shown = [row.sums for row in table.rows if "Tidy" in row.label and "shop-api" in row.project]
        assert 0 < len(shown) < len(table.rows)
        assert f"{sum(each.responses for each in shown):,} responses" in text_of(app)

    stage.view, stage.size = "session", (120, 40)
    run(stage, play)


def test_who_comes_back_finds_the_filter_and_the_row_as_they_were(stage: Stage) -> None:
    async def play(app: LiveApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "slash", *"tidy", "enter", "j", "j")
        rows = app.query_one(Rows)
        key = rows._key_at_cursor()
        assert "Sessions › Tidy the build" in await press(app, pilot, "enter")
        assert "only:" not in text_of(app)
        assert "only: tidy" in await press(app, pilot, "escape")
        assert rows._key_at_cursor() == key
        assert rows.cursor_row == 2
        assert "only:" not in await press(app, pilot, "6")
        assert "only:" not in await press(app, pilot, "5")

    stage.view, stage.size = "session", (120, 40)
    run(stage, play)


def test_rows_are_sorted_by_key_and_by_click(stage: Stage) -> None:
    async def play(app: LiveApp, pilot: Pilot[int]) -> None:
        rows = app.query_one(Rows)

        def costs() -> list[int]:
            table = app.pane.table
            assert table is not None
            by_key = {row.key: row.sums.cost for row in table.rows}
            return [by_key[key] for key, _ in rows._shown]

        while "Cost ▼" not in text_of(app):
            await press(app, pilot, "s")
        assert costs() == sorted(costs(), reverse=True)
        await press(app, pilot, "S")
        assert costs() == sorted(costs())
        assert "Cost ▲" in text_of(app)
        await pilot.click(Rows, offset=(3, 0))
        await pilot.pause()
        assert "Session ▼" in text_of(app)

    stage.view, stage.size = "session", (120, 40)
    run(stage, play)


def test_the_page_of_now_scrolls_to_both_ends_by_key(stage: Stage) -> None:
    async def play(app: LiveApp, pilot: Pilot[int]) -> None:
        assert "sam@example.com" in text_of(app)
        for key in ("j", "G"):
            await pilot.press(key)
            await pilot.pause(0.5)
            assert "sam@example.com" not in text_of(app)
        assert "in 5 min" in text_of(app)
        await pilot.press("g")
        await pilot.pause(0.5)
        assert "sam@example.com" in text_of(app)
        await pilot.press("l")
        assert app.view.name == "daily"

    stage.size = (40, 20)
    run(stage, play)


def test_no_color_leaves_nothing_to_choose(stage: Stage) -> None:
    async def play(app: LiveApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "t")
        assert app.palette_name == "none"
        await until(pilot, lambda: "NO_COLOR" in text_of(app))

    stage.theme, stage.has_colors = "none", False
    run(stage, play)


def test_every_theme_in_turn(stage: Stage) -> None:
    async def play(app: LiveApp, pilot: Pilot[int]) -> None:
        seen = []
        for _ in NAMES:
            seen.append(app.palette_name)
            await press(app, pilot, "t")
        assert sorted(seen) == sorted(NAMES)
        assert app.palette_name == seen[0]

    run(stage, play)


def test_without_colour_there_is_none(stage: Stage) -> None:
    async def play(app: LiveApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "6")
        for strip in app.screen._compositor.render_strips():
            for segment in app.get_line_filters()[-1].apply(list(strip), app.screen.background_colors[0]):
                style = segment.style
                assert style is None or all(
                    colour is None or colour.is_default for colour in (style.color, style.bgcolor)
                )

    stage.theme = "none"
    run(stage, play)


def test_help_lists_the_keys_and_any_of_them_closes_it(stage: Stage) -> None:
    async def play(app: LiveApp, pilot: Pilot[int]) -> None:
        assert "sort by the next column" in await press(app, pilot, "question_mark")
        assert "sort by the next column" not in await press(app, pilot, "escape")

    run(stage, play)


def test_a_new_line_is_on_the_screen_within_a_second(stage: Stage) -> None:
    async def play(app: LiveApp, pilot: Pilot[int]) -> None:
        state = app.state
        assert state is not None
        before = state.spent[0].sums.responses
        line = usage_line("new", "new", "2026-03-12T11:59:30.000Z", "claude-opus-5", "fresh", output_tokens=1_000_000)
        loop = asyncio.get_running_loop()
        at = loop.time()
        stage.machine.write("-srv-fresh/fresh.jsonl", line)
        await until(pilot, lambda: app.state is not None and app.state.spent[0].sums.responses == before + 1)
        assert loop.time() - at < 2
        assert "fresh" in text_of(app)

    stage.size = (100, 40)
    run(stage, play)


def test_what_another_process_writes_is_shown(stage: Stage) -> None:
    async def play(app: LiveApp, pilot: Pilot[int]) -> None:
        assert "91 %" not in text_of(app)
        assert app.state is not None
        resets_at = app.state.windows[0].resets_at
        with Ledger.open(str(stage.machine.ledger)) as ledger:
            ledger.limits.take([ACCOUNT], [LimitReading(ACCOUNT.key, FIVE_HOUR, STATUSLINE, NOW, 91.0, resets_at)])
        await until(pilot, lambda: "91 %" in text_of(app))

    run(stage, play)


def test_a_table_follows_what_is_written_and_the_cursor_stays_on_its_row(stage: Stage) -> None:
    async def play(app: LiveApp, pilot: Pilot[int]) -> None:
        await press(app, pilot, "j", "j", "j")
        rows = app.query_one(Rows)
        key = rows._key_at_cursor()
        line = usage_line("new", "new", "2026-03-12T11:59:30.000Z", "claude-opus-5", "fresh")
        stage.machine.write("-srv-fresh/fresh.jsonl", line)
        await until(pilot, lambda: "49 sessions" in text_of(app))
        assert rows._key_at_cursor() == key
        assert rows.cursor_row == 4

    stage.view = "session"
    run(stage, play)


def test_a_new_alert_is_told_once_and_rings(stage: Stage) -> None:
    async def play(app: LiveApp, pilot: Pilot[int]) -> None:
        rung: list[bool] = []
        app.bell = lambda: rung.append(True)  # type: ignore[method-assign]
        await until(pilot, lambda: bool(app._feed._reader._errands._rules))  # type: ignore[attr-defined]
        alert = Alert("k1", "cost", "", "", NOW, "critical", "Today: [red]$20[/red] spent", "Body.")
        with Ledger.open(str(stage.machine.ledger)) as ledger:
            assert ledger.alerts.claim([(Claim("cost", NOW), alert)], NOW)
        await until(pilot, lambda: bool(rung))
        await pilot.pause(0.3)
        assert "Today: [red]$20[/red] spent" in text_of(app)
        stage.machine.write("-srv-x/x.jsonl", usage_line("x", "x", "2026-03-12T11:59:30.000Z", session="x"))
        await pilot.pause(1.5)
        assert rung == [True]

    stage.size = (120, 40)
    run(stage, play)


def test_text_from_data_is_never_markup(stage: Stage) -> None:
    evil = "[red]x[/red] [@click=app.quit]y[/] \x1b[31mz\u202e"
    line = usage_line("evil", "evil", "2026-03-12T11:59:00.000Z", "[bold]m", "evil") | {"cwd": "/srv/[link=x]p"}
    stage.machine.write("-srv-evil/evil.jsonl", line, {"type": "ai-title", "sessionId": "evil", "aiTitle": evil})

    async def play(app: LiveApp, pilot: Pilot[int]) -> None:
        for key in ("1", "5", "enter", "6"):
            text = await press(app, pilot, key)
            assert "\x1b" not in text
            assert "\u202e" not in text
        assert "[link=x]p" in text_of(app)
        assert "[red]x[/red]" in await press(app, pilot, "5")

    stage.size = (140, 40)
    run(stage, play)


@pytest.mark.parametrize("size", [(80, 24), (40, 24), (200, 60), (80, 8), (20, 5), (120, 40)])
@pytest.mark.parametrize("view", ["realtime", "daily", "session"])
def test_it_can_be_resized_to_anything(stage: Stage, size: tuple[int, int], view: str) -> None:
    async def play(app: LiveApp, pilot: Pilot[int]) -> None:
        await pilot.resize_terminal(*size)
        await pilot.pause(0.1)
        lines = text_of(app).splitlines()
        assert len(lines) == size[1]
        assert all(len(line) <= size[0] for line in lines)

    stage.view = view
    run(stage, play)


def test_a_ledger_that_breaks_is_set_aside_and_the_view_goes_on(stage: Stage) -> None:
    async def play(app: LiveApp, pilot: Pilot[int]) -> None:
        for path in stage.machine.ledger.parent.glob("ledger.sqlite3*"):
            path.unlink()
        stage.machine.ledger.write_bytes(b"no ledger " * 1000)
        await until(pilot, lambda: bool(list(stage.machine.ledger.parent.glob("*.damaged-*"))))
        await until(pilot, lambda: "the damaged ledger is now" in text_of(app))
        state = app.state
        await until(pilot, lambda: app.state is not state and app.state is not None)
        assert app.state is not None
        assert app.state.spent[2].sums.responses > 0

    stage.size = (200, 40)
    run(stage, play)


def test_a_wrong_rule_file_is_told_until_it_is_right(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errands, "EVERY_SECONDS", 0.2)
    path = stage.machine.root / "config" / "alerts.toml"
    path.write_text("nonsense = 1\n")

    async def play(app: LiveApp, pilot: Pilot[int]) -> None:
        await until(pilot, lambda: "alerts.toml" in text_of(app))
        path.write_text(QUIET_RULES)
        await until(pilot, lambda: "alerts.toml" not in text_of(app))

    stage.size = (200, 40)
    run(stage, play)


def test_an_empty_machine_is_told_what_to_do(stage: Stage) -> None:
    for path in stage.machine.claude.rglob("*.jsonl"):
        path.unlink()
    for path in stage.machine.ledger.parent.glob("ledger.sqlite3*"):
        path.unlink()

    async def play(app: LiveApp, pilot: Pilot[int]) -> None:
        text = text_of(app)
        assert "No official limits are known here yet" in text
        assert "no usage found here yet" in text
        assert "0 days" in await press(app, pilot, "2")

    run(stage, play)


def test_the_feed_ends_with_the_screen(stage: Stage) -> None:
    apps: list[LiveApp] = []

    async def play(app: LiveApp, _pilot: Pilot[int]) -> None:
        apps.append(app)

    run(stage, play)
    assert not apps[0]._feed._thread.is_alive()
    assert apps[0]._feed.error is None
