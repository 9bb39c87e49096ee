"""The client on this machine: which version it is, and which sessions run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping

from tokentide.clock import SECOND_US
from tokentide.doctor.telemetry import Machine, Session
from tokentide.sources.claude_code.memory_files import managed_folder
from tokentide.sources.claude_code.paths import home_of
from tokentide.sources.claude_code.telemetry_settings import (
    Version,
    managed_preferences,
    preferences_layer,
    read_layers,
    version_of,
)

CLIENT = "claude"
WAIT_SECONDS = 10.0
_ELAPSED = re.compile(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)")
"""Days, hours, minutes and seconds as `ps` writes them."""


def machine_of(environ: Mapping[str, str], work_folder: str, now: int, managed: str = "") -> Machine:
    """What there is to look at, for a session that would start in that folder now.

    `managed` is the folder of the organisation's settings; empty for the system's own.
    """
    config = environ.get("CLAUDE_CONFIG_DIR") or os.path.join(home_of(environ), ".claude")
    layers = read_layers(environ, config, work_folder, managed or managed_folder())
    preferences = managed_preferences()
    if preferences and not managed:
        layers += preferences_layer(preferences)
    is_inside = environ.get("CLAUDECODE") == "1"
    return Machine(layers, client_version(environ), running_sessions(environ, now), is_inside=is_inside, now=now)


def client_version(environ: Mapping[str, str]) -> Version:
    """What `claude --version` says; empty where there is no client in the path, or none that answers."""
    program = shutil.which(CLIENT, path=environ.get("PATH"))
    said = _said([program, "--version"], environ) if program else None
    return version_of(said or "")


def running_sessions(environ: Mapping[str, str], now: int) -> tuple[Session, ...] | None:
    """The clients that run, by what `ps` says of this user's processes; None where there is no `ps`."""
    said = _said(["ps", "-xo", "pid=,etime=,comm="], environ)
    if said is None:
        return None
    found = (line.split(None, 2) for line in said.splitlines())
    return tuple(
        Session(int(words[0]), now - elapsed_us(words[1]))
        for words in found
        if len(words) == 3 and os.path.basename(words[2].strip()).removesuffix(".exe") == CLIENT
    )


def elapsed_us(text: str) -> int:
    """How long a process runs, from `[[days-]hours:]minutes:seconds`; 0 for what is none."""
    found = _ELAPSED.fullmatch(text.strip())
    if not found:
        return 0
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * SECOND_US


def _said(command: list[str], environ: Mapping[str, str]) -> str | None:
    """What a program prints; None where it cannot be run or does not end."""
    try:
        done = subprocess.run(  # noqa: S603 -- the client, and ps
            command,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=WAIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout
