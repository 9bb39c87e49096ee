"""A receiver in a process of its own, and what is sent to it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from socket import create_connection

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from tests.raw_http import Wire
from tokentide.clock import now_us
from tokentide.model.telemetry import Entrance
from tokentide.server.log.entry import LogEntry
from tokentide.server.log.limits import LogLimits
from tokentide.server.log.reader import LogReader
from tokentide.server.receiver.access import Refused, TokenAccess
from tokentide.server.receiver.plan import ReceiverPlan
from tokentide.server.receiver.process import ReceiverProcess
from tokentide.server.tenants.directory import Directory

PROTOBUF = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json"}
ROOMY = LogLimits(least_free_bytes=0)


def logs(name: str, count: int = 1, padding: int = 0) -> bytes:
    """A body of log records, no two names alike."""
    request = ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    for number in range(count):
        record = scope.log_records.add()
        record.time_unix_nano = 1_790_000_000_000_000_000 + number
        record.body.string_value = "claude_code.user_prompt"
        attribute = record.attributes.add()
        attribute.key, attribute.value.string_value = "session.id", name + "x" * padding
    body: bytes = request.SerializeToString()
    return body


def json_logs(name: str) -> bytes:
    record = {"timeUnixNano": "1790000000000000000", "body": {"stringValue": name}}
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}).encode()


def gzipped(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@dataclass
class Receiver:
    """One that runs."""

    process: ReceiverProcess
    folder: Path
    http_port: int
    grpc_port: int
    notes: tuple[str, ...]

    def post(self, path: str, body: bytes | Iterator[bytes], headers: Mapping[str, str] = PROTOBUF) -> Reply:
        return self.ask("POST", path, body, headers)

    def ask(
        self, method: str, path: str, body: bytes | Iterator[bytes] | None = None, headers: Mapping[str, str] = PROTOBUF
    ) -> Reply:
        connection = HTTPConnection("127.0.0.1", self.http_port, timeout=30)
        try:
            connection.request(method, path, body, dict(headers), encode_chunked=not isinstance(body, bytes | None))
            response = connection.getresponse()
            return Reply(response.status, {n.lower(): v for n, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def wire(self) -> Wire:
        return Wire(create_connection(("127.0.0.1", self.http_port), 30))

    def entries(self) -> list[LogEntry]:
        return entries_in(self.folder)

    def is_well(self) -> bool:
        """Whether it still answers."""
        try:
            return self.ask("GET", "/healthz").status == 200
        except (OSError, HTTPException):
            return False


def entries_in(folder: Path) -> list[LogEntry]:
    reader = LogReader(str(folder))
    try:
        return reader.entries(1 << 40, 1 << 40)
    finally:
        reader.close()


def tokens_of(path: str, *, is_open: bool) -> TokenAccess:
    return TokenAccess(Directory(path, now_us), is_open=is_open)


def with_tokens(path: Path, *, is_open: bool = False) -> partial[TokenAccess]:
    """Access by this file, which the receiver opens itself."""
    return partial(tokens_of, str(path), is_open=is_open)


class BrokenAccess:
    """Fails in a way that nobody has thought of."""

    def entrance(self, token: str | None) -> Entrance | Refused | None:
        raise RuntimeError(f"secret {token}")


BASE = ReceiverPlan("", http_port=0, grpc_port=None, limits=ROOMY)


@contextmanager
def receiving(folder: Path, plan: ReceiverPlan = BASE) -> Iterator[Receiver]:
    """A receiver whose log is there, until the end of the block."""
    process = ReceiverProcess(replace(plan, log_folder=str(folder)))
    try:
        ready = process.wait_until_ready()
        yield Receiver(process, folder, ready.http_port, ready.grpc_port, ready.notes)
    finally:
        process.end()
