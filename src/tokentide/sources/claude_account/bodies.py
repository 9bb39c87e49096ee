"""What the account's API says, made into readings and a profile; everything unknown is passed over, nothing is assumed.

Shapes: recorded answers of 2025-11 to 2026-11. `limits[]` is the vendor's own list since July 2026 and comes first; the
older members are read where it does not name the window. Null is not zero: a window that is null was not told.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from tokentide.clock import DAY_US, SECOND_US
from tokentide.model.limits import (
    EXTRA_USAGE,
    FIVE_HOUR,
    HIGHEST_PERCENT,
    SEVEN_DAY,
    SPEND,
    LimitReading,
    Money,
    Profile,
    snapped,
)

Body = Mapping[str, object]
KNOWN_MEMBERS = {
    FIVE_HOUR,
    SEVEN_DAY,
    "seven_day_oauth_apps",
    "seven_day_opus",
    "seven_day_sonnet",
    "limits",
    EXTRA_USAGE,
}
"""A usage answer has at least one of them."""
_KINDS = {"session": FIVE_HOUR, "weekly_all": SEVEN_DAY, "weekly_scoped": SEVEN_DAY}
_MOST_AHEAD_US = 400 * DAY_US
"""A reset that lies further away is none."""
_ALL_MODELS = "all_models"


def usage_readings(body: Body, *, account: str, source: str, at: int) -> list[LimitReading]:
    """One reading a window of a usage answer; empty where it has none, as an enterprise's may."""
    found: dict[str, LimitReading] = {}
    for window, percent, resets_at in (*_listed(body), *_members(body)):
        share, reset = _percent(percent), _instant(resets_at, at)
        if window not in found and (share is not None or reset is not None):
            found[window] = LimitReading(account, window, source, at, share, reset)
    for reading in _money_readings(body, account, source, at):
        found[reading.window] = reading
    return list(found.values())


def is_usage(body: Body) -> bool:
    """True where an answer is a usage answer at all."""
    return not KNOWN_MEMBERS.isdisjoint(body)


def decoded(body: str) -> Body:
    """An answer as an object; empty for anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def profile_of(body: Body) -> Profile:
    """The profile in a profile answer."""
    account, organization = _object(body.get("account")), _object(body.get("organization"))
    return Profile(
        name=_text(account.get("display_name")) or _text(account.get("full_name")),
        email=_text(account.get("email")),
        organization=_text(organization.get("name")),
        organization_type=_text(organization.get("organization_type")),
        rate_limit_tier=_text(organization.get("rate_limit_tier")),
        seat_tier=_text(organization.get("seat_tier")),
        has_max=account.get("has_claude_max") is True,
        has_pro=account.get("has_claude_pro") is True,
    )


def _listed(body: Body) -> Iterator[tuple[str, object, object]]:
    """Window, percent and reset of each entry of `limits[]`."""
    listed = body.get("limits")
    entries: list[object] = listed if isinstance(listed, list) else []
    for entry in entries:
        limit = _object(entry)
        scope = _object(limit.get("scope"))
        model = _object(scope.get("model"))
        part = _slug(_text(model.get("display_name")) or _text(model.get("id")) or _text(scope.get("surface")))
        kind = _text(limit.get("kind"))
        window = _KINDS.get(kind) or _slug(kind)
        if kind == "weekly_scoped" and part in ("", _ALL_MODELS):
            continue
        yield (f"{window}_{part}" if part else window), limit.get("percent"), limit.get("resets_at")


def _members(body: Body) -> Iterator[tuple[str, object, object]]:
    """Window, percent and reset of each member that looks like a window."""
    for name, value in body.items():
        window = _object(value)
        if "utilization" in window and name not in (EXTRA_USAGE, SPEND):
            yield _slug(name), window.get("utilization"), window.get("resets_at")


def _money_readings(body: Body, account: str, source: str, at: int) -> Iterator[LimitReading]:
    """Extra usage and spend, in their own currency; only where they are switched on."""
    extra = _object(body.get(EXTRA_USAGE))
    if extra.get("is_enabled") is True:
        currency, exponent = _text(extra.get("currency")) or "USD", extra.get("decimal_places")
        used = _money(extra.get("used_credits"), currency, exponent)
        ceiling = _money(extra.get("monthly_limit"), currency, exponent)
        percent = _percent(extra.get("utilization"))
        yield LimitReading(account, EXTRA_USAGE, source, at, percent, None, used, ceiling)
    spend = _object(body.get(SPEND))
    if spend.get("enabled") is True:
        used, ceiling = _money_object(spend.get("used")), _money_object(spend.get("limit"))
        yield LimitReading(account, SPEND, source, at, _percent(spend.get("percent")), None, used, ceiling)


def _money_object(value: object) -> Money | None:
    """`{amount_minor, currency, exponent}`."""
    money = _object(value)
    return _money(money.get("amount_minor"), _text(money.get("currency")) or "USD", money.get("exponent"))


def _money(minor: object, currency: str, exponent: object) -> Money | None:
    """An amount in minor units; None where there is none."""
    if isinstance(minor, bool) or not isinstance(minor, (int, float)) or not abs(minor) < 2**53:
        return None
    digits = exponent if isinstance(exponent, int) and not isinstance(exponent, bool) and 0 <= exponent <= 9 else 2
    return Money(round(minor), currency.upper()[:8], digits)


def _percent(value: object) -> float | None:
    """A percentage, of 100; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) and 0 <= value <= HIGHEST_PERCENT else None


def _instant(value: object, at: int) -> int | None:
    """A reset as ISO 8601 text or as seconds since 1970, to the minute; None where it is absent or absurd."""
    seconds: float = math.nan
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
        seconds = moment.timestamp() if moment.tzinfo is not None else math.nan
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        seconds = value
    if not math.isfinite(seconds) or abs(seconds * SECOND_US - at) > _MOST_AHEAD_US:
        return None
    return snapped(int(seconds * SECOND_US))


def _slug(text: str) -> str:
    """A name in the style of the vendor's own: lower case, words joined by underscores."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:60]


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    """Text, valid UTF-8 and of a reasonable length."""
    return value[:500].encode("utf-8", "replace").decode() if isinstance(value, str) else ""
