"""The open block in words: burn rate, time left, where it is heading."""

from __future__ import annotations

from tokentide.analytics.block_report import BlockReport, BlockRow
from tokentide.analytics.blocks import Block
from tokentide.analytics.calendar import Calendar
from tokentide.clock import MINUTE_US
from tokentide.render import words

LEAST_PACE_US = 10 * MINUTE_US
"""Of use, before a pace is told: two responses within seconds would make hundreds of dollars."""


def block_origin(block: Block) -> str:
    """Where a block's beginning and end come from."""
    return "by the official window" if block.is_official else "reckoned from the transcripts"


def outlook(row: BlockRow) -> str:
    """~$9.01 at its end at this pace; empty where too little was used to call it a pace, or nothing has a price."""
    sums, ahead = row.block.sums, row.projection
    if ahead is None or sums.last_at - sums.first_at < LEAST_PACE_US or not sums.has_cost:
        return ""
    return f"~{words.reckoned(sums, ahead.cost)} at its end at this pace"


def open_block_lines(report: BlockReport, calendar: Calendar) -> list[str]:
    """Two lines below the table; none without an open block."""
    lines = []
    for row in report.rows:
        if not row.is_active:
            continue
        end = f"{calendar.local(row.block.end):%H:%M}"
        lines.append(
            f"Open block: {words.duration(row.block.end - report.generated_at)} left, until {end}; "
            f"{block_origin(row.block)}."
        )
        if row.burn_rate and row.projection:
            ahead = words.reckoned(row.block.sums, row.projection.cost)
            lines.append(
                f"Burn rate {words.hourly(row.block.sums, row.burn_rate.cost_per_hour)}, "
                f"{words.tokens(round(row.burn_rate.tokens_per_minute))} tokens a minute; at {end} it will be "
                f"{ahead} and {words.tokens(row.projection.total_tokens)} tokens."
            )
    return lines
