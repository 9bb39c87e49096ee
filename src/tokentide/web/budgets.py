"""What a person meant to spend: the amounts that alerts of cost are raised at, as lines across charts."""

from __future__ import annotations

from dataclasses import dataclass

from tokentide import locations
from tokentide.alerts.engine import load_rules
from tokentide.errors import SettingsError
from tokentide.model.alerts import COST
from tokentide.render.words import money
from tokentide.web.desk import Sight


@dataclass(frozen=True, slots=True)
class Budget:
    """One amount for a day, a week or a month."""

    per: str
    amount: int
    """Nano-USD."""

    @property
    def label(self) -> str:
        """$50.00 a week."""
        return f"{money(self.amount)} a {self.per}"


def budgets(sight: Sight, per: str = "") -> list[Budget]:
    """The highest amount of each rule of cost that is on, for one stretch or for all.

    None where the rules cannot be read: the notice above every page says so, and costs are shown without.
    """
    try:
        rules = load_rules(locations.alerts_path(), sight.environ)
    except SettingsError:
        return []
    found = [Budget(rule.per, max(rule.amounts)) for rule in rules.of(COST) if rule.enabled and rule.amounts]
    return [each for each in found if per in ("", each.per)]
