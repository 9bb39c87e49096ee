"""The panel, byte by byte at three widths, and its box under any name. TOKENTIDE_UPDATE_GOLDEN=1 writes the files anew."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.pace_maker import instant
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.console_costs import MonthCost
from tokentide.analytics.limits import AccountLimits
from tokentide.analytics.panel import PaceStatus, Panel, build_code_panel, build_console_panel, pace_part
from tokentide.analytics.windows import WindowState
from tokentide.clock import HOUR_US, MINUTE_US
from tokentide.model.limits import FIVE_HOUR, SEVEN_DAY, Account, Money, Poll, Profile
from tokentide.model.pacing import PacedWindow, Pacing
from tokentide.render.panel_box import panel_lines
from tokentide.render.panel_layout import PanelLook

GOLDEN = Path(__file__).parent / "golden"
NOW = instant("2026-03-12T20:19:18Z")
RESET, WEEK = NOW + 100 * MINUTE_US, NOW + 77 * HOUR_US
PROFILE = Profile("John Doe", "john@company.com", "Acme Corporation", "claude_enterprise", "default_claude_max_5x")
ACCOUNT = Account("u:o", "john@company.com", "Acme Corporation")
WINDOWS = (
    WindowState(FIVE_HOUR, 96.0, RESET, NOW, "account"),
    WindowState(SEVEN_DAY, 62.4, WEEK, NOW - 2 * HOUR_US, "statusline"),
    WindowState("seven_day_opus", 104.0, NOW - MINUTE_US, NOW, "account"),
    WindowState("extra_usage", 25.0, None, NOW, "account", Money(1250, "EUR", 2), Money(5000, "EUR", 2)),
    WindowState("spend", None, None, NOW, "account", Money(1200, "JPY", 0)),
)
PACING = Pacing(
    is_installed=True,
    is_enabled=True,
    version="2.34.2",
    windows=(PacedWindow(FIVE_HOUR, 70.0, RESET, 66.6, 63.3), PacedWindow(SEVEN_DAY, 40.0, WEEK, 70.0, 66.5)),
    constrained=FIVE_HOUR,
    delay_seconds=45,
    algorithm="adaptive/preload",
    tempo="on",
)
MONTH = MonthCost(
    "Acme Corporation", "john@company.com", "2026-03", 45_230_000_000, 75_500_000_000, 2_510_000_000, HOUR_US, NOW, ""
)


def look(width: int, *, is_plain: bool = False) -> PanelLook:
    return PanelLook(Calendar("UTC"), (51, 81, 100), width, NOW, is_plain=is_plain)


def code_panel(
    *windows: WindowState, pacing: Pacing = PACING, profile: Profile | None = PROFILE, fault: str = ""
) -> Panel:
    polled = Poll("usage u:o", NOW + 4 * MINUTE_US if fault else 0, 0, fault, NOW)
    return build_code_panel([AccountLimits(ACCOUNT, profile, windows, polled)], pacing, ACCOUNT.key, now=NOW)


def text_of(panel: Panel, width: int, *, is_plain: bool = False, height: int | None = None) -> str:
    lines = panel_lines(panel, look(width, is_plain=is_plain), height)
    assert len({line.cell_len for line in lines}) == 1, "the box is crooked"
    return "".join(f"{line.plain}\n" for line in lines)


def compare(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("TOKENTIDE_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [80, 45, 30])
def test_code_mode_looks_as_it_did(width: int) -> None:
    fault = "the login has expired: run `claude` once, it renews its token"
    text = text_of(code_panel(*WINDOWS, fault=fault), width)
    compare(f"panel-code-{width}.txt", text)
    assert max(map(cell_len, text.splitlines())) == min(width, 60)


@pytest.mark.parametrize("width", [80, 45, 30])
def test_console_mode_looks_as_it_did(width: int) -> None:
    compare(f"panel-console-{width}.txt", text_of(build_console_panel(MONTH), width))


def test_plain_output_holds_no_sign_beyond_ascii_but_bars() -> None:
    text = text_of(code_panel(*WINDOWS, profile=PROFILE._replace(name="Jürgen 鈴木")), 60, is_plain=True)
    compare("panel-plain.txt", text)
    assert text.replace("█", "").replace("░", "").isascii()
    assert text_of(build_console_panel(MONTH), 60, is_plain=True).isascii()


def styles(panel: Panel) -> dict[str, str]:
    """Each styled piece of text."""
    return {
        line.plain[span.start : span.end]: str(span.style)
        for line in panel_lines(panel, look(60))
        for span in line.spans
    }


@pytest.mark.parametrize(
    ("percent", "style"),
    [
        (0, "green"),
        (50.9, "green"),
        (51, "yellow"),
        (80.9, "yellow"),
        (81, "dark_orange"),
        (99.9, "dark_orange"),
        (100, "red"),
        (104, "red"),
    ],
)
def test_bars_have_the_colour_of_their_level(percent: float, style: str) -> None:
    found = styles(code_panel(WindowState(FIVE_HOUR, float(percent), RESET, NOW, "account"), pacing=Pacing()))
    assert style in found.values()
    assert f"{int(percent)} %".rjust(6) in found


@pytest.mark.parametrize(
    ("profile", "badge"),
    [
        (Profile(organization_type="claude_enterprise", has_max=True), "ENTERPRISE"),
        (Profile(organization_type="claude_team"), "TEAM"),
        (Profile(organization_type="claude_max", rate_limit_tier="default_claude_max_20x"), "MAX 20x"),
        (Profile(has_max=True, rate_limit_tier="default_claude_max_5x"), "MAX 5x"),
        (Profile(has_pro=True), "PRO"),
        (Profile(organization_type="claude_free"), ""),
    ],
)
def test_badges(profile: Profile, badge: str) -> None:
    text = text_of(code_panel(WINDOWS[0], profile=profile), 60)
    assert (badge in text) if badge else not any(word in text for word in ("ENTERPRISE", "TEAM", "MAX", "PRO"))


def test_null_windows_are_not_nothing_used() -> None:
    text = text_of(code_panel(WINDOWS[4], pacing=Pacing()), 60)
    assert "Spend: 1,200 JPY" in text
    assert "%" not in text
    assert "This plan has no windows." in text_of(code_panel(), 60)


def test_an_estimate_says_so_and_has_no_bar() -> None:
    text = text_of(code_panel(WindowState(FIVE_HOUR, None, RESET, NOW, "estimate"), pacing=Pacing()), 60)
    assert "5-Hour Limit: not told" in text
    assert "Resets in: 1h 40m (estimate)" in text


def test_old_data_tells_its_age_and_source() -> None:
    text = text_of(
        code_panel(WindowState(FIVE_HOUR, 10.0, RESET, NOW - 25 * MINUTE_US, "statusline"), pacing=Pacing()), 60
    )
    assert "Updated: 19:54:18 (25 min old, status line)" in text
    yesterday = NOW - 30 * HOUR_US
    text = text_of(
        code_panel(WindowState(FIVE_HOUR, 10.0, NOW - HOUR_US, yesterday, "pace_maker"), pacing=Pacing()), 60
    )
    assert "Window expired" in text
    assert "Updated: 2026-03-11 14:19" in text


# Pace Maker's part.


def pace_text(pacing: Pacing, width: int = 60) -> str:
    return text_of(code_panel(WINDOWS[0], pacing=pacing), width).partition("Pace Maker:")[2]


def test_nothing_is_said_of_pace_maker_where_it_is_not() -> None:
    assert "Pace Maker" not in text_of(code_panel(WINDOWS[0], pacing=Pacing()), 60)


def test_every_status_of_pace_maker() -> None:
    assert "⚠ THROTTLING" in pace_text(PACING)
    assert "✓ ON PACE" in pace_text(replace(PACING, delay_seconds=0))
    assert "no data" in pace_text(replace(PACING, windows=(), constrained="", delay_seconds=0))
    inactive = pace_text(replace(PACING, is_enabled=False))
    assert "INACTIVE" in inactive
    assert "Algorithm" not in inactive
    broken = pace_text(replace(PACING, fault="usage.db is locked by another program"))
    assert "ERROR" in broken
    assert "usage.db is locked" in broken


@pytest.mark.parametrize(
    ("percent", "words", "style"),
    [
        (63, "-0.3 % (under budget)", "green"),
        (68.3, "+5.0 % (near budget)", "bright_yellow"),
        (96, "+32.7 % (over budget)", "red"),
    ],
)
def test_the_deviation_is_that_of_the_newest_number(percent: float, words: str, style: str) -> None:
    found = styles(code_panel(WindowState(FIVE_HOUR, percent, RESET + 1000, NOW, "account")))
    assert found[words] == style


def test_the_deviation_is_pace_makers_own_where_the_window_is_another() -> None:
    later = WindowState(FIVE_HOUR, 3.0, RESET + 5 * HOUR_US, NOW, "account")
    part = pace_part(PACING, [later], NOW)
    assert part is not None
    assert part.deviation == pytest.approx(6.7)
    over = WindowState(FIVE_HOUR, 99.0, NOW - 1, NOW - HOUR_US, "account")
    again = pace_part(PACING, [over], NOW)
    assert again is not None
    assert again.deviation == pytest.approx(6.7)
    assert again.status is PaceStatus.THROTTLING


def test_estimates_and_pauses_of_pace_maker_are_named() -> None:
    text = pace_text(replace(PACING, is_estimate=True, backoff_until=NOW + 12 * MINUTE_US))
    assert "(estimate)" in text
    assert "asks the account again in 12m" in text


def test_pace_maker_stands_at_its_own_account() -> None:
    other = AccountLimits(Account("x", "x@y.z"), None, WINDOWS[:1], Poll("usage x"))
    own = AccountLimits(ACCOUNT, PROFILE, WINDOWS[:1], Poll("usage u:o"))
    panel = build_code_panel([other, own], PACING, ACCOUNT.key, now=NOW)
    assert [part.pace is not None for part in panel.accounts] == [False, True]
    unknown = build_code_panel([other], PACING, ACCOUNT.key, now=NOW)
    assert unknown.accounts[0].pace is not None


# Room.


def test_accounts_stand_below_each_other_while_they_fit() -> None:
    limits = [AccountLimits(Account(name, name), None, WINDOWS[:1], Poll(name)) for name in ("first@a", "second@a")]
    panel = build_code_panel(limits, Pacing(), "", now=NOW)
    assert text_of(panel, 60).count("┌") == 2
    assert text_of(panel, 60, height=16).count("┌") == 2
    alone = text_of(panel, 60, height=13)
    assert "first@a" in alone
    assert "second@a" not in alone
    assert "No room for 1 more account" in alone
    assert "No room" not in text_of(panel, 60)


def test_a_low_screen_gives_up_blank_rows_first() -> None:
    panel = code_panel(*WINDOWS)
    whole = text_of(panel, 60)
    low = text_of(panel, 60, height=len(whole.splitlines()) - 1)
    assert len(low.splitlines()) == len(whole.splitlines()) - 3
    assert "Updated" in low


# Console mode.


def test_no_rows_are_not_nothing_spent() -> None:
    month = replace(MONTH, cost=None, projection=None, rate_per_hour=None, rate_window_us=None)
    assert "no usage reported" in text_of(build_console_panel(month), 60)
    for unknown in (replace(month, person=""), replace(month, fetched_at=0)):
        assert "Your Claude Code usage: not known " in text_of(build_console_panel(unknown), 60)
    text = text_of(build_console_panel(replace(month, person="")), 60)
    assert "$" not in text
    assert "--user" in text


def test_a_rate_that_is_not_known_yet_is_said_so() -> None:
    month = replace(MONTH, projection=None, rate_per_hour=None, rate_window_us=None, fault="no answer after 10 s")
    text = text_of(build_console_panel(month), 60)
    assert "Rate: not known before a second look" in text
    assert "no answer after 10 s" in text


# Hostile text.


@given(st.text(max_size=80), st.integers(10, 100), st.booleans())
def test_no_name_breaks_the_box(name: str, width: int, is_plain: bool) -> None:
    profile = PROFILE._replace(
        name=name, email=name[::-1], organization=name, rate_limit_tier=name, organization_type="claude_team"
    )
    windows = (replace(WINDOWS[0], window=f"seven_day_{name}"), *WINDOWS)
    panel = code_panel(*windows, profile=profile, fault=name, pacing=replace(PACING, fault=name))
    assert "\x1b" not in text_of(panel, width, is_plain=is_plain)
    month = replace(MONTH, organization=name, person=name, fault=name)
    assert "\n\n" not in text_of(build_console_panel(month), width, is_plain=is_plain)
