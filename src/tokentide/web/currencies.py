"""The currency of a page's charts: reports are in USD, and the page's script shows them as the page shows amounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tokentide.render.currency import shown_currency


def charted(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """A chart's options, with the currency that its amounts are to be shown in where that is not USD."""
    shown = shown_currency()
    if shown is None:
        return options
    money = {
        "code": shown.code,
        "rate": float(shown.rate),
        "prefix": shown.prefix,
        "suffix": shown.suffix,
        "digits": shown.digits,
    }
    return {**options, "money": money}
