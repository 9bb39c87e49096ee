"""Which edition of the price data is in use, found out without opening it.

Two marks. The signature is made of file times and sizes: cheap, it decides whether cached prices still hold. The
edition is made of the files' content: it decides whether records have to be priced again, and stays the same when the
same data is installed twice.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from tokentide import __version__
from tokentide.errors import PriceDataError

RULES_VERSION = 1
"""Raised with every change of `rules.py`; a test compares both."""
CACHE_FORMAT = 1
"""Raised with every change of the cache file's shape."""

PACKAGE = "genai_prices"


def package_file() -> str:
    """The data file of the installed `genai-prices`, found without importing it (importing takes 110 ms).

    Raises PriceDataError when the package is not installed as files.
    """
    for folder in sys.path:
        path = os.path.join(folder, PACKAGE, "data.py")
        if os.path.isfile(path):
            return path
    from importlib.util import find_spec

    spec = find_spec(PACKAGE)
    if spec is not None and spec.origin is not None:
        path = os.path.join(os.path.dirname(spec.origin), "data.py")
        if os.path.isfile(path):
            return path
    message = "the price book is missing: install the package genai-prices again"
    raise PriceDataError(message)


def signature(package_path: str, data_path: str | None) -> str:
    """Mark of all that cached prices depend on."""
    parts = (f"{CACHE_FORMAT}.{RULES_VERSION}", __version__, _stamp(package_path), _stamp(data_path))
    return "/".join(parts)


def edition(package_path: str, data_path: str | None) -> str:
    """Mark of the content of all that prices depend on, the user's overrides aside; takes 2 ms."""
    from hashlib import blake2b

    digest = blake2b(f"{RULES_VERSION}/{__version__}/{_day(data_path)}".encode(), digest_size=8)
    for path in (package_path, data_path):
        digest.update(_content(path))
    return digest.hexdigest()


def _stamp(path: str | None) -> str:
    """Size and time of a file; empty if there is none."""
    status = _status(path)
    return f"{status.st_size}.{status.st_mtime_ns}" if status else ""


def _day(path: str | None) -> int:
    """Day a file was written, in days since 1970: decides whether it is newer than the package; -1 if there is none."""
    status = _status(path)
    return int(status.st_mtime) // 86_400 if status else -1


def _status(path: str | None) -> os.stat_result | None:
    try:
        return os.stat(path) if path else None
    except OSError:
        return None


def _content(path: str | None) -> bytes:
    """A file's content after its length; a lone zero if there is no such file."""
    content = b""
    if path:
        with suppress(OSError), open(path, "rb") as file:
            content = file.read()
    return b"%d/%s" % (len(content), content)
