"""The live view beside somebody who writes all the time: nothing is missed, and memory does not grow."""

from __future__ import annotations

import asyncio
import itertools
import random
import threading
import time
from pathlib import Path

import pytest

from tests.conftest import Machine, as_bytes, usage_line
from tests.live_stage import NOW, Stage, prepare, text_of, until
from tokentide.render import words

WRITING_SECONDS = 20.0
MOST_GROWTH_MB = 12.0


@pytest.fixture
def stage(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return prepare(machine, monkeypatch)


class Writer(threading.Thread):
    """Appends responses to a few sessions, sometimes in two halves, sometimes as another file."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(daemon=True)
        self.machine, self.written = machine, 0
        self._chance = random.Random(4)

    def run(self) -> None:
        folder = self.machine.claude / "projects" / "-srv-busy"
        folder.mkdir(parents=True)
        end = time.monotonic() + WRITING_SECONDS
        for number in itertools.count():
            if time.monotonic() > end:
                return
            session = f"busy{self._chance.randrange(4) + number // 200 * 4}"
            self._append(folder / f"{session}.jsonl", session, number)
            time.sleep(self._chance.uniform(0.005, 0.05))

    def _append(self, path: Path, session: str, number: int) -> None:
        line = usage_line(
            f"w{number}", f"w{number}", "2026-03-12T11:59:00.000Z", "claude-opus-5", session, output_tokens=number
        )
        data = as_bytes(line) + b"\n"
        half = self._chance.randrange(len(data)) if self._chance.random() < 0.3 else len(data)
        with path.open("ab", buffering=0) as file:
            file.write(data[:half])
            if data[half:]:
                time.sleep(0.02)
                file.write(data[half:])
        self.written += 1


def resident_mb() -> float:
    """Memory of this process."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096 / 1e6


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_no_response_is_missed_and_memory_stays(stage: Stage) -> None:
    grown: list[float] = []

    async def main() -> None:
        async with stage.running() as (app, pilot):
            assert app.state is not None
            before = app.state.spent[0].sums.responses
            writer = Writer(stage.machine)
            writer.start()
            await asyncio.sleep(WRITING_SECONDS / 3)
            middle = resident_mb()
            while writer.is_alive():
                for key in ("2", "5", "1"):
                    await pilot.press(key)
                    await asyncio.sleep(0.4)
            await until(
                pilot, lambda: app.state is not None and app.state.spent[0].sums.responses == before + writer.written
            )
            grown.append(resident_mb() - middle)
            assert writer.written > 200
            shown = words.cost(app.state.spent[0].sums)
            await until(pilot, lambda: shown in text_of(app))

    stage.size, stage.refresh_seconds = (100, 40), 1.0
    asyncio.run(main())
    assert grown[0] < MOST_GROWTH_MB
    code, out, _ = stage.machine.call("daily", "--since", "2026-03-12", "--json", now="2026-03-12T12:00:00Z")
    assert code == 0
    import json

    from tokentide.analytics.calendar import Calendar
    from tokentide.analytics.live import LiveAsk, build_live
    from tokentide.store.sqlite.ledger import Ledger

    report = json.loads(out)
    with Ledger.open(str(stage.machine.ledger)) as ledger:
        today = build_live(ledger, LiveAsk(Calendar("UTC")), now=NOW).spent[0].sums
    assert report["totals"]["responses"] == today.responses
    assert report["totals"]["total_tokens"] == today.total_tokens
    assert round(report["totals"]["cost_usd"] * 1e9) == today.cost
