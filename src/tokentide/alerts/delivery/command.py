"""A command of the person's own: run without a shell, with the alerts as JSON on its standard input."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress

from tokentide.alerts.delivery.faults import DeliveryError
from tokentide.alerts.delivery.message import Message
from tokentide.model.alerts import Channel

GRACE_SECONDS = 1.0
"""Between asking a command to end and ending it."""


def run(message: Message, channel: Channel, environ: Mapping[str, str]) -> None:
    """Run it within its time; what it prints is thrown away. Raises DeliveryError."""
    program, *arguments = channel.command
    home = environ.get("HOME") or os.path.expanduser("~")
    words = [_at_home(program, home), *arguments]
    try:
        process = subprocess.Popen(  # noqa: S603 - the person's own command, without a shell
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=home if os.path.isdir(home) else None,
            env=dict(environ),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is no command"
        raise DeliveryError(f"it could not be run: {reason}", is_lasting=True) from None
    with process:
        try:
            process.communicate(f"{message.data}\n".encode(), timeout=channel.timeout_seconds)
        except subprocess.TimeoutExpired:
            _end(process)
            raise DeliveryError(f"it did not end within {channel.timeout_seconds:g} s and was stopped") from None
    if process.returncode:
        raise DeliveryError(_ending(process.returncode))


def can_run(program: str, environ: Mapping[str, str]) -> bool:
    """True for a program that is there, seen from where it would be run."""
    import shutil

    home = environ.get("HOME") or os.path.expanduser("~")
    words = _at_home(program, home)
    return (
        shutil.which(os.path.join(home, words) if os.path.dirname(words) else words, path=environ.get("PATH"))
        is not None
    )


def _at_home(program: str, home: str) -> str:
    """The program with `~/` as the home folder."""
    return os.path.join(home, program[2:]) if program.startswith("~/") else program


def _ending(code: int) -> str:
    if code > 0:
        return f"it ended with exit code {code}"
    try:
        return f"it was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"it was ended by signal {-code}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the command and what it has started: first asked, then told."""
    for sign in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        with suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, sign)
            else:
                process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
