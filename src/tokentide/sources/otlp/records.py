"""Makes telemetry records of opened items."""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from tokentide.model.latency import bucket_of
from tokentide.model.telemetry import NOT_TOLD, TelemetryRecord
from tokentide.sources.otlp.circumstances import Circumstances, members
from tokentide.sources.otlp.events import EVENTS, ITEM_KEYS, METRICS, SPAN, UNKNOWN, USAGE_KEYS, Shape
from tokentide.sources.otlp.identity import id_of
from tokentide.sources.otlp.instants import day_of, happened, quarter_of
from tokentide.sources.otlp.texts import MOST_NAME, millionths, name_of, whole
from tokentide.sources.otlp.wire import Attributes, Log, Point, Span, Sum

PREFIX = "claude_code."
UNNAMED = "log"
"""Log records of which nothing may be the name: a body that is not one may be somebody's text."""
API_REQUEST = "api_request"
_NAME = re.compile(r"[\w.:/-]{1,200}")
_ADDRESS = re.compile(r"[^\s\"\\,;<>()]+@[^\s\"\\,;<>()]+")
_NS_PER_MS = 1_000_000
_MOST_NAMES = 2_000


class Kind(msgspec.Struct, frozen=True):
    """What is known of the items of a name."""

    name: str
    shape: Shape
    left_out: frozenset[str]
    """Attributes that have a column, or are not kept."""


class Stream(NamedTuple):
    """What the data points of one stream have in common: they differ in their instants and values alone."""

    name: str
    text: str
    """All attributes of the points and of their head."""
    detail: str
    outcome: str
    extra: str
    model: str
    query_source: str
    attributes: str


class Maker:
    """Makes the records of a body."""

    def __init__(self, dropped: frozenset[str], *, hides_people: bool) -> None:
        """`dropped` are attributes that are not kept."""
        self._dropped, self._hides_people = dropped, hides_people
        self._events: dict[str, Kind] = {}
        self._metrics: dict[str, Kind] = {}

    def event(self, log: Log, own: Attributes, around: Circumstances, received_at: int) -> TelemetryRecord:
        """The record of a log record; `own` are its attributes behind its head."""
        told = own if around.is_plain else {**around.attributes, **own}
        kind = self._event_kind(name_of(told.get("event.name")) or log.name)
        shape = kind.shape
        sent_at = log.at or log.observed
        request_id, tool_use_id = name_of(told.get("request_id")), name_of(told.get("tool_use_id"))
        prompt_id, sequence = name_of(told.get("prompt.id")), whole(told.get("event.sequence"))
        party = around.party
        fields = (party.tenant, around.service, kind.name, around.session_id, str(sent_at), str(sequence))
        whole_text = _sorted_text({**around.attributes, **own}) if sequence < 0 else ""
        at, is_skewed = happened(sent_at, received_at)
        duration, ttft = whole(told.get(shape.duration)), whole(told.get("ttft_ms"))
        return TelemetryRecord(
            party.tenant,
            day_of(at),
            quarter_of(at),
            at,
            id_of(*fields, request_id, tool_use_id, prompt_id, whole_text),
            "event",
            kind.name,
            received_at,
            party.user_id,
            party.team,
            party.project,
            party.cost_center,
            party.customer,
            around.session_id,
            shape.detail.of(told),
            shape.outcome.of(told),
            shape.extra.of(told),
            shape.amount_of(told),
            duration,
            ttft,
            bucket_of(duration),
            bucket_of(ttft),
            name_of(told.get("model")),
            name_of(told.get("query_source")),
            around.version,
            around.terminal,
            around.entrypoint,
            prompt_id,
            name_of(told.get("agent_id")),
            request_id,
            tool_use_id,
            sequence,
            is_skewed=is_skewed,
            attributes=self._rest(own, kind, around, trace_id=log.trace_id, span_id=log.span_id),
        )

    def stream(self, metric: Sum, own: Attributes, around: Circumstances) -> Stream:
        """The stream of a metric's data points with these attributes."""
        told = own if around.is_plain else {**around.attributes, **own}
        kind = self._metric_kind(metric.name)
        shape = kind.shape
        return Stream(
            kind.name,
            _sorted_text({**around.attributes, **own}),
            shape.detail.of(told),
            shape.outcome.of(told),
            shape.extra.of(told),
            name_of(told.get("model")),
            name_of(told.get("query_source")),
            self._rest(own, kind, around),
        )

    def point(
        self, point: Point, stream: Stream, around: Circumstances, received_at: int, *, is_total: bool
    ) -> TelemetryRecord:
        """The record of a data point: of a running total its reading and its series, else its amount."""
        party, sent_at, started = around.party, point.at or point.started, str(point.started)
        at, is_skewed = happened(sent_at, received_at)
        amount = millionths(point.value or 0)
        return TelemetryRecord(
            party.tenant,
            day_of(at),
            quarter_of(at),
            at,
            id_of(party.tenant, stream.name, stream.text, started, str(sent_at)),
            "point",
            stream.name,
            received_at,
            party.user_id,
            party.team,
            party.project,
            party.cost_center,
            party.customer,
            around.session_id,
            stream.detail,
            stream.outcome,
            stream.extra,
            0 if is_total else amount,
            model=stream.model,
            query_source=stream.query_source,
            version=around.version,
            terminal=around.terminal,
            entrypoint=around.entrypoint,
            series=id_of(party.tenant, stream.name, stream.text, started) if is_total else "",
            reading=amount if is_total else 0,
            is_skewed=is_skewed,
            attributes=stream.attributes,
        )

    def span(self, span: Span, own: Attributes, around: Circumstances, received_at: int) -> TelemetryRecord:
        """The record of a span; it happened when it ended."""
        told = {**around.attributes, **own}
        name = _plain(span.name) or "span"
        party, sent_at = around.party, span.at or span.started
        at, is_skewed = happened(sent_at, received_at)
        lasted = (span.at - span.started) // _NS_PER_MS if span.started and span.at else NOT_TOLD
        duration, ttft = whole(lasted), whole(told.get("ttft_ms"))
        ids = {"trace_id": span.trace_id, "span_id": span.span_id, "parent_span_id": span.parent_id}
        return TelemetryRecord(
            party.tenant,
            day_of(at),
            quarter_of(at),
            at,
            id_of(party.tenant, around.service, name, span.trace_id, span.span_id, str(span.started)),
            "span",
            name,
            received_at,
            party.user_id,
            party.team,
            party.project,
            party.cost_center,
            party.customer,
            around.session_id,
            SPAN.detail.of(told),
            "failure" if span.is_failed else SPAN.outcome.of(told),
            duration_ms=duration,
            ttft_ms=ttft,
            duration_bucket=bucket_of(duration),
            ttft_bucket=bucket_of(ttft),
            model=name_of(told.get("model")),
            query_source=name_of(told.get("query_source")),
            version=around.version,
            terminal=around.terminal,
            entrypoint=around.entrypoint,
            prompt_id=name_of(told.get("prompt.id")),
            agent_id=name_of(told.get("agent_id")),
            request_id=name_of(told.get("request_id")),
            tool_use_id=name_of(told.get("tool_use_id")),
            is_skewed=is_skewed,
            attributes=self._rest(own, self._span_kind(name), around, **ids),
        )

    def _event_kind(self, raw: str) -> Kind:
        kind = self._events.get(raw)
        if kind is None:
            name = _plain(raw) or UNNAMED
            more = USAGE_KEYS if name == API_REQUEST else frozenset()
            kind = _remember(self._events, raw, self._kind(name, EVENTS.get(name, UNKNOWN), more))
        return kind

    def _metric_kind(self, raw: str) -> Kind:
        kind = self._metrics.get(raw)
        if kind is None:
            name = raw.removeprefix(PREFIX)[:MOST_NAME]
            kind = _remember(self._metrics, raw, self._kind(name, METRICS.get(name, UNKNOWN)))
        return kind

    def _span_kind(self, name: str) -> Kind:
        return self._kind(name, SPAN)

    def _kind(self, name: str, shape: Shape, more: frozenset[str] = frozenset()) -> Kind:
        return Kind(name, shape, shape.keys | ITEM_KEYS | self._dropped | more)

    def _rest(self, own: Attributes, kind: Kind, around: Circumstances, **ids: str) -> str:
        """What is kept and has no column, as a JSON object; empty for nothing."""
        left_out = kind.left_out
        told = own if around.is_plain else {**around.rest, **own}
        rest = {key: value for key, value in told.items() if key not in left_out and value is not None}
        rest.update((key, value) for key, value in ids.items() if value)
        if not around.is_plain:
            text = members(rest)
        elif not rest:
            text = around.rest_text
        elif around.rest.keys().isdisjoint(rest):
            text = f"{around.rest_text},{members(rest)}" if around.rest_text else members(rest)
        else:
            text = members({**around.rest, **rest})
        if self._hides_people and "@" in text:
            text = _ADDRESS.sub("…", text)
        return f"{{{text}}}" if text else ""


def _plain(raw: str) -> str:
    """A name without the prefix; empty for what may be a text rather than a name."""
    name = raw.removeprefix(PREFIX)
    return name if _NAME.fullmatch(name) else ""


def _sorted_text(attributes: Attributes) -> str:
    """All attributes in one text, whatever their order was."""
    return msgspec.json.encode(attributes, order="sorted").decode()


def _remember(known: dict[str, Kind], raw: str, kind: Kind) -> Kind:
    if len(known) >= _MOST_NAMES:
        known.clear()
    known[raw] = kind
    return kind
