"""guard hook: what Claude Code runs before each prompt and at the start of a session.

It answers in JSON, or with nothing; it always ends well and in time, since a guard that fails must stop nobody. The
prompt is looked at for the word that lets it pass, and kept nowhere.
Source: Claude Code 2.1.197: `systemMessage` is shown to the person, `decision` with `reason` holds a prompt back.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tokentide import locations
from tokentide.analytics.guard import Guarded, Wish
from tokentide.cli import options as shared
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.guard_state import GuardState, SessionNote, Told, read_state, write_state
from tokentide.cli.guard_verdict import HOOK_ODDS, judge
from tokentide.cli.terminal import Terminal
from tokentide.cli.workspace import Workspace
from tokentide.clock import HOUR_US
from tokentide.errors import LedgerUnwritableError, SettingsError, TokentideError
from tokentide.render.guard_words import GO_PREFIX, GuardLook, block_reason, prompt_warning
from tokentide.render.words import clean

if TYPE_CHECKING:
    from tokentide.model.alerts import Alert, Channel
    from tokentide.store.sqlite.ledger import Ledger

LIMIT_SECONDS = 2.0
"""After so long the prompt goes off unguarded; the client itself would wait until the time-out in its settings."""
BUSY_SECONDS = 0.3
"""So long another process's write is waited for."""
MOST_BYTES = 64 << 20
"""Of what the client says; a prompt may hold a pasted log."""
SAYS_AGAIN_POINTS = 5.0
"""A window that was warned of is mentioned again when so many percent more of it are used."""
ALERTS_BACK_US = 12 * HOUR_US
"""Alerts that are older are no news to a session that begins."""
MOST_ALERTS = 5
SOON_US = 5 * HOUR_US
"""A week that will be full in days is no reason to hold a prompt back."""
_PROMPT = "UserPromptSubmit"


@dataclass(frozen=True, slots=True)
class Event:
    """What the client says, as far as it matters here."""

    name: str
    session_id: str
    folder: str
    """The configuration folder that its transcript lies below; empty where it does not tell."""
    passes: bool
    """True where the prompt begins with the word that lets it pass."""


def run_hook(options: argparse.Namespace, terminal: Terminal) -> int:
    """Answer the client; exit code 0 whatever happens."""
    with _in_time():
        answer = _answer_of(_input(), options, terminal)
    if answer:
        terminal.write(answer)
    return ExitCode.OK


@contextmanager
def _in_time() -> Iterator[None]:
    """End the process well where it takes too long: nothing was said yet, so that the prompt goes off."""
    timer = threading.Timer(LIMIT_SECONDS, os._exit, [int(ExitCode.OK)])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _input() -> bytes:
    """What the client says; nothing where a person has called the command by hand."""
    if sys.stdin is None or sys.stdin.isatty():
        return b""
    return sys.stdin.buffer.read(MOST_BYTES)


def _answer_of(data: bytes, options: argparse.Namespace, terminal: Terminal) -> str:
    """The answer as JSON; empty where there is nothing to say, or anything went wrong."""
    try:
        event = _event_of(data)
        return _answer(event, options, terminal) if event else ""
    except LedgerUnwritableError:
        return ""
    except Exception as error:  # noqa: BLE001 -- the outermost border: a guard that fails stops nobody
        from tokentide.cli.error_log import log_error

        log_error(error, terminal.now)
        return ""


def _event_of(data: bytes) -> Event | None:
    """None for what is no event."""
    try:
        said = json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    name, session, path, prompt = (
        value if isinstance(value := said.get(key), str) else ""
        for key in ("hook_event_name", "session_id", "transcript_path", "prompt")
    )
    from tokentide.sync.statusline import folder_of

    return Event(name, session[:200], folder_of(path), prompt.lstrip().lower().startswith(GO_PREFIX))


def _answer(event: Event, options: argparse.Namespace, terminal: Terminal) -> str:
    """Look at the ledger, decide, note what was told. Raises TokentideError."""
    path = locations.ledger_path()
    if not os.path.exists(path):
        return ""
    from tokentide.store.sqlite.ledger import Ledger

    state, workspace = read_state(), Workspace(terminal)
    look = GuardLook(shared.calendar_of(options, workspace.settings), terminal.now)
    with Ledger.open(path, busy_seconds=BUSY_SECONDS) as ledger:
        _sync_beside(ledger, workspace)
        alerts = _news(ledger, state, event, terminal)
        guarded = _guarded(ledger, workspace, options, event) if event.name == _PROMPT else None
    is_silent = terminal.now < state.silent_until
    holds = guarded is not None and any(each.reasons for each in guarded.windows) and not is_silent
    note = state.sessions.get(event.session_id, SessionNote(terminal.now))
    if guarded is not None and holds and options.block and not event.passes and _is_told(guarded):
        _keep(state, event, replace(note, at=terminal.now))
        return json.dumps({"decision": "block", "reason": "\n".join([block_reason(guarded, look), *alerts])})
    fresh = guarded if guarded is not None and holds and _is_news(guarded, note) else None
    _keep(state, event, SessionNote(terminal.now, _told_of(fresh) if fresh else note.told))
    parts = [f"tokentide: {prompt_warning(fresh, look)}"] if fresh else []
    return json.dumps({"systemMessage": "\n".join([*parts, *alerts])}) if parts or alerts else ""


def _is_told(guarded: Guarded) -> bool:
    """True where the vendor's own figures speak against it: nobody is held back by what others measured."""
    return any(each.reasons and not each.is_estimate for each in guarded.windows)


def _guarded(ledger: Ledger, workspace: Workspace, options: argparse.Namespace, event: Event) -> Guarded | None:
    """The verdict on the account of the session: by the odds, and by what five minutes of work take."""
    odds = HOOK_ODDS if options.max_odds is None else options.max_odds
    wish = Wish(near_percent=None, max_odds=odds, soon_us=SOON_US, heeds_usual=True)
    return judge(ledger, workspace, options, wish, folder=event.folder, is_quick=True)


def _news(ledger: Ledger, state: GuardState, event: Event, terminal: Terminal) -> list[str]:
    """The alerts since the session's last prompt; of one that begins, those that no session was told."""
    known, now = state.sessions.get(event.session_id), terminal.now
    since = known.at if known else max(state.last_at, now - ALERTS_BACK_US)
    found = [each for each in ledger.alerts.recent(since + 1) if each.at <= now and _is_due(each)]
    if found:
        channels = _hook_channels(terminal)
        found = [each for each in found if any(channel.takes(each) for channel in channels)]
    more = [f"… and {len(found) - MOST_ALERTS} more: `tokentide alerts history`"] if len(found) > MOST_ALERTS else []
    return [f"tokentide: {clean(each.title)}" for each in found[:MOST_ALERTS]] + more


def _is_due(alert: Alert) -> bool:
    """False for one that quiet hours hold back, and for one that is no longer so."""
    from tokentide.model.alerts import HELD

    return alert.state != HELD and not alert.cleared_at


def _hook_channels(terminal: Terminal) -> list[Channel]:
    """The channels that mean this hook, as the person's rules have them; the default where they are wrong."""
    from tokentide.alerts.defaults import DEFAULT_CHANNELS
    from tokentide.alerts.engine import load_rules
    from tokentide.model.alerts import HOOK

    channels: Sequence[Channel] = DEFAULT_CHANNELS
    with suppress(SettingsError):
        channels = load_rules(locations.alerts_path(), terminal.environ).channels
    return [channel for channel in channels if channel.kind == HOOK]


def _is_news(guarded: Guarded, note: SessionNote) -> bool:
    """True where a window is worse than it was when the session was last warned of it."""
    for check in guarded.windows:
        before = note.told.get(check.window)
        if not check.reasons:
            continue
        if before is None or before.resets_at != (check.resets_at or 0):
            return True
        has_grown = check.percent >= before.percent + SAYS_AGAIN_POINTS
        if has_grown or not {reason.value for reason in check.reasons} <= {*before.reasons}:
            return True
    return False


def _told_of(guarded: Guarded) -> dict[str, Told]:
    """What a warning tells, by window."""
    return {
        each.window: Told(each.resets_at or 0, each.percent, tuple(reason.value for reason in each.reasons))
        for each in guarded.windows
        if each.reasons
    }


def _keep(state: GuardState, event: Event, note: SessionNote) -> None:
    """Note what was told; where that cannot be written it will be told again."""
    if event.session_id:
        with suppress(OSError):
            write_state(state.with_session(event.session_id, note))


def _sync_beside(ledger: Ledger, workspace: Workspace) -> None:
    """Bring the ledger up to date for the next prompt, beside this one, where nobody does so."""
    if not workspace.settings.statusline_sync:
        return
    from tokentide.sync.statusline import BACKGROUND_SYNC, SYNC_EVERY_US

    now = workspace.terminal.now
    with suppress(TokentideError, OSError):
        if ledger.limits.claim_poll(BACKGROUND_SYNC, now, now + SYNC_EVERY_US, longest=SYNC_EVERY_US):
            from tokentide.cli.background import start_sync

            start_sync(workspace.terminal.environ)
