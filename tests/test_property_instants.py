"""Laws of time as text: what RFC 3339 allows is understood as Python understands it, everything else is refused."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tokentide.sources.claude_code.instants import FIRST_YEAR, LAST_YEAR, parse_instant

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
offsets = st.builds(timedelta, minutes=st.integers(-23 * 60 - 59, 23 * 60 + 59)).map(timezone)
moments = st.datetimes(
    datetime(FIRST_YEAR, 1, 1),  # noqa: DTZ001 - the zone comes from the strategy
    datetime(LAST_YEAR, 12, 31, 23, 59, 59),  # noqa: DTZ001
    timezones=offsets,
)


def microseconds(moment: datetime) -> int:
    """An aware time as the ledger has it."""
    return (moment - EPOCH) // timedelta(microseconds=1)


@law(400)
@given(moments, st.integers(0, 9), st.sampled_from("Tt "), st.booleans(), st.booleans())
def test_rfc_3339_is_read_as_python_reads_it(
    moment: datetime, digits: int, between: str, zulu: bool, lower: bool
) -> None:
    moment = moment.astimezone(timezone.utc) if zulu else moment
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        return
    fraction = f".{f'{moment.microsecond:06}000'[:digits]}" if digits else ""
    zone = ("z" if lower else "Z") if zulu else f"{moment:%z}"[:3] + ":" + f"{moment:%z}"[3:5]
    plain = f"{moment:%Y-%m-%d}{between}{moment:%H:%M:%S}"
    cut = moment.replace(microsecond=int((fraction[1:7] or "0").ljust(6, "0")))
    expected = microseconds(datetime.fromisoformat(f"{plain}{fraction[:7]}{zone}".upper()))
    assert parse_instant(plain + fraction + zone) == expected == microseconds(cut)


@law(400)
@given(st.text(alphabet="0123456789-+:.,TZtz ٣", max_size=30) | st.text(max_size=30))
def test_other_text_is_refused_or_read_as_python_reads_it(text: str) -> None:
    found = parse_instant(text)
    if found is not None:
        assert found == microseconds(datetime.fromisoformat(text.upper().replace(",", ".")))


@law(400)
@given(moments, st.integers(0, 23), st.sampled_from("0123456789-+:.,TZtz ٣７x\n\x00"))
def test_a_damaged_time_is_read_alike_before_and_after_its_minute_was_seen(
    moment: datetime, place: int, character: str
) -> None:
    good = f"{moment.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"
    if not good.startswith(tuple("123456789")) or len(good) != 24:
        return
    damaged = good[:place] + character + good[place + 1 :]
    cold = cold_reading(damaged)
    parse_instant(good)
    assert parse_instant(damaged) == cold
    if cold is not None:
        assert cold == microseconds(datetime.fromisoformat(damaged.upper().replace(",", ".")))


def cold_reading(text: str) -> int | None:
    """How the text is read where nothing of its minute was read before."""
    from tokentide.sources.claude_code import instants

    instants._minutes.clear()
    return parse_instant(text)


REFUSED = (
    "",
    "2026-03-10",
    "2026-03-10T10:00:00",
    "2026-03-10T10:00:00.000",
    "2026-03-10T10:00Z",
    "2026-3-10T10:00:00Z",
    "2026-02-29T10:00:00Z",
    "2026-13-01T10:00:00Z",
    "2026-00-01T10:00:00Z",
    "2026-03-32T10:00:00Z",
    "2026-03-10T24:00:00Z",
    "2026-03-10T10:60:00Z",
    "2026-03-10T10:00:61Z",
    "2026-03-10T10:00:00.Z",
    "2026-03-10T10:00:00.000ZZ",
    "2026-03-10T10:00:00.000Z\n",
    " 2026-03-10T10:00:00.000Z",
    "2026-03-10T10:00:00+24:00",
    "2026-03-10T10:00:00+1:00",
    "2026-03-10T10:00:00 +01:00",
    "+2026-03-10T10:00:00Z",
    "12026-03-10T10:00:00Z",
    "1970-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "２０２６-03-10T10:00:00.000Z",
    "2026-03-10T10:00:0٣.000Z",
    "2026-03-10T10:00:00.٣00Z",
    "2026-W11-2T10:00:00Z",
    "1773136800",
    "1773136800000",
    "now",
    "2026-03-10T10:00:00.000 UTC",
    "NaN",
)


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_time_is_refused(text: str) -> None:
    parse_instant("2026-03-10T10:00:00.000Z")
    assert parse_instant(text) is None
    assert cold_reading(text) is None


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
        ("2016-12-31T23:59:60.500Z", "2017-01-01T00:00:00.500Z"),
        ("2026-03-10T10:00:00-00:00", "2026-03-10T10:00:00Z"),
        ("2026-03-10T10:00:00.123456999Z", "2026-03-10T10:00:00.123456Z"),
        ("2026-03-10T15:45:00+05:45", "2026-03-10T10:00:00Z"),
    ],
)
def test_the_corners_of_rfc_3339(text: str, same: str) -> None:
    assert parse_instant(text) == parse_instant(same) is not None


def test_the_order_of_reading_does_not_matter() -> None:
    texts = ("2026-03-10T10:00:59.999Z", "2026-03-10T10:00:60.000Z", "2026-03-10T10:00:00Z", "2026-03-10t10:00:07.000Z")
    expected = {text: cold_reading(text) for text in texts}
    for order in permutations(texts):
        cold_reading("")
        assert {text: parse_instant(text) for text in order} == expected
