"""Reads a transcript from an offset on: bytes in large pieces, candidate lines found by a byte search.

Only a line that bears the name of a token counter is decoded whole. Every other line is looked at from outside: it must
begin with `{` and end with `}`, or it is examined; a line that may name a session is decoded for that.
"""

from __future__ import annotations

import zlib
from io import FileIO

from tokentide.model.files import FileStamp, FileState, Position
from tokentide.model.limits import Account
from tokentide.sources.claude_code.parser import IGNORED, SUMMARY_RANK, FileContext, Harvest, LineParser
from tokentide.sources.claude_code.paths import FoundFile

COUNTER = b'put_tokens"'
"""Ends the name of every token counter, of input and of output."""
CHUNK_BYTES = 1 << 20
MAX_LINE_BYTES = 1 << 26
"""A longer line is not held in memory: it is a problem if it bears a counter, else ignored."""
HEAD_BYTES = 4096
TAIL_BYTES = 256
UUID_BYTES = 128
"""More than the text around a message's uuid takes."""
_TITLE_STARTS = (b'{"type":"summary"', b'{"type":"ai-title"', b'{"type":"custom-title"')
_OPEN, _CLOSE, _TYPE = b"{}t"


class TranscriptReader:
    """Reads one transcript after another, into the same buffer and the same harvest."""

    def __init__(self, harvest: Harvest) -> None:
        self._harvest = harvest
        self._buffer = bytearray(CHUNK_BYTES)

    def read(self, found: FoundFile, account: Account, known: FileState | None = None) -> FileState:
        """Read what was appended since `known`; the whole file if it is new, truncated, rewritten or replaced.

        Returns the file as it is known now. A half-written last line waits for its rest. Raises OSError if the file
        cannot be read.
        """
        with open(found.path, "rb", buffering=0) as file:
            before = known if known is not None and continues(file, known, found.stamp) else unread(found, known)
            start = before.position
            context = FileContext(
                found.key, found.slug, session_of(found.key), found.source, account, start.opened_at or None
            )
            scan = _Scan(LineParser(context, self._harvest), start, self._buffer)
            file.seek(start.offset)
            scan.read(file)
            parser = scan.parser
            for title in _own_summaries(file, parser.summaries):
                parser.name_session(context.session_id, SUMMARY_RANK, title)
            return FileState(
                found.key,
                found.source,
                found.stamp,
                position_at(file, Position(scan.offset, scan.number, scan.parser.context.opened_at or 0)),
                before.usage_lines + parser.usage_lines,
                before.ignored_lines + parser.ignored_lines,
                before.problem_lines + parser.problem_lines,
                before.generation,
            )


def session_of(path: str) -> str:
    """The session that a path names: `S.jsonl`, or `S/subagents/…/agent-….jsonl`."""
    parts = path.replace("\\", "/").split("/")
    if "subagents" in parts[1:]:
        return parts[parts.index("subagents", 1) - 1]
    return parts[-1].removesuffix(".jsonl")


class _Scan:
    """One pass over a file's bytes."""

    def __init__(self, parser: LineParser, start: Position, buffer: bytearray) -> None:
        self.parser = parser
        self.offset = start.offset
        self.number = start.lines
        self._buffer = buffer
        self._opening = not start.opened_at

    def read(self, file: FileIO) -> None:
        """Feed every complete line to the parser, and a whole last one without a line end."""
        held = 0
        while read := file.readinto(memoryview(self._buffer)[held:]):
            held = self._consume(held + read)
            if held >= MAX_LINE_BYTES:
                held = self._consume(self._skip_line(file))
            if held == len(self._buffer):
                self._buffer.extend(bytes(min(held, MAX_LINE_BYTES - held)))
        if held:
            self._fragment(bytes(self._buffer[:held]))

    def _consume(self, held: int) -> int:
        """Feed the complete lines of the buffer; returns how many bytes of the next one are left at its beginning."""
        end = self._buffer.rfind(b"\n", 0, held) + 1
        if end:
            self._lines(self._head(end), end)
            self.offset += end
            self._buffer[: held - end] = self._buffer[end:held]
        return held - end

    def _lines(self, start: int, end: int) -> None:
        """The lines of `buffer[start:end]`; the inner loop of a first read, so it asks for nothing twice."""
        buffer, parser, number, ignored = self._buffer, self.parser, self.number, 0
        find, view = buffer.find, memoryview(buffer)
        counter = find(COUNTER, start, end)
        while start < end:
            stop = find(b"\n", start, end)
            number += 1
            if -1 < counter < stop:
                parser.usage_line(view[start:stop], number)
                counter = find(COUNTER, stop, end)
            elif buffer[start] != _OPEN or buffer[stop - 1] != _CLOSE:
                parser.plain_line(bytes(view[start:stop]), number)
            else:
                ignored += 1
                if buffer[start + 2] == _TYPE and buffer.startswith(_TITLE_STARTS, start):
                    parser.title_line(bytes(view[start:stop]))
            start = stop + 1
        view.release()
        self.number = number
        parser.ignored_lines += ignored

    def _head(self, end: int) -> int:
        """Take lines one by one until the file's first time is known; returns where the others begin."""
        start = 0
        while self._opening and start < end:
            stop = self._buffer.find(b"\n", start, end)
            self.parser.opening_line(bytes(self._buffer[start:stop]).lstrip(b"\xef\xbb\xbf"))
            self._lines(start, stop + 1)
            self._opening = self.parser.context.opened_at is None
            start = stop + 1
        return start

    def _skip_line(self, file: FileIO) -> int:
        """Pass over a line too long to hold; returns how many bytes behind its end are in the buffer.

        A long line that has no end yet is read again next time.
        """
        buffer, passed, overlap, bears = self._buffer, 0, len(COUNTER), False
        held = read = len(buffer)
        while read:
            bears = bears or buffer.find(COUNTER, 0, held) != -1
            buffer[:overlap] = buffer[held - overlap : held]
            passed += held - overlap
            read = file.readinto(memoryview(buffer)[overlap:]) or 0
            held = overlap + read
            end = buffer.find(b"\n", overlap, held) + 1
            if end:
                bears = bears or buffer.find(COUNTER, 0, end) != -1
                self.offset += passed + end
                self.number += 1
                self.parser.count("line with usage over 64 MiB" if bears else IGNORED, self.number)
                buffer[: held - end] = buffer[end:held]
                return held - end
        return 0

    def _fragment(self, raw: bytes) -> None:
        """What stands behind the last line end."""
        if self._opening:
            self.parser.opening_line(raw.lstrip(b"\xef\xbb\xbf"))
        if COUNTER in raw:
            self.parser.final_fragment(raw)


def unread(found: FoundFile, known: FileState | None) -> FileState:
    """A file that is read from its beginning, again if it was known."""
    return FileState(found.key, found.source, found.stamp, Position(), generation=known.generation + 1 if known else 1)


def _own_summaries(file: FileIO, summaries: dict[str, str]) -> list[str]:
    """The titles whose message stands in this file: the others name other sessions. Old files only have any."""
    needles = {f'"uuid":"{leaf}"'.encode(): title for leaf, title in summaries.items()}
    found: list[str] = []
    file.seek(0)
    tail = b""
    while needles and (chunk := file.read(CHUNK_BYTES)):
        text = tail + chunk
        found += [needles.pop(needle) for needle in [*needles] if needle in text]
        tail = text[-UUID_BYTES:]
    return found


def continues(file: FileIO, known: FileState, now: FileStamp) -> bool:
    """True if it is the same file, longer than it was, and still begins and goes on as it was read."""
    before, position = known.stamp, known.position
    if (before.inode, before.device) != (now.inode, now.device) or now.size <= before.size:
        return False
    return _checksums(file, position.offset, position.head_length) == (position.head_checksum, position.tail_checksum)


def _checksums(file: FileIO, offset: int, head_length: int) -> tuple[int, int]:
    """CRC-32 of the head and of the bytes right before `offset`."""
    file.seek(0)
    head = file.read(head_length)
    file.seek(max(0, offset - TAIL_BYTES))
    return zlib.crc32(head), zlib.crc32(file.read(min(TAIL_BYTES, offset)))


def position_at(file: FileIO, reached: Position) -> Position:
    """Where the next reading goes on, with what the file must still hold before it."""
    head_length = min(HEAD_BYTES, reached.offset)
    head, tail = _checksums(file, reached.offset, head_length)
    return reached._replace(head_length=head_length, head_checksum=head, tail_checksum=tail)
