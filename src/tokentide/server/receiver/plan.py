"""What a receiver is started with; it can be handed to another process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tokentide.clock import now_us
from tokentide.server.log.limits import LogLimits
from tokentide.server.receiver.access import Access, OpenAccess
from tokentide.server.receiver.intake import ROOM_BYTES
from tokentide.serving.connections import Patience

HTTP_PORT, GRPC_PORT = 4318, 4317


@dataclass(frozen=True, slots=True)
class Tls:
    """Paths of PEM files."""

    certificate: str
    key: str


@dataclass(frozen=True, slots=True)
class ReceiverPlan:
    """Where to listen and what to write; every callable must be one that pickle knows by its name."""

    log_folder: str
    """A receiver's own."""
    host: str = "127.0.0.1"
    http_port: int = HTTP_PORT
    """0 takes a free one."""
    grpc_port: int | None = GRPC_PORT
    """None where gRPC is not wanted."""
    tls: Tls | None = None
    access: Callable[[], Access] = OpenAccess
    """Called once, in the receiver's process."""
    clock: Callable[[], int] = now_us
    limits: LogLimits = field(default_factory=LogLimits)
    room_bytes: int = ROOM_BYTES
    """What bodies may hold in memory, all together."""
    patience: Patience = field(default_factory=Patience)
    is_shared: bool = False
    """True where several receivers have the same ports; the system spreads senders over them."""
