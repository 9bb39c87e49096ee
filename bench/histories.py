"""Synthetic histories with known truth: a person works, the vendor's windows fill and block, a ledger is told of it.

The demand is made minute by minute by rules that the forecast does not know. Readings are whole percent, as the vendor
gives them, at the instants at which a status line or a poll every five minutes would have heard them.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tokentide.analytics.calendar import Calendar
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.model.batch import Batch
from tokentide.model.limits import ACCOUNT, FIVE_HOUR, SEVEN_DAY, STATUSLINE, Account, LimitReading
from tokentide.model.merging import Portion
from tokentide.model.usage import Place, UsageRecord
from tokentide.store.sqlite.ledger import Ledger

WHO = Account("made-up:made-up", "made-up@example.com", "")
BEGIN = 1_772_409_600_000_000
"""Monday, 2 March 2026, 00:00 UTC."""
WEEKS = 11
NANO_USD_PER_OUTPUT_TOKEN = 25_000
DEFERRED = 0.5
"""Share of the work that a full window blocks, and that is done once it has reset."""
POLL_MINUTES = 5
SNAP_MINUTES = 10

Day = Iterator[tuple[int, float, int]]
"""A day's work: minute of the day, USD spent in it, on which machine."""


@dataclass(slots=True)
class Persona:
    """How somebody works, and what the vendor allows them."""

    name: str
    day: Callable[[random.Random, int, float], Day]
    """The work of a day, by its number and the level of its week."""
    usd_per_percent: float = 0.30
    level_spread: float = 0.25
    """Of the logarithm, from week to week: crunch and calm."""
    mix_spread: float = 0.12
    """Of the logarithm of USD per percent, from window to window: the mix of tokens."""
    windows_a_week: float = 11.0
    """How many full five-hour windows a week holds."""
    halved_on: int | None = None
    """The day on which a percent is worth half as much."""


def _stretches(chance: random.Random, begin: float, end: float, busy: float, idle: float) -> Iterator[tuple[int, int]]:
    """Busy stretches of a day, minutes: exponential in length, with exponential pauses between."""
    at = begin
    while at < end:
        last = min(at + max(4.0, chance.expovariate(1 / busy)), end)
        yield int(at), int(last)
        at = last + chance.expovariate(1 / idle)


def steady(chance: random.Random, day: int, level: float) -> Day:
    """The same hours and nearly the same rate on six days, with a lunch."""
    if day % 7 == 6:
        return
    rate = 0.135 * level * chance.lognormvariate(0, 0.15)
    begin, end = chance.gauss(8.8 * 60, 20), chance.gauss(18 * 60, 30)
    for first, last in _stretches(chance, begin, end, 70, 8):
        for minute in range(first, last):
            if not 745 <= minute < 795:
                yield minute, rate * chance.lognormvariate(-0.08, 0.4), 0


def bursty(chance: random.Random, day: int, level: float) -> Day:
    """Short bursts of very different intensity from late morning into the night, on any day."""
    if chance.random() < (0.35 if day % 7 >= 5 else 0.08):
        return
    begin, end = chance.gauss(10 * 60, 60), chance.gauss(22 * 60, 70)
    mood = level * chance.lognormvariate(0, 0.3)
    for first, last in _stretches(chance, begin, end, 35, 45):
        rate = 0.23 * mood * chance.lognormvariate(-0.25, 0.7)
        for minute in range(first, last):
            yield minute, rate * chance.lognormvariate(-0.18, 0.6), 0


def weekends_off(chance: random.Random, day: int, level: float) -> Day:
    """Five days: a strong morning, meetings after lunch, some evenings."""
    if day % 7 >= 5 and chance.random() < 0.93:
        return
    rate = 0.2 * level * chance.lognormvariate(0, 0.25)
    parts = [(9 * 60, 12.3 * 60, 1.0), (13.5 * 60, 17.6 * 60, 0.55)]
    if chance.random() < 0.3:
        parts.append((20.5 * 60, 23 * 60, 0.8))
    for begin, end, share in parts:
        for first, last in _stretches(chance, chance.gauss(begin, 15), chance.gauss(end, 20), 50, 14):
            for minute in range(first, last):
                yield minute, share * rate * chance.lognormvariate(-0.1, 0.5), 0


def two_machines(chance: random.Random, day: int, level: float) -> Day:
    """Working days at one machine, every third stretch at another whose records nobody has."""
    for minute, usd, _ in steady(chance, day, level * 0.95):
        machine = 1 if (minute // 55 + day * 5) % 3 == 2 else 0
        yield minute, usd, machine


PERSONAS = (
    Persona("steady", steady, usd_per_percent=0.32, level_spread=0.15, windows_a_week=10.5),
    Persona("bursty", bursty, windows_a_week=14.0),
    Persona("weekends off", weekends_off, windows_a_week=10.0),
    Persona("cap halved", weekends_off, usd_per_percent=0.5, windows_a_week=8.85, halved_on=42),
    Persona("two machines", two_machines, usd_per_percent=0.33, level_spread=0.2, windows_a_week=10.5),
)


@dataclass(slots=True)
class History:
    """What happened: the truth beside what a ledger is told of it."""

    records: list[UsageRecord] = field(default_factory=list)
    readings: list[LimitReading] = field(default_factory=list)
    windows: list[tuple[int, int | None]] = field(default_factory=list)
    """Each five-hour window's beginning, and when it was full."""
    weeks: list[tuple[int, int | None]] = field(default_factory=list)


class _World:
    """The vendor's meters, and who reads them."""

    def __init__(self, persona: Persona, chance: random.Random, begin: int) -> None:
        self.history = History()
        self._persona, self._chance, self._begin = persona, chance, begin
        self._five, self._five_end, self._five_usd = 0.0, 0, 1.0
        self._week, self._week_end = 0.0, 0
        self._backlog = 0.0
        self._last: dict[str, LimitReading] = {}

    def work(self, at: int, usd: float, machine: int) -> None:
        """A minute's work, if no window blocks it; what is blocked is partly done later."""
        if at >= self._week_end:
            self._open_week(at)
        if self._week >= 100:
            return
        if at >= self._five_end:
            self._open_five(at)
        if self._five >= 100:
            self._backlog += DEFERRED * usd
            return
        extra = min(self._backlog, usd)
        self._backlog -= extra
        self._spend(at, usd + extra, machine)

    def look(self, at: int, source: str = ACCOUNT) -> None:
        """A reading of both meters, if they are open."""
        for window, percent, end in (
            (FIVE_HOUR, self._five, self._five_end),
            (SEVEN_DAY, self._week, self._week_end),
        ):
            if at >= end:
                continue
            shown = float(min(round(percent), 100))
            last = self._last.get(window)
            if last is not None and (last.percent, last.resets_at) == (shown, end):
                self._last[window] = last._replace(seen_at=at)
                continue
            if last is not None:
                self.history.readings.append(last)
            self._last[window] = LimitReading(WHO.key, window, source, at, shown, end, seen_at=at)

    def finish(self) -> History:
        """The history, with the last readings."""
        self.history.readings += self._last.values()
        self.history.readings.sort(key=lambda reading: reading.at)
        return self.history

    def _spend(self, at: int, usd: float, machine: int) -> None:
        points = usd / self._five_usd
        self._five = min(self._five + points, 100.0)
        self._week = min(self._week + points / self._persona.windows_a_week, 100.0)
        if self._five >= 100:
            self.history.windows[-1] = (self.history.windows[-1][0], at)
        if self._week >= 100:
            self.history.weeks[-1] = (self.history.weeks[-1][0], at)
        if machine == 0:
            number = len(self.history.records)
            tokens = max(1, round(usd * 1e9 / NANO_USD_PER_OUTPUT_TOKEN))
            self.history.records.append(UsageRecord(f"m{number}", f"r{number}", at, 0, "claude-opus-5", 0, tokens))
            self.look(at, STATUSLINE)

    def _open_five(self, at: int) -> None:
        self._five, snap = 0.0, SNAP_MINUTES * MINUTE_US
        self._five_end = at // snap * snap + 5 * HOUR_US
        halved = self._persona.halved_on
        day = (at - self._begin) // DAY_US
        worth = self._persona.usd_per_percent / (2 if halved is not None and day >= halved else 1)
        self._five_usd = worth * self._chance.lognormvariate(0, self._persona.mix_spread)
        self.history.windows.append((self._five_end - 5 * HOUR_US, None))

    def _open_week(self, at: int) -> None:
        """The lattice: Thursdays, 13:00 UTC; a week opens at its first use."""
        week = 7 * DAY_US
        anchor = self._begin - 4 * DAY_US + 13 * HOUR_US
        self._week, self._week_end = 0.0, anchor + ((at - anchor) // week + 1) * week
        self.history.weeks.append((self._week_end - week, None))


def make_history(persona: Persona, seed: int, weeks: int = WEEKS, zone: str = "Europe/Berlin") -> History:
    """Live through so many weeks; the same seed gives the same life."""
    chance = random.Random(f"{persona.name} {seed}")
    calendar = Calendar(zone)
    world = _World(persona, chance, BEGIN)
    level = 0.0
    for day in range(weeks * 7):
        if day % 7 == 0:
            level = 0.5 * level + chance.gauss(0, persona.level_spread * math.sqrt(0.75))
        midnight = calendar.start_of(calendar.date_of(BEGIN + day * DAY_US + DAY_US // 2))
        work = {minute: (usd, machine) for minute, usd, machine in persona.day(chance, day, math.exp(level))}
        first, last = min(work, default=0), max(work, default=-1)
        for minute in range(first, last + 1):
            at = midnight + minute * MINUTE_US
            if minute in work:
                world.work(at + chance.randrange(MINUTE_US), *work[minute])
            if minute % POLL_MINUTES == 0 and minute in work:
                world.look(at + MINUTE_US)
    return world.finish()


def ledger_of(history: History, path: str = ":memory:") -> Ledger:
    """A ledger that was told of it, by the ways that the sync takes."""
    ledger = Ledger.open(path)
    portion = Portion()
    place = Place("claude_code", WHO.name, "s1", BEGIN, "/srv/shop")
    portion.add(Batch([place], list(history.records)))
    with ledger.intake(lambda record: record.output_tokens * NANO_USD_PER_OUTPUT_TOKEN) as intake:
        intake.take(portion)
    ledger.limits.take([WHO], history.readings)
    return ledger
