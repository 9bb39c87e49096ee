"""A morning replayed with a moving clock, through the real command line: what a person sees, and which alerts come.

Eight weeks of history are made by rules that the forecast does not know. On two mornings in three a refactor starts at
nine that takes a five-hour window to three fifths by half past ten; of these mornings seven in ten go on at a slower
pace until the window is full about noon, the others are broken off. Then comes a Tuesday on which a refactor starts.
"""

from __future__ import annotations

import json
import math
import random
import re
import sys
from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from bench.histories import BEGIN, WHO, Day, History, Persona, ledger_of, make_history

from tests.claude_pushes import UNSYNCED, Input
from tests.claude_pushes import call as push
from tests.conftest import Machine, usage_line
from tests.test_cli_watch import tell, told
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.model.limits import FIVE_HOUR, SEVEN_DAY

USD_PER_PERCENT = 0.30
FAST, SLOW = 0.20, 0.135
"""USD a minute, before and after half past ten."""
REFACTORS, KEPT_UP = 0.65, 0.70
"""The share of mornings with a refactor, and of these the share that goes on."""
WEEKS = 8
MIDNIGHT = BEGIN + (WEEKS * 7 + 1) * DAY_US
"""Tuesday."""
NINE = MIDNIGHT + 9 * HOUR_US
RESET = NINE + 5 * HOUR_US
USD_PER_TOKEN = 25 / 1_000_000
"""List price of output of claude-opus-5."""


def mornings(chance: random.Random, number: int, _level: float) -> Day:
    """A working day."""
    if number % 7 >= 5:
        return
    kind, begin, vigour = chance.random(), int(chance.gauss(540, 6)), chance.lognormvariate(0, 0.1)
    if kind < REFACTORS:
        end = 780 if kind < REFACTORS * KEPT_UP else int(chance.uniform(635, 665))
        parts = [(begin, min(end, 630), FAST, 0.93), (630, end, SLOW, 0.93)]
    else:
        parts = [(begin, 720, 0.07, 0.6)]
    for first, last, usd, share in [*parts, (865, int(chance.gauss(1010, 25)), 0.05, 0.7)]:
        for minute in range(first, last):
            if chance.random() < share:
                yield minute, usd * vigour * chance.lognormvariate(-0.08, 0.4), 0


PERSONA = Persona(
    "mornings", mornings, usd_per_percent=USD_PER_PERCENT, level_spread=0.05, mix_spread=0.06, windows_a_week=10
)


def lived(seed: int, weeks: int) -> History:
    return make_history(PERSONA, seed, weeks=weeks, zone="UTC")


def before_tuesday(history: History) -> History:
    """What was known when the Tuesday began."""
    records = [record for record in history.records if record.at < MIDNIGHT]
    readings = [each._replace(seen_at=min(each.seen_at, MIDNIGHT)) for each in history.readings if each.at < MIDNIGHT]
    return History(records=records, readings=readings)


def true_share() -> float:
    """How often a window that was 55 to 65 % full at half past ten was full before its reset, over six years."""
    known = []
    for seed in (101, 102, 103):
        life = lived(seed, 100)
        readings = sorted((each for each in life.readings if each.window == FIVE_HOUR), key=lambda each: each.at)
        instants = [each.at for each in readings]
        for begin, full_at in life.windows:
            half_past_ten = begin // DAY_US * DAY_US + 10 * HOUR_US + 30 * MINUTE_US
            last = readings[bisect_right(instants, half_past_ten) - 1]
            is_of_nine = abs(half_past_ten - begin - 90 * MINUTE_US) <= 15 * MINUTE_US
            if is_of_nine and last.at >= begin and 55 <= (last.percent or 0) <= 65:
                known.append(full_at is not None)
    assert len(known) > 300
    return sum(known) / len(known)


def test_seven_in_ten_is_the_truth_of_this_history() -> None:
    assert 0.65 <= true_share() <= 0.75


@dataclass
class Morning:
    """The person's machine on that Tuesday, with the vendor's meters."""

    machine: Machine
    week_before: float
    week_reset: int
    percent: float = 0.0
    minute: int = 0
    """After nine; the last one that was worked through."""

    def work_until(self, minute: int) -> None:
        """Responses into a transcript, and what the client then says to the status line."""
        path = self.machine.claude / "projects" / "-srv-shop" / "refactor.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        while self.minute < minute:
            self.minute += 1
            if self.percent < 100 and self.minute < 300:
                rate = FAST if self.minute < 90 else SLOW
                usd = rate * (1 + 0.3 * math.sin(1.7 * self.minute))
                self.percent = min(self.percent + usd / USD_PER_PERCENT, 100.0)
                line = usage_line(
                    f"msg{self.minute}",
                    f"req{self.minute}",
                    at=self.clock(self.minute),
                    model="claude-opus-5",
                    session="refactor",
                    input_tokens=0,
                    output_tokens=round(usd / USD_PER_TOKEN),
                )
                with path.open("a") as file:
                    file.write(json.dumps(line) + "\n")
                self.say(path)

    def say(self, path: Path) -> None:
        """The status line's push of this minute."""
        week = self.week_before + self.percent / PERSONA.windows_a_week
        said = {
            "session_id": "refactor",
            "transcript_path": str(path),
            "model": {"id": "claude-opus-5", "display_name": "Opus 5"},
            "cost": {"total_cost_usd": 1 + self.minute / 7, "total_api_duration_ms": 1_000 * (self.minute + 1)},
            "rate_limits": {
                "five_hour": {"used_percentage": round(self.percent), "resets_at": RESET // 1_000_000},
                "seven_day": {"used_percentage": round(week), "resets_at": self.week_reset // 1_000_000},
            },
        }
        push(self.machine, json.dumps(said), now=self.clock(self.minute, second=30))

    def clock(self, minute: int, second: int = 0) -> str:
        """So many minutes after nine, as the machine writes it."""
        at = datetime.fromtimestamp(NINE // 1_000_000 + 60 * minute + second, timezone.utc)
        return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def type(self, *words: str, minute: int) -> tuple[int, str]:
        """A command, three quarters into a minute."""
        code, out, err = self.machine.call(*words, now=self.clock(minute, second=45), COLUMNS="100", NO_COLOR="1")
        assert "Traceback" not in err
        return code, out + (err if words[:1] == ("watch",) else "")

    def json(self, *words: str, minute: int) -> Any:
        return json.loads(self.type(*words, "--json", minute=minute)[1])


@pytest.fixture
def morning(machine: Machine) -> Morning:
    """The machine at nine: eight weeks in its ledger, the person logged in, alerts kept in a file."""
    history = before_tuesday(lived(6, WEEKS + 1))
    machine.settings(UNSYNCED)
    ledger_of(history, str(machine.ledger)).close()
    uuid = WHO.key.partition(":")[0]
    login = {"emailAddress": WHO.name, "accountUuid": uuid, "organizationUuid": uuid}
    (machine.home / ".claude.json").write_text(json.dumps({"oauthAccount": login}))
    week = [reading for reading in history.readings if reading.window == SEVEN_DAY][-1]
    assert week.resets_at is not None
    return Morning(machine, week.percent or 0.0, week.resets_at)


def test_at_nine_nothing_is_said_that_nobody_can_know(morning: Morning) -> None:
    morning.work_until(1)
    assert "1 %" in morning.type(minute=1)[1]
    five, week = morning.json("forecast", minute=1)["accounts"][0]["windows"]
    assert five["odds"] is None
    assert "minutes into the window" in five["abstains"]
    assert week["odds"] < 0.1
    assert morning.type("live", "--once", minute=1)[0] == 0
    code, line = morning.type("guard", minute=1)
    assert (code, line[:5]) == (0, "go on")


def test_at_half_past_ten_seven_in_ten_and_about_noon(morning: Morning) -> None:
    morning.work_until(90)
    assert round(morning.percent) == 60
    assert re.search(r"5 hours .* 60 %", morning.type(minute=90)[1])
    five, week = morning.json("forecast", minute=90)["accounts"][0]["windows"]
    assert 0.55 <= five["odds"] <= 0.85
    assert morning.clock(150) <= five["hits_at"]["p50"] <= morning.clock(210)
    assert morning.clock(120) <= five["hits_at"]["p10"] < five["hits_at"]["p50"] < five["hits_at"]["p90"]
    assert week["odds"] <= 0.1
    assert datetime.fromisoformat(week["resets_at"]).strftime("%a") == "Thu"
    shown = morning.type("forecast", minute=90)[1]
    assert re.search(r"5 hours: [678] in 10 that you hit the wall before 14:00, most likely about 1[12]:\d\d", shown)
    assert re.search(r"Week: safe: .* before Thu 13:00", shown)
    assert "would help" in shown
    code, live = morning.type("live", "--once", minute=90)
    assert (code, bool(re.search(r"[678] in 10 to run out", live))) == (10, True)
    code, line = morning.type("guard", minute=90)
    assert code == 10
    assert re.search(
        r"^near: 5 hours 60 % used, resets 14:00 \(in 3h 29m\), [678] in 10 to be full before that, most likely about 1[12]:",
        line,
    )
    assert morning.type("guard", "--need", "35%", minute=90)[0] == 0
    assert morning.type("guard", "--need", "45%", minute=90)[0] == 10
    assert morning.type("guard", "--need", "$9", minute=90)[0] == 0
    assert morning.type("guard", "--need", "$16", minute=90)[0] == 10


def test_every_surface_has_the_same_odds(morning: Morning) -> None:
    morning.work_until(90)
    odds = [
        morning.json("forecast", minute=90)["accounts"][0]["windows"][0]["odds"],
        morning.json("guard", minute=90)["windows"][0]["odds"],
    ]
    assert odds[0] == pytest.approx(odds[1], abs=0.001)
    words = {re.search(r"(\d in 10)", morning.type(*words, minute=90)[1])[1] for words in SURFACES}  # type: ignore[index]
    assert len(words) == 1


SURFACES = (("forecast",), ("live", "--once"), ("guard",))


def test_at_eleven_it_still_says_so(morning: Morning) -> None:
    morning.work_until(120)
    five, week = morning.json("forecast", minute=120)["accounts"][0]["windows"]
    assert five["odds"] >= 0.55
    assert morning.clock(150) <= five["hits_at"]["p50"] <= morning.clock(210)
    assert week["odds"] <= 0.1
    assert morning.type("guard", minute=120)[0] == 10


def test_each_alert_of_the_day_comes_once(morning: Morning) -> None:
    saved = tell(morning.machine)
    heard: dict[int, list[str]] = {}
    for minute in (1, *range(5, 315, 5)):
        morning.work_until(minute)
        for _ in range(2 if minute % 15 == 0 else 1):
            known = len(told(saved))
            code, said = morning.type("watch", "--once", minute=minute)
            assert code == 0
            heard.setdefault(minute, []).extend(told(saved)[known:])
            assert said.count("alert:") == len(told(saved)) - known
    alerts = [(minute, rule) for minute, lines in heard.items() for line in lines for rule in rules_in(line)]
    assert [rule for _, rule in alerts] == ["odds", "percent", "percent", "reset"]
    (odds_at, _), (eighty_at, _), (ninety_five_at, _), (reset_at, _) = alerts
    assert odds_at <= 95
    assert 110 <= eighty_at <= 150
    assert eighty_at < ninety_five_at <= 195
    assert reset_at in (300, 305, 310)
    assert morning.type("guard", minute=250)[0] == 11
    assert morning.type("guard", minute=301)[0] == 0


def rules_in(line: str) -> list[str]:
    """The rules of a message; several alerts at once are one."""
    said = json.loads(line)
    return [alert["rule"] for alert in said["alerts"]]


def test_the_next_prompt_tells_the_alert_once(morning: Morning) -> None:
    tell(morning.machine)
    morning.work_until(1)
    assert prompt(morning, 1) == {}
    morning.work_until(100)
    morning.type("watch", "--once", minute=100)
    assert re.search(r"[678] in 10 that it runs out", prompt(morning, 101)["systemMessage"])
    assert prompt(morning, 102) == {}


def prompt(morning: Morning, minute: int) -> dict[str, str]:
    """What the hook answers to a prompt of the session."""
    transcript = morning.machine.claude / "projects" / "-srv-shop" / "refactor.jsonl"
    said = {"hook_event_name": "UserPromptSubmit", "session_id": "refactor", "transcript_path": str(transcript)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", Input(json.dumps(said).encode()))
        out = morning.type("guard", "hook", minute=minute)[1]
    answer: dict[str, str] = json.loads(out) if out else {}
    return answer
