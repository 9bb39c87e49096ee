"""Scores the forecast and the simple methods on synthetic histories, as Markdown for bench/RESULTS.md.

python -m bench.forecast [--seeds 11,12,13,14] [--weeks 11] [--processes 2]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from multiprocessing import Pool

from bench.histories import BEGIN, PERSONAS, WHO, Persona, ledger_of, make_history
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.forecasting.backtest import OURS, Case, replay
from tokentide.analytics.forecasting.reading import read_evidence
from tokentide.analytics.forecasting.scores import MethodScore, WindowScores, score_cases
from tokentide.clock import DAY_US
from tokentide.model.limits import FIVE_HOUR, SEVEN_DAY
from tokentide.render.backtest_screen import NAMES

ZONE = "Europe/Berlin"
LEARNING_DAYS = 14
"""Days at the beginning that are learnt from alone."""
TITLES = {FIVE_HOUR: "Windows of five hours", SEVEN_DAY: "Weeks"}
SMALLER = ("brier", "log_score", "time_error_minutes", "percent_error", "pinball")
"""Scores that are better when they are smaller."""


def cases_of(persona: Persona, seed: int, weeks: int) -> list[Case]:
    """All cases of one history, each asked as of its own instant."""
    days = weeks * 7
    now = BEGIN + (days + 1) * DAY_US
    with ledger_of(make_history(persona, seed, weeks, ZONE)) as ledger:
        depth = (days + 2) * DAY_US
        evidence = read_evidence(ledger, WHO, now=now, depth_us=depth, exact_us=depth)
    since = BEGIN + LEARNING_DAYS * DAY_US
    return [*replay(evidence, Calendar(ZONE), since=since, now=now).cases]


def scores_of(number: int, seeds: Sequence[int], weeks: int) -> list[WindowScores]:
    """The scores over several histories of one of PERSONAS, five hours first; by number, as other processes take it."""
    cases = [case for seed in seeds for case in cases_of(PERSONAS[number], seed, weeks)]
    return [
        score_cases(window, found)
        for window in (FIVE_HOUR, SEVEN_DAY)
        if (found := [case for case in cases if case.window == window])
    ]


def lost_to(scores: WindowScores) -> list[str]:
    """Where a simple method did better, as `method score`; empty if the forecast is the best in everything."""
    ours = scores.methods[0]
    return [
        f"{other.method} {name}"
        for other in scores.methods[1:]
        for name in SMALLER
        if (mine := getattr(ours, name)) is not None and mine >= (getattr(other, name) or 0.0)
    ]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="11,12,13,14", help="histories of each kind")
    parser.add_argument("--weeks", type=int, default=11, help="length of a history")
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    seeds = [int(seed) for seed in options.seeds.split(",")]
    with Pool(options.processes) as pool:
        found = pool.starmap(
            scores_of, [(number, seeds, options.weeks) for number in range(len(PERSONAS))], chunksize=1
        )
    for window, title in TITLES.items():
        print(f"**{title}**\n")
        print("| history | method | Brier | log | time error, min | percent error | pinball | in 80 % | hit in 80 % |")
        print("| --- | --- | --: | --: | --: | --: | --: | --: | --: |")
        for persona, scores in zip(PERSONAS, found, strict=True):
            for each in scores:
                if each.window == window:
                    _print_rows(persona.name, each)
        print()


def _print_rows(name: str, scores: WindowScores) -> None:
    head = f"{name}: {scores.windows} windows, {scores.hit_share * 100:.0f} % full, asked {scores.cases:,} times"
    for method in scores.methods:
        print(f"| {head} | {_cells(method)} |")
        head = ""
    lost = lost_to(scores)
    if lost:
        print(f"| | not best: {', '.join(lost)} | | | | | | | |")


def _cells(method: MethodScore) -> str:
    is_ours = method.method == OURS
    time = "" if method.time_error_minutes is None else f"{method.time_error_minutes:.0f}"
    covered = f"{method.percent_coverage * 100:.0f} %" if is_ours or method.method == "base_rate" else ""
    timed = "" if method.time_coverage is None else f"{method.time_coverage * 100:.0f} %"
    name = "**forecast**" if is_ours else NAMES[method.method]
    figures = (
        f"{method.brier:.3f} | {method.log_score:.3f} | {time} | {method.percent_error:.1f} | {method.pinball:.2f}"
    )
    return f"{name} | {figures} | {covered} | {timed}"


if __name__ == "__main__":
    main()
