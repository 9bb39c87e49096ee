"""What a sender is told: the protocol's responses and errors, in protobuf and in JSON.

Source: OTLP specification 1.9, "OTLP/HTTP Response" and "OTLP/gRPC Response"; google/rpc/status.proto.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

_REJECTED = {"logs": "rejectedLogRecords", "metrics": "rejectedDataPoints", "traces": "rejectedSpans"}
_CODES = {400: 3, 401: 16, 403: 7, 404: 12, 405: 12, 408: 4, 413: 8, 415: 3, 431: 8, 503: 14}
"""HTTP status to google.rpc.Code."""
UNAVAILABLE = 14
_VARINT, _BYTES = 0, 2


class Answer(NamedTuple):
    """What came of a request, whichever way it came."""

    status: int = 200
    """The HTTP status that says so."""
    message: str = ""
    """Of 200: why some of it was not taken."""
    rejected: int = 0
    """Records that were not taken; sending them again would not help."""
    retry_after: int = 0
    """Seconds; 0 where there is no sense in trying again."""


TAKEN = Answer()


def code_of(status: int) -> int:
    """The google.rpc.Code that says what the HTTP status does."""
    return _CODES.get(status, 2) if status != 200 else 0


def json_of(answer: Answer, kind: str) -> bytes:
    """The answer for who sent JSON; `kind` is the signal."""
    if answer.status != 200:
        return msgspec.json.encode({"code": code_of(answer.status), "message": answer.message})
    if not (answer.rejected or answer.message):
        return b"{}"
    partial = {_REJECTED.get(kind, "rejected"): str(answer.rejected), "errorMessage": answer.message}
    return msgspec.json.encode({"partialSuccess": partial})


def protobuf_of(answer: Answer) -> bytes:
    """The answer for who sent protobuf: an Export…ServiceResponse, which are all alike, or a Status."""
    if answer.status != 200:
        return status_of(answer)
    if not (answer.rejected or answer.message):
        return b""
    return _bytes(1, _number(1, answer.rejected) + _bytes(2, answer.message.encode()))


def status_of(answer: Answer) -> bytes:
    """A google.rpc.Status; with a RetryInfo where trying again makes sense."""
    status = _number(1, code_of(answer.status)) + _bytes(2, answer.message.encode())
    if answer.retry_after:
        retry = _bytes(1, _number(1, answer.retry_after))
        status += _bytes(3, _bytes(1, b"type.googleapis.com/google.rpc.RetryInfo") + _bytes(2, retry))
    return status


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3 | _VARINT) + _varint(value) if value else b""


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | _BYTES) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
