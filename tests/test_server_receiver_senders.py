"""The OpenTelemetry SDK as a sender, over HTTP and over gRPC, plain and with TLS; and gRPC as nobody's SDK speaks it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import grpc  # type: ignore[import-untyped]
import pytest
from google.rpc.error_details_pb2 import RetryInfo  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.receiver_stage import BASE, PROTOBUF, BrokenAccess, Receiver, logs, receiving, with_tokens
from tokentide.clock import now_us
from tokentide.server.log.entry import LogEntry
from tokentide.server.log.limits import LogLimits
from tokentide.server.log.reader import LogReader
from tokentide.server.receiver.errors import ReceiverError
from tokentide.server.receiver.plan import Tls
from tokentide.server.receiver.process import ReceiverProcess
from tokentide.server.tenants.directory import Directory
from tokentide.server.tenants.tokens import INGEST, Grant
from tokentide.sources.otlp.unpacking import unpacked

GRPC = replace(BASE, grpc_port=0)
EXPORT = "/opentelemetry.proto.collector.{}.v1.{}Service/Export"
LOGS = EXPORT.format("logs", "Logs")


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    with receiving(tmp_path_factory.mktemp("log"), GRPC) as found:
        yield found


def spans(*names: str) -> Sequence[ReadableSpan]:
    memory, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    for name in names:
        with provider.get_tracer("test").start_as_current_span(name):
            pass
    return memory.get_finished_spans()


def names_in(entries: list[LogEntry]) -> list[str]:
    """Names of the spans that these entries hold."""
    bodies = [unpacked(each.body, each.encoding) for each in entries if each.kind == "traces"]
    return [
        span.name
        for body in bodies
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


@pytest.mark.parametrize("compression", list(Compression))
def test_the_sdk_sends_over_http(receiver: Receiver, compression: Compression) -> None:
    exporter = HttpExporter(f"http://127.0.0.1:{receiver.http_port}/v1/traces", compression=compression)
    assert exporter.export(spans(f"http-{compression.value}", "x")) is SpanExportResult.SUCCESS
    exporter.shutdown()  # type: ignore[no-untyped-call]
    assert f"http-{compression.value}" in names_in(receiver.entries())


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_the_sdk_sends_over_grpc(receiver: Receiver, compression: grpc.Compression) -> None:
    exporter = GrpcExporter(f"127.0.0.1:{receiver.grpc_port}", insecure=True, compression=compression)
    assert exporter.export(spans(f"grpc-{compression.name}")) is SpanExportResult.SUCCESS
    exporter.shutdown()
    assert f"grpc-{compression.name}" in names_in(receiver.entries())
    assert {(each.content_type, each.encoding) for each in receiver.entries() if each.kind == "traces"} >= {
        ("application/x-protobuf", "")
    }


@pytest.mark.parametrize("is_http", [True, False])
def test_the_sdk_comes_again_until_there_is_room(tmp_path: Path, is_http: bool) -> None:
    plan = replace(GRPC, limits=LogLimits(most_waiting_bytes=1, least_free_bytes=0))
    with receiving(tmp_path, plan) as receiver:
        assert receiver.post("/v1/logs", logs("fills it")).status == 200
        for _ in range(50):
            if receiver.post("/v1/logs", logs("full?")).status == 503:
                break
            time.sleep(0.1)
        reader = LogReader(str(tmp_path))

        def make_room() -> None:
            while found := reader.entries():
                reader.release(found[-1].position)

        timer = threading.Timer(2, make_room)
        timer.start()
        begun = time.monotonic()
        exporter: HttpExporter | GrpcExporter = (
            HttpExporter(f"http://127.0.0.1:{receiver.http_port}/v1/traces", timeout=40)
            if is_http
            else GrpcExporter(f"127.0.0.1:{receiver.grpc_port}", insecure=True, timeout=40)
        )
        assert exporter.export(spans("patient")) is SpanExportResult.SUCCESS
        assert time.monotonic() - begun > 1.5
        exporter.shutdown()
        timer.join()
        reader.close()
        assert names_in(receiver.entries()) == ["patient"]


def call(receiver: Receiver, body: bytes, method: str = LOGS, **metadata: str) -> bytes:
    """What a call answers; any bytes may be sent."""
    with grpc.insecure_channel(f"127.0.0.1:{receiver.grpc_port}", [("grpc.max_send_message_length", -1)]) as channel:
        sent = [(name.replace("_", "-"), value) for name, value in metadata.items()]
        found: bytes = channel.unary_unary(method)(body, timeout=20, metadata=sent)
        return found


def refusal(receiver: Receiver, body: bytes, method: str = LOGS, **metadata: str) -> tuple[grpc.StatusCode, Status]:
    with pytest.raises(grpc.RpcError) as refused:
        call(receiver, body, method, **metadata)
    details = dict(refused.value.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
    return refused.value.code(), Status.FromString(details)


@pytest.mark.parametrize(("package", "service"), [("logs", "Logs"), ("metrics", "Metrics"), ("trace", "Trace")])
def test_every_service_takes_what_it_is_for(receiver: Receiver, package: str, service: str) -> None:
    body = b"\x0a\x00" * (len(package) % 7 + 2)
    assert call(receiver, body, EXPORT.format(package, service)) == b""
    kinds = [each.kind for each in receiver.entries() if each.body == body]
    assert kinds == ["traces" if package == "trace" else package]


def test_the_same_body_over_both_ways_is_written_once(receiver: Receiver) -> None:
    body = logs("both ways")
    assert receiver.post("/v1/logs", body).status == 200
    assert call(receiver, body) == b""
    assert [each.body for each in receiver.entries()].count(body) == 1


def test_partial_success_is_told_over_grpc(receiver: Receiver) -> None:
    body = logs("partial grpc") + b"\x0a\x07\x12\x05\x12\x03\x0a\xff\xff"
    told = ExportLogsServiceResponse.FromString(call(receiver, body)).partial_success
    assert (told.rejected_log_records, bool(told.error_message)) == (1, True)


def test_refusals_have_the_codes_of_the_protocol(receiver: Receiver) -> None:
    code, details = refusal(receiver, b"\xff\xff\xff")
    assert (code, details.code) == (grpc.StatusCode.INVALID_ARGUMENT, 3)
    code, _ = refusal(receiver, b"", EXPORT.format("profiles", "Profiles"))
    assert code == grpc.StatusCode.UNIMPLEMENTED
    code, _ = refusal(receiver, b"x" * (17 << 20))
    assert code == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert call(receiver, logs("after all that")) == b""


def test_a_compressed_bomb_is_refused_over_grpc(receiver: Receiver) -> None:
    with (
        grpc.insecure_channel(
            f"127.0.0.1:{receiver.grpc_port}", [("grpc.max_send_message_length", -1)], compression=grpc.Compression.Gzip
        ) as channel,
        pytest.raises(grpc.RpcError) as refused,
    ):
        channel.unary_unary(LOGS)(bytes(100 << 20), timeout=30)
    assert refused.value.code() in {grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INTERNAL}
    assert receiver.is_well()


def test_a_full_log_tells_when_to_come_again(tmp_path: Path) -> None:
    with receiving(tmp_path, replace(GRPC, limits=LogLimits(least_free_bytes=1 << 60))) as receiver:
        code, details = refusal(receiver, logs("1"))
        retry = RetryInfo()
        assert details.details[0].Unpack(retry)
        assert (code, 5 <= retry.retry_delay.seconds <= 10) == (grpc.StatusCode.UNAVAILABLE, True)


def test_tokens_are_asked_for_over_grpc(tmp_path: Path) -> None:
    path = tmp_path / "team.sqlite3"
    directory = Directory(str(path), now_us)
    token, _ = directory.create(Grant(INGEST, tenant="acme"))
    with receiving(tmp_path / "log", replace(GRPC, access=with_tokens(path))) as receiver:
        code, details = refusal(receiver, logs("1"))
        assert (code, details.code) == (grpc.StatusCode.UNAUTHENTICATED, 16)
        assert refusal(receiver, logs("1"), authorization="Bearer x")[0] == grpc.StatusCode.UNAUTHENTICATED
        assert call(receiver, logs("1"), authorization=f"Bearer {token}") == b""
        assert call(receiver, logs("2"), authorization=f"Bearer%20{token}") == b""
        assert call(receiver, logs("3"), x_api_key=token) == b""
        assert [each.tenant for each in receiver.entries()] == ["acme"] * 3
    directory.close()


def test_a_fault_of_ours_costs_no_sender_its_batch(tmp_path: Path) -> None:
    with receiving(tmp_path, replace(GRPC, access=BrokenAccess)) as receiver:
        found = receiver.post("/v1/logs", logs("1"), {**PROTOBUF, "authorization": "Bearer hidden"})
        assert (found.status, int(found.headers["retry-after"]) > 0) == (503, True)
        assert refusal(receiver, logs("1"))[0] == grpc.StatusCode.UNAVAILABLE
        time.sleep(1.3)
        numbers = receiver.process.numbers()
        assert numbers is not None
        assert numbers.failures == 2
        assert numbers.last_failure.startswith("RuntimeError in BrokenAccess.entrance, line ")


def test_many_calls_at_once_are_all_taken(receiver: Receiver) -> None:
    bodies = [logs(f"many-{number}") for number in range(300)]
    with grpc.insecure_channel(f"127.0.0.1:{receiver.grpc_port}") as channel:
        futures = [channel.unary_unary(LOGS).future(body, timeout=30) for body in bodies]
        assert {each.result() for each in futures} == {b""}
    assert set(bodies) <= {each.body for each in receiver.entries()}


def test_a_call_that_is_given_up_harms_nobody(receiver: Receiver) -> None:
    body = logs("given up")
    with grpc.insecure_channel(f"127.0.0.1:{receiver.grpc_port}") as channel:
        for _ in range(30):
            channel.unary_unary(LOGS).future(body, timeout=20).cancel()
    assert call(receiver, body) == b""
    assert [each.body for each in receiver.entries()].count(body) == 1


def test_bytes_that_are_no_http2_are_hung_up_on(receiver: Receiver) -> None:
    for sent in (b"GET / HTTP/1.1\r\n\r\n", b"\0" * 5000, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 1000):
        with socket.create_connection(("127.0.0.1", receiver.grpc_port), 10) as wire:
            wire.sendall(sent)
            while wire.recv(1 << 16):
                pass
    assert call(receiver, logs(f"after {time.monotonic()}")) == b""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    """For 127.0.0.1, by itself."""
    folder = tmp_path_factory.mktemp("tls")
    tls = Tls(str(folder / "cert.pem"), str(folder / "key.pem"))
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", tls.key, "-out", tls.certificate]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("openssl is not here")
    return tls


def test_both_ways_speak_tls(tmp_path: Path, certificate: Tls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)  # it would win over the exporter's own
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    with receiving(tmp_path, replace(GRPC, tls=certificate)) as receiver:
        over_http = HttpExporter(
            f"https://127.0.0.1:{receiver.http_port}/v1/traces", certificate_file=certificate.certificate
        )
        assert over_http.export(spans("https")) is SpanExportResult.SUCCESS
        over_http.shutdown()  # type: ignore[no-untyped-call]
        credentials = grpc.ssl_channel_credentials(Path(certificate.certificate).read_bytes())
        over_grpc = GrpcExporter(f"https://127.0.0.1:{receiver.grpc_port}", credentials=credentials)
        assert over_grpc.export(spans("grpcs")) is SpanExportResult.SUCCESS
        over_grpc.shutdown()
        assert names_in(receiver.entries()) == ["https", "grpcs"]
        with pytest.raises(OSError, match=r"reset|closed|refused|disconnected|BadStatusLine"):
            receiver.post("/v1/logs", logs("plain"))


def test_a_certificate_that_is_none_is_named(tmp_path: Path, certificate: Tls) -> None:
    (tmp_path / "none.pem").write_text("no certificate")
    for tls in (Tls(str(tmp_path / "none.pem"), certificate.key), Tls(str(tmp_path / "absent.pem"), certificate.key)):
        plan = replace(GRPC, log_folder=str(tmp_path / "log"), tls=tls)
        with pytest.raises(ReceiverError, match=rf"TLS with {tls.certificate}: .*; give a certificate and its key"):
            ReceiverProcess(plan).wait_until_ready()


def test_a_port_of_grpc_that_is_taken_is_named(tmp_path: Path, receiver: Receiver) -> None:
    plan = replace(GRPC, log_folder=str(tmp_path), grpc_port=receiver.grpc_port)
    with pytest.raises(
        ReceiverError, match=rf"OTLP over gRPC cannot be received on 127.0.0.1 port {receiver.grpc_port}"
    ):
        ReceiverProcess(plan).wait_until_ready()


def test_ctrl_c_while_it_starts_is_left_to_its_parent(tmp_path: Path) -> None:
    process = ReceiverProcess(replace(BASE, log_folder=str(tmp_path)))
    os.kill(process.pid, signal.SIGINT)
    assert process.wait_until_ready().http_port
    assert process.end() == 0


WITHOUT = """
import sys
from dataclasses import replace
from multiprocessing import Pipe
from threading import Thread
sys.modules["grpc"] = None
from tests.receiver_stage import BASE
from tokentide.server.receiver.serving import serve_receiver

def end_soon():
    print(ours.recv().notes[0])
    ours.close()

ours, theirs = Pipe()
Thread(target=end_soon).start()
sys.exit(serve_receiver(replace(BASE, grpc_port=0, log_folder=sys.argv[1]), theirs))
"""


def test_without_grpcio_it_says_so_and_goes_on(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WITHOUT, str(tmp_path)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, cwd=Path(__file__).parent.parent
    )
    assert done.stdout.startswith("OTLP over gRPC is not received: grpcio is missing")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_request_type_is_what_the_sdk_sends() -> None:
    """Guards the helper of these tests: what it makes is what the protocol says."""
    assert ExportLogsServiceRequest.FromString(logs("x", 3)).resource_logs[0].scope_logs[0].log_records[2].body
