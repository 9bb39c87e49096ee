"""server migrate: has the running server move to another engine, and shows how far that is."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from threading import Event
from typing import TYPE_CHECKING

from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.terminal import Terminal, help_with_examples
from tokentide.errors import StoreError, UsageError
from tokentide.locks import holder_of
from tokentide.render.words import clean, plural
from tokentide.server.folder import STORE_VARIABLE, TeamFolder

if TYPE_CHECKING:
    from tokentide.server.moving.move import Move, MoveFile, MoveState
    from tokentide.store.team.pending import PendingQuarters
    from tokentide.store.team.store import TeamStore

LOOK_SECONDS = 0.5
EXAMPLES = f"""\
examples:
  tokentide server migrate clickhouse://tokentide@db1:8123/tokentide
  tokentide server migrate                          the DSN of the variable {STORE_VARIABLE}: there no list of processes
                                                    shows its password
  tokentide server migrate duckdb                   back into the embedded store
  tokentide server migrate --status                 how far it is
  tokentide server migrate --cancel                 stay where we are

The server goes on meanwhile: what comes is written to both. Totals whose rows are gone by age are carried as they are,
all others are reckoned anew. It switches when all days that are over say the same on both sides. What was there stays
where it is, as a copy of that day.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of server migrate."""
    parser.formatter_class = help_with_examples
    parser.epilog = EXAMPLES
    parser.add_argument(
        "target", nargs="?", metavar="DSN", help="clickhouse://user:password@host:8123/database, or duckdb"
    )
    parser.add_argument("--data", metavar="DIR", help="the server's folder, if it is not the usual one")
    parser.add_argument("--status", action="store_true", help="only tell how far it is")
    parser.add_argument("--cancel", action="store_true", help="stop, and stay with the present store")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Ask for the move, and look on until it is over; Ctrl+C only ends the looking."""
    from tokentide.cli.server_run import check_packages
    from tokentide.server.moving.move import MoveFile

    folder = TeamFolder(options.data) if options.data else TeamFolder.usual()
    file = MoveFile(folder.move)
    if options.status:
        return _tell(file.read(), terminal)
    if options.cancel:
        return _cancel(file, terminal, is_served=holder_of(folder.lock) is not None)
    target = options.target or terminal.environ.get(STORE_VARIABLE, "")
    if not target:
        raise UsageError(f"give the DSN of the store to move to, or set {STORE_VARIABLE}: see --help")
    if holder_of(folder.lock) is not None:
        _ask(folder, file, target, terminal)
        return _watched(file, terminal, lambda: time.sleep(LOOK_SECONDS))
    check_packages()
    _ask(folder, file, target, terminal)
    return _moved_here(folder, file, terminal)


def _ask(folder: TeamFolder, file: MoveFile, target: str, terminal: Terminal) -> None:
    """Raises UsageError where the target is none, or another move is under way."""
    from tokentide.server.engines import check_dsn, kind_of, place_of
    from tokentide.server.moving.move import COPYING, MoveState

    check_dsn(target)
    folder.prepare()
    known = file.read()
    if known is None or known.stage != COPYING:
        home = known.home if known is not None else ""
        if place_of(target) == _place(folder, home):
            raise UsageError(f"this team is in that store ({kind_of(target)}) already: nothing is to be moved")
        file.take_cancellation()
        file.write(MoveState(target, terminal.now, source=home))
    elif known.target != target:
        raise UsageError("a move to another store is under way: `tokentide server migrate --cancel` ends it")


def _place(folder: TeamFolder, home: str) -> str:
    """Which store the team is in, as far as files tell; empty where only the server that runs knows."""
    from tokentide.server.board import posted_in
    from tokentide.server.engines import DUCKDB, place_of

    posted = posted_in(folder)
    if posted is not None and (posted.status.engine == DUCKDB) != ((home or DUCKDB) == DUCKDB):
        return DUCKDB if posted.status.engine == DUCKDB else ""
    return place_of(home or DUCKDB)


def _watched(file: MoveFile, terminal: Terminal, wait: Callable[[], object]) -> int:
    """Show how far it is until it is over."""
    from tokentide.server.moving.move import COPYING

    said = ""
    while (state := file.read()) is not None and state.stage == COPYING:
        line = _line(state)
        if line != said:
            terminal.say(line)
            said = line
        wait()
    return _tell(state, terminal)


def _moved_here(folder: TeamFolder, file: MoveFile, terminal: Terminal) -> int:
    """No server runs: do it in this process."""
    from tokentide.locks import FileLock
    from tokentide.server.engines import open_engine, stored_dsn
    from tokentide.server.moving.move import Move
    from tokentide.store.team.pending import PendingQuarters
    from tokentide.store.team.store import TeamStore

    with FileLock(folder.lock, terminal.now):
        state = file.read()
        if state is None:
            return ExitCode.ERROR
        state.source = stored_dsn(folder, "")
        store = TeamStore(open_engine(state.source, folder))
        try:
            store.engine.prepare()
            _refresh(store, PendingQuarters(folder.dirty))
            move = Move(store, open_engine(state.target, folder), file, state)
            _stepped(move, store, file, terminal)
        except StoreError as error:
            file.end(state, str(error))  # else the next server would go on with it unasked
            raise
        finally:
            store.engine.close()
    return _tell(file.read(), terminal)


def _refresh(store: TeamStore, pending: PendingQuarters) -> None:
    """Bring up to date what a server that was killed has left: totals that lag behind would differ."""
    quarters = pending.all()
    store.refresh(quarters)
    pending.remove(quarters)


def _stepped(move: Move, store: TeamStore, file: MoveFile, terminal: Terminal) -> None:
    said = ""
    while not move.step(terminal.now):
        store.engine.settle(terminal.now)
        state = file.read()
        if state is not None:
            if (line := _line(state)) != said:
                terminal.say(line)
            said = line
            if state.fault:
                Event().wait(LOOK_SECONDS)


def _cancel(file: MoveFile, terminal: Terminal, *, is_served: bool) -> int:
    from tokentide.server.moving.move import CANCELLED, COPYING

    state = file.read()
    if state is None or state.stage != COPYING:
        terminal.say("no move is under way")
        return ExitCode.OK
    if is_served:
        file.cancel()
        terminal.say("the move ends within moments, and everything stays where it is")
    else:
        file.end(state, CANCELLED)
        terminal.say("the move is called off: everything stays where it is")
    return ExitCode.OK


def _tell(state: MoveState | None, terminal: Terminal) -> int:
    from tokentide.server.moving.move import FAILED

    if state is None:
        terminal.say("no move was ever asked for")
        return ExitCode.OK
    terminal.say(_line(state))
    return ExitCode.ERROR if state.stage == FAILED else ExitCode.OK


def _line(state: MoveState) -> str:
    from tokentide.server.engines import kind_of
    from tokentide.server.moving.move import DONE, FAILED

    where = kind_of(state.target)
    if state.stage == DONE:
        carried = f", totals of {plural(len(state.carried), 'day')} carried" if state.carried else ""
        return f"moved to {where}: {plural(state.copied, 'row')} copied{carried}; the server uses it now"
    if state.stage == FAILED:
        return f"not moved to {where}: {clean(state.fault)}"
    waits = f"; waits: {clean(state.fault)}" if state.fault else ""
    share = f"{min(100 * state.copied // state.total, 100)} %" if state.total else "looking"
    rows = f"{state.copied:,} of {state.total:,} rows, {plural(len(state.days), 'day')} done"
    carried = f"; totals carried: {len(state.carried)} of {plural(state.to_carry, 'day')}" if state.to_carry else ""
    return f"moving to {where}: {share}, {rows}{carried}{waits}"
