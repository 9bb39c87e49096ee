"""Damages transcript lines in every way that disks, editors, clients and enemies do."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

from tests.transcripts import NOISE, UNTIMED, Reply, encoded, noise_line, opening_line, sightings

_NUMBER = re.compile(rb":\s*-?\d+(\.\d+)?")
_PAIR = re.compile(rb'"\w+":(?:"[^"\\]{0,80}"|\d+|null|true|false)')
_TEXT = re.compile(rb'"[^"\\]{1,80}"')

SPELLINGS = (
    b"1e2",
    b"1E+2",
    b"100.0",
    b"100.5",
    b"-1",
    b"-0",
    b"007",
    b"+5",
    b"0x10",
    b"1e400",
    b"1e308",
    b"9007199254740992",
    b"9007199254740993",
    b"9223372036854775807",
    b"18446744073709551616",
    b"1" + b"0" * 400,
    b"true",
    b"null",
    b'"12"',
    b"[]",
    b"{}",
    b"NaN",
    b"Infinity",
    b"1_000",
    b"",
)
"""What may stand where a number stood."""

PIECES = (
    b"\x00",
    b"\x00" * 512,
    b"\xef\xbb\xbf",
    b"\r",
    b"\r\n",
    b"\n",
    b"\x0b\x0c\x1c\x85",
    b"\xe2\x80\xa8",
    b"\xff\xfe",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\\ud800",
    b"\\udfff\\ud800",
    b"\\u0000",
    b"\\",
    b'"',
    b'\\"',
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b'{"usage":{"input_tokens":1,"output_tokens":1}}',
    b'"input_tokens":5,',
    b"\x1b[31m",
    b" " * 300,
)
"""What may turn up between two bytes."""

DEPTHS = (2, 99, 101, 1_000, 20_000, 100_000)

Mutation = Callable[[Random, bytes, Sequence[bytes]], bytes]


def flip(random: Random, line: bytes, _: Sequence[bytes]) -> bytes:
    """One bit of one byte."""
    if not line:
        return line
    place = random.randrange(len(line))
    return line[:place] + bytes([line[place] ^ (1 << random.randrange(8))]) + line[place + 1 :]


def delete(random: Random, line: bytes, _: Sequence[bytes]) -> bytes:
    """A stretch is missing."""
    start = random.randint(0, len(line))
    return line[:start] + line[start + random.choice((1, 1, 2, 10, 200)) :]


def insert(random: Random, line: bytes, _: Sequence[bytes]) -> bytes:
    """Something stands between two bytes."""
    place = random.randint(0, len(line))
    return line[:place] + random.choice(PIECES) + line[place:]


def surround(random: Random, line: bytes, _: Sequence[bytes]) -> bytes:
    """Something stands before or behind the line."""
    piece = random.choice(PIECES)
    return piece + line if random.random() < 0.5 else line + piece


def truncate(random: Random, line: bytes, _: Sequence[bytes]) -> bytes:
    """The end is missing."""
    return line[: random.randint(0, len(line))]


def behead(random: Random, line: bytes, _: Sequence[bytes]) -> bytes:
    """The beginning is missing."""
    return line[random.randint(0, len(line)) :]


def splice(random: Random, line: bytes, seeds: Sequence[bytes]) -> bytes:
    """The beginning of one line, the end of another."""
    other = random.choice(seeds)
    return line[: random.randint(0, len(line))] + other[random.randint(0, len(other)) :]


def glue(random: Random, line: bytes, seeds: Sequence[bytes]) -> bytes:
    """Two lines without a line end between them."""
    return line + random.choice((b"", b"", b" ", b",", b"\x00", b"garbage")) + random.choice(seeds)


def respell(random: Random, line: bytes, _: Sequence[bytes]) -> bytes:
    """A number is written otherwise, or is none."""
    found = list(_NUMBER.finditer(line))
    if not found:
        return line
    match = random.choice(found)
    return line[: match.start() + 1] + random.choice(SPELLINGS) + line[match.end() :]


def double_key(random: Random, line: bytes, _: Sequence[bytes]) -> bytes:
    """A key stands twice, the second time perhaps with another value."""
    found = list(_PAIR.finditer(line))
    if not found:
        return line
    match, other = random.choice(found), random.choice(found)
    value = other.group().partition(b":")[2]
    return line[: match.end()] + b"," + match.group().partition(b":")[0] + b":" + value + line[match.end() :]


def nest(random: Random, line: bytes, _: Sequence[bytes]) -> bytes:
    """A value lies deep below others; not always are all of them closed."""
    found = list(_PAIR.finditer(line))
    if not found:
        return line
    match, depth = random.choice(found), random.choice(DEPTHS)
    opening, closing = random.choice(((b"[", b"]"), (b'{"a":', b"}")))
    closed = depth if random.random() < 0.8 else random.randint(0, depth)
    key, _colon, value = match.group().partition(b":")
    deep = opening * depth + value + closing * closed
    return line[: match.start()] + key + b":" + deep + line[match.end() :]


def soil(random: Random, line: bytes, _: Sequence[bytes]) -> bytes:
    """Bytes within a text that JSON or UTF-8 do not allow there."""
    found = list(_TEXT.finditer(line))
    if not found:
        return line
    place = random.choice(found).start() + 1
    piece = random.choice(
        (b"\x00", b"\x01\x02", b"\x1b", b"\xff", b"\xc0\x80", b"\xed\xbf\xbf", b"\\ud83d", b"\\x", b"\\u12")
    )
    return line[:place] + piece + line[place:]


def space_out(random: Random, line: bytes, _: Sequence[bytes]) -> bytes:
    """White space where JSON allows it."""
    return line.replace(b'":', b'"' + random.choice((b" ", b"\t", b"  ")) + b":" + random.choice((b" ", b"\t", b"")))


def escape(random: Random, line: bytes, _: Sequence[bytes]) -> bytes:
    """A letter of a key or a text is written as an escape."""
    found = list(_TEXT.finditer(line))
    if not found:
        return line
    match = random.choice(found)
    place = random.randrange(match.start() + 1, match.end() - 1)
    if line[place] >= 0x80:
        return line
    return line[:place] + b"\\u%04x" % line[place] + line[place + 1 :]


MUTATIONS: tuple[Mutation, ...] = (
    flip,
    delete,
    insert,
    surround,
    truncate,
    behead,
    splice,
    glue,
    respell,
    respell,
    double_key,
    nest,
    soil,
    space_out,
    escape,
)


def mutate(random: Random, line: bytes, seeds: Sequence[bytes]) -> bytes:
    """The line after one to four damages."""
    for _ in range(random.choice((1, 1, 1, 2, 3, 4))):
        line = random.choice(MUTATIONS)(random, line, seeds)
    return line


def _hand_made() -> list[bytes]:
    """A line of every kind."""
    variants = [
        Reply(1),
        Reply(2, ids="message", model="claude-opus-4-8"),
        Reply(3, ids="request"),
        Reply(4, ids="none"),
        Reply(5, iterations="other", counts=(1, 2, 3, 4, 5)),
        Reply(6, iterations="compaction"),
        Reply(7, agent="both", growth=(5, 5)),
        Reply(8, version="2.1.10", stop=False),
    ]
    lines = [line for reply in variants for _, line in sightings(reply)]
    lines += [noise_line(kind, 0, 100) for kind in NOISE] + list(UNTIMED) + [opening_line(0, 0)]
    usage = {"input_tokens": 5, "output_tokens": 6, "server_tool_use": {"web_search_requests": 1}, "speed": "fast"}
    message = {
        "id": "msg_x",
        "model": "claude-opus-4-8",
        "usage": usage,
        "content": [{"text": '\\"quoted\\" {"a":1}' * 40}],
    }
    rich = {"type": "assistant", "timestamp": "2026-03-10T10:00:00.000+05:45", "costUSD": 0.1, "message": message}
    result = {
        "type": "user",
        "toolUseResult": {"agentId": "a1", "agentType": "Explore", "usage": usage},
        "sessionId": "s",
    }
    return [*lines, encoded(rich), encoded({**rich, "sessionId": "s", "cwd": "C:\\w\\gamma"}), encoded(result)]


HAND_MADE = _hand_made()
