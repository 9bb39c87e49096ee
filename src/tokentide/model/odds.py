"""What odds mean to people, the same on every surface."""

from __future__ import annotations

SAFE_ODDS = 0.07
"""Below these odds a window is called safe."""
NOTABLE_ODDS = 0.2
"""From these on they are worth a word where there is little room, and advice is."""
EVEN_ODDS = 0.5
"""From these on a window rather runs out than not: that is near."""
