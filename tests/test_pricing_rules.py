"""Our own rules: each with a source, and a version that moves with them."""

from __future__ import annotations

import hashlib
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal

from tokentide.pricing import rules
from tokentide.pricing.edition import RULES_VERSION

DIGESTS = {1: "595251010d49"}
"""Digest of the rules by their version."""


def facts() -> str:
    """All data of the rules in one text."""
    names = sorted(name for name in vars(rules) if name.isupper() and name != "CHECKED")
    return "\n".join(f"{name}={plain(getattr(rules, name))}" for name in names)


def plain(value: object) -> str:
    """A value as text, without the days it was checked on."""
    if isinstance(value, tuple):
        return "(" + ",".join(plain(item) for item in value) + ")"
    if is_dataclass(value) and not isinstance(value, type):
        shown = (field.name for field in fields(value) if field.name != "checked")
        return "{" + ",".join(f"{name}:{plain(getattr(value, name))}" for name in shown) + "}"
    return str(value)


def test_the_version_moves_with_the_rules() -> None:
    """When this fails after a change of rules.py: raise edition.RULES_VERSION and add its digest here."""
    digest = hashlib.sha256(facts().encode()).hexdigest()[:12]
    assert DIGESTS.get(RULES_VERSION) == digest


def test_every_entry_has_a_source_and_a_day() -> None:
    for entry in (*rules.FAST_MODES, *rules.ADDED_MODELS):
        assert entry.source
        assert date(2026, 1, 1) < entry.checked <= rules.CHECKED
    for correction in rules.CORRECTIONS:
        assert correction.note
        assert date(2026, 1, 1) < correction.checked <= rules.CHECKED


def test_fast_factors() -> None:
    assert rules.fast_factor("claude-opus-4-6") == 6
    assert rules.fast_factor("claude-sonnet-5") == Decimal(1)


def test_corrections_have_bounds() -> None:
    (sonnet_4,) = rules.corrections_for("claude-sonnet-4-0")
    assert sonnet_4.holds_on(date(2025, 8, 12))
    assert sonnet_4.holds_on(date(2026, 4, 30))
    assert not sonnet_4.holds_on(date(2026, 5, 1))
    (sonnet_4_5,) = rules.corrections_for("claude-sonnet-4-5")
    assert not sonnet_4_5.holds_on(date(2026, 4, 30))
    assert sonnet_4_5.holds_on(date(2026, 5, 1))
    assert rules.corrections_for("claude-opus-5") == ()
