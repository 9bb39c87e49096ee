"""What can be wrong with a body as a whole; a bad record within a good one is counted instead."""

from __future__ import annotations


class BadBodyError(ValueError):
    """The body is not what its headers say: sending it again would not help. `reason` never quotes the body."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class TooLongError(ValueError):
    """Unpacked, the body is longer than is taken."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__(f"the body is longer than {most_bytes >> 20} MiB when unpacked")
