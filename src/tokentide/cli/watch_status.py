"""watch status: whether the background runner runs, since when, and what it last did."""

from __future__ import annotations

from collections.abc import Iterator

from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.terminal import Terminal
from tokentide.following.runner_lock import holder
from tokentide.following.runner_state import RunnerState, read_state
from tokentide.locks import Holder
from tokentide.render.words import ago, clean, duration, plural


def show_status(terminal: Terminal, *, is_json: bool) -> int:
    """Tell it; exit code 0 where one runs, 1 where none does."""
    who, state = holder(), read_state()
    if is_json:
        terminal.write(_json(who, state, terminal.now))
    else:
        for line in _lines(who, state, terminal.now):
            terminal.write(line)
    return ExitCode.OK if who else ExitCode.ERROR


def _lines(who: Holder | None, state: RunnerState, now: int) -> Iterator[str]:
    """A few plain lines."""
    if who is None:
        yield "not running: `tokentide watch install` starts it at every login, `tokentide watch` starts it here"
    else:
        yield f"running, process {who.pid}, since {duration(now - who.since)}" if who.pid else "running"
    if state.looked_at:
        yield f"last look {ago(now - state.looked_at)}; alerts looked at {_when(state.evaluated_at, now)}"
    if state.event:
        yield f"last event {ago(now - state.event_at)}: {clean(state.event)}"
    if state.fault and who is not None:
        yield f"failed {plural(state.faults, 'time')} in a row: {clean(state.fault)}"


def _when(at: int, now: int) -> str:
    return ago(now - at) if at else "not yet"


def _json(who: Holder | None, state: RunnerState, now: int) -> str:
    """Format 1; instants that have not been are null."""
    from tokentide.render.json_text import dumps
    from tokentide.render.report_json import head_json, instant

    return dumps(
        {
            **head_json("watch_status", now),
            "is_running": who is not None,
            "pid": who.pid if who and who.pid else None,
            "running_since": instant(who.since) if who and who.pid else None,
            "last_look_at": instant(state.looked_at) if state.looked_at else None,
            "last_evaluated_at": instant(state.evaluated_at) if state.evaluated_at else None,
            "last_event_at": instant(state.event_at) if state.event_at else None,
            "last_event": state.event or None,
            "files_read": state.files_read,
            "alerts_told": state.alerts_told,
            "faults_in_a_row": state.faults,
            "fault": state.fault or None,
        }
    )
