"""The doctor's findings as JSON, and problems as CSV."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tokentide import __version__, locations
from tokentide.doctor.findings import Findings
from tokentide.doctor.limits import LimitFindings
from tokentide.doctor.watch import WatchFindings
from tokentide.model.problems import Problem
from tokentide.render.csv_text import csv_lines, safe
from tokentide.render.json_text import Json, dumps
from tokentide.render.report_json import head_json, instant


def doctor_json(findings: Findings) -> str:
    """Everything, as one object."""
    book = findings.around.book
    return dumps(
        {
            "format": 1,
            "report": "doctor",
            "version": __version__,
            "roots": [
                {"path": r.path, "origin": r.origin, "exists": r.exists, "files": r.files} for r in findings.roots
            ],
            "lines": findings.lines,
            "usage_lines": findings.usage_lines,
            "waiting_bytes": findings.waiting_bytes,
            "vanished_files": findings.vanished,
            "ledger": {
                "path": locations.ledger_path(),
                "is_kept": findings.is_kept,
                "bytes": findings.ledger_bytes,
                "check": findings.health or None,
                **findings.counts,
            },
            "prices": {
                "source": book.source,
                "date": book.book_date.isoformat(),
                "fault": book.fault or None,
            },
            "limits": _limits(findings.limits, findings.around.now),
            "watch": _watch(findings.watch),
            "settings": locations.settings_path(),
            "problems": findings.problem_count,
            "problem_list": [_problem(problem) for problem in findings.problems],
        }
    )


def problems_json(problems: Sequence[Problem], *, total: int, now: int) -> str:
    """Problems with how many there are of each reason; `total` counts those that the ledger keeps no line of, too."""
    counts = Counter(problem.reason for problem in problems)
    return dumps(
        {
            **head_json("problems", now),
            "problems": total,
            "reasons": [{"reason": reason, "problems": count} for reason, count in counts.most_common()],
            "problem_list": [_problem(problem) for problem in problems],
        }
    )


def problems_csv(problems: Sequence[Problem]) -> str:
    """A line a problem."""
    return csv_lines(
        ["path", "line", "reason"],
        ([safe(each.path), str(each.line) if each.line else "", safe(each.reason)] for each in problems),
    )


def _problem(problem: Problem) -> dict[str, Json]:
    return {"path": problem.path, "line": problem.line, "reason": problem.reason}


def _limits(findings: LimitFindings, now: int) -> dict[str, Json]:
    """Of a login nothing but where it is and whether it is still good."""
    return {
        "readings": findings.readings,
        "newest": {source: instant(reading.last_at) for source, reading in findings.newest.items()},
        "accounts": [
            {"account": limits.account.key, "name": limits.account.name, "fault": limits.polled.fault or None}
            for limits in findings.accounts
        ],
        "logins": [{"origin": login.origin, "is_expired": login.is_expired(now)} for login in findings.logins],
    }


def _watch(found: WatchFindings) -> dict[str, Json]:
    return {
        "runner": None if found.runner is None else found.runner.pid,
        "looked_at": instant(found.state.looked_at) if found.state.looked_at else None,
        "fault": found.state.fault or None,
        "alert_channels": found.channels,
        "alert_fault": found.fault or None,
    }
