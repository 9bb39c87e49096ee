"""Short names of models, such as `sonnet`, and which model of a family is the newest."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from tokentide.pricing.names import parse_name
from tokentide.pricing.rules import Generation

_FAMILY = re.compile(r"claude-(?:[0-9]+-)*([a-z]+)")


@lru_cache(maxsize=256)
def family_name(model: str) -> str:
    """The family of a Claude model as people say it: `opus`, `sonnet`, `haiku`; empty for any other name."""
    name = parse_name(model)
    match = _FAMILY.match(name.model) if name is not None and name.claude else None
    return match[1] if match else ""


@lru_cache(maxsize=4096)
def same_model(one: str, other: str) -> bool:
    """True for two spellings of one model: with a date or without, with a cloud's prefix or without."""
    first, second = parse_name(one), parse_name(other)
    return one == other or (first is not None and second is not None and first.model == second.model)


def newest_models(models: Iterable[str]) -> dict[str, str]:
    """Of each family the model with the highest number; names without a number are left out."""
    found: dict[str, tuple[Generation, str]] = {}
    for model in sorted(models):
        name, family = parse_name(model), family_name(model)
        if name is not None and name.generation is not None and family:
            found[family] = max(found.get(family, ((0, 0), "")), (name.generation, model))
    return {family: model for family, (_, model) in found.items()}


def full_name(asked: str, models: Iterable[str]) -> str:
    """The newest model of the family that was named; any other name as it is."""
    return newest_models(models).get(asked.strip().lower(), asked)
