"""What a window holds by plan where the vendor tells nothing, and days that begin at another hour."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.account_stand_in import log_in
from tests.conftest import Machine, usage_line
from tokentide.analytics.calendar import Calendar
from tokentide.clock import DAY_US, HOUR_US
from tokentide.errors import SettingsError
from tokentide.model.limits import plan_of
from tokentide.settings import load_settings

MILLION = 1_000_000
NOW = "2026-03-12T12:00:00Z"


def spend(machine: Machine, *blocks: tuple[str, float]) -> None:
    """One response a block, at an instant and of so many USD: this model takes 5 a million input tokens."""
    machine.write(
        "p/s.jsonl",
        *(
            usage_line(
                f"m{at}", f"r{at}", at, "claude-opus-4-8", input_tokens=round(usd / 5 * MILLION), output_tokens=0
            )
            for at, usd in blocks
        ),
    )


def window(machine: Machine, *options: str, now: str = NOW) -> dict[str, object]:
    """The one window that `limits --json` tells."""
    code, out, err = machine.call("limits", "--json", *options, now=now)
    assert code == 0, err
    (account,) = json.loads(out)["accounts"]
    (found,) = account["windows"]
    assert isinstance(found, dict)
    return found


OPEN = ("2026-03-12T10:05:00.000Z", 15.0)


@pytest.mark.parametrize(("plan", "budget"), [("pro", 32), ("max5", 91), ("max20", 363), ("team", 32)])
def test_a_plan_tells_how_full_an_estimated_window_is(machine: Machine, plan: str, budget: int) -> None:
    spend(machine, OPEN)
    found = window(machine, "--plan", plan)
    assert found["percent"] == pytest.approx(100 * 15 / budget)
    assert (found["is_estimate"], found["source"], found["estimated_by"]) == (True, "estimate", plan)
    assert found["limit"] == {"amount": budget, "currency": "USD"}


def test_without_a_known_plan_nothing_is_made_up(machine: Machine) -> None:
    spend(machine, OPEN)
    assert (window(machine)["percent"], window(machine)["estimated_by"]) == (None, None)


def test_the_login_names_the_plan(machine: Machine) -> None:
    spend(machine, OPEN)
    log_in(machine)
    assert window(machine, "--offline")["estimated_by"] == "max5"
    assert window(machine, "--offline", "--plan", "pro")["estimated_by"] == "pro"


def test_custom_is_a_block_of_ones_own_and_never_more_than_the_largest(machine: Machine) -> None:
    days = [(f"2026-03-{day:02}T10:05:00.000Z", float(day)) for day in range(1, 12)]
    spend(machine, *days, OPEN)
    assert window(machine, "--plan", "custom")["limit"] == {"amount": 10, "currency": "USD"}
    assert window(machine, "--plan", "custom_max")["limit"] == {"amount": 11, "currency": "USD"}


def test_custom_needs_some_blocks(machine: Machine) -> None:
    spend(machine, ("2026-03-10T10:05:00.000Z", 9.0), OPEN)
    assert window(machine, "--plan", "custom")["percent"] is None


def test_a_number_of_tokens_wins_over_the_plan_and_leaves_the_cache_out(machine: Machine) -> None:
    line = usage_line(at=OPEN[0], input_tokens=3000, output_tokens=1000, cache_read_input_tokens=10**6)
    machine.write("p/s.jsonl", line)
    found = window(machine, "--plan", "pro", "--custom-limit-tokens", "16000")
    assert (found["percent"], found["estimated_by"]) == (25, "tokens")


def test_the_settings_choose_the_plan(machine: Machine) -> None:
    spend(machine, OPEN)
    machine.settings('plan = "max20"\n')
    assert window(machine)["estimated_by"] == "max20"


def test_the_main_screen_shows_what_the_plan_lets_one_think(machine: Machine) -> None:
    spend(machine, OPEN)
    assert "5 hours" not in machine.call(now=NOW)[1]
    machine.settings('plan = "pro"\n')
    out = machine.call(now=NOW)[1]
    assert "~46 %" in out
    assert "estimate by Pro, as others measured it" in out


def test_an_estimate_is_labelled_and_does_not_fail_scripts(machine: Machine) -> None:
    spend(machine, ("2026-03-12T10:05:00.000Z", 31.0))
    code, out, err = machine.call("limits", "--plan", "pro", "--fail-above", "50", now=NOW)
    assert "estimate by Pro, as others measured it" in out
    assert "~96 %" in out
    assert (code, "no percentage is known" in err) == (5, True)


def test_an_estimated_window_ends_at_the_reset_hour(machine: Machine) -> None:
    spend(machine, OPEN)
    assert window(machine)["resets_at"] == "2026-03-12T15:00:00.000Z"
    assert window(machine, "--reset-hour", "13")["resets_at"] == "2026-03-12T13:00:00.000Z"
    spend(machine, ("2026-03-12T10:05:00.000Z", 1.0), ("2026-03-12T13:30:00.000Z", 2.0))
    later = window(machine, "--reset-hour", "13", "--plan", "pro", now="2026-03-12T14:00:00Z")
    assert (later["resets_at"], later["used"]) == ("2026-03-12T18:30:00.000Z", {"amount": 2, "currency": "USD"})


def test_days_begin_at_the_reset_hour_in_every_report(machine: Machine) -> None:
    spend(machine, ("2026-03-11T03:30:00.000Z", 1.0), ("2026-03-11T04:00:00.000Z", 2.0))
    for text, options in (("", ["--reset-hour", "4"]), ("reset_hour = 4\n", [])):
        machine.settings(text)
        code, out, err = machine.call("daily", "--json", *options, now=NOW)
        assert code == 0, err
        rows = {row["date"]: row["cost_usd"] for row in json.loads(out)["rows"]}
        assert rows == {"2026-03-10": 1, "2026-03-11": 2}


@pytest.mark.parametrize("hour", ["24", "-1", "noon"])
def test_an_hour_that_is_none_is_refused(machine: Machine, hour: str) -> None:
    done = machine.run("daily", f"--reset-hour={hour}")
    assert done.returncode == 2
    assert "is no hour from 0 to 23" in done.stderr


@given(
    st.integers(min_value=0, max_value=40_000 * DAY_US),
    st.integers(min_value=0, max_value=23),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland", "Asia/Kolkata"]),
)
def test_an_instant_lies_in_its_own_day_whenever_days_begin(at: int, hour: int, zone: str) -> None:
    calendar = Calendar(zone, reset_hour=hour)
    day = calendar.date_of(at)
    start = calendar.start_of(day)
    assert start <= at < start + 26 * HOUR_US
    (period,) = [each for each in calendar.periods([at // DAY_US], "day", None, None) if each.start <= at < each.end]
    assert period.name == day.isoformat()


def test_a_day_of_a_changed_clock_keeps_its_hour() -> None:
    calendar = Calendar("Europe/Berlin", reset_hour=5)
    start = calendar.start_of(date(2026, 3, 29))
    assert calendar.local(start).hour == 5
    assert start - calendar.start_of(date(2026, 3, 28)) == 23 * HOUR_US


@pytest.mark.parametrize(
    ("tier", "subscription", "plan"),
    [
        ("default_claude_max_20x", "max", "max20"),
        ("default_claude_max_5x", "claude_max", "max5"),
        ("default_claude_ai", "pro", "pro"),
        ("", "claude_team", "team"),
        ("", "enterprise", ""),
        ("", "", ""),
    ],
)
def test_tier_and_subscription_name_the_plan(tier: str, subscription: str, plan: str) -> None:
    assert plan_of(tier, subscription) == plan


@pytest.mark.parametrize(
    "text", ['plan = "max9"', "reset_hour = 24", "custom_limit_tokens = 0", "live_refresh_seconds = 0.1"]
)
def test_settings_of_plans_are_checked(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=text.partition(" ")[0]):
        load_settings(str(path), {})
