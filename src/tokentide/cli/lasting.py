"""For commands that stay for hours: what a short one leaves out."""

from __future__ import annotations

import gc


def stay() -> None:
    """Collect garbage from here on: `command.entry` switches that off for commands that end soon."""
    gc.enable()
