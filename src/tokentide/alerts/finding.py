"""What a rule finds to be so now, whether it was told before or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tokentide.model.alerts import Claim, Facts
from tokentide.render.alert_words import Words


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a rule tells of."""

    claim: Claim
    rule: str
    """One of RULE_KINDS."""
    severity: str
    words: Words
    account: str = ""
    """`Account.key`."""
    window: str = ""
    facts: Facts = field(default_factory=dict)
    fires: bool = True
    """False for what is not reason enough to raise an alert, but to keep one that was raised."""
    former: Callable[[], tuple[int, ...]] = tuple
    """Other instances that mean the same turn: resets that the vendor has moved since; asked only where it is news."""
