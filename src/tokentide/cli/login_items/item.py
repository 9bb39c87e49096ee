"""The facts that every system wants to know of a program that starts at login."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

DESCRIPTION = "tokentide: watches Claude limits in the background"
KEPT_VARIABLES = (
    "CLAUDE_CONFIG_DIR",
    "TOKENTIDE_CONFIG_DIR",
    "TOKENTIDE_DATA_DIR",
    "TOKENTIDE_TIMEZONE",
    "TOKENTIDE_START_OF_WEEK",
    "TOKENTIDE_COST_MODE",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
)
"""What a runner that is started at login is told of the environment of its installation; nothing secret is among it."""


@dataclass(frozen=True, slots=True)
class LoginItem:
    """One program."""

    command: tuple[str, ...]
    """The program by its absolute path, then its words."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that it needs beside those of every login."""
    log_path: str = ""
    """Where its standard error goes, on systems without a journal."""
