"""The list of sessions as people look through it: sorted by any of its columns, narrowed to what they type."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from tokentide.analytics.reports import Order, Report, Row, in_order
from tokentide.store.query import SessionFacts, Sums


def searched(report: Report, text: str) -> Report:
    """The sessions in which every word of the text occurs, with their totals.

    Looked through are title, id, project, branch and models, without regard to case. Empty text finds all.
    """
    wanted = text.casefold().split()
    if not wanted:
        return report
    rows = tuple(row for row in report.rows if _has(row, wanted))
    return replace(report, rows=rows, totals=_total(rows))


def sorted_by(report: Report, order: Order) -> Report:
    """The same sessions in another order; equal ones by id. Names are sorted upwards unless told."""
    name = _NAMES.get(order.by)
    if name is None:
        return replace(report, rows=tuple(in_order(report.rows, report.kind, order)))
    by_id = sorted(report.rows, key=lambda row: row.key)
    return replace(report, rows=tuple(sorted(by_id, key=name, reverse=bool(order.descending))))


def _has(row: Row, wanted: Iterable[str]) -> bool:
    facts = row.facts or SessionFacts()
    text = "\n".join((facts.title, row.key, facts.project, facts.branch, *row.models)).casefold()
    return all(word in text for word in wanted)


def _total(rows: Iterable[Row], key: str = "") -> Row:
    """Rows added up, with the models and the parts of all of them, the dearest part first."""
    sums = Sums()
    models: set[str] = set()
    parts: dict[str, list[Row]] = {}
    for row in rows:
        sums.add(row.sums)
        models.update(row.models)
        for part in row.breakdown:
            parts.setdefault(part.key, []).append(part)
    totals = [_total(same, name) for name, same in parts.items()]
    return Row(key, sums, tuple(sorted(models)), tuple(sorted(totals, key=lambda part: (-part.sums.cost, part.key))))


def _title(row: Row) -> str:
    """As it is shown: the id stands for a title that is not there."""
    return ((row.facts.title if row.facts else "") or row.key).casefold()


def _project(row: Row) -> str:
    """The last part of the folder."""
    path = row.facts.project if row.facts else ""
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1].casefold()


_NAMES: Mapping[str, Callable[[Row], str]] = {
    "title": _title,
    "project": _project,
    "branch": lambda row: (row.facts.branch if row.facts else "").casefold(),
    "models": lambda row: ", ".join(row.models),
}
"""What sessions can be sorted by beside what every report can."""
