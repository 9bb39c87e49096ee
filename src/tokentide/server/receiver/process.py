"""A receiver as its parent has it: a child process that ends with it."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker

from tokentide.server.receiver.errors import ReceiverError
from tokentide.server.receiver.messages import Failed, Ready
from tokentide.server.receiver.numbers import ReceiverNumbers, numbers_in
from tokentide.server.receiver.plan import ReceiverPlan
from tokentide.server.receiver.serving import serve_receiver

START_SECONDS = 60
"""Reading an old log again may take a while."""
END_SECONDS = 5


class ReceiverProcess:
    """Starts at once."""

    def __init__(self, plan: ReceiverPlan) -> None:
        self._folder = plan.log_folder
        context = multiprocessing.get_context("spawn")
        self._lifeline, theirs = context.Pipe()
        self._process = context.Process(target=serve_receiver, args=(plan, theirs), name="tokentide-receiver")
        with _no_interrupt():
            self._process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        """Of the process; 0 where it never was."""
        return self._process.pid or 0

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.is_alive()

    def wait_until_ready(self, seconds: float = START_SECONDS) -> Ready:
        """Where it listens. Raises ReceiverError with the reason where it does not begin."""
        message: object = None
        with suppress(EOFError, OSError):
            if self._lifeline.poll(seconds):
                message = self._lifeline.recv()
        if isinstance(message, Ready):
            return message
        self.end()
        if isinstance(message, Failed):
            raise ReceiverError(message.sentence)
        raise ReceiverError(f"the receiver did not begin within {seconds:.0f} s, or ended with code {self.exit_code}")

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative where a signal ended it."""
        return self._process.exitcode

    def numbers(self) -> ReceiverNumbers | None:
        """What it last told of itself. Raises OSError."""
        found = numbers_in(self._folder)
        return found if found and found.pid == self.pid else None

    def end(self, seconds: float = END_SECONDS) -> int | None:
        """Let it answer what has come and end; kill it where it does not. Its exit code."""
        with suppress(OSError):
            self._lifeline.close()
        self._process.join(seconds)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(seconds)
        return self._process.exitcode


@contextmanager
def _no_interrupt() -> Iterator[None]:
    """What starts here never sees Ctrl+C, which a terminal sends to all its processes: it ends by its lifeline.

    Windows passes no mask on.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # it lifts the mask where it has to be started
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
