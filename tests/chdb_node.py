"""Today's ClickHouse, embedded (chDB-lite), as a node of our engine: in a process of its own, one a folder."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import IO, Any

import msgspec
import pytest

from tokentide.store.clickhouse.node import refusal

NOT_THERE = frozenset({"max_query_size"})
"""Settings of a connection over HTTP; a text that is handed over has no such bound."""
_SUFFIX = " FORMAT JSONCompact"


class ChdbNode:
    """Speaks to a child over its pipes, one statement at a time."""

    def __init__(self, folder: Path) -> None:
        pytest.importorskip("chdb")
        self.name = "chDB"
        self._lock = Lock()
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.chdb_node", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).resolve().parents[1],
        )

    def run(
        self,
        statement: str,
        body: bytes = b"",
        settings: Mapping[str, str] | None = None,
        *,
        is_brief: bool = False,  # noqa: ARG002 -- a child answers
    ) -> bytes:
        wanted = {name: value for name, value in (settings or {}).items() if name not in NOT_THERE}
        with self._lock:
            assert self._child.stdin
            assert self._child.stdout
            _send(self._child.stdin, msgspec.msgpack.encode((statement, body, wanted)))
            is_good, answer = msgspec.msgpack.decode(_received(self._child.stdout), type=tuple[bool, bytes])
        if not is_good:
            raise refusal(self.name, answer)
        return answer

    def close(self) -> None:
        if self._child.stdin:
            self._child.stdin.close()
        if self._child.stdout:
            self._child.stdout.close()
        self._child.wait(30)


def _send(pipe: IO[bytes], content: bytes) -> None:
    pipe.write(struct.pack(">I", len(content)) + content)
    pipe.flush()


def _received(pipe: IO[bytes]) -> bytes:
    head = pipe.read(4)
    return pipe.read(struct.unpack(">I", head)[0]) if len(head) == 4 else b""


def _serve(folder: str) -> None:
    from chdb import session

    answers: Any = session.Session(folder)  # type: ignore[no-untyped-call]
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while content := _received(source):
        statement, body, settings = msgspec.msgpack.decode(content, type=tuple[str, bytes, dict[str, str]])
        try:
            for name, value in settings.items():
                answers.query(f"SET {name} = '{value}'")
            text = statement.removesuffix(_SUFFIX)
            answer = answers.query(text + ("\n" + body.decode() if body else ""), "JSONCompact").bytes()
        except RuntimeError as error:
            _send(target, msgspec.msgpack.encode((False, str(error).encode())))
        else:
            _send(target, msgspec.msgpack.encode((True, answer or b"")))
    answers.close()


if __name__ == "__main__":
    _serve(sys.argv[1])
