"""The doctor's trial: an empty export as the client would send it, against real servers of every ill will."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import grpc  # type: ignore[import-untyped,unused-ignore]
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from tests.conftest import Machine
from tests.loopback import Answer, Request, answering
from tokentide.doctor.telemetry import Machine as Client
from tokentide.doctor.telemetry import look
from tokentide.doctor.telemetry_trial import Trial, trial_findings, try_routes
from tokentide.sources.claude_code.telemetry_settings import Layer

SECRET = "hush-hush-hush"


def values(endpoint: str, protocol: str = "http/json", **more: str) -> dict[str, str]:
    return {
        "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
        "OTEL_METRICS_EXPORTER": "otlp",
        "OTEL_LOGS_EXPORTER": "otlp",
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_EXPORTER_OTLP_HEADERS": f"Authorization=Bearer {SECRET}",
        **more,
    }


def tried(endpoint: str, protocol: str = "http/json", **more: str) -> list[Trial]:
    return try_routes(look(Client([Layer("shell", "", values(endpoint, protocol, **more))], (2, 1, 329), ())))


def verdicts(trials: list[Trial]) -> set[str]:
    return {trial.verdict.code for trial in trials}


@pytest.mark.parametrize("protocol", ["http/json", "http/protobuf"])
def test_an_empty_export_goes_out_as_the_client_would_send_it(protocol: str) -> None:
    seen: list[Request] = []

    def answer(request: Request) -> Answer:
        seen.append(request)
        return 200, {"server": "tokentide", "content-type": request.headers["content-type"]}, b""

    with answering(answer) as address:
        trials = tried(address, protocol)
    assert [(trial.signal, trial.verdict.code, trial.status) for trial in trials] == [
        ("metrics", "ok", 200),
        ("logs", "ok", 200),
    ]
    assert [request.target for request in seen] == ["/v1/metrics", "/v1/logs"]
    assert {request.headers["authorization"] for request in seen} == {f"Bearer {SECRET}"}
    if protocol == "http/json":
        assert [json.loads(request.body) for request in seen] == [{"resourceMetrics": []}, {"resourceLogs": []}]
    else:
        metrics, logs = ExportMetricsServiceRequest(), ExportLogsServiceRequest()
        metrics.ParseFromString(seen[0].body)
        logs.ParseFromString(seen[1].body)
        assert [len(metrics.resource_metrics), len(logs.resource_logs)] == [1, 1]
        assert not logs.resource_logs[0].scope_logs


@pytest.mark.parametrize(
    ("status", "headers", "body", "code"),
    [
        (200, {}, b"", "ok"),
        (202, {}, b"", "ok"),
        (400, {}, b"", "bad-request"),
        (401, {}, b"", "unauthorized"),
        (403, {}, b"", "forbidden"),
        (404, {}, b"", "not-found"),
        (405, {}, b"", "no-post"),
        (413, {}, b"", "too-large"),
        (503, {}, b"", "full"),
        (500, {}, b"", "status"),
        (307, {"location": "https://other.example.com/x"}, b"", "redirect"),
        (302, {}, b"", "redirect"),
        (200, {"content-type": "text/html"}, b"<p>Welcome", "web-page"),
        (403, {}, b"\n<!DOCTYPE html><title>Blocked", "web-page"),
    ],
)
def test_every_answer_has_a_meaning(status: int, headers: dict[str, str], body: bytes, code: str) -> None:
    with answering(lambda _: (status, headers, body)) as address:
        trials = tried(address)
    assert verdicts(trials) == {code}
    found = trial_findings(trials)
    assert [each.code for each in found] == ([] if code == "ok" else [code])
    assert all(("metrics and logs" in each.what and each.remedy.endswith(".")) or "?" in each.remedy for each in found)


def test_a_slow_answer_is_told_of() -> None:
    def slow(_: Request) -> Answer:
        time.sleep(0.6)
        return 200, {}, b""

    with answering(slow) as address:
        found = trial_findings(tried(address))
    assert {(each.code, each.severity) for each in found} == {("slow", "advice")}


def test_who_does_not_answer_is_told_apart() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    assert verdicts(tried(f"http://127.0.0.1:{port}")) == {"refused"}
    assert verdicts(tried(f"http://127.0.0.1:{port}", "grpc")) == {"refused"}
    assert verdicts(tried("http://no-such-host.invalid:4318")) == {"name-unknown"}


def test_what_speaks_no_http_is_told_of() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def babble() -> None:
            for _ in range(2):
                connection, _address = server.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00")

        thread = threading.Thread(target=babble)
        thread.start()
        assert verdicts(tried(f"http://127.0.0.1:{server.getsockname()[1]}")) == {"no-http"}
        thread.join()


def test_a_header_that_no_header_takes_is_told_of_without_its_value() -> None:
    with answering(lambda _: (200, {}, b"")) as address:
        trials = tried(address, OTEL_EXPORTER_OTLP_LOGS_HEADERS=f"x-key={SECRET}\nmore, y=\u2603{SECRET}")
    assert {trial.signal: trial.verdict.code for trial in trials} == {"metrics": "ok", "logs": "header"}
    assert SECRET not in repr(trials)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"),
        ],
        check=True,
        capture_output=True,
    )
    return folder / "cert.pem", folder / "key.pem"


@contextmanager
def encrypted(certificate: tuple[Path, Path]) -> Iterator[str]:
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    from tests.loopback import running

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A handshake that fails is what the test is about."""

    server = Quiet(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with running(server):
        yield f"127.0.0.1:{server.server_port}"


def test_certificates_are_looked_at_as_the_client_does(certificate: tuple[Path, Path]) -> None:
    with encrypted(certificate) as place:
        assert verdicts(tried(f"https://{place}")) == {"certificate"}
        assert verdicts(tried(f"https://{place}", NODE_EXTRA_CA_CERTS=str(certificate[0]))) == {"ok"}
    with answering(lambda _: (200, {}, b"")) as address:
        assert verdicts(tried(address.replace("http:", "https:"))) == {"tls"}


@contextmanager
def proxying(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A proxy that notes what it is asked for and answers so."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def serve() -> None:
            for _ in range(2):
                connection, _address = server.accept()
                with connection:
                    asked.append(connection.recv(65536).split(b"\r\n")[0])
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", asked
        thread.join()


def test_a_proxy_is_gone_through_as_the_client_does() -> None:
    with proxying(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n") as (proxy, asked):
        trials = tried("http://telemetry.example.invalid:4318", HTTP_PROXY=proxy)
    assert verdicts(trials) == {"no-connection"}
    assert [line.rpartition(b" ")[0] for line in asked] == [b"CONNECT telemetry.example.invalid:4318"] * 2
    spared = tried("http://telemetry.example.invalid:4318", HTTP_PROXY=proxy, NO_PROXY=".example.invalid")
    assert verdicts(spared) == {"name-unknown"}


@contextmanager
def grpc_server(code: grpc.StatusCode | None) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    seen: list[tuple[str, str]] = []

    class Handler(grpc.GenericRpcHandler):  # type: ignore[misc,unused-ignore]
        def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
            def export(_: bytes, context: grpc.ServicerContext) -> bytes:
                seen.append((details.method, dict(context.invocation_metadata()).get("authorization", "")))
                if code is not None:
                    context.abort(code, "no")
                return b""

            return grpc.unary_unary_rpc_method_handler(export)

    with ThreadPoolExecutor(2) as pool:
        server = grpc.server(pool)
        server.add_generic_rpc_handlers((Handler(),))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"http://127.0.0.1:{port}", seen
        finally:
            server.stop(None).wait()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (None, "ok"),
        (grpc.StatusCode.UNAUTHENTICATED, "unauthorized"),
        (grpc.StatusCode.UNIMPLEMENTED, "not-found"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "full"),
        (grpc.StatusCode.INTERNAL, "status"),
    ],
)
def test_grpc_is_tried_too(code: grpc.StatusCode | None, expected: str) -> None:
    with grpc_server(code) as (address, seen):
        assert verdicts(tried(address, "grpc")) == {expected}
    assert {method.rpartition(".")[2] for method, _ in seen} == {"MetricsService/Export", "LogsService/Export"}
    assert {bearer for _, bearer in seen} == {f"Bearer {SECRET}"}


def test_the_command_tells_what_came_back(machine: Machine) -> None:
    machine.claude.mkdir(parents=True)
    with answering(lambda _: (401, {}, b"")) as address:
        (machine.claude / "settings.json").write_text(json.dumps({"env": values(address)}))
        code, out, _ = machine.call("doctor", "telemetry", PATH="/usr/bin:/bin")
        assert code == 3
        assert "the server does not know the token" in out
        assert machine.call("doctor", "telemetry", "--offline", PATH="/usr/bin:/bin")[0] == 0
    with answering(lambda _: (200, {"server": "tokentide"}, b"")) as address:
        (machine.claude / "settings.json").write_text(json.dumps({"env": values(address)}))
        code, out, _ = machine.call("doctor", "telemetry", PATH="/usr/bin:/bin")
        assert code == 0
        assert "taken by tokentide" in out
        assert "Telemetry arrives." in out
        told = json.loads(machine.call("doctor", "telemetry", "--json", PATH="/usr/bin:/bin")[1])
        assert [each["is_tokentide"] for each in told["trials"]] == [True, True]
    assert SECRET not in out
