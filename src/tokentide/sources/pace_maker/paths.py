"""Where Claude Pace Maker keeps its files, and which version of it is here."""

from __future__ import annotations

import os
import re

FOLDER = ".claude-pace-maker"
CONFIG, STATE, DATABASE, VERSIONS = "config.json", "state.json", "usage.db", "version_status.db"
_PLUGIN = os.path.join(".claude", "plugins", "cache", "lightspeed-claude-plugins", "claude-pace-maker")
_VERSION = re.compile(r"\d{1,6}(\.\d{1,6}){1,3}", re.ASCII)


def folder_of(home: str) -> str:
    """Its folder below a home, whether it exists or not."""
    return os.path.join(home, FOLDER)


def is_installed(folder: str) -> bool:
    """True where the folder holds its settings; an emptied folder does not count."""
    return os.path.isfile(os.path.join(folder, CONFIG))


def plugin_version(home: str) -> str:
    """The highest version that the client's plugin cache holds; empty where it holds none."""
    try:
        names = os.listdir(os.path.join(home, _PLUGIN))
    except OSError:
        return ""
    return max((name for name in names if is_version(name)), key=parts_of, default="")


def is_version(text: str) -> bool:
    """True for digits and dots, such as 2.34.2."""
    return _VERSION.fullmatch(text) is not None


def parts_of(version: str) -> tuple[int, ...]:
    """The numbers of a version, to compare by; empty for an unknown one."""
    return tuple(map(int, version.split("."))) if is_version(version) else ()
