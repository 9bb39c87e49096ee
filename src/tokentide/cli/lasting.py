"""For commands that stay for hours: what a short one leaves out."""

from __future__ import annotations

import gc

YOUNG = 20_000
"""So many new objects more than went before garbage is looked for. At Python's own 700 a list of ten thousand sessions
takes nearly half of its time to be looked through while it is made."""


def stay() -> None:
    """Collect garbage from here on: `command.entry` switches that off for commands that end soon.

    What was loaded until now stays for good and is not looked through again. Where garbage is collected already the
    process is another's, who has chosen.
    """
    if gc.isenabled():
        return
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
    gc.enable()


def leave() -> None:
    """The end: what was put out of the collector's sight is tidied away as usual, which DuckDB's binding waits for."""
    gc.unfreeze()
