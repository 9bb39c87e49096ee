"""statusline install, uninstall, status: our entry in Claude Code's `settings.json`."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from tokentide import locations
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.program import find_own, lasting_command
from tokentide.cli.terminal import Terminal
from tokentide.errors import LedgerError, SettingsError, UsageError
from tokentide.render.status_line import Look, format_line
from tokentide.render.words import ago, clean
from tokentide.settings import Settings, load_settings
from tokentide.sources.claude_code.client_settings import (
    BACKUP_SUFFIX,
    ClientSettings,
    back_up,
    read_client_settings,
    write_client_settings,
)
from tokentide.sources.claude_code.paths import find_roots

COMMAND = "statusline"
REFRESH_SECONDS = 60
"""The client runs the command anew after events; countdowns, and what other sessions have used, go on without any."""
_SAMPLE = (
    b'{"session_id":"","model":{"display_name":"Opus"},"effort":{"level":"high"},"cost":{"total_cost_usd":1.27},'
    b'"context_window":{"used_percentage":31},"rate_limits":{"five_hour":{"used_percentage":62,"resets_at":%d},'
    b'"seven_day":{"used_percentage":34,"resets_at":%d}}}'
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A status-line command of ours."""

    program: str
    """What is run: the command's file, or the interpreter."""
    wrapped: str
    """The command that it runs first; empty without one."""

    @property
    def can_run(self) -> bool:
        """False where the program has gone."""
        return shutil.which(self.program) is not None


def act(options: argparse.Namespace, terminal: Terminal) -> int:
    """Do what is asked. Raises UsageError, SettingsError."""
    if options.wrap:
        raise UsageError(
            f"`tokentide statusline {options.action} --wrap` takes no command: it keeps the one that is there"
        )
    if options.wrap is not None and options.replace:
        raise UsageError("--wrap keeps the status line that is there, --replace does not: give one of them")
    if options.action != "install" and (options.wrap is not None or options.replace):
        raise UsageError("--wrap and --replace belong to `tokentide statusline install`")
    folder = os.path.abspath(os.path.expanduser(options.dir)) if options.dir else find_roots(terminal.environ)[0].path
    settings = read_client_settings(os.path.join(folder, "settings.json"))
    if options.action == "install":
        return _install(settings, terminal, wraps=options.wrap is not None, replaces=options.replace)
    return _uninstall(settings, terminal) if options.action == "uninstall" else _status(settings, terminal)


def _install(settings: ClientSettings, terminal: Terminal, *, wraps: bool, replaces: bool) -> int:
    """Put our entry in, say so, and show what the line looks like."""
    value = _new_entry(settings, wraps=wraps, replaces=replaces)
    if value is None:
        terminal.write(f"{clean(settings.path)}: installed already, nothing was changed")
    else:
        kept = "" if _own(settings.status_line) else back_up(settings)
        write_client_settings(settings, settings.with_status_line(value).encoded())
        terminal.write(f"{clean(settings.path)}: installed: {clean(str(value['command']))}")
        if kept:
            terminal.write(f"what was there before is kept in {clean(kept)}")
    if settings.disables_hooks:
        terminal.say("disableAllHooks is true in these settings: Claude Code shows no status line until it is not")
    terminal.write(f"it looks like this, with sample figures:\n{_preview(terminal)}")
    return ExitCode.OK


def _new_entry(settings: ClientSettings, *, wraps: bool, replaces: bool) -> Mapping[str, object] | None:
    """The entry to write; None where ours is there already. Raises UsageError where another one is in the way."""
    present = settings.status_line
    own = _own(present)
    fresh = {"type": "command", "command": own_shell_command(), "padding": 0, "refreshInterval": REFRESH_SECONDS}
    if present is None or (replaces and not (own and not own.wrapped and own.can_run)):
        return fresh
    if own is not None:
        return None if own.can_run else {**present, "command": own_shell_command(own.wrapped)}
    command = present.get("command")
    if not wraps:
        raise UsageError(
            f"{settings.path} has a status line already ({clean(str(command))[:80]}): "
            "`--wrap` keeps it above ours, `--replace` puts ours in its place; it is kept in a backup either way"
        )
    if not isinstance(command, str) or not _is_command(command):
        raise UsageError(
            f"{settings.path} has a status line that is no command, which cannot be wrapped: use `--replace`"
        )
    return {**present, "command": own_shell_command(command)}


def _is_command(text: str) -> bool:
    """False for what no shell can be given: nothing at all, a NUL, half a surrogate pair."""
    return bool(text.strip()) and "\0" not in text and not any("\ud800" <= each <= "\udfff" for each in text)


def _uninstall(settings: ClientSettings, terminal: Terminal) -> int:
    """Take our entry out; what was there before comes back, byte for byte where nothing else has changed since."""
    own = _own(settings.status_line)
    if own is None:
        terminal.write(f"{clean(settings.path)}: not installed, nothing was changed")
        return ExitCode.OK
    backup = read_client_settings(settings.path + BACKUP_SUFFIX)
    restored = _restored(settings, own, backup)
    if backup.original is None and restored.is_empty:
        with suppress(FileNotFoundError):
            os.unlink(os.path.realpath(settings.path))
        terminal.write(f"{clean(settings.path)}: uninstalled; nothing else was in it, so it is gone")
        return ExitCode.OK
    is_whole = backup.original is not None and restored.says_the_same(backup)
    write_client_settings(settings, backup.original or b"" if is_whole else restored.encoded())
    if is_whole:
        os.unlink(backup.path)
    terminal.write(
        f"{clean(settings.path)}: uninstalled" + (", the former status line is back" if restored.status_line else "")
    )
    if backup.original is not None and not is_whole:
        terminal.write(f"the settings were changed since; how they were before stays in {clean(backup.path)}")
    return ExitCode.OK


def _restored(settings: ClientSettings, own: Entry, backup: ClientSettings) -> ClientSettings:
    """The settings as they would be without us."""
    former, present, raw = backup.status_line, settings.status_line, backup.raw_status_line
    is_same = not own.wrapped or (former is not None and former.get("command") == own.wrapped)
    if raw is not None and _own(former) is None and is_same:
        return settings.with_status_line(raw)
    if own.wrapped and present is not None:
        return settings.with_status_line({**present, "command": own.wrapped})
    return settings.without_status_line()


def _status(settings: ClientSettings, terminal: Terminal) -> int:
    """Tell how it stands; exit code 1 where the line would not be shown."""
    present, own = settings.status_line, _own(settings.status_line)
    if own is None:
        other = f"another status line: {clean(str(present.get('command')))}" if present else "no status line"
        terminal.write(f"{clean(settings.path)}: not installed ({other})")
        return ExitCode.ERROR
    terminal.write(f"{clean(settings.path)}: installed, running {clean(own.program)}")
    if own.wrapped:
        terminal.write(f"it shows this one above: {clean(own.wrapped)}")
    if os.path.exists(settings.path + BACKUP_SUFFIX):
        terminal.write(f"what was there before is kept in {clean(settings.path + BACKUP_SUFFIX)}")
    terminal.write(_last_push(terminal))
    if not own.can_run:
        terminal.say(f"{clean(own.program)} is not there any more: `tokentide statusline install` mends it")
    if settings.disables_hooks:
        terminal.say("disableAllHooks is true in these settings: Claude Code shows no status line")
    return ExitCode.OK if own.can_run and not settings.disables_hooks else ExitCode.ERROR


def _last_push(terminal: Terminal) -> str:
    """When Claude Code last said something new."""
    from tokentide.store.sqlite.ledger import Ledger

    path = locations.ledger_path()
    try:
        if os.path.exists(path):
            with Ledger.open(path) as ledger:
                states = ledger.limits.sessions(0)
            if states:
                return f"Claude Code last told something new {ago(terminal.now - states[0].at)}"
    except LedgerError as error:
        terminal.say(str(error))
    return "Claude Code has told nothing yet: it does so at the next answer in a session that is begun now"


def _preview(terminal: Terminal) -> str:
    """The line for sample figures, with the settings that hold."""
    from tokentide.analytics.status_line import status_line
    from tokentide.sources.statusline.parser import parse
    from tokentide.sync.statusline import readings_of

    settings = Settings()
    try:
        settings = load_settings(locations.settings_path(), terminal.environ)
    except SettingsError as error:
        terminal.say(str(error))
    seconds = terminal.now // 1_000_000
    push = parse(_SAMPLE % (seconds + 6_000, seconds + 259_200), terminal.now)
    line = status_line(push, readings_of(push, "", terminal.now), terminal.now)
    has_colour = terminal.out.isatty() and "NO_COLOR" not in terminal.environ
    look = Look(settings.statusline_segments, settings.limit_thresholds, terminal.width(None), has_colour=has_colour)
    return format_line(line, look, terminal.now)


def own_shell_command(wrapped: str = "") -> str:
    """What the client shall run, quoted for its shell."""
    return shlex.join([*lasting_command(COMMAND), *([f"--wrap={wrapped}"] if wrapped else [])])


def _own(entry: Mapping[str, object] | None) -> Entry | None:
    """What an entry runs, if it is ours."""
    found = find_own(entry.get("command") if entry else None, COMMAND)
    return Entry(found.program, _wrapped(list(found.words))) if found else None


def _wrapped(words: list[str]) -> str:
    """The command behind `--wrap`; empty without it."""
    for index, word in enumerate(words):
        if word.startswith("--wrap="):
            return word.partition("=")[2]
        if word == "--wrap":
            return "".join(words[index + 1 : index + 2])
    return ""
