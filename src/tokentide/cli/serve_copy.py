"""A data folder that cannot be written does not keep the dashboard from working: it goes on with a copy."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tokentide import locations
from tokentide.cli.terminal import Terminal


@contextmanager
def somewhere_writable(terminal: Terminal) -> Iterator[None]:
    """The data folder, or for as long as this lasts a copy of what can be read of it, readable by its owner alone."""
    reason = _refusal()
    if not reason:
        yield
        return
    terminal.say(
        f"{locations.data_dir()} cannot be written ({reason}): the pages are complete, but nothing new is kept"
    )
    before = os.environ.get("TOKENTIDE_DATA_DIR")
    with tempfile.TemporaryDirectory(prefix="tokentide-serve-") as folder:
        _copy_to(folder)
        os.environ["TOKENTIDE_DATA_DIR"] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ["TOKENTIDE_DATA_DIR"]
            else:
                os.environ["TOKENTIDE_DATA_DIR"] = before


def _refusal() -> str:
    """Why nothing can be kept; empty where it can."""
    try:
        locations.ensure_private_dir(locations.data_dir())
        with tempfile.TemporaryFile(dir=locations.data_dir()):
            pass
        if os.path.exists(locations.ledger_path()):
            with open(locations.ledger_path(), "r+b"):
                pass
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _copy_to(folder: str) -> None:
    """The ledger as far as it can be read, and the prices that were fetched."""
    from tokentide.sync.recovery import open_copy

    path = locations.ledger_path()
    if os.path.exists(path):
        with open_copy(path) as ledger:
            ledger.copy_to(os.path.join(folder, os.path.basename(path)))
    for prices in (locations.price_data_path(), locations.price_cache_path()):
        with suppress(OSError):
            shutil.copy(prices, folder)
