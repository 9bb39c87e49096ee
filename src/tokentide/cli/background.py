"""Starts `tokentide sync` in the background, apart from the command that asks for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress

_NOWHERE = ((0, os.O_RDONLY), (1, os.O_WRONLY), (2, os.O_WRONLY))


def own_command(*words: str) -> list[str]:
    """This program as another process; `-P` keeps a `tokentide` folder of the place worked in from being it."""
    return [sys.executable, "-P", "-m", "tokentide", *words]


def start_sync(environ: Mapping[str, str]) -> int:
    """Start it in a session of its own, with nothing to read or to say; it ends by itself. Returns its process id.

    Raises OSError where no process can be started.
    """
    command = own_command("sync")
    try:
        actions = [(os.POSIX_SPAWN_OPEN, number, os.devnull, mode, 0) for number, mode in _NOWHERE]
        return os.posix_spawn(command[0], command, dict(environ), file_actions=actions, setsid=True)
    except (AttributeError, NotImplementedError):  # Windows; a C library without sessions
        import subprocess

        nothing = subprocess.DEVNULL
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        process = subprocess.Popen(  # noqa: S603 -- our own command
            command,
            env=dict(environ),
            stdin=nothing,
            stdout=nothing,
            stderr=nothing,
            start_new_session=True,
            creationflags=flags,
        )
        return process.pid


def reap(process: int) -> None:
    """Take its end from the system when it comes, so that nothing is left of it beside a command that goes on."""
    from threading import Thread

    def wait() -> None:
        with suppress(OSError):  # Windows keeps nothing
            os.waitpid(process, 0)

    Thread(target=wait, daemon=True).start()
