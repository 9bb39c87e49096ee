"""Measures how far the estimate of a text by its shape is off, beside counts of `ctok`, which must be installed.

python -m bench.text_estimate FILE… — by the ending of the names, as Markdown. Files may be of any language; of each the
first 24,000 characters are looked at. Source of the counts: docs/explanation/token-estimate.md, "By shape".
"""

from __future__ import annotations

import argparse
import importlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from statistics import median, quantiles

from tokentide.analytics.token_estimate import MESSAGE_TOKENS, TokenEstimate, estimate_text

VERSIONS = {"claude-opus-4-6": "3.0", "claude-opus-4-8": "4.7"}
"""A model of each family, and what the counter calls its tokenizer."""
MOST_CHARACTERS, LEAST_CHARACTERS = 24_000, 1_500
Counter = Callable[[str, str], int]
Asked = tuple[TokenEstimate, int]
"""The estimate and the true number."""


def texts(paths: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """The ending and the beginning of each file that is text and long enough."""
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8")[:MOST_CHARACTERS]
        except (OSError, UnicodeDecodeError):
            continue
        if len(text) >= LEAST_CHARACTERS:
            yield path.suffix or path.name, text


def table(paths: Iterable[Path], count: Counter) -> Iterator[str]:
    """A line an ending and model, and one for all."""
    found: dict[tuple[str, str], list[Asked]] = defaultdict(list)
    for ending, text in texts(paths):
        for model, version in VERSIONS.items():
            asked = estimate_text(text, model), count(text, version) - MESSAGE_TOKENS
            found[ending, model].append(asked)
            found["all", model].append(asked)
    yield "| files | model | number | median error | 8 in 10 true over estimate | in the range |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for (ending, model), every in sorted(found.items()):
        if len(every) > 1:
            yield f"| {ending} | {model} | {len(every):,} | {_figures(every)} |"


def _figures(every: list[Asked]) -> str:
    error = median(abs(estimate.likely / tokens - 1) for estimate, tokens in every)
    tenths = quantiles([tokens / estimate.likely for estimate, tokens in every], n=10, method="inclusive")
    inside = sum(estimate.low <= tokens <= estimate.high for estimate, tokens in every) / len(every)
    return f"{error * 100:.0f} % | {tenths[0]:.2f} to {tenths[8]:.2f} | {inside * 100:.0f} %"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="+")
    counter: Counter = importlib.import_module("ctok").token_count
    print("\n".join(table(parser.parse_args().file, counter)))


if __name__ == "__main__":
    main()
