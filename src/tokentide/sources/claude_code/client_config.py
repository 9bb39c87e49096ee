"""Single members of the client's `.claude.json`, which may be many MB long: found by a byte search, decoded alone."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping

MAX_CONFIG_BYTES = 1 << 26


def config_paths(folder: str, home: str) -> Iterator[str]:
    """Where the `.claude.json` of a configuration folder may be: inside it, or beside the default one."""
    yield os.path.join(folder, ".claude.json")
    if folder == os.path.join(home, ".claude"):
        yield f"{folder}.json"


def members(path: str, name: str) -> Iterator[Mapping[str, object]]:
    """Every object of that name in the file; none where it cannot be read."""
    for found in _values(path, name, "{"):
        if isinstance(found, dict):
            yield found


def texts(path: str, name: str) -> Iterator[str]:
    """Every text of that name in the file; none where it cannot be read."""
    return (text_of(found) for found in _values(path, name, '"'))


def _values(path: str, name: str, beginning: str) -> Iterator[object]:
    """Values of that name that begin so.

    Inside a string the name's quotes are escaped, so that text never looks like a member.
    """
    try:
        with open(path, "rb") as file:
            text = file.read(MAX_CONFIG_BYTES).decode(errors="replace")
    except (OSError, ValueError):
        return
    decoder = json.JSONDecoder()
    for found in re.finditer(rf'"{name}"\s*:\s*(?={re.escape(beginning)})', text):
        try:
            yield decoder.raw_decode(text, found.end())[0]
        except (ValueError, RecursionError):
            continue


def text_of(value: object) -> str:
    """A text of the file, valid UTF-8; empty for anything else."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""
