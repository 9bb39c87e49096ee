"""Runs a receiver until it is told to end, or until whoever started it is gone."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from multiprocessing.connection import Connection

from tokentide.errors import TokentideError
from tokentide.server.log.writer import LogWriter
from tokentide.server.receiver.http import HttpDoor
from tokentide.server.receiver.intake import Intake
from tokentide.server.receiver.listening import BACKLOG, listener_of, pem_of, tls_of
from tokentide.server.receiver.messages import Failed, Ready
from tokentide.server.receiver.numbers import Tally
from tokentide.server.receiver.plan import ReceiverPlan
from tokentide.server.receiver.reporting import Reporter
from tokentide.server.receiver.room import Room
from tokentide.serving.http_server import HttpServer, Service, quickest_connection

GRPC_GRACE_SECONDS = 0.5
SHUTDOWN_SECONDS = 1
"""For bodies that are on their way when it is to end; clients wait no longer than two in all."""
NO_GRPC = "OTLP over gRPC is not received: grpcio is missing, which `pip install 'tokentide[grpc]'` brings"
_QUIET = ("uvicorn", "uvicorn.error", "asyncio", "grpc", "grpc._cython.cygrpc")


def serve_receiver(plan: ReceiverPlan, lifeline: Connection | None = None) -> int:
    """Receive until SIGTERM, SIGINT where it is not blocked, SIGHUP, or the other end of the lifeline is closed.

    The exit code. By the lifeline goes a Ready when requests are answered, or a Failed with a sentence; without one
    that sentence goes to standard error.
    """
    for name in _QUIET:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [logging.NullHandler()], False
    _raise_file_limit()
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_received(plan, lifeline))
    except TokentideError as error:
        _tell(lifeline, Failed(str(error)))
        return 1
    except KeyboardInterrupt:
        pass
    return 0


async def _received(plan: ReceiverPlan, lifeline: Connection | None) -> None:
    """All of it, from the first file to the last. Raises TokentideError where it cannot begin."""
    loop = asyncio.get_running_loop()
    access = plan.access()
    context = tls_of(plan.tls) if plan.tls else None
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(listener_of(plan))
        log = LogWriter(plan.log_folder, plan.limits, now=plan.clock(), deliver=loop.call_soon_threadsafe)
        stack.push_async_callback(asyncio.to_thread, log.close)
        intake = Intake(log, access, plan.clock, Room(plan.room_bytes), Tally())
        stack.callback(intake.close)
        loop.set_exception_handler(_noting(intake.tally))

        def ready() -> None:
            reporter.write()
            _tell(lifeline, Ready(*reporter.ports, notes))
            if lifeline is not None:
                _watch(lifeline, lambda: loop.call_soon_threadsafe(server.end))

        reporter = stack.enter_context(Reporter(plan, log, intake))
        service = Service(
            BACKLOG,
            SHUTDOWN_SECONDS,
            plan.patience,
            context,
            quickest_connection(),
            headers=(("server", "tokentide"),),
            ready=ready,
            each_second=reporter.write,
        )
        reporter.server = server = HttpServer(HttpDoor(intake, lambda: log.fault), service)
        grpc_port, notes = await _begin_grpc(plan, intake, stack)
        reporter.ports = (listener.getsockname()[1], grpc_port)
        await server.serve([listener])


def _noting(tally: Tally) -> Callable[[asyncio.AbstractEventLoop, dict[str, object]], None]:
    """Counts what goes wrong where nobody waits for it; a client that is gone is no fault."""

    def note(_loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        error = context.get("exception")
        if isinstance(error, Exception) and not isinstance(error, OSError | TokentideError):
            tally.failed(error)

    return note


async def _begin_grpc(plan: ReceiverPlan, intake: Intake, stack: AsyncExitStack) -> tuple[int, tuple[str, ...]]:
    """The port of gRPC, and what is to be said of it."""
    if plan.grpc_port is None:
        return 0, ()
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # it would write to standard error by itself
    try:
        from tokentide.server.receiver.rpc import serving_grpc
    except ImportError:
        return 0, (NO_GRPC,)
    pair = pem_of(plan.tls) if plan.tls else None
    server, port = await serving_grpc(intake, (plan.host, plan.grpc_port), pair, is_shared=plan.is_shared)
    stack.push_async_callback(server.stop, GRPC_GRACE_SECONDS)
    return port, ()


def _watch(lifeline: Connection, end: Callable[[], object]) -> None:
    """End when the other side of the pipe is closed, or anything comes by it."""

    def wait() -> None:
        with suppress(EOFError, OSError):
            lifeline.recv()
        with suppress(RuntimeError):  # the loop is closed already
            end()

    threading.Thread(target=wait, name="lifeline", daemon=True).start()


def _tell(lifeline: Connection | None, message: Ready | Failed) -> None:
    if lifeline is not None:
        with suppress(OSError):  # nobody is there any more
            lifeline.send(message)
    elif isinstance(message, Failed):
        sys.stderr.write(f"tokentide: {message.sentence}\n")


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The quicker loop, where it is there."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _raise_file_limit() -> None:
    """A connection is a file: let there be as many as the system allows."""
    if sys.platform == "win32":
        return
    import resource

    with suppress(ValueError, OSError):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
