"""How the team server stands: what `/metrics`, the pages and `tokentide server status` tell of it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ReceiverStatus:
    """What the processes that take telemetry in have done since they started, all of them together."""

    is_running: bool = False
    """True while every one of them answers."""
    requests: dict[tuple[str, str, int], int] = field(default_factory=dict)
    """Answers by way in (`http`, `grpc`), signal (`logs`, `metrics`, `traces`, `push`) and status; a gRPC status as
    the HTTP status that means the same."""
    received_bytes: int = 0
    """Bodies as they came, before they are unpacked."""
    connections: int = 0
    """Open now."""
    acknowledge_ms: tuple[tuple[int, int], ...] = ()
    """How long acknowledging took: pairs of a bucket of tokentide.model.latency and how many."""


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """One look at the server. Instants are µs UTC, 0 for never; counts are since the start of the server."""

    version: str
    started_at: int
    receiver: ReceiverStatus = field(default_factory=ReceiverStatus)
    waiting_bytes: int = 0
    """Acknowledged and on disk, not in the store yet."""
    lag_us: int = 0
    """Age of the oldest that waits; 0 where nothing does."""
    taken_records: int = 0
    """Telemetry records and sightings that were put into the store, those that were there already included."""
    refused_records: int = 0
    """Records of bodies that could be read, which could not be read themselves or are older than what is kept."""
    refused_bodies: int = 0
    """Bodies that were acknowledged and could not be read at all."""
    engine: str = "duckdb"
    """`duckdb` or `clickhouse`."""
    mapping_fault: str = ""
    """Why a changed mapping file is not used; empty while all is well."""
    missing: tuple[str, ...] = ()
    """Shards that cannot be reached now."""
    engine_fault: str = ""
    """Why the engine takes nothing now; empty while it does."""
    store_bytes: int = 0
    """Of an embedded store; 0 where the store is elsewhere."""
    spooled_bytes: int = 0
    """Kept on disk for shards that are down."""
    free_bytes: int = 0
    """Room on the disk of the log."""
    last_received_at: int = 0
    """When telemetry was last acknowledged."""
    last_taken_at: int = 0
    """When rows were last put into the store."""

    @property
    def is_well(self) -> bool:
        """False where something needs a person."""
        return self.receiver.is_running and not (self.missing or self.engine_fault or self.mapping_fault)
