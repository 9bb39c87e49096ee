"""Another currency to show amounts in: at the person's own rate, for as long as a page is written, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple

from tokentide.render.limit_words import SYMBOLS
from tokentide.render.words import let_write_money

if TYPE_CHECKING:
    from decimal import Decimal

    from tokentide.settings import Settings

WITHOUT_CENTS = ("CLP", "HUF", "IDR", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF")
"""Amounts that are written without a fraction."""


class ShownCurrency(NamedTuple):
    """A currency, and what one USD is in it."""

    code: str
    """Three letters."""
    rate: Decimal
    day: str = ""
    """Of the rate; empty where that was not told."""

    @property
    def digits(self) -> int:
        """Behind the point."""
        return 0 if self.code in WITHOUT_CENTS else 2

    @property
    def prefix(self) -> str:
        """What stands before an amount."""
        return SYMBOLS.get(self.code, "")

    @property
    def suffix(self) -> str:
        """What stands behind it."""
        return "" if self.prefix else f" {self.code}"

    def money(self, nano: int, decimals: int | None = None) -> str:
        """Nano-USD in this currency, rounded half to even; a small amount is not shown as nothing."""
        digits = self.digits if decimals is None else decimals
        amount = (nano * self.rate).scaleb(-9)
        sign, text = "-" if amount < 0 else "", f"{abs(amount):,.{digits}f}"
        if amount > 0 and not text.strip("0.,"):
            sign, text = "<", f"{10**-digits:.{digits}f}"
        return f"{sign}{self.prefix}{text}{self.suffix}"

    @property
    def sentence(self) -> str:
        """What a page says of its amounts."""
        of = f" of {self.day}" if self.day else ""
        rate = f"Amounts in {self.code} at your rate{of}: 1 USD is {self.rate:f} {self.code}."
        return f"{rate} Downloads and the API are in USD."


_SHOWN: ContextVar[ShownCurrency | None] = ContextVar("shown currency", default=None)


def shown_currency() -> ShownCurrency | None:
    """The currency that amounts are shown in here and now; None for USD."""
    return _SHOWN.get()


def currency_of(settings: Settings) -> ShownCurrency | None:
    """The currency that a person wants amounts shown in; None for USD."""
    if settings.usd_rate is None or settings.currency == "USD":
        return None
    return ShownCurrency(settings.currency, settings.usd_rate, settings.usd_rate_date)


@contextmanager
def showing(currency: ShownCurrency | None) -> Iterator[None]:
    """Show amounts in that currency until the end of the block, on this thread alone; None for USD."""
    token = _SHOWN.set(currency)
    try:
        yield
    finally:
        _SHOWN.reset(token)


def _written(nano: int, decimals: int | None) -> str:
    shown = shown_currency()
    return shown.money(nano, decimals) if shown else ""


let_write_money(_written)
