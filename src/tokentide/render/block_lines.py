"""The open block in words: burn rate, time left, where it is heading."""

from __future__ import annotations

from tokentide.analytics.block_report import BlockReport
from tokentide.analytics.calendar import Calendar
from tokentide.render import words


def open_block_lines(report: BlockReport, calendar: Calendar) -> list[str]:
    """Two lines below the table; none without an open block."""
    lines = []
    for row in report.rows:
        if not row.is_active:
            continue
        end = f"{calendar.local(row.block.end):%H:%M}"
        lines.append(
            f"Open block: {words.duration(row.block.end - report.generated_at)} left, until {end}; "
            "reckoned from the transcripts."
        )
        if row.burn_rate and row.projection:
            lines.append(
                f"Burn rate {words.money(row.burn_rate.cost_per_hour)} an hour, "
                f"{words.tokens(round(row.burn_rate.tokens_per_minute))} tokens a minute; at {end} it will be "
                f"{words.money(row.projection.cost)} and {words.tokens(row.projection.total_tokens)} tokens."
            )
    return lines
