"""Amounts in another currency: for as long as a page is written, and nowhere else."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentide.render.currency import ShownCurrency, currency_of, showing, shown_currency
from tokentide.render.words import fine_money, money
from tokentide.settings import Settings

EURO = ShownCurrency("EUR", Decimal("0.92"), "2026-03-01")


@pytest.mark.parametrize(
    ("currency", "nano", "text"),
    [
        (EURO, 10_000_000_000, "€9.20"),
        (EURO, 1_234_567_890_000_000, "€1,135,802.46"),
        (EURO, 0, "€0.00"),
        (EURO, 1, "<€0.01"),
        (EURO, -10_000_000_000, "-€9.20"),
        (ShownCurrency("JPY", Decimal(150)), 1_000_000_000, "150 JPY"),
        (ShownCurrency("JPY", Decimal(150)), 1_000_000, "<1 JPY"),
        (ShownCurrency("CHF", Decimal("0.9")), 1_000_000_000, "0.90 CHF"),
    ],
)
def test_an_amount_is_written_as_the_currency_is(currency: ShownCurrency, nano: int, text: str) -> None:
    with showing(currency):
        assert money(nano) == text
    assert money(10_000_000_000) == "$10.00"


def test_what_one_response_costs_has_four_decimals_in_every_currency() -> None:
    assert fine_money(33_312_345) == "$0.0333"
    with showing(EURO):
        assert fine_money(33_312_345) == "€0.0306"


def test_usd_is_shown_unless_a_currency_and_its_rate_are_set() -> None:
    assert currency_of(Settings()) is None
    assert currency_of(Settings(usd_rate=Decimal(2))) is None
    shown = currency_of(Settings(currency="EUR", usd_rate=Decimal("0.92"), usd_rate_date="2026-03-01"))
    assert shown == EURO
    assert EURO.sentence.startswith("Amounts in EUR at your rate of 2026-03-01: 1 USD is 0.92 EUR.")


def test_another_thread_and_what_comes_later_show_usd() -> None:
    seen: list[ShownCurrency | None] = []
    with showing(EURO):
        other = threading.Thread(target=lambda: seen.append(shown_currency()))
        other.start()
        other.join()
        with showing(None):
            assert money(1_000_000_000) == "$1.00"
        assert money(1_000_000_000) == "€0.92"
    with pytest.raises(ZeroDivisionError), showing(EURO):
        raise ZeroDivisionError
    assert (seen, shown_currency()) == ([None], None)


@given(st.integers(0, 10**18))
def test_at_a_rate_of_one_amounts_are_those_of_usd(nano: int) -> None:
    plain = money(nano)
    with showing(ShownCurrency("EUR", Decimal(1))):
        assert money(nano).replace("€", "$") == plain
