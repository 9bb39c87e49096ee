"""OpenTelemetry over OTLP, as Claude Code sends it: bytes of a request in, telemetry records and sightings out."""
