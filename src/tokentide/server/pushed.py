"""What machines push of their ledgers, as sightings: the same response told by telemetry is the same one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Protocol

import msgspec

from tokentide.clock import DAY_US, QUARTER_US
from tokentide.model.pushing import FORMAT, MOST_RECORDS, PushedPlace, PushedRecord, Text
from tokentide.model.telemetry import NOT_TOLD, Entrance, Party, Sighting
from tokentide.model.usage import UsageRecord
from tokentide.sources.otlp.faults import BadBodyError
from tokentide.sources.otlp.texts import storable
from tokentide.store.team.rollups import days_of

AHEAD_US = DAY_US
"""A response so far ahead of its arrival was dated by a wrong clock."""
FAST = "fast"
Price = Callable[[UsageRecord], int | None]


class Parties(Protocol):
    """Knows whose something is."""

    def party(self, entrance: Entrance, attributes: Mapping[str, str | int | float | bool]) -> Party:
        """Whose it is, by what came with it."""


@dataclass(slots=True)
class PushedReading:
    """What a body tells."""

    sightings: list[Sighting] = field(default_factory=list)
    rejected: int = 0
    """Records that make no sense."""
    notes: tuple[str, ...] = ()
    """Why, each reason once."""


class _Body(msgspec.Struct):
    """A body whose records are looked at one by one, so that a bad one does not spoil the others."""

    format: int
    places: list[PushedPlace]
    records: list[msgspec.Raw]
    resource: dict[str, Text] = {}


_body_decoder = msgspec.json.Decoder(_Body)
_record_decoder = msgspec.json.Decoder(PushedRecord)
_id_encoder = msgspec.msgpack.Encoder()


def pushed(body: bytes, entrance: Entrance, parties: Parties, price: Price, received_at: int) -> PushedReading:
    """The sightings of a body, which is no longer compressed. Raises BadBodyError where it is none."""
    told = _told(body)
    spots = [_Spot(place, entrance, parties, told.resource) for place in told.places]
    reading, reasons = PushedReading(), dict[str, None]()
    for raw in told.records:
        try:
            reading.sightings.append(_sighting(raw, spots, price, received_at))
        except ValueError as error:
            reading.rejected += 1
            reasons[str(error)] = None
    reading.notes = tuple(reasons)[:10]
    return reading


def _told(body: bytes) -> _Body:
    try:
        told = _body_decoder.decode(body)
    except (ValueError, RecursionError) as error:
        raise BadBodyError(f"no body of a push: {error}") from None
    if told.format != FORMAT:
        raise BadBodyError(f"a push of format {told.format}; this server knows {FORMAT}: bring both to one version")
    if len(told.records) > MOST_RECORDS or len(told.places) > MOST_RECORDS:
        raise BadBodyError(f"more than {MOST_RECORDS:,} records or places in one body")
    return told


class _Spot:
    """A place with whose it is."""

    __slots__ = ("account", "party", "place")

    def __init__(
        self, place: PushedPlace, entrance: Entrance, parties: Parties, resource: Mapping[str, str]
    ) -> None:
        self.place = place
        self.party = parties.party(entrance, {"project": storable(place.project), **resource})
        # An address is no account's name where the team knows the person by another one.
        self.account = self.party.user_id if "@" in place.account else storable(place.account)


def _sighting(raw: msgspec.Raw, spots: list[_Spot], price: Price, received_at: int) -> Sighting:
    """One record as a row. Raises ValueError saying what makes no sense."""
    record = _record_decoder.decode(raw)
    if record.place >= len(spots):
        raise ValueError("a record is of a place that is not told")
    if not record.identity and not record.request_id:
        raise ValueError("a record has no id")
    if record.at > received_at + AHEAD_US:
        raise ValueError("a record is from tomorrow or later")
    spot, listed = spots[record.place], price(record.usage())
    row = Sighting(
        **msgspec.structs.asdict(spot.party),
        day=_day(record.at - record.at % QUARTER_US),
        quarter=record.at - record.at % QUARTER_US,
        happened_at=record.at,
        id="",
        key=storable(f"request:{record.request_id}" if record.request_id else record.identity),
        seniority=0,
        source=storable(spot.place.source),
        account=spot.account,
        session_id=storable(spot.place.session_id),
        branch=storable(spot.place.branch),
        agent=storable(record.agent),
        is_sidechain=record.is_sidechain,
        version=storable(spot.place.version),
        model=storable(record.model),
        speed=FAST if record.speed == FAST else "",
        effort=storable(record.effort),
        skill=storable(record.skill),
        input_tokens=record.input_tokens,
        output_tokens=record.output_tokens,
        cache_creation_5m_tokens=record.cache_creation_5m_tokens,
        cache_creation_1h_tokens=record.cache_creation_1h_tokens,
        cache_read_tokens=record.cache_read_tokens,
        web_search_requests=record.web_search_requests,
        output_is_final=record.output_is_final,
        reported_cost=record.reported_cost,
        list_cost=NOT_TOLD if listed is None else listed,
    )
    return _identified(row)


def _identified(row: Sighting) -> Sighting:
    """The row with its id, and with its place in the order of sightings. Transcripts come first at the same instant."""
    digest = blake2b(_id_encoder.encode(row), digest_size=16)
    row.id = digest.hexdigest()
    row.seniority = row.happened_at * 1024 + row.is_sidechain * 512 + digest.digest()[0] % 64
    return row


_days: dict[int, str] = {}


def _day(quarter: int) -> str:
    """The UTC day of a quarter hour."""
    day = quarter // DAY_US
    if day not in _days:
        _days[day] = days_of([quarter])[0]
    return _days[day]
