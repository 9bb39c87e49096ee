"""Everything of a team server but its pages: receivers, logs, the writer, the store."""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from ipaddress import ip_address
from typing import Self

from tokentide import __version__
from tokentide.clock import now_us
from tokentide.errors import StoreError
from tokentide.locks import FileLock, HeldError, Holder
from tokentide.server.board import Posted, post
from tokentide.server.chores import Chores
from tokentide.server.decoding import Decoder, Price
from tokentide.server.engines import DUCKDB, open_engine, stored_dsn
from tokentide.server.folder import TeamFolder
from tokentide.server.keeping import Keeping
from tokentide.server.log.limits import LogLimits
from tokentide.server.log.reader import LogReader
from tokentide.server.log.recovery import recover
from tokentide.server.moving.move import MoveFile
from tokentide.server.parties import Parties
from tokentide.server.receiver.access import Access, TokenAccess
from tokentide.server.receiver.errors import ReceiverError
from tokentide.server.receiver.numbers import status_of
from tokentide.server.receiver.plan import ReceiverPlan, Tls
from tokentide.server.receiver.process import ReceiverProcess
from tokentide.server.status import ReceiverStatus, ServerStatus
from tokentide.server.tenants.directory import Directory
from tokentide.server.writer import Writer
from tokentide.sources.otlp.reading import Reader
from tokentide.store.team.pending import PendingQuarters
from tokentide.store.team.store import TeamStore

LOOK_SECONDS = 1.0
"""How often receivers are looked after, and others are told how it stands."""
END_SECONDS = 30.0
"""So long the end waits for what the writer is doing."""


class AnotherServerError(HeldError):
    """A server of this folder runs already."""


@dataclass(frozen=True, slots=True)
class StationPlan:
    """What is to run, and how."""

    folder: TeamFolder
    price: Price
    """List prices."""
    dsn: str = ""
    """Of the store; empty for the one that there is."""
    host: str = "127.0.0.1"
    http_port: int = 4318
    grpc_port: int | None = 4317
    receivers: int = 1
    announced: str = ""
    """Where machines send to by HTTP, if a proxy or another name stands before us."""
    pages: str = ""
    """The address of the pages, for those who ask how the server stands; empty where there are none."""
    tls: Tls | None = None
    is_open: bool = True
    """Whether who sends no token is let in before one was made: where nobody but this machine can come."""
    mapping: str = ""
    """A file; empty for none."""
    allowed_content: tuple[str, ...] = ()
    keeping: Keeping = field(default_factory=Keeping)
    limits: LogLimits = field(default_factory=LogLimits)
    clock: Callable[[], int] = now_us
    """The present instant, µs UTC."""
    failed: Callable[[BaseException], None] = lambda _error: None
    """Told of what nobody expected; from any thread."""


class Station:
    """Use it as a context manager: inside, telemetry is taken in."""

    def __init__(self, plan: StationPlan) -> None:
        """Raises UsageError, StoreError, HeldError, ReceiverError, LogError, DirectoryError, SettingsError."""
        self.plan = plan
        self.started_at = plan.clock()
        self.notes: tuple[str, ...] = ()
        """What a person should know of the start."""
        self.ports: dict[str, int] = {}
        self._ended = threading.Event()
        plan.folder.prepare()
        with ExitStack() as stack:
            stack.enter_context(_ServerLock(plan.folder.lock, self.started_at))
            self._dsn = stored_dsn(plan.folder, plan.dsn)
            self.store = TeamStore(open_engine(self._dsn, plan.folder))
            stack.callback(lambda: self.store.engine.close())  # noqa: PLW0108 -- a move puts another engine there
            self.store.engine.prepare()
            self.parties = Parties(plan.mapping, plan.folder.secret)
            self.directory = Directory(plan.folder.directory, plan.clock)
            stack.callback(self.directory.close)
            self._logs = [LogReader(folder) for folder in self._log_folders()]
            self._writer = self._made_writer()
            self._receivers = self._started(stack)
            self._threads = [threading.Thread(target=self._write, name="tokentide writer", daemon=True)]
            self._threads.append(threading.Thread(target=self._look_after, name="tokentide receivers", daemon=True))
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        """Begin to take what is in the log into the store; what a server before told of itself ends here."""
        self._post()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Receivers first, so that nothing is refused that could still be taken; then what is under way."""
        self._ended.set()
        for thread in reversed(self._threads):
            thread.join(END_SECONDS)
        self._stack.close()

    def version(self) -> int:
        """Another number once answers may be others."""
        return self._writer.progress.version

    def status(self) -> ServerStatus:
        """One look."""
        progress, engine = self._writer.progress, self.store.engine
        waiting, folder = sum(log.waiting_bytes() for log in self._logs), self.plan.folder
        now = self.plan.clock()
        return ServerStatus(
            __version__,
            self.started_at,
            self._receiver_status(),
            waiting_bytes=waiting,
            lag_us=max(now - progress.last_received_at, 0) if waiting and progress.last_received_at else 0,
            taken_records=progress.taken_records,
            refused_records=progress.refused_records,
            refused_bodies=progress.refused_entries,
            engine=engine.name,
            mapping_fault=self.parties.fault,
            missing=engine.missing,
            engine_fault=progress.fault or progress.stuck,
            store_bytes=_size(folder.duckdb, f"{folder.duckdb}.wal") if engine.name == DUCKDB else 0,
            spooled_bytes=engine.waiting_bytes,
            free_bytes=shutil.disk_usage(folder.path).free,
            last_received_at=progress.last_received_at,
            last_taken_at=progress.last_taken_at,
        )

    def _log_folders(self) -> list[str]:
        """Those of the receivers, and those of others that there were: what they acknowledged is still to be taken."""
        plan = self.plan
        folders = [plan.folder.log(number) for number in range(plan.receivers)]
        number = plan.receivers
        while os.path.isdir(former := plan.folder.log(number)):
            recover(former, self.started_at)
            folders.append(former)
            number += 1
        return folders

    def _made_writer(self) -> Writer:
        plan = self.plan
        reader = Reader(self.parties, plan.price, plan.allowed_content)
        decoder = Decoder(reader, self.parties, plan.price, plan.keeping)
        opened = partial(open_engine, folder=plan.folder)
        chores = Chores(self.store, plan.keeping, MoveFile(plan.folder.move), opened, self._dsn)
        return Writer(self._logs, self.store, decoder, PendingQuarters(plan.folder.dirty), chores)

    def _started(self, stack: ExitStack) -> list[ReceiverProcess]:
        """All receivers, when they answer; the first tells the others which ports there are."""
        found: list[ReceiverProcess] = []
        stack.callback(_end_all, found)
        plan = self._receiver_plan(0)
        for number in range(self.plan.receivers):
            plan = replace(plan, log_folder=self.plan.folder.log(number))
            found.append(ReceiverProcess(plan))
            ready = found[-1].wait_until_ready()
            self.ports = {"http": ready.http_port, **({"grpc": ready.grpc_port} if ready.grpc_port else {})}
            self.notes = ready.notes
            plan = replace(plan, http_port=ready.http_port, grpc_port=ready.grpc_port or None)
        return found

    def _receiver_plan(self, number: int) -> ReceiverPlan:
        plan = self.plan
        return ReceiverPlan(
            plan.folder.log(number),
            plan.host,
            plan.http_port,
            plan.grpc_port,
            plan.tls,
            partial(_access, plan.folder.directory, plan.clock, is_open=plan.is_open),
            plan.clock,
            plan.limits,
            is_shared=plan.receivers > 1,
        )

    def _receiver_status(self) -> ReceiverStatus:
        told = []
        for receiver in self._receivers:
            with suppress(OSError):
                told.append(receiver.numbers())
        return status_of(
            [numbers for numbers in told if numbers], is_running=all(each.is_alive for each in self._receivers)
        )

    def _write(self) -> None:
        try:
            self._writer.run(self._ended, time.monotonic, self.plan.clock)
            with suppress(StoreError):
                self._writer.finish(time.monotonic)
        except Exception as error:  # noqa: BLE001 -- a thread has nobody else to tell
            self._writer.progress.fault = f"the writer has ended: {type(error).__name__}: {error}"
            self.plan.failed(error)

    def _look_after(self) -> None:
        """Start receivers again that have ended, and tell others how it stands; end them when it is over."""
        while not self._ended.wait(LOOK_SECONDS):
            for number, receiver in enumerate(self._receivers):
                if not receiver.is_alive:
                    self._start_again(number)
            self._post()
        _end_all(self._receivers)

    def _post(self) -> None:
        with suppress(OSError):
            post(self.plan.folder, Posted(self.plan.clock(), self._posted_addresses(), self.status()))

    def _posted_addresses(self) -> dict[str, str]:
        return {**({"pages": self.plan.pages} if self.plan.pages else {}), **self.addresses()}

    def addresses(self) -> dict[str, str]:
        """Where machines send to, by way in; by this machine's name where it listens on all that it has."""
        scheme = "https" if self.plan.tls else "http"
        name = socket.gethostname() if ip_address(self.plan.host).is_unspecified else self.plan.host
        host = f"[{name}]" if ":" in name else name
        own = {way: f"{scheme}://{host}:{port}" for way, port in self.ports.items()}
        return {**own, "http": self.plan.announced or own["http"]}

    def _start_again(self, number: int) -> None:
        plan = replace(self._receiver_plan(number), http_port=self.ports["http"], grpc_port=self.ports.get("grpc"))
        receiver = ReceiverProcess(plan)
        self._receivers[number] = receiver
        with suppress(ReceiverError):  # it is tried again
            receiver.wait_until_ready()


class _ServerLock(FileLock):
    """One server a folder."""

    def refusal(self, holder: Holder | None) -> AnotherServerError:
        """What is raised where another process holds it."""
        who = f" (process {holder.pid})" if holder else ""
        return AnotherServerError(
            holder, f"a server of this folder runs already{who}: `tokentide server status` tells more"
        )


def _access(path: str, clock: Callable[[], int], *, is_open: bool) -> Access:
    """Who may send, in the receiver's process, at whose end is written down when tokens were used last."""
    directory = Directory(path, clock)
    atexit.register(directory.close)
    return TokenAccess(directory, is_open=is_open)


def _end_all(receivers: Sequence[ReceiverProcess]) -> None:
    for receiver in receivers:
        receiver.end()


def _size(*paths: str) -> int:
    """Bytes of files; 0 for none."""
    total = 0
    for path in paths:
        with suppress(OSError):
            total += os.path.getsize(path)
    return total
