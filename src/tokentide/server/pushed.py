"""What machines push of their ledgers, as sightings: the same response told by telemetry is the same one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from tokentide.clock import DAY_US
from tokentide.model.pushing import FORMAT, MOST_RECORDS, PushedPlace, PushedRecord, Text
from tokentide.model.telemetry import BY_EVENTS, BY_METRICS, NOT_TOLD, Entrance, Sighting
from tokentide.sources.otlp.circumstances import Parties
from tokentide.sources.otlp.faults import BadBodyError
from tokentide.sources.otlp.identity import id_of
from tokentide.sources.otlp.instants import day_of, quarter_of
from tokentide.sources.otlp.texts import storable
from tokentide.sources.otlp.usage import Price, seniority

AHEAD_US = DAY_US
"""A response so far ahead of its arrival was dated by a wrong clock."""
FAST = "fast"
MOST_NANO_USD = 10**15
"""A response costs no more: what counts that nobody reaches would come to has no price."""
RANK = 0
"""At the same instant transcripts come before telemetry."""


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
    resource: dict[str, Text] = msgspec.field(default_factory=dict)


_body_decoder = msgspec.json.Decoder(_Body)
_record_decoder = msgspec.json.Decoder(PushedRecord)


def pushed_records(body: bytes) -> int:
    """How many records a body tells of, each to be looked at later. Raises BadBodyError where it is none."""
    return len(_told(body).records)


def pushed(body: bytes, entrance: Entrance, parties: Parties, price: Price, received_at: int) -> PushedReading:
    """The sightings of a body, which is no longer compressed. Raises BadBodyError where it is none."""
    told = _told(body)
    parties.edition()  # a mapping that has changed is read anew
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

    def __init__(self, place: PushedPlace, entrance: Entrance, parties: Parties, resource: Mapping[str, str]) -> None:
        self.place = place
        self.party = parties.party(entrance, {"project": storable(place.project), **resource})
        self.account = "" if parties.hides_people else storable(place.account)


def _sighting(raw: msgspec.Raw, spots: list[_Spot], price: Price, received_at: int) -> Sighting:
    """One record as a row. Raises ValueError saying what makes no sense."""
    record = _record_decoder.decode(raw)
    if record.place >= len(spots):
        raise ValueError("a record is of a place that is not told")
    if spots[record.place].place.source in (BY_EVENTS, BY_METRICS):
        raise ValueError("a record claims to be telemetry")
    if not record.identity and not record.request_id:
        raise ValueError("a record has no id")
    if record.at > received_at + AHEAD_US:
        raise ValueError("a record is from tomorrow or later")
    row = _row(record, spots[record.place])
    row.id = id_of(*map(str, msgspec.structs.astuple(row)))
    row.seniority = seniority(row.happened_at, RANK, row.id, is_sidechain=row.is_sidechain)
    listed = price(record.usage())
    row.list_cost = NOT_TOLD if listed is None or listed > MOST_NANO_USD else listed
    return row


def _row(record: PushedRecord, spot: _Spot) -> Sighting:
    """The record as it was seen, without its price, id and place in the order of sightings."""
    return Sighting(
        tenant=spot.party.tenant,
        user_id=spot.party.user_id,
        team=spot.party.team,
        project=spot.party.project,
        cost_center=spot.party.cost_center,
        customer=spot.party.customer,
        day=day_of(record.at),
        quarter=quarter_of(record.at),
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
    )
