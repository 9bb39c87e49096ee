"""All that is known about prices at once: the package, a fetched file, our own entries; opened on the first new name.

The newer of package and file is asked first, then the other, so that a file never hides a model that only a later
package knows. A file is dated by the day it was written, the package by the newest start of a price in it: its own
release date is not in it, and the day of its installation says nothing about its content.
"""

from __future__ import annotations

import difflib
import os
import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from tokentide.errors import PriceDataError
from tokentide.pricing import rules
from tokentide.pricing.assemble import FixedListing, Listing, assemble
from tokentide.pricing.genai_book import GenaiBook, file_book, package_book
from tokentide.pricing.names import ModelName, marked_context, parse_name

if TYPE_CHECKING:
    from tokentide.pricing.tariff import ModelPrices

OWN_SOURCE = "tokentide rules"
NEAREST_NAMES = 3


class Catalogue:
    """Price books, newest first, and our own entries behind them."""

    def __init__(self, books: tuple[GenaiBook, ...], fault: str = "") -> None:
        """Take the books; `fault` says why one could not be opened."""
        self.books = books
        self.fault = fault

    @property
    def source(self) -> str:
        """The book that is asked first."""
        return self.books[0].source

    @property
    def day(self) -> date:
        """The day its prices are from."""
        return self.books[0].day

    def find(self, asked: str) -> ModelPrices | None:
        """Prices of a name; None if no book knows it."""
        name = parse_name(asked)
        if name is None:
            return None
        for book in self.books:
            listing = _listing(book, name)
            if listing is not None:
                prices = _assembled(listing, name, book.source)
                if prices is not None:
                    return prices
        return _added(name)

    def context_window(self, asked: str) -> int | None:
        """Tokens that a model takes at once, as its name or the first book that says so has it; None if none does."""
        name = parse_name(asked)
        if name is None:
            return None
        told = (book.context_window(name) for book in self.books)
        return marked_context(asked) or next((size for size in told if size), None)

    def claude_ids(self) -> tuple[str, ...]:
        """Ids of all Claude models with a price, ours included."""
        added = (entry.model for entry in rules.ADDED_MODELS)
        return tuple(sorted({*(model for book in self.books for model in book.claude_ids()), *added}))

    def nearest(self, asked: str) -> tuple[str, ...]:
        """Up to three known names that look like this one; for people, never for prices."""
        name = parse_name(asked)
        if name is None:
            return ()
        known = {*self.claude_ids(), *(model for book in self.books for model in book.known_names())}
        return tuple(difflib.get_close_matches(name.model, sorted(known), NEAREST_NAMES))


def open_catalogue(package_path: str, data_path: str | None) -> Catalogue:
    """The package and, if there is one, the fetched file.

    A file that cannot be used is left aside and named in `fault`.
    """
    package = package_book(newest_possible=max(_written_on(package_path), rules.CHECKED))
    if data_path is None or not os.path.exists(data_path):
        return Catalogue((package,))
    try:
        fetched = file_book(data_path, _written_on(data_path))
    except (PriceDataError, OSError) as error:
        return Catalogue((package,), fault=str(error))
    return Catalogue((fetched, package) if fetched.day >= package.day else (package, fetched))


def _listing(book: GenaiBook, name: ModelName) -> Listing | None:
    try:
        return book.find(name)
    except re.error:  # a pattern in a fetched file
        return None


def _assembled(listing: Listing, name: ModelName, source: str) -> ModelPrices | None:
    corrections = rules.corrections_for(listing.model_id) if name.claude else ()
    try:
        return assemble(listing, name, source, corrections)
    except (ValueError, ArithmeticError):  # an amount or a date in a fetched file that cannot be
        return None


def _added(name: ModelName) -> ModelPrices | None:
    for entry in rules.ADDED_MODELS:
        if name.claude and entry.model == name.model:
            return assemble(FixedListing(entry.model, entry.card, notes=(entry.source,)), name, OWN_SOURCE)
    return None


def _written_on(path: str) -> date:
    return datetime.fromtimestamp(os.stat(path).st_mtime, UTC).date()
