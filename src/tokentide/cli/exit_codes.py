"""What the process ends with; documented in docs/reference/exit-codes.md."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The codes of every command."""

    OK = 0
    """It did what was asked, also where there was nothing to report."""
    ERROR = 1
    """It could not; one line on standard error says why."""
    USAGE = 2
    """The command line is wrong."""
    UNHEALTHY = 3
    """`doctor` found something that needs a person."""
    ABOVE = 4
    """`limits --fail-above` found a window that is used beyond the bound; `count` found more than the model takes."""
    NO_DATA = 5
    """Nothing is known of any limit: `limits --fail-above`, `live --once`, `forecast`, `guard`."""
    NEAR = 10
    """A limit is near, or will probably be hit: `live --once`, `guard`."""
    HIT = 11
    """A limit is used up: `live --once`, `guard`."""
    INTERRUPTED = 130
    """Ctrl+C."""
    PIPE_CLOSED = 141
    """Whoever read the output stopped reading."""
