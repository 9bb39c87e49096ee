"""All pages, in the order of the navigation; those below another page come after it."""

from __future__ import annotations

from typing import Any

from tokentide.web.frame import Page
from tokentide.web.pages import costs, overview

PAGES: tuple[Page[Any], ...] = (overview.PAGE, costs.PAGE)
BELOW: tuple[Page[Any], ...] = ()
"""Pages of one thing, reached from a page of many."""
