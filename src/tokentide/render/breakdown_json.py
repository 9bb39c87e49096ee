"""Breakdowns as JSON, format 1, and as CSV, a line a share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tokentide.analytics.attribution import Breakdown, Share
from tokentide.analytics.dimensions import Dimension
from tokentide.analytics.payees import Runs
from tokentide.render.breakdown_columns import SHARE_PLACES, cost_per_response, share_of
from tokentide.render.csv_text import csv_cell, csv_lines, csv_value, safe
from tokentide.render.json_text import Json, dumps, usd
from tokentide.render.report_json import head_json, instant, selection_json, sums_json
from tokentide.store.query import Sums


def breakdowns_json(found: Sequence[Breakdown]) -> str:
    """One object with every breakdown of the same usage; at least one."""
    first = found[0]
    return dumps(
        {
            **head_json("breakdown", first.generated_at, first.ask.calendar.name),
            "filters": {**selection_json(first.ask.selection), "mode": first.ask.mode.value},
            "breakdowns": [
                {
                    "by": [_field(each) for each in breakdown.by],
                    "rows": [_row(breakdown.by, share, breakdown.totals) for share in breakdown.shares],
                }
                for breakdown in found
            ],
            "totals": sums_json(first.totals),
            "problems": first.problems,
        }
    )


def breakdown_csv(breakdown: Breakdown) -> str:
    """Heading and shares; with two dimensions only the parts, a column for each dimension."""
    by = breakdown.by
    heading = [
        *(name for each in by for name in (_field(each), *_fact_fields(each))),
        "share",
        *sums_json(breakdown.totals),
        "cost_per_response_usd",
        *(_runs_json(Runs()) if breakdown.is_by_tool else ()),
    ]
    return csv_lines(heading, (_line(breakdown, path) for path in _paths(breakdown)))


def _paths(breakdown: Breakdown) -> Iterator[tuple[Share, ...]]:
    """The shares that a line is about, from the first dimension to the last."""
    for share in breakdown.shares:
        if len(breakdown.by) == 1:
            yield (share,)
        else:
            yield from ((share, part) for part in share.parts)


def _line(breakdown: Breakdown, path: tuple[Share, ...]) -> list[str]:
    names: list[str] = []
    for dimension, share in zip(breakdown.by, path, strict=True):
        facts = _facts(dimension, share)
        names += [safe(_key(share)), *map(csv_cell, facts.values())]
    last = path[-1]
    figures = _figures(last, breakdown.totals)
    return [*names, *map(csv_value, figures.values())]


def _field(dimension: Dimension) -> str:
    return dimension.name.replace("-", "_")


def _row(by: Sequence[Dimension], share: Share, totals: Sums) -> dict[str, Json]:
    """A share, its key first."""
    return {
        "key": _key(share),
        **_facts(by[0], share),
        **_figures(share, totals),
        "parts": [_row(by[1:], part, totals) for part in share.parts],
    }


def _key(share: Share) -> str:
    """Of a prompt its own key; of everything else the value."""
    return share.key.partition("\t")[2] or share.key


def _figures(share: Share, totals: Sums) -> dict[str, Json]:
    each = cost_per_response(share.sums)
    return {
        "share": round(share_of(share, totals), SHARE_PLACES),
        **sums_json(share.sums),
        "cost_per_response_usd": None if each is None else usd(each),
        **(_runs_json(share.runs) if share.runs is not None else {}),
    }


def _runs_json(runs: Runs) -> dict[str, Json]:
    return {
        "calls": runs.calls,
        "failed_calls": runs.failed,
        "denied_calls": runs.denied,
        "result_bytes": runs.result_bytes,
    }


def _fact_fields(dimension: Dimension) -> tuple[str, ...]:
    return tuple(_facts(dimension, Share("", Sums())))


def _facts(dimension: Dimension, share: Share) -> dict[str, Json]:
    """What sessions and prompts bear beside their totals; null where it is not known."""
    if dimension.name == "session":
        session = share.session
        return {
            "title": (session.title if session else "") or None,
            "project": session.project if session else None,
            "branch": session.branch if session else None,
        }
    if dimension.name != "prompt":
        return {}
    prompt = share.prompt
    return {
        "session_id": prompt.session_id if prompt else None,
        "title": (prompt.title if prompt else "") or None,
        "prompt_at": instant(prompt.at) if prompt else None,
        "command": (prompt.command if prompt else "") or None,
        "prompt_bytes": prompt.size_bytes if prompt else None,
    }
