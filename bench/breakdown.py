"""Measures breakdowns and timelines on a ledger of made responses, and prints a Markdown table.

    python bench/breakdown.py [--responses 100000]

Each response calls one tool and reads the result of the one before; six in ten say something beside. A figure is the
median of five runs in one process: the ledger is open, nothing is drawn.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable

from tokentide.analytics.attribution import Ask, break_down
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.dimensions import DIMENSIONS
from tokentide.analytics.selection import Selection
from tokentide.analytics.timeline import build_timeline
from tokentide.analytics.timeline_model import Told
from tokentide.clock import MINUTE_US
from tokentide.model.activity import FAILED, OK, PROMPT, Mark, ToolRun, Trait
from tokentide.model.batch import Batch
from tokentide.model.merging import Portion
from tokentide.model.usage import Place, UsageRecord
from tokentide.pricing.book import PriceBook
from tokentide.store.query import CostMode, Filters
from tokentide.store.sqlite.ledger import Ledger

START = 1_780_000_000_000_000
TOOLS = ("Bash", "Read", "Edit", "Grep", "Write", "mcp__web__find")
SESSION_RESPONSES, TURN_RESPONSES = 200, 10
RUNS = 5
QUESTIONS = ("tool", "mcp-server", "skill", "prompt", "hour", "session", "tool,hour", "project,tool", "prompt,tool")


def fill(ledger: Ledger, count: int) -> None:
    """Make so many responses."""
    chance = random.Random(1)
    places = [
        Place("claude_code", "a", f"s{n}", START, f"/w/{n % 20}", "main") for n in range(count // SESSION_RESPONSES + 1)
    ]
    records = [
        UsageRecord(
            f"m{n}", "", START + n * MINUTE_US // 4, n // SESSION_RESPONSES, "claude-opus-4-8", 5, 400, 0, 900, 90_000
        )
        for n in range(count)
    ]
    portion = Portion()
    portion.add(Batch(places=places, records=records))
    with ledger.intake(PriceBook(cache_path=None, data_path=None).cost_nano_usd) as intake:
        intake.take(portion)
    ledger.details.take(
        [Trait(f"m{n}", "high", "cli", "", 200 if n % 10 < 6 else 0, 0) for n in range(count)],
        [_run(n, chance) for n in range(count)],
        [_prompt(n) for n in range(0, count, TURN_RESPONSES)],
        [],
    )


def _run(number: int, chance: random.Random) -> ToolRun:
    sizes = chance.randrange(20, 900), chance.randrange(20, 9000)
    outcome = FAILED if number % 20 == 0 else OK
    at = START + number * MINUTE_US // 4
    return ToolRun(f"t{number}", f"m{number}", f"m{number + 1}", at, at + 1, chance.choice(TOOLS), "", *sizes, outcome)


def _prompt(number: int) -> Mark:
    return Mark(f"s{number // SESSION_RESPONSES}", f"p{number}", START + number * MINUTE_US // 4, PROMPT, "", 90)


def measured(work: Callable[[], object]) -> float:
    """Median seconds."""
    times: list[float] = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def main() -> None:
    """Fill, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--responses", type=int, default=100_000)
    count = parser.parse_args().responses
    ask = Ask(Selection(None, None, Filters()), Calendar("Europe/Berlin"))
    with Ledger.open(":memory:") as ledger:
        fill(ledger, count)
        print(f"| {count:,} responses | seconds |\n| --- | ---: |")
        for question in QUESTIONS:
            by = [DIMENSIONS[name] for name in question.split(",")]
            seconds = measured(lambda by=by: break_down(ledger, ask, by, now=0))  # type: ignore[misc]
            print(f"| breakdown --by {question} | {seconds:.3f} |")
        print(f"| session | {measured(lambda: build_timeline(ledger, 's3', Told(), CostMode.AUTO)):.3f} |")


if __name__ == "__main__":
    main()
