"""Writing files whole or not at all; our own are readable by their owner alone."""

from __future__ import annotations

import os
from contextlib import suppress

from tokentide.locations import ensure_private_dir

OWNER_ONLY = 0o600


def write_private(path: str, content: bytes, *, is_synced: bool = False) -> None:
    """Replace the file in one step, mode 0600; readers see the old or the new content, never half of it.

    With `is_synced` it is on the disk when this returns, whatever happens to the machine then.
    Raises OSError when the folder or the disk refuses; the old file stays then.
    """
    replace_file(path, content, OWNER_ONLY, is_synced=is_synced)


def replace_file(path: str, content: bytes, mode: int, *, is_synced: bool = False) -> None:
    """The same for a file of another mode. A link is replaced, not followed."""
    import tempfile

    folder, name = os.path.split(os.path.abspath(path))
    ensure_private_dir(folder)
    handle, temporary = tempfile.mkstemp(prefix=f".{name}.", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            if is_synced:
                file.flush()
                os.fsync(file.fileno())
        if mode != OWNER_ONLY:
            os.chmod(temporary, mode)
        os.replace(temporary, path)
        if is_synced:
            sync_folder(folder)
    except OSError:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def sync_folder(folder: str) -> None:
    """Have the names in a folder on the disk. Raises OSError; Windows has no such thing, and does it by itself."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
