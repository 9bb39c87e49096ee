"""watch install, uninstall: the background runner starts at every login, by the system's own means."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from tokentide import locations
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.login_items.item import KEPT_VARIABLES, LoginItem
from tokentide.cli.login_items.launchd import LABEL, agent_plist
from tokentide.cli.login_items.systemd import UNIT, unit_text
from tokentide.cli.login_items.task_scheduler import TASK, task_xml
from tokentide.cli.program import lasting_command
from tokentide.cli.terminal import Terminal
from tokentide.errors import SettingsError, UsageError
from tokentide.private_files import write_private
from tokentide.render.words import clean

SYSTEMD, LAUNCHD, TASK_SCHEDULER = "systemd", "launchd", "task-scheduler"
LIMIT_SECONDS = 20
Commands = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Way:
    """How one system starts something at login."""

    name: str
    text: Callable[[LoginItem], str]
    path: Callable[[Mapping[str, str]], str]
    """Where the text goes."""
    encoding: str
    start: Callable[[str], Commands]
    """What makes the system take it up now; given the file."""
    stop: Callable[[str], Commands]
    """What makes it let go; the file is deleted afterwards."""
    look: Callable[[str], str]
    """What a person types to see how it is."""
    has_journal: bool = False
    """Whether the system keeps what is said, and throws old lines away: then every event may be told."""


def _unit_path(environ: Mapping[str, str]) -> str:
    base = environ.get("XDG_CONFIG_HOME", "")
    return os.path.join(base if os.path.isabs(base) else _home(environ, ".config"), "systemd", "user", UNIT)


def _agent_path(environ: Mapping[str, str]) -> str:
    return os.path.join(_home(environ, "Library"), "LaunchAgents", f"{LABEL}.plist")


def _task_path(_environ: Mapping[str, str]) -> str:
    return os.path.join(locations.data_dir(), "watch-task.xml")


def _home(environ: Mapping[str, str], folder: str) -> str:
    return os.path.join(environ.get("HOME") or os.path.expanduser("~"), folder)


def _domain() -> str:
    """The launchd domain of this login."""
    return f"gui/{os.getuid() if hasattr(os, 'getuid') else 0}"


WAYS = {
    SYSTEMD: Way(
        SYSTEMD,
        unit_text,
        _unit_path,
        "utf-8",
        lambda _path: (
            ("systemctl", "--user", "daemon-reload"),
            ("systemctl", "--user", "enable", UNIT),
            ("systemctl", "--user", "restart", UNIT),
        ),
        lambda _path: (("systemctl", "--user", "disable", "--now", UNIT),),
        lambda _path: f"systemctl --user status {UNIT}",
        has_journal=True,
    ),
    LAUNCHD: Way(
        LAUNCHD,
        agent_plist,
        _agent_path,
        "utf-8",
        lambda path: (("launchctl", "bootstrap", _domain(), path),),
        lambda _path: (("launchctl", "bootout", f"{_domain()}/{LABEL}"),),
        lambda _path: f"launchctl print {_domain()}/{LABEL}",
    ),
    TASK_SCHEDULER: Way(
        TASK_SCHEDULER,
        task_xml,
        _task_path,
        "utf-16",
        lambda path: (("schtasks", "/Create", "/F", "/TN", TASK, "/XML", path), ("schtasks", "/Run", "/TN", TASK)),
        lambda _path: (("schtasks", "/End", "/TN", TASK), ("schtasks", "/Delete", "/F", "/TN", TASK)),
        lambda _path: f'schtasks /Query /V /FO LIST /TN "{TASK}"',
    ),
}


def act(options: argparse.Namespace, terminal: Terminal) -> int:
    """Install or uninstall. Raises UsageError where the system has no known way, SettingsError."""
    way = WAYS[options.kind or _own_kind()]
    if options.action == "uninstall":
        return _uninstall(way, terminal)
    text = way.text(_item(terminal.environ, is_quiet=not way.has_journal, asks_accounts=not options.offline))
    if options.only_print:
        terminal.out.write(text)
        return ExitCode.OK
    return _install(way, text, terminal)


def _own_kind() -> str:
    """This system's way."""
    if sys.platform == "darwin":
        return LAUNCHD
    if sys.platform == "win32":
        return TASK_SCHEDULER
    if sys.platform.startswith("linux"):
        return SYSTEMD
    raise UsageError("this system's way to start programs at login is not known here: let it run `tokentide watch -q`")


def _item(environ: Mapping[str, str], *, is_quiet: bool, asks_accounts: bool) -> LoginItem:
    """This program, with what it needs of this environment to find the same settings and data."""
    flags = [*(["--quiet"] if is_quiet else []), *([] if asks_accounts else ["--offline"])]
    kept = {name: _settled(name, environ[name]) for name in KEPT_VARIABLES if environ.get(name)}
    log_path = os.path.abspath(os.path.join(locations.data_dir(), "watch.log"))
    return LoginItem(
        tuple(lasting_command("watch", *flags)), {name: value for name, value in kept.items() if value}, log_path
    )


def _settled(name: str, value: str) -> str:
    """A value as it means the same from anywhere: folders are made absolute."""
    if name == "CLAUDE_CONFIG_DIR":
        return ",".join(os.path.abspath(os.path.expanduser(part)) for part in value.split(",") if part)
    if name.startswith("XDG_"):
        return value if os.path.isabs(value) else ""  # the platform's rules ignore a relative one
    return os.path.abspath(value) if name.endswith("_DIR") else value


def _install(way: Way, text: str, terminal: Terminal) -> int:
    """Write it, have the system take it up, and say what was done and how it is undone."""
    path, content = way.path(terminal.environ), text.encode(way.encoding)
    is_same = _content_of(path) == content
    if is_same:
        terminal.write(f"{clean(path)}: written already, nothing was changed")
    else:
        try:
            write_private(path, content)
            os.makedirs(locations.data_dir(), mode=0o700, exist_ok=True)
        except OSError as error:
            raise SettingsError(path, None, f"cannot be written: {error.strerror}") from error
        terminal.write(f"{clean(path)}: written")
        terminal.write(_shown(text))
    if way.name == LAUNCHD and not is_same:
        for command in way.stop(path):  # an agent that is loaded keeps what it was loaded with
            _call(command)
    fault = _call_all(way.start(path))
    if fault:
        terminal.say(f"{fault}; to start it, type:\n" + "\n".join(f"  {shlex.join(each)}" for each in way.start(path)))
        return ExitCode.ERROR
    terminal.write(
        f"it runs now, and from every login on; `{way.look(path)}` and `tokentide watch status` show how it is"
    )
    terminal.write("`tokentide watch uninstall` undoes it")
    return ExitCode.OK


def _uninstall(way: Way, terminal: Terminal) -> int:
    """Stop it, and take the file away."""
    path = way.path(terminal.environ)
    if _content_of(path) is None:
        terminal.write(f"{clean(path)}: not installed, nothing was changed")
        return ExitCode.OK
    fault = _call_all(way.stop(path))
    with suppress(FileNotFoundError):
        try:
            os.unlink(path)
        except PermissionError as error:
            raise SettingsError(path, None, f"cannot be deleted: {error.strerror}") from error
    terminal.write(f"{clean(path)}: deleted; it starts no more")
    if way.name == SYSTEMD:
        _call(("systemctl", "--user", "daemon-reload"))
    if fault:
        terminal.say(
            f"{fault}; if it still runs, end it with:\n" + "\n".join(f"  {shlex.join(each)}" for each in way.stop(path))
        )
    return ExitCode.OK


def _call_all(commands: Commands) -> str:
    """Run them in order, up to the first that fails; why it did, empty where none did."""
    for command in commands:
        fault = _call(command)
        if fault:
            return fault
    return ""


def _call(command: Sequence[str]) -> str:
    """Run one command of the system; why it failed, empty where it did not."""
    try:
        done = subprocess.run(  # noqa: S603 -- the system's own program, our own words
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT_SECONDS, check=False
        )
    except FileNotFoundError:
        return f"{command[0]} is not there"
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{command[0]} failed ({type(error).__name__})"
    if done.returncode == 0:
        return ""
    said = done.stderr.decode("utf-8", "replace").strip().splitlines() or [f"exit code {done.returncode}"]
    return f"{command[0]}: {clean(said[-1])}"


def _content_of(path: str) -> bytes | None:
    with suppress(OSError), open(path, "rb") as file:
        return file.read()
    return None


def _shown(text: str) -> str:
    """Text of several lines, each fit for a terminal, indented."""
    return "\n".join(f"  {clean(line)}" for line in text.splitlines())
