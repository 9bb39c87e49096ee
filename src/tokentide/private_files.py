"""Writing files whole or not at all; our own are readable by their owner alone."""

from __future__ import annotations

import os
from contextlib import suppress

from tokentide.locations import ensure_private_dir

OWNER_ONLY = 0o600


def write_private(path: str, content: bytes) -> None:
    """Replace the file in one step, mode 0600; readers see the old or the new content, never half of it.

    Raises OSError when the folder or the disk refuses; the old file stays then.
    """
    replace_file(path, content, OWNER_ONLY)


def replace_file(path: str, content: bytes, mode: int) -> None:
    """The same for a file of another mode. A link is replaced, not followed."""
    import tempfile

    folder, name = os.path.split(os.path.abspath(path))
    ensure_private_dir(folder)
    handle, temporary = tempfile.mkstemp(prefix=f".{name}.", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        if mode != OWNER_ONLY:
            os.chmod(temporary, mode)
        os.replace(temporary, path)
    except OSError:
        with suppress(OSError):
            os.unlink(temporary)
        raise
