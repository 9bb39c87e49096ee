"""The receiver over HTTP: what it takes, what it refuses, and what it says."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse

from tests.receiver_stage import BASE, JSON, PROTOBUF, Receiver, gzipped, json_logs, logs, receiving, with_tokens
from tokentide.clock import now_us
from tokentide.server.log.limits import LogLimits
from tokentide.server.tenants.directory import Directory
from tokentide.server.tenants.tokens import ADMIN, INGEST, VIEWER, Grant

MIB = 1 << 20


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    with receiving(tmp_path_factory.mktemp("log")) as found:
        yield found


def newest(receiver: Receiver, body: bytes) -> tuple[str, str, str, str, str]:
    """What the log holds of this body, which must be there once."""
    (entry,) = [each for each in receiver.entries() if each.body == body]
    return entry.tenant, entry.team, entry.kind, entry.content_type, entry.encoding


@pytest.mark.parametrize("kind", ["logs", "metrics", "traces"])
@pytest.mark.parametrize("is_json", [False, True])
def test_every_signal_is_acknowledged_in_its_own_type(receiver: Receiver, kind: str, is_json: bool) -> None:
    field = {"logs": "resourceLogs", "metrics": "resourceMetrics", "traces": "resourceSpans"}[kind]
    body = json.dumps({field: [], "unknown": kind}).encode() if is_json else b"\x0a\x02\x1a" + bytes([0])
    if kind == "metrics" and not is_json:
        body += b"\x0a\x00"
    elif kind == "traces" and not is_json:
        body += b"\x0a\x00" * 2
    found = receiver.post(f"/v1/{kind}", body, JSON if is_json else PROTOBUF)
    assert (found.status, found.body) == (200, b"{}" if is_json else b"")
    assert found.headers["content-type"] == (JSON if is_json else PROTOBUF)["content-type"]
    assert newest(receiver, body) == ("default", "", kind, found.headers["content-type"], "")


@pytest.mark.parametrize("is_chunked", [False, True])
@pytest.mark.parametrize("encoding", ["", "identity", "gzip", "x-gzip", "GZIP", "deflate"])
def test_a_body_is_logged_as_it_came(receiver: Receiver, encoding: str, is_chunked: bool) -> None:
    plain = logs(f"{encoding}-{is_chunked}", 3)
    body = gzipped(plain) if "zip" in encoding.lower() else zlib.compress(plain) if encoding == "deflate" else plain
    headers = {**PROTOBUF, **({"content-encoding": encoding} if encoding else {})}
    sent = iter([body[:10], body[10:11], body[11:]]) if is_chunked else body
    assert receiver.post("/v1/logs", sent, headers).status == 200
    kept = {"x-gzip": "gzip", "gzip": "gzip", "deflate": "deflate"}.get(encoding.lower(), "")
    assert newest(receiver, body)[-1] == kept


def test_a_push_is_json(receiver: Receiver) -> None:
    body = b'{"format":1,"places":[],"records":[]}'
    found = receiver.post("/v1/push", body, {"content-type": "application/json; charset=utf-8"})
    assert (found.status, found.body) == (200, b"{}")
    assert newest(receiver, body)[2] == "push"
    assert receiver.post("/v1/push", b"[1]", JSON).status == 400
    assert receiver.post("/v1/push", b"{}", JSON).status == 400
    assert b"bring both to one version" in receiver.post("/v1/push", body.replace(b"1", b"2"), JSON).body
    assert receiver.post("/v1/push", b'{"a":', JSON).status == 400
    assert receiver.post("/v1/push", b'{"a":' * 100_000, JSON).status == 400
    assert receiver.post("/v1/push", body, PROTOBUF).status == 415


def test_records_that_cannot_be_taken_are_counted_for_the_sender(receiver: Receiver) -> None:
    good, bad = logs("partial", 1), b"\x0a\x07\x12\x05\x12\x03\x0a\xff\xff"
    found = receiver.post("/v1/logs", good + bad)
    assert found.status == 200
    told = ExportLogsServiceResponse.FromString(found.body).partial_success
    assert (told.rejected_log_records, bool(told.error_message)) == (1, True)
    assert newest(receiver, good + bad)[2] == "logs"
    again = receiver.post("/v1/logs", good + bad)
    assert again.body == found.body


def test_records_that_cannot_be_taken_are_counted_in_json_as_well(receiver: Receiver) -> None:
    body = json_logs("x").replace(b'"logRecords": [', b'"logRecords": [17, ')
    found = receiver.post("/v1/logs", body, JSON)
    assert found.status == 200
    told = json.loads(found.body)["partialSuccess"]
    assert told["rejectedLogRecords"] == "1"
    assert told["errorMessage"]


@pytest.mark.parametrize("body", [b"\xff\xff\xff", b"\x0a\xff", b"hello"])
def test_a_body_that_is_none_is_refused_for_good(receiver: Receiver, body: bytes) -> None:
    found = receiver.post("/v1/logs", body)
    assert found.status == 400
    assert Status.FromString(found.body).code == 3
    assert not [each for each in receiver.entries() if each.body == body]
    for encoding in ("gzip", "deflate"):
        assert receiver.post("/v1/logs", body, {**PROTOBUF, "content-encoding": encoding}).status == 400
    found = receiver.post("/v1/logs", body, JSON)
    assert (found.status, json.loads(found.body)["code"]) == (400, 3)


def test_an_empty_body_holds_nothing_and_is_fine(receiver: Receiver) -> None:
    assert receiver.post("/v1/logs", b"").status == 200


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/v1/log", PROTOBUF, 404),
        ("GET", "/", {}, 404),
        ("POST", "/v1/logs/../logs", PROTOBUF, 404),
        ("GET", "/v1/logs", {}, 405),
        ("PUT", "/v1/metrics", PROTOBUF, 405),
        ("DELETE", "/healthz", {}, 404),
        ("POST", "/v1/logs", {}, 415),
        ("POST", "/v1/logs", {"content-type": "text/plain"}, 415),
        ("POST", "/v1/logs", {**PROTOBUF, "content-encoding": "br"}, 415),
    ],
)
def test_what_is_asked_wrongly_is_told(
    receiver: Receiver, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    found = receiver.ask(method, path, b"12345", headers)
    assert found.status == status
    told = found.body if found.headers["content-type"] == JSON["content-type"] else b""
    assert (json.loads(told)["message"] if told else Status.FromString(found.body).message) != ""
    assert found.headers.get("allow") == ("POST" if status == 405 else None)


def test_health_is_told_to_anyone(receiver: Receiver) -> None:
    found = receiver.ask("GET", "/healthz")
    assert (found.status, json.loads(found.body)) == (200, {"status": "ok"})


def test_a_body_that_is_too_long_is_refused_before_it_is_sent(receiver: Receiver) -> None:
    with receiver.wire() as wire:
        wire.send(b"POST /v1/logs HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\n")
        wire.send(b"content-length: %d\r\n\r\n" % (65 * MIB))
        answer = wire.rest()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer


def test_a_bomb_is_not_unpacked(receiver: Receiver) -> None:
    bomb = gzipped(b"\0" * (300 * MIB))
    before = peak_bytes(receiver.process.pid)
    found = receiver.post("/v1/logs", bomb, {**PROTOBUF, "content-encoding": "gzip"})
    assert found.status == 413
    assert peak_bytes(receiver.process.pid) - before < 200 * MIB
    assert receiver.is_well()


def test_members_without_end_stop_nobody(receiver: Receiver) -> None:
    begun = time.monotonic()
    found = receiver.post("/v1/logs", gzipped(b"") * 200_000, {**PROTOBUF, "content-encoding": "gzip"})
    assert (found.status, receiver.is_well()) == (400, True)
    assert time.monotonic() - begun < 5


def peak_bytes(pid: int) -> int:
    """Memory that the process has had at most; 0 where the system does not tell."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM"))


def test_the_same_bytes_again_are_acknowledged_and_not_written_again(receiver: Receiver) -> None:
    body = logs("again", 2)
    found = [receiver.post("/v1/logs", body).status for _ in range(3)]
    assert found == [200, 200, 200]
    newest(receiver, body)
    assert receiver.post("/v1/logs", gzipped(body), {**PROTOBUF, "content-encoding": "gzip"}).status == 200
    assert len(receiver.entries()) > 1


def test_tokens_open_the_door_of_their_tenant(tmp_path: Path) -> None:
    path = tmp_path / "team.sqlite3"
    directory = Directory(str(path), now_us)
    core, _ = directory.create(Grant(INGEST, tenant="acme", teams=("core",)))
    other, _ = directory.create(Grant(INGEST, tenant="other"))
    viewer, _ = directory.create(Grant(VIEWER, tenant="acme", role=ADMIN))
    with receiving(tmp_path / "log", replace(BASE, access=with_tokens(path))) as receiver:

        def sent(body: bytes, **headers: str) -> int:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return receiver.post("/v1/logs", body, {**PROTOBUF, **named}).status

        assert sent(logs("1"), authorization=f"Bearer {core}") == 200
        assert newest(receiver, logs("1"))[:2] == ("acme", "core")
        assert sent(logs("2"), authorization=f"Bearer%20{core}") == 200
        assert sent(logs("3"), authorization=f"bearer  {core} ") == 200
        assert sent(logs("4"), x_api_key=core) == 200
        assert sent(logs("5"), authorization=core) == 200
        assert sent(logs("1"), authorization=f"Bearer {other}") == 200
        assert {(each.tenant, each.team) for each in receiver.entries() if each.body == logs("1")} == {
            ("acme", "core"),
            ("other", ""),
        }
        assert {each.tenant for each in receiver.entries() if each.body != logs("1")} == {"acme"}
        for wrong in ("Bearer ", "Bearer x", f"Basic {core}", f"Bearer {core[:-1]}", f"Bearer {core}x", "%00", "é"):
            assert sent(logs("6"), authorization=wrong) == 401
        found = receiver.post("/v1/logs", logs("6"), JSON)
        assert (found.status, found.headers["www-authenticate"]) == (401, 'Bearer realm="tokentide"')
        assert json.loads(found.body)["code"] == 16
        found = receiver.post("/v1/logs", logs("6"), {**PROTOBUF, "authorization": f"Bearer {viewer}"})
        assert (found.status, Status.FromString(found.body).code) == (403, 7)
        assert not [each for each in receiver.entries() if each.body == logs("6")]
        directory.revoke(directory.found(core).id)  # type: ignore[union-attr]
        time.sleep(2)
        assert sent(logs("7"), authorization=f"Bearer {core}") == 401
        assert core.encode() not in b"".join(
            each.read_bytes() for each in (tmp_path / "log").iterdir() if each.is_file()
        )
    directory.close()


def test_without_a_token_an_open_door_lets_in_and_a_wrong_one_does_not(tmp_path: Path) -> None:
    plan = replace(BASE, access=with_tokens(tmp_path / "team.sqlite3", is_open=True))
    with receiving(tmp_path / "log", plan) as receiver:
        assert receiver.post("/v1/logs", logs("1")).status == 200
        assert receiver.post("/v1/logs", logs("2"), {**PROTOBUF, "authorization": "Bearer x"}).status == 401


def test_an_open_door_is_shut_for_good_by_the_first_token_for_sending(tmp_path: Path) -> None:
    path = tmp_path / "team.sqlite3"
    with (
        closing(Directory(str(path), now_us)) as directory,
        receiving(tmp_path / "log", replace(BASE, access=with_tokens(path, is_open=True))) as receiver,
    ):
        directory.create(Grant(VIEWER, "default", role="admin"))
        assert receiver.post("/v1/logs", logs("1")).status == 200
        made, token = directory.create(Grant(INGEST, "default"))
        assert receiver.post("/v1/logs", logs("2")).status == 401
        assert receiver.post("/v1/logs", logs("3"), {**PROTOBUF, "authorization": f"Bearer {made}"}).status == 200
        directory.revoke(token.id)
        assert receiver.post("/v1/logs", logs("4")).status == 401


def test_a_file_of_tokens_that_cannot_be_read_means_later(tmp_path: Path) -> None:
    path = tmp_path / "team.sqlite3"
    Directory(str(path), now_us).close()
    with receiving(tmp_path / "log", replace(BASE, access=with_tokens(path))) as receiver:
        assert receiver.post("/v1/logs", logs("1")).status == 401
        for each in tmp_path.glob("team.sqlite3*"):
            each.write_bytes(b"no database" * 10_000)
        time.sleep(1.2)
        found = receiver.post("/v1/logs", logs("1"), {**PROTOBUF, "authorization": "Bearer ttide_" + "x" * 43})
        assert found.status == 503
        assert "tokens" in Status.FromString(found.body).message


def test_a_full_log_asks_to_come_again(tmp_path: Path) -> None:
    plan = replace(BASE, limits=LogLimits(least_free_bytes=1 << 60))
    with receiving(tmp_path, plan) as receiver:
        found = receiver.post("/v1/logs", logs("1"))
        assert found.status == 503
        assert 5 <= int(found.headers["retry-after"]) <= 10
        status = Status.FromString(found.body)
        assert (status.code, status.details[0].type_url) == (14, "type.googleapis.com/google.rpc.RetryInfo")
        health = receiver.ask("GET", "/healthz")
        assert health.status == 503
        assert "free on the disk" in json.loads(health.body)["message"]
        spread = {receiver.post("/v1/logs", logs("1")).headers["retry-after"] for _ in range(30)}
        assert len(spread) > 1


def test_more_than_there_is_room_for_is_asked_to_come_again(tmp_path: Path) -> None:
    plan = replace(BASE, room_bytes=MIB)
    with receiving(tmp_path, plan) as receiver:
        assert receiver.post("/v1/logs", logs("small", 1, 100_000)).status == 200
        assert receiver.post("/v1/logs", logs("long", 1, 2 * MIB)).status == 503
        chunks = iter([b"x" * 300_000] * 8)
        found = receiver.ask("POST", "/v1/logs", chunks)
        assert found.status == 503
        assert "retry-after" in found.headers
        assert receiver.post("/v1/logs", logs("after")).status == 200
        (numbers,) = [receiver.process.numbers()]
        assert numbers is not None
        assert numbers.held_bytes == 0
