"""The report of blocks as JSON, and as a report of rows for tables, CSV and Markdown."""

from __future__ import annotations

from tokentide.analytics.block_report import BlockReport, BlockRow, limit_status
from tokentide.analytics.blocks import Projection
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.reports import Kind, Report, Row
from tokentide.clock import MINUTE_US
from tokentide.render import words
from tokentide.render.burn_json import rate_json
from tokentide.render.columns import Column
from tokentide.render.json_text import Json, dumps, usd
from tokentide.render.report_json import filters_json, head_json, instant, sums_json
from tokentide.store.query import Sums

KIND = Kind("block", "block", ())


def as_report(report: BlockReport) -> Report:
    """The blocks as rows keyed by their beginning, gaps left out."""
    rows = tuple(
        Row(instant(row.block.start), row.block.sums, tuple(sorted(row.block.by_model)))
        for row in report.rows
        if not row.block.is_gap
    )
    models = tuple(sorted({model for row in rows for model in row.models}))
    total = Row("", report.totals, models)
    return Report(
        KIND, rows, total, report.selection, report.mode, report.timezone, report.generated_at, problems=report.problems
    )


def blocks_json(report: BlockReport) -> str:
    """One JSON object of format 1, a row a block; gaps have `is_gap`."""
    flat = as_report(report)
    return dumps(
        {
            **head_json(KIND.name, report.generated_at, report.timezone),
            "filters": {**filters_json(flat), "token_limit": report.limit},
            "rows": [block_json(row, report.limit) for row in report.rows],
            "totals": {**sums_json(report.totals), "models": list(flat.totals.models), "breakdown": []},
            "problems": report.problems,
        }
    )


def block_json(row: BlockRow, limit: int | None) -> dict[str, Json]:
    """One block; `limit` in tokens, None for none."""
    block = row.block
    return {
        "block": instant(block.start),
        "start_at": instant(block.start),
        "end_at": instant(block.end),
        "first_at": None if block.is_gap else instant(block.sums.first_at),
        "last_at": None if block.is_gap else instant(block.sums.last_at),
        "is_active": row.is_active,
        "is_gap": block.is_gap,
        "is_official": block.is_official,
        **sums_json(block.sums),
        "models": sorted(block.by_model),
        "breakdown": [
            {"model": model, **sums_json(sums), "models": [model]} for model, sums in sorted(block.by_model.items())
        ],
        "burn_rate": rate_json(row.burn_rate),
        "projection": _projection(row.projection, block.sums),
        "limit_status": limit_status(row, limit) if limit is not None and not block.is_gap else None,
    }


def _projection(ahead: Projection | None, sums: Sums) -> Json:
    if ahead is None:
        return None
    return {
        "total_tokens": ahead.total_tokens,
        "cost_usd": usd(ahead.cost) if sums.has_cost else None,
        "remaining_minutes": ahead.remaining_minutes,
    }


def block_columns(report: BlockReport, calendar: Calendar) -> list[Column]:
    """The columns of the table of blocks."""
    by_key = {instant(row.block.start): row for row in report.rows if not row.block.is_gap}
    limit = report.limit

    def when(row: Row) -> str:
        block = by_key[row.key].block
        return f"{calendar.local(block.start):%Y-%m-%d %H:%M}–{calendar.local(block.end):%H:%M}"

    def state(row: Row) -> str:
        shown = by_key.get(row.key)
        if shown is None or not shown.is_active:
            return ""
        return f"open, {words.duration(shown.block.end - report.generated_at)} left"

    def share(row: Row) -> str:
        return f"{row.sums.total_tokens * 100 / limit:.0f} %" if limit and row.key else ""

    def active(row: Row) -> str:
        return f"{(row.sums.last_at - row.sums.first_at) // MINUTE_US} min" if row.key else ""

    return [
        Column("Block", when, 9, is_number=False, style="bold"),
        Column("State", state, 5, is_number=False, style="yellow"),
        Column("Used for", active, 1),
        Column(
            "Models",
            lambda row: ", ".join(map(words.model_name, row.models)),
            2,
            is_number=False,
            style="cyan",
            shrinks=True,
        ),
        Column("Responses", lambda row: words.tokens(row.sums.responses), 0),
        Column("Output", lambda row: words.output(row.sums), 3),
        Column("Total", lambda row: words.tokens(row.sums.total_tokens), 8, style="bold"),
        *([Column("Limit", share, 6)] if limit else []),
        Column("Cost", lambda row: words.cost(row.sums), 9, style="green"),
    ]
