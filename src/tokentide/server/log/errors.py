"""What can be wrong with the log."""

from __future__ import annotations

from tokentide.errors import TokentideError


class LogError(TokentideError):
    """The log cannot be read or begun; the message names the folder."""

    def __init__(self, folder: str, reason: str) -> None:
        self.reason = reason
        super().__init__(f"log {folder}: {reason}")


class LogFullError(LogError):
    """An entry was not taken: no room, or a disk that refuses; nothing of it is in the log.

    `retry_after` is in seconds: sooner it would hardly go better.
    """

    def __init__(self, folder: str, reason: str, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(folder, reason)
