"""Measures how far the local token estimate is off, as Markdown for bench/RESULTS.md.

python -m bench.token_estimate FOLDER

FOLDER holds transcripts of Claude Code, however deep. Half of the sessions are learnt from, the other half is asked;
then the figures of `analytics/token_estimate.py` are asked about all. The tool overhead and the rates of a new fit are
printed beside those in the program, so that a drift is seen.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median, quantiles
from zlib import crc32

from bench.measured_pieces import Piece, pieces_in
from tokentide.analytics.token_estimate import OTHER, RATES, SURE_BYTES, Rate, estimate_tokens

MODELS = {"claude-3": "claude-opus-4-6", "claude-4-7": "claude-opus-4-8"}
"""A model of each family."""
FEW = 30
_JUDGED = ("median error", "in the range", "held out")
Group = tuple[str, str]


def sure_pieces(pieces: Iterable[Piece]) -> list[Piece]:
    """Those that are large enough for a rate, of Claude models."""
    return [piece for piece in pieces if piece.size_bytes >= SURE_BYTES and piece.family != OTHER]


def halves(pieces: Sequence[Piece]) -> tuple[list[Piece], list[Piece]]:
    """Two halves by session, the same at every run."""
    first = [piece for piece in pieces if crc32(Path(piece.session).name.encode()) % 2]
    return first, [piece for piece in pieces if not crc32(Path(piece.session).name.encode()) % 2]


def by_group(pieces: Iterable[Piece]) -> Mapping[Group, list[Piece]]:
    """By family and kind."""
    found: dict[Group, list[Piece]] = defaultdict(list)
    for piece in pieces:
        found[piece.family, piece.kind].append(piece)
    return found


def fitted(pieces: Sequence[Piece]) -> Rate:
    """Tokens for a thousand bytes: median and the 10th and 90th percentile, which outliers do not move."""
    rates = [1000 * piece.tokens / piece.size_bytes for piece in pieces]
    tenths = quantiles(rates, n=10, method="inclusive")
    return Rate(tenths[0], median(rates), tenths[8])


def share_within(pieces: Sequence[Piece], rate: Rate) -> float:
    """How many of the pieces lie in a range."""
    inside = (rate.low <= 1000 * piece.tokens / piece.size_bytes <= rate.high for piece in pieces)
    return sum(inside) / len(pieces)


def share_within_ours(pieces: Sequence[Piece]) -> float:
    """How many of the pieces lie in the range that the program gives."""
    found = [(piece, estimate_tokens(piece.size_bytes, MODELS[piece.family], piece.kind)) for piece in pieces]
    return sum(estimate.low <= piece.tokens <= estimate.high for piece, estimate in found) / len(found)


def median_error(pieces: Sequence[Piece]) -> float:
    """Median of how far the program's likely number is off, as a share of the true one."""
    return median(
        abs(estimate_tokens(piece.size_bytes, MODELS[piece.family], piece.kind).likely / max(piece.tokens, 1) - 1)
        for piece in pieces
    )


def table(pieces: Sequence[Piece]) -> Iterator[str]:
    """The table, a line a family and kind."""
    titles = (*("family", "kind", "pieces", "sessions", "tokens for 1,000 bytes", "in the program"), *_JUDGED)
    yield f"| {' | '.join(titles)} |"
    yield "|" + " --- |" * len(titles)
    for group, found in sorted(by_group(pieces).items()):
        learnt, asked = halves(found)
        held = (
            f"{share_within(asked, fitted(learnt)) * 100:.0f} %" if min(len(learnt), len(asked)) >= FEW else "too few"
        )
        now, ours = fitted(found), RATES[group]
        sessions = len({piece.session for piece in found})
        yield (
            f"| {group[0]} | {group[1]} | {len(found):,} | {sessions} | {_span(now)} | {_span(ours)} "
            f"| {median_error(found) * 100:.0f} % | {share_within_ours(found) * 100:.0f} % | {held} |"
        )


def _span(rate: Rate) -> str:
    return f"{rate.likely:.0f} ({rate.low:.0f} to {rate.high:.0f})"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    print("\n".join(table(sure_pieces(pieces_in(parser.parse_args().folder)))))


if __name__ == "__main__":
    main()
