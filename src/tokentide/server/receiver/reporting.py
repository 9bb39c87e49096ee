"""Puts a receiver's numbers where its parent finds them."""

from __future__ import annotations

import os
from contextlib import suppress
from types import TracebackType
from typing import Self

from tokentide.server.log.writer import LogWriter
from tokentide.server.receiver.errors import ReceiverError
from tokentide.server.receiver.intake import Intake
from tokentide.server.receiver.numbers import NumbersBoard, ReceiverNumbers
from tokentide.server.receiver.plan import ReceiverPlan
from tokentide.serving.http_server import HttpServer


class Reporter:
    """For the event loop; use it as a context manager: the last numbers are written at its end."""

    def __init__(self, plan: ReceiverPlan, log: LogWriter, intake: Intake) -> None:
        """Raises ReceiverError where the board cannot be made."""
        self._clock, self._log, self._intake = plan.clock, log, intake
        self._started_at = plan.clock()
        self.ports = (0, 0)
        """Of HTTP and of gRPC."""
        self.server: HttpServer | None = None
        """Whose connections are told."""
        try:
            self._board = NumbersBoard(plan.log_folder)
        except OSError as error:
            raise ReceiverError.files(plan.log_folder, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.write()
        self._board.close()

    def write(self) -> None:
        """Tell how it stands now."""
        with suppress(OSError):  # the next second brings the next try
            self._board.write(self._numbers())

    def _numbers(self) -> ReceiverNumbers:
        log, tally = self._log, self._intake.tally
        groups, log.groups = log.groups, []
        tally.committed(groups)
        return ReceiverNumbers(
            pid=os.getpid(),
            started_at=self._started_at,
            updated_at=self._clock(),
            http_port=self.ports[0],
            grpc_port=self.ports[1],
            requests=[(*key, count) for key, count in sorted(tally.requests.items())],
            received_bytes=tally.received_bytes,
            records=tally.records,
            rejected_records=tally.rejected_records,
            duplicates=tally.duplicates,
            connections=len(self.server.connections) if self.server else 0,
            held_bytes=self._intake.room.used_bytes,
            groups=tally.groups,
            entries=tally.entries,
            acknowledge_ms=tally.acknowledge_ms,
            commit_ms=tally.commit_ms,
            failures=tally.failures,
            last_failure=tally.last_failure,
            fault=log.fault,
        )
