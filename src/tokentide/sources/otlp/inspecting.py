"""Looks whether a body can be taken, before it is: the envelope and the fields of its items, no attribute decoded.

What is rejected here is skipped by `tokentide.sources.otlp.reading`: both open an item by the same code.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from tokentide.sources.otlp.faults import BadBodyError
from tokentide.sources.otlp.json_wire import JsonWire
from tokentide.sources.otlp.protobuf import ProtobufWire
from tokentide.sources.otlp.wire import LOGS, METRICS, SIGNALS, Group, Wire

JSON_TYPE, PROTOBUF_TYPE = "application/json", "application/x-protobuf"
_PROTOBUF_TYPES = (PROTOBUF_TYPE, "application/protobuf", "application/grpc", "application/grpc+proto")
_JSON, _PROTOBUF = JsonWire(), ProtobufWire()
UNNAMED = "its metric has no name"


class Inspected(NamedTuple):
    """What a body holds."""

    records: int
    """All its log records, data points or spans."""
    rejected: int
    """Those among them that cannot be taken; sending them again would not help."""
    message: str
    """Why, for the sender; empty where there is nothing to say. Nothing of the body is quoted."""


def wire_for(content_type: str) -> Wire:
    """The encoding of a content type. Raises BadBodyError for another one."""
    name = content_type.partition(";")[0].strip().lower()
    if name in _PROTOBUF_TYPES:
        return _PROTOBUF
    if name == JSON_TYPE:
        return _JSON
    raise BadBodyError(f"the content type is neither {PROTOBUF_TYPE} nor {JSON_TYPE}")


def inspect(signal: str, content_type: str, body: bytes) -> Inspected:
    """What an unpacked body holds; `signal` is `logs`, `metrics` or `traces`.

    Raises BadBodyError where it is none of these, or its envelope is broken: nothing of it is taken then.
    """
    if signal not in SIGNALS:
        raise BadBodyError(f"the signal is none of {', '.join(SIGNALS)}")
    wire = wire_for(content_type)
    records, reasons, ignored = 0, Counter[str](), 0
    for group in wire.groups(signal, body):
        records += len(group.items) + group.ignored
        ignored += group.ignored
        reasons.update(_faults(wire, signal, group))
    return Inspected(records, reasons.total(), message_of(reasons, ignored))


def fault_of_group(group: Group) -> str:
    """Why all items of a group are rejected; empty where they are not."""
    return UNNAMED if group.metric is not None and not group.metric.name and group.items else ""


def message_of(reasons: Counter[str], ignored: int) -> str:
    """What the sender is told of items that are rejected, and of data points that nothing is made of."""
    parts = [f"{count} rejected: {reason}" for reason, count in reasons.most_common(5)]
    return "; ".join([*parts, ignored_message(ignored)] if ignored else parts)


def ignored_message(ignored: int) -> str:
    """What is said of data points that nothing is made of."""
    return f"{ignored} data points are of no metric that can be added up, and are not kept"


def _faults(wire: Wire, signal: str, group: Group) -> list[str]:
    """Why each rejected item of a group is."""
    fault = fault_of_group(group)
    if fault:
        return [fault] * len(group.items)
    opened = wire.log if signal == LOGS else wire.point if signal == METRICS else wire.span
    faults: list[str] = []
    for item in group.items:
        try:
            opened(item)
        except BadBodyError as error:
            faults.append(error.reason)
    return faults
