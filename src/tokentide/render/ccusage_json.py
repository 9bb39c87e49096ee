"""Reports in the JSON shape of ccusage 20, so that a script written for it goes on working.

Rows bear both the names of its reports on one agent (`date`, `sessionId`) and those of its reports on all (`period`,
`agent`, `metadata`). Source: research on ccusage, section 1.7.
"""

from __future__ import annotations

from tokentide.analytics.block_report import BlockReport, BlockRow, limit_status
from tokentide.analytics.blocks import burn_rate
from tokentide.analytics.reports import Report, Row
from tokentide.render.json_text import Json, dumps, usd
from tokentide.render.report_json import instant
from tokentide.store.query import Sums

KINDS = ("daily", "weekly", "monthly", "session")
BREAKDOWN = "served_model"
"""What the report has to be broken down by."""
_NAMES = {"daily": "date", "weekly": "week", "monthly": "month", "session": "sessionId"}


def ccusage_json(report: Report) -> str:
    """daily, weekly, monthly or session; the report is broken down by BREAKDOWN."""
    rows = [_row(report, row) for row in report.rows]
    arrays: dict[str, Json] = {report.kind.name: rows, **({"sessions": rows} if report.kind.name == "session" else {})}
    unpriced = [part.key for part in report.totals.breakdown if part.sums.unpriced_responses]
    totals: dict[str, Json] = {**_counts(report.totals.sums), "totalCost": usd(report.totals.sums.cost)}
    return dumps({**arrays, "totals": {**totals, **({"unpricedModels": unpriced} if unpriced else {})}})


def ccusage_blocks_json(report: BlockReport) -> str:
    """The blocks, gaps included."""
    return dumps({"blocks": [_block(row, report.limit) for row in report.rows]})


def _row(report: Report, row: Row) -> dict[str, Json]:
    last = instant(row.sums.last_at)
    session: dict[str, Json] = {}
    if row.facts is not None:
        session = {"projectPath": row.facts.project, "firstActivity": instant(row.sums.first_at), "lastActivity": last}
    return {
        _NAMES[report.kind.name]: row.key,
        "period": row.key,
        "agent": "claude" if session else "all",
        **session,
        **_counts(row.sums),
        "totalCost": usd(row.sums.cost),
        "modelsUsed": [part.key for part in row.breakdown],
        "modelBreakdowns": [_part(part) for part in row.breakdown],
        "metadata": {"lastActivity": last} if session else {"agents": ["claude"]},
    }


def _part(part: Row) -> dict[str, Json]:
    counts = {name: value for name, value in _counts(part.sums).items() if name != "totalTokens"}
    missing: dict[str, Json] = {"missingPricing": True} if part.sums.unpriced_responses else {}
    return {"modelName": part.key, **counts, "cost": usd(part.sums.cost), **missing}


def _counts(sums: Sums) -> dict[str, Json]:
    return {
        "inputTokens": sums.input_tokens,
        "outputTokens": sums.output_tokens,
        "cacheCreationTokens": sums.cache_creation_5m_tokens + sums.cache_creation_1h_tokens,
        "cacheReadTokens": sums.cache_read_tokens,
        "totalTokens": sums.total_tokens,
    }


def _block(row: BlockRow, limit: int | None) -> dict[str, Json]:
    block, sums = row.block, row.block.sums
    status: dict[str, Json] = {}
    if limit is not None and row.projection is not None:
        used = row.projection.total_tokens
        share = round(used * 100 / limit, 4) if limit else None
        status = {
            "tokenLimitStatus": {
                "limit": limit,
                "projectedUsage": used,
                "percentUsed": share,
                "status": limit_status(row, limit),
            }
        }
    return {
        "id": ("gap-" if block.is_gap else "") + instant(block.start),
        "startTime": instant(block.start),
        "endTime": instant(block.end),
        "actualEndTime": None if block.is_gap else instant(sums.last_at),
        "isActive": row.is_active,
        "isGap": block.is_gap,
        "entries": sums.responses,
        "tokenCounts": {
            "inputTokens": sums.input_tokens,
            "outputTokens": sums.output_tokens,
            "cacheCreationInputTokens": sums.cache_creation_5m_tokens + sums.cache_creation_1h_tokens,
            "cacheReadInputTokens": sums.cache_read_tokens,
        },
        "totalTokens": sums.total_tokens,
        "costUSD": usd(sums.cost),
        "models": sorted(block.served_models),
        "burnRate": _burn_rate(row),
        "projection": _projection(row),
        **status,
    }


def _burn_rate(row: BlockRow) -> Json:
    rate = burn_rate(row.block) if row.is_active else None
    if rate is None:
        return None
    return {
        "tokensPerMinute": rate.tokens_per_minute,
        "tokensPerMinuteForIndicator": rate.input_output_tokens_per_minute,
        "costPerHour": usd(rate.cost_per_hour),
    }


def _projection(row: BlockRow) -> Json:
    ahead = row.projection
    if ahead is None:
        return None
    return {
        "totalTokens": ahead.total_tokens,
        "totalCost": round(usd(ahead.cost), 2),
        "remainingMinutes": ahead.remaining_minutes,
    }
