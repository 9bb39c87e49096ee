"""How the team's pages look: nothing stands half empty, is too long for its place, or passes for real."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.team_stage import fill_team
from tests.team_web_stage import TeamSite, team_store
from tests.web_stage import Dashboard, chromium, visiting
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.team.figures import Figure, Unit
from tokentide.render.team_moods import mood_of
from tokentide.web.tables import HtmlTable
from tokentide.web.team.cards import cards_of
from tokentide.web.team.panels import Panel, Shown, without_gaps

PEOPLE = 20
UTC = Calendar("UTC")


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    folder = tmp_path_factory.mktemp("team")
    store = team_store(folder)
    fill_team(store, developers=PEOPLE, days=3)
    with TeamSite(folder, store, is_sample=True).serving() as dashboard:
        yield dashboard
    store.engine.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def _shown(widths: str) -> list[Shown]:
    """A panel a letter: `w` is wide."""
    table = HtmlTable("", (), [])
    return [Shown(Panel("days", ""), table, 1, letter == "w") for letter in widths]


@pytest.mark.parametrize(
    ("widths", "after"),
    [
        ("", ""),
        ("n", "w"),
        ("nn", "nn"),
        ("nnn", "nnw"),
        ("wnw", "www"),
        ("nnwn", "nnww"),
        ("wnnnwnn", "wnnwwnn"),
    ],
)
def test_no_half_of_a_line_stands_empty(widths: str, after: str) -> None:
    assert "".join("w" if panel.is_wide else "n" for panel in without_gaps(_shown(widths))) == after


def test_a_count_too_long_for_its_place_is_rounded_and_told_to_the_last_digit_beside() -> None:
    long, short = cards_of(
        [
            Figure("total_tokens", Unit.COUNT, 4_908_386_943, 4_000_000_000),
            Figure("responses", Unit.COUNT, 9_999_999, 1),
        ],
        UTC,
    )
    assert (long.text, long.whole, long.beside) == ("4.91B", "4,908,386,943", "before 4.00B")
    assert (short.text, short.whole) == ("9,999,999", "")


def test_colours_mean_the_same_on_pages_and_terminals() -> None:
    moods = {card.title: card.mood for card in cards_of([Figure("errors", Unit.COUNT, 3, 2)], UTC)}
    assert moods == {"API errors": mood_of("errors", 0.5)} == {"API errors": "bad"}
    assert mood_of("errors", -0.5) == mood_of("coverage", 0.5) == "good"
    assert mood_of("errors", 0.004) == mood_of("sessions", 2.0) == mood_of("errors", None) == ""


def test_a_made_up_team_is_called_so_on_every_page(dashboard: Dashboard, tmp_path: Path) -> None:
    for path in ("/", "/people", "/server"):
        assert "Sample data, made up" in dashboard.ask(path).text
    store = team_store(tmp_path)
    with TeamSite(tmp_path, store).serving() as real:
        assert "Sample data" not in real.ask("/").text
    store.engine.close()


def test_lying_bars_have_room_for_their_names_and_stand_in_order(browser: Browser, dashboard: Dashboard) -> None:
    with visiting(browser, dashboard) as visitor:
        visitor.open("/tools")
        few = visitor.page.evaluate("document.querySelector('#rejections .canvas').clientHeight")
        bars = visitor.page.evaluate("document.querySelector('#rejections .canvas').data.map(({ x }) => x)")
        visitor.open("/cost?by=user_id")
        many = visitor.page.evaluate("document.querySelector('#cuts .canvas').clientHeight")
    totals = [sum(filter(None, parts)) for parts in zip(*bars, strict=True)]
    assert totals == sorted(totals, reverse=True)
    assert len(totals) > 1
    assert few < 15 * 20 < many, "fifteen people need more room than a few tools"
    assert visitor.complaints == []
