"""`tokentide forecast` as a person meets it: screens byte by byte, JSON, exit codes, the back-test."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from bench.histories import BEGIN, PERSONAS, WHO, History, ledger_of, make_history

from tests.conftest import Machine
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.forecasting.model import (
    Calibration,
    CapChange,
    Forecast,
    Instants,
    Pace,
    Spread,
    WindowForecast,
)
from tokentide.analytics.forecasting.what_helps import what_helps
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.model.limits import EXTRA_USAGE, FIVE_HOUR, SEVEN_DAY, Account
from tokentide.render.forecast_screen import forecast_lines
from tokentide.render.limits_screen import LimitsLook

GOLDEN = Path(__file__).parent / "golden"
NINE = BEGIN + 30 * DAY_US + 9 * HOUR_US
"""A Wednesday at nine, UTC."""


def compare(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("TOKENTIDE_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def text_of(at: int) -> str:
    return datetime.fromtimestamp(at / 1e6, timezone.utc).isoformat().replace("+00:00", "Z")


def window(
    name: str = FIVE_HOUR,
    *,
    percent: float | None = 60.0,
    odds: float | None = 0.7,
    hours: float = 5.0,
    hits: tuple[float, float, float] | None = (2.5, 3.1, 3.8),
    end: tuple[float, float, float] | None = (88.0, 112.0, 131.0),
    abstains: str = "",
) -> WindowForecast:
    resets_at = NINE + round(hours * HOUR_US)
    return WindowForecast(
        name,
        resets_at,
        percent,
        odds,
        None if hits is None else Instants(*(NINE + round(hour * HOUR_US) for hour in hits)),
        None if end is None else Spread(*end),
        None if percent is None else Pace(20.0, percent + 20 * hours, NINE + 2 * HOUR_US),
        abstains,
    )


def screen(forecast: Forecast, room: int) -> str:
    look = LimitsLook(Calendar("UTC"), (51, 81, 100), room, NINE)
    lines = [line.plain for line in forecast_lines(forecast, look)]
    assert max(map(len, lines)) <= room
    return "\n".join(lines) + "\n"


def made(*windows: WindowForecast, **more: Any) -> Forecast:
    told: dict[str, Any] = {
        "binding": FIVE_HOUR,
        "full_windows_left": 4.6,
        "percent_per_working_day": 17.7,
        "calibrations": (Calibration(FIVE_HOUR, 300_000_000, 210_000_000, 420_000_000, 33),),
        "cap_changes": (),
        "elsewhere": 0.04,
        "history_days": 60,
        "usual": 1.4,
    } | more
    return Forecast(Account("a:b", "ada@example.com", "Analytical Engines"), NINE, windows, **told)


FULL_SCREEN = made(
    window(),
    window(SEVEN_DAY, percent=47.0, odds=0.02, hours=53, hits=None, end=(61.0, 70.0, 83.0)),
    window("seven_day_opus", percent=84.0, odds=0.45, hours=53, hits=(12, 29, 50), end=(92.0, 99.0, 110.0)),
    window(EXTRA_USAGE, percent=None, odds=None, hits=None, end=None, abstains="an amount of money"),
)
TIGHTER = made(
    window(odds=1.0, percent=100.0, hits=None, end=None),
    window(SEVEN_DAY, odds=None, hits=None, end=None, hours=160, percent=2.0, abstains="needs a week of history"),
    cap_changes=(CapChange(FIVE_HOUR, NINE - 9 * DAY_US, 490_000_000, 250_000_000, 0.51),),
    elsewhere=0.35,
)


@pytest.mark.parametrize("room", [120, 80, 40])
@pytest.mark.parametrize(("name", "forecast"), [("full", FULL_SCREEN), ("tighter", TIGHTER)])
def test_screens_look_as_they_did(name: str, forecast: Forecast, room: int) -> None:
    compare(f"forecast-{name}-{room}.txt", screen(forecast, room))


def test_the_words_come_first() -> None:
    assert screen(FULL_SCREEN, 100).splitlines()[1] == (
        "5 hours: 7 in 10 that you hit the wall before 14:00, most likely about 12:05 (11:30–12:50)"
    )


def test_a_span_of_one_instant_is_no_span() -> None:
    said = screen(made(window(hits=(3.1, 3.1, 3.11))), 100).splitlines()[1]
    assert said.endswith("most likely about 12:05")


def test_a_full_week_has_nothing_left() -> None:
    text = screen(made(window(SEVEN_DAY, percent=100.0, odds=1.0, hits=None, end=None), full_windows_left=0.0), 80)
    assert "full until" in text
    assert "left this week" not in text


def test_a_day_without_use_is_not_compared() -> None:
    assert "hardly anything used today" in screen(made(window(), usual=0.0), 80)


def test_an_estimate_without_a_percentage_says_how_to_get_one() -> None:
    unknown = replace(
        window(percent=None, odds=None, hits=None, end=None, abstains="no reading tells"), is_estimate=True
    )
    assert "`tokentide statusline install` brings readings" in screen(made(unknown, binding=""), 200)


@pytest.mark.parametrize("room", [20, 30])
def test_an_account_without_a_name_is_called_so_on_any_width(room: int) -> None:
    nameless = replace(made(window()), account=Account("", ""))
    assert screen(nameless, room).startswith("account not known\n")
    screen(FULL_SCREEN, room)


def test_names_cannot_steer_the_terminal() -> None:
    bad = Forecast(Account("k", "eve\x1b[2J", "\u202eorg"), NINE, (), "", None, None, (), (), None, 0, None)
    assert "\x1b" not in screen(bad, 80)
    assert "\u202e" not in screen(bad, 80)


def test_what_helps_keeps_the_window() -> None:
    helps = what_helps(window(), NINE)
    assert helps is not None
    assert helps.percent_per_hour == pytest.approx(8)
    assert helps.pause_us == pytest.approx(5 * HOUR_US * (1 - 40 / 52), abs=MINUTE_US)
    assert what_helps(window(odds=0.1), NINE) is None
    assert what_helps(window(odds=1.0), NINE) is None


@pytest.fixture
def worker(machine: Machine) -> tuple[Machine, str, History]:
    """A machine whose ledger holds six weeks of made-up work, and an instant within one of its last windows."""
    life = make_history(PERSONAS[2], 7, weeks=6)
    machine.ledger.parent.mkdir(parents=True)
    ledger_of(life, str(machine.ledger)).close()
    opens = next(begin for begin, hit in reversed(life.windows) if hit is not None)
    return machine, text_of(opens + 100 * MINUTE_US), life


def test_the_forecast_of_a_ledger(worker: tuple[Machine, str, History]) -> None:
    machine, now, _ = worker
    code, out, err = machine.call("forecast", "--offline", "--width", "80", now=now)
    assert (code, err) == (0, "")
    assert out.startswith(f"{WHO.name}\n5 hours: ")
    assert " in 10 that you hit the wall before " in out
    assert max(map(len, out.splitlines())) <= 80
    assert machine.call("forecast", "--offline", "--width", "80", now=now)[1] == out


def test_the_forecast_as_json(worker: tuple[Machine, str, History]) -> None:
    machine, now, _ = worker
    code, out, _ = machine.call("forecast", "--offline", "--json", now=now)
    assert code == 0
    told = json.loads(out)
    assert (told["format"], told["report"], told["timezone"]) == (1, "forecast", "UTC")
    (account,) = told["accounts"]
    five, week = account["windows"]
    assert 0 < five["odds"] < 1
    assert five["percent_at_reset"]["p10"] <= five["percent_at_reset"]["p50"] <= five["percent_at_reset"]["p90"]
    assert week["window"] == SEVEN_DAY
    assert account["calibrations"][0]["usd_per_percent"] == pytest.approx(0.3, rel=0.2)
    assert account["history_days"] > 30


def test_an_account_that_nobody_has_is_said_so(worker: tuple[Machine, str, History]) -> None:
    machine, now, _ = worker
    code, out, err = machine.call("forecast", "--offline", "--account", "nobody", now=now)
    assert (code, out) == (5, "")
    assert "no limits are known of an account that matches nobody" in err


def test_an_empty_ledger_says_what_to_do(machine: Machine) -> None:
    code, out, err = machine.call("forecast", "--offline")
    assert (code, out) == (5, "")
    assert "tokentide statusline install" in err
    code, out, _ = machine.call("forecast", "--offline", "--json")
    assert (code, json.loads(out)["accounts"]) == (5, [])
    assert machine.call("forecast", "--backtest")[:2] == (5, "")
    code, out, _ = machine.call("forecast", "--backtest", "--json")
    assert (code, json.loads(out)["accounts"]) == (5, [])


@pytest.mark.parametrize("room", [80, 40])
def test_the_backtest_in_tables(worker: tuple[Machine, str, History], room: int) -> None:
    machine, now, _ = worker
    code, out, err = machine.call("forecast", "--backtest", "--width", str(room), now=now)
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= room
    for name in ("this forecast", "average so far", "last hour's rate", "straight line", "as always", "came true"):
        assert name in out
    assert re.search(r"Of the hits \d+ % came within the span", " ".join(out.split()))


def test_the_backtest_as_json(worker: tuple[Machine, str, History]) -> None:
    machine, now, _ = worker
    code, out, _ = machine.call("forecast", "--backtest", "--json", "--days", "20", now=now)
    assert code == 0
    (account,) = json.loads(out)["accounts"]
    five = next(each for each in account["windows"] if each["window"] == FIVE_HOUR)
    assert [method["method"] for method in five["methods"]] == [
        "forecast",
        "constant_rate",
        "last_hour",
        "regression",
        "base_rate",
    ]
    assert five["skill"] > 0
    assert sum(each["cases"] for each in five["reliability"]) == five["cases"]
    assert not account["is_made_up"]


def test_a_short_history_is_told_to_be_one(machine: Machine) -> None:
    life = make_history(PERSONAS[2], 7, weeks=1)
    machine.ledger.parent.mkdir(parents=True)
    ledger_of(life, str(machine.ledger)).close()
    code, out, _ = machine.call("forecast", "--backtest", "--width", "80", now=text_of(BEGIN + 8 * DAY_US))
    assert code == 5
    assert "Too little to score" in out


def test_days_are_checked(machine: Machine) -> None:
    done = machine.run("forecast", "--backtest", "--days", "0")
    assert done.returncode == 2
    assert "'0' is no number of days from 1 to 3660" in done.stderr


def test_the_demo_shows_odds(machine: Machine) -> None:
    code, out, _ = machine.call("demo", "forecast", "--width", "80")
    assert code == 0
    assert "no odds" not in out
    assert "binds first" in out
