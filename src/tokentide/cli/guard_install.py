"""guard install, uninstall, status, snooze: our hooks in Claude Code's `settings.json`."""

from __future__ import annotations

import argparse
import os
import re
import shlex
from contextlib import suppress
from dataclasses import replace

from tokentide.cli import options as shared
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.guard_state import read_state, state_path, write_state
from tokentide.cli.guard_verdict import HOOK_ODDS
from tokentide.cli.program import OwnCall, find_own, lasting_command
from tokentide.cli.terminal import Terminal
from tokentide.cli.workspace import Workspace
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from tokentide.errors import SettingsError, UsageError
from tokentide.render.guard_words import GO_PREFIX, GuardLook, snooze_words
from tokentide.render.words import ago, clean
from tokentide.sources.claude_code.client_hooks import (
    EVENTS,
    HOOKS,
    HOOKS_BACKUP_SUFFIX,
    Hook,
    hooks_in,
    with_hook,
    without_hooks,
)
from tokentide.sources.claude_code.client_settings import (
    ClientSettings,
    back_up,
    read_client_settings,
    write_client_settings,
)
from tokentide.sources.claude_code.paths import find_roots

COMMAND = ("guard", "hook")
TIMEOUT_SECONDS = 5
"""After which the client goes on without us; we give up long before, see guard_hook.LIMIT_SECONDS."""
LONGEST_SNOOZE_US = 7 * DAY_US
_UNITS = {"s": SECOND_US, "m": MINUTE_US, "min": MINUTE_US, "h": HOUR_US, "d": DAY_US}


def act(options: argparse.Namespace, terminal: Terminal) -> int:
    """Do what is asked. Raises UsageError, SettingsError."""
    if options.action == "snooze":
        return _snooze(options, terminal)
    if options.max_odds is not None and options.action != "install":
        raise UsageError(f"--max-odds does not belong to `tokentide guard {options.action}`")
    folder = os.path.abspath(os.path.expanduser(options.dir)) if options.dir else find_roots(terminal.environ)[0].path
    settings = read_client_settings(os.path.join(folder, "settings.json"), HOOKS)
    if options.action == "install":
        return _install(settings, terminal, _shell_line(options))
    return _uninstall(settings, terminal) if options.action == "uninstall" else _status(settings, terminal)


def _shell_line(options: argparse.Namespace) -> str:
    """What the client shall run, quoted for its shell."""
    words = [*COMMAND, *(["--block"] if options.block else [])]
    if options.max_odds is not None:
        words.append(f"--max-odds={options.max_odds:g}")
    return shlex.join(lasting_command(*words))


def _install(settings: ClientSettings, terminal: Terminal, line: str) -> int:
    """Put our hooks in, behind those that are there, and say what they will do."""
    ours = _ours(settings)
    if sorted((hook.event, hook.command) for hook in ours) == sorted((event, line) for event in EVENTS):
        terminal.write(f"{clean(settings.path)}: installed already, nothing was changed")
    else:
        kept = "" if ours else back_up(settings, HOOKS_BACKUP_SUFFIX)
        bare = without_hooks(settings, _is_ours)
        for event in EVENTS:
            bare = with_hook(bare, event, line, TIMEOUT_SECONDS)
        write_client_settings(settings, bare.encoded())
        terminal.write(f"{clean(settings.path)}: installed: {clean(line)}")
        if kept:
            terminal.write(f"what was there before is kept in {clean(kept)}")
    terminal.write(_what_it_does(line))
    if settings.disables_hooks:
        terminal.say("disableAllHooks is true in these settings: Claude Code runs no hook until it is not")
    terminal.write(
        "Sessions that run already take it up when they are begun anew; `tokentide guard uninstall` ends it."
    )
    return ExitCode.OK


def _what_it_does(line: str) -> str:
    """In a sentence or two."""
    words = shlex.split(line)
    odds = next((word.partition("=")[2] for word in words if word.startswith("--max-odds=")), f"{HOOK_ODDS:g}")
    when = (
        f"a window is full, will be full within five hours by odds of {odds}, or has less left than a prompt may take"
    )
    if "--block" in words:
        return f"Where {when}, a prompt is held back. One that begins with {GO_PREFIX} passes."
    return f"Where {when}, it says so with your next prompt; nothing is held back."


def _uninstall(settings: ClientSettings, terminal: Terminal) -> int:
    """Take our hooks out; the file is as it was, byte for byte where nothing else has changed since."""
    if not _ours(settings):
        terminal.write(f"{clean(settings.path)}: not installed, nothing was changed")
        return ExitCode.OK
    backup = read_client_settings(settings.path + HOOKS_BACKUP_SUFFIX, HOOKS)
    restored = without_hooks(settings, _is_ours)
    with suppress(OSError):
        os.unlink(state_path())
    if backup.original is None and restored.is_empty:
        with suppress(FileNotFoundError):
            os.unlink(os.path.realpath(settings.path))
        terminal.write(f"{clean(settings.path)}: uninstalled; nothing else was in it, so it is gone")
        return ExitCode.OK
    is_whole = backup.original is not None and _says_the_same(restored, backup)
    write_client_settings(settings, backup.original or b"" if is_whole else restored.encoded())
    terminal.write(f"{clean(settings.path)}: uninstalled")
    if is_whole:
        os.unlink(backup.path)
    elif backup.original is not None:
        terminal.write(f"the settings were changed since; how they were before stays in {clean(backup.path)}")
    return ExitCode.OK


def _says_the_same(restored: ClientSettings, backup: ClientSettings) -> bool:
    """True where both hold the same, but for what the backup has of hooks without any: that is taken out with ours."""
    if HOOKS not in restored.top() and _is_hollow(backup.top().get(HOOKS)):
        entries = ([each for each in settings.top().items() if each[0] != HOOKS] for settings in (restored, backup))
        return next(entries) == next(entries)
    return restored.says_the_same(backup)


def _is_hollow(value: object) -> bool:
    """True where nothing is in it at any depth."""
    if isinstance(value, dict):
        return all(map(_is_hollow, value.values()))
    return not value


def _status(settings: ClientSettings, terminal: Terminal) -> int:
    """Tell how it stands; exit code 1 where the hook would not run."""
    ours = _ours(settings)
    if not ours:
        terminal.write(f"{clean(settings.path)}: not installed; `tokentide guard install` does it")
        return ExitCode.ERROR
    calls = [call for hook in ours if (call := find_own(hook.command, COMMAND[0])) is not None]
    can_run, is_whole = all(call.can_run for call in calls), {hook.event for hook in ours} >= {*EVENTS}
    terminal.write(f"{clean(settings.path)}: installed, running {clean(calls[0].program)}")
    terminal.write(_what_it_does(ours[0].command))
    terminal.write(_last_heard(terminal))
    if not can_run:
        terminal.say(f"{clean(calls[0].program)} is not there any more: `tokentide guard install` mends it")
    if not is_whole:
        terminal.say("one of its two events is missing: `tokentide guard install` mends it")
    if settings.disables_hooks:
        terminal.say("disableAllHooks is true in these settings: Claude Code runs no hook")
    return ExitCode.OK if can_run and is_whole and not settings.disables_hooks else ExitCode.ERROR


def _last_heard(terminal: Terminal) -> str:
    """When it was last called, and whether it is silent."""
    state = read_state()
    heard = f"Last called {ago(terminal.now - state.last_at)}." if state.last_at else "It was not called yet."
    if state.silent_until <= terminal.now:
        return heard
    workspace = Workspace(terminal)
    look = GuardLook(shared.calendar_of(argparse.Namespace(), workspace.settings), terminal.now)
    return f"{heard} It is {snooze_words(state.silent_until, look)}."


def _snooze(options: argparse.Namespace, terminal: Terminal) -> int:
    """Be silent for a while, or speak again."""
    if bool(options.duration) == options.off:
        raise UsageError("say how long, as in `tokentide guard snooze 30m`, or `--off`")
    until = 0 if options.off else terminal.now + _length(options.duration)
    workspace = Workspace(terminal)
    try:
        write_state(replace(read_state(), silent_until=until))
    except OSError as error:
        raise SettingsError(state_path(), None, f"cannot be written: {error.strerror}") from error
    look = GuardLook(shared.calendar_of(options, workspace.settings), terminal.now)
    terminal.write(f"guard: {snooze_words(until, look)}; alerts are still told" if until else "guard: speaks again")
    return ExitCode.OK


def _length(text: str) -> int:
    """30m, 2h, 1d; µs."""
    match = re.fullmatch(r"(\d{1,6})\s*([a-z]+)", text.strip().lower())
    us = int(match[1]) * _UNITS.get(match[2], 0) if match else 0
    if not 0 < us <= LONGEST_SNOOZE_US:
        raise UsageError(f"{text!r} is no length of time up to a week, such as 30m, 2h or 1d")
    return us


def _ours(settings: ClientSettings) -> list[Hook]:
    """Our hooks in these settings."""
    return [hook for hook in hooks_in(settings) if _is_ours(hook.command)]


def _is_ours(command: str) -> bool:
    call: OwnCall | None = find_own(command, COMMAND[0])
    return call is not None and call.words[:1] == COMMAND[1:]
