"""The organisation's reports on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from tokentide.analytics.console import TOP, ConsoleReport, ConsoleRow, ConsoleSummary
from tokentide.model.billing import USER, WORKSPACE, DirectoryEntry
from tokentide.render import words
from tokentide.render.console_columns import NOTHING, ConsoleColumn, console_columns, signed_money
from tokentide.render.table import distinct_width, plain_strip, print_strips


@dataclass(frozen=True, slots=True)
class EntryColumn:
    """One column of the directory."""

    title: str
    text: Callable[[DirectoryEntry], str]
    importance: int
    is_number: bool = False
    style: str = ""
    shrinks: bool = True


def print_console(console: Console, report: ConsoleReport, width: int | None) -> tuple[str, ...]:
    """Print one report as a table; returns the columns that had no room."""
    columns = [column for column in console_columns(report) if _is_told(column, report)]
    return _print(console, report.rows, report.totals, columns, width)


def print_summary(console: Console, summary: ConsoleSummary, width: int | None) -> tuple[str, ...]:
    """Print the main screen of the organisation; returns the columns that had no room."""
    spend = summary.spend
    head = Text(words.clean(spend.organization), style="bold")
    head.append(f"  {spend.since} to {spend.until} (UTC)", style="dim")
    console.print(head, soft_wrap=True)
    cost = spend.totals.measures.get("cost")
    line = Text("Cost so far: " if spend.ask.end > spend.generated_at else "Cost: ")
    line.append(NOTHING if cost is None else signed_money(cost), style="bold green")
    line.append(f"   tokens: {words.tokens(spend.totals.total_tokens or 0)}")
    console.print(line, soft_wrap=True)
    dropped: list[str] = []
    for title, report in (
        ("By model", spend),
        ("By workspace", summary.workspaces),
        ("By user" if summary.spenders.ask.by == "user" else "By API key", summary.spenders),
    ):
        if report.rows:
            dropped += _section(console, title, report, width)
    if summary.code.rows:
        console.print(Text(f"\nClaude Code: {adoption(summary.code)}", style="bold"), soft_wrap=True)
        dropped += _section(console, "", summary.code, width)
    return tuple(dict.fromkeys(dropped))


def adoption(code: ConsoleReport) -> str:
    """Who uses Claude Code, in a line; keys are nobody."""
    active = sum(1 for row in code.rows if row.measures.get("sessions") and "@" in (row.key or ""))
    sessions, commits = (code.totals.measures.get(name, 0) for name in ("sessions", "commits"))
    return (
        f"{words.plural(active, 'active user')}, {words.plural(sessions, 'session')}, {words.plural(commits, 'commit')}"
    )


def print_directory(
    console: Console,
    kind: str,
    entries: Sequence[DirectoryEntry],
    workspaces: Sequence[DirectoryEntry],
    width: int | None,
) -> tuple[str, ...]:
    """Print users, workspaces or keys; returns the columns that had no room."""
    columns = _entry_columns(kind, {entry.id: entry.name for entry in workspaces})
    strips = [plain_strip(column, [words.clean(column.text(entry)) for entry in entries], "") for column in columns]
    return print_strips(console, strips, [""] * len(entries), width, totals=False)


def _entry_columns(kind: str, workspaces: dict[str, str]) -> list[EntryColumn]:
    """What is worth showing of a kind."""

    def detail(name: str) -> Callable[[DirectoryEntry], str]:
        return lambda entry: entry.details.get(name, "")

    def day(name: str) -> Callable[[DirectoryEntry], str]:
        return lambda entry: entry.details.get(name, "")[:10]

    name = EntryColumn("Name", lambda entry: entry.name, 9, style="bold")
    identity = EntryColumn("Id", lambda entry: entry.id or NOTHING, 1)
    if kind == USER:
        return [
            name,
            EntryColumn("E-mail", detail("email"), 8),
            EntryColumn("Role", detail("role"), 6),
            EntryColumn("Added", day("created_at"), 3),
            identity,
        ]
    if kind == WORKSPACE:
        return [
            name,
            EntryColumn("Created", day("created_at"), 4),
            EntryColumn("Archived", day("archived_at"), 5),
            identity,
        ]
    return [
        name,
        EntryColumn("Status", detail("status"), 8),
        EntryColumn("Workspace", lambda entry: workspaces.get(entry.details.get("workspace_id", ""), ""), 6),
        EntryColumn("Hint", detail("hint"), 4),
        EntryColumn("Expires", day("expires_at"), 3),
        identity,
    ]


def _section(console: Console, title: str, report: ConsoleReport, width: int | None) -> tuple[str, ...]:
    """A short table: the first rows, and the rest as one; what the vendor does not split stays by itself."""
    if title:
        console.print(Text(f"\n{title}", style="bold"))
    told = [row for row in report.rows if row.key is not None]
    shown, others = told[:TOP], told[TOP:]
    if others:
        shown.append(_together(others))
    shown += [row for row in report.rows if row.key is None]
    columns = [column for column in console_columns(report) if _is_told(column, report)]
    return _print(console, shown, report.totals, columns, width)


def _together(rows: Sequence[ConsoleRow]) -> ConsoleRow:
    """Several rows as one."""
    sums: dict[str, int] = {}
    for row in rows:
        for name, count in row.measures.items():
            sums[name] = sums.get(name, 0) + count
    return ConsoleRow("", f"{len(rows)} more", sums)


def _is_told(column: ConsoleColumn, report: ConsoleReport) -> bool:
    """True for a column that has anything in it."""
    return column.importance == 9 or column.value(report.totals) is not None


def _print(
    console: Console,
    rows: Sequence[ConsoleRow],
    totals: ConsoleRow,
    columns: Sequence[ConsoleColumn],
    width: int | None,
) -> tuple[str, ...]:
    strips = [plain_strip(column, [column.text(row) for row in rows], column.text(totals)) for column in columns]
    strips[0].least = distinct_width(strips[0].cells)
    return print_strips(console, strips, [""] * len(rows), width, totals=len(rows) > 1)
