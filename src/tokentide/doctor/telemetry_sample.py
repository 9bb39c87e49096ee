"""The managed settings that a roll-out needs, ready to paste."""

from __future__ import annotations

from tokentide.doctor.telemetry import is_address
from tokentide.errors import UsageError
from tokentide.render.json_text import dumps
from tokentide.sources.claude_code.telemetry_settings import ENABLED, ENDPOINT, HEADERS, PROTOCOL

TOKEN = "TOKEN"  # noqa: S105 -- stands for one
"""What a person replaces by what `tokentide server token create` prints."""


def sample_settings(address: str) -> str:
    """`managed-settings.json` for a server at that address. Raises UsageError for what is no address."""
    if not is_address(address):
        raise UsageError(f"{address!r} is no address: write it as http://telemetry.example.com:4318")
    env = {
        ENABLED: "1",
        "OTEL_METRICS_EXPORTER": "otlp",
        "OTEL_LOGS_EXPORTER": "otlp",
        PROTOCOL: "http/protobuf",
        ENDPOINT: address.rstrip("/"),
        HEADERS: f"Authorization=Bearer {TOKEN}",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
        "OTEL_METRICS_INCLUDE_VERSION": "true",
    }
    return dumps({"env": env})
