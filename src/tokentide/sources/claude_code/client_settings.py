"""The client's `settings.json`: single entries are read and written, every other byte stays as it is.

It is the only file of Claude Code that is ever written, and only when a person asks for it. Comments, which the client
does not take either, make it no JSON: then nothing is written.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from tokentide.errors import SettingsError
from tokentide.private_files import OWNER_ONLY, replace_file
from tokentide.sources.claude_code.json_edit import Item, Verbatim, added, items_of, removed, replaced

STATUS_LINE = "statusLine"
BACKUP_SUFFIX = ".tokentide-backup"
MAX_BYTES = 16 << 20
_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
_COMMENTS = ("//", "/*")
_decoder = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """The text of a `settings.json`; an edit gives another one."""

    path: str
    text: str
    """Without a byte-order mark; `{}` where the file is absent or empty."""
    original: bytes | None
    """What the file holds; None where there is none."""

    @property
    def status_line(self) -> Mapping[str, object] | None:
        """The entry; None where there is none, an empty object where it is no object."""
        value = self.top().get(STATUS_LINE)
        return None if value is None else value if isinstance(value, dict) else {}

    @property
    def raw_status_line(self) -> str | None:
        """The entry's text; None where there is none."""
        member = self._member()
        return self.text[member.value_start : member.end] if member else None

    @property
    def disables_hooks(self) -> bool:
        """True where the client runs neither hooks nor a status line."""
        return self.top().get("disableAllHooks") is True

    @property
    def is_empty(self) -> bool:
        """True where there is no entry at all."""
        return not self.top()

    def says_the_same(self, other: ClientSettings) -> bool:
        """True where both hold the same entries in the same order."""
        return json.dumps(self.top()) == json.dumps(other.top())

    def with_status_line(self, value: Mapping[str, object] | str) -> ClientSettings:
        """With this entry, in the file's own style; a text is put in as it is."""
        entry = Verbatim(value) if isinstance(value, str) else value
        if self._member():
            return self.edited(replaced(self.text, (STATUS_LINE,), entry))
        return self.edited(added(self.text, (), STATUS_LINE, entry))

    def without_status_line(self) -> ClientSettings:
        """Without the entry, which must be there."""
        return self.edited(removed(self.text, (STATUS_LINE,)))

    def encoded(self) -> bytes:
        """The text as the file's bytes."""
        marked = self.original is not None and self.original.startswith(_BOM.encode())
        return ((_BOM if marked else "") + self.text).encode()

    def edited(self, text: str) -> ClientSettings:
        """The same file with another text."""
        return ClientSettings(self.path, text, self.original)

    def top(self) -> Mapping[str, object]:
        """All entries."""
        top: Mapping[str, object] = _decoder.decode(self.text)
        return top

    def _member(self) -> Item | None:
        """The entry's place; the last one holds where it stands twice."""
        return next((item for item in reversed(items_of(self.text, ())) if item.key == STATUS_LINE), None)


def read_client_settings(path: str, entry: str = STATUS_LINE) -> ClientSettings:
    """The file, which need not exist. Raises SettingsError for one that cannot be read or edited safely.

    `entry` is what the person shall put in by hand then.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES)
    except FileNotFoundError:
        return ClientSettings(path, "{}\n", None)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SettingsError(path, None, f"cannot be read: {reason}") from error
    try:
        text = data.decode().removeprefix(_BOM)
        settings = ClientSettings(path, text if text.strip() else "{}\n", data)
        found = _decoder.decode(settings.text)
    except (ValueError, RecursionError) as error:
        raise SettingsError(path, None, _why_unusable(error, entry)) from None
    if not isinstance(found, dict):
        raise SettingsError(path, None, "holds no JSON object; nothing was changed")
    return settings


def write_client_settings(settings: ClientSettings, content: bytes) -> None:
    """Replace the file in one step, through a link to what it leads to; its mode stays.

    Raises SettingsError where somebody has changed it since it was read, or where it cannot be written.
    """
    target = os.path.realpath(settings.path)
    if _bytes_of(target) != settings.original:
        raise SettingsError(settings.path, None, "was changed just now by another program: run the command again")
    try:
        replace_file(target, content, _mode_of(target))
    except OSError as error:
        raise SettingsError(settings.path, None, f"cannot be written: {error.strerror}") from error


def back_up(settings: ClientSettings, suffix: str = BACKUP_SUFFIX) -> str:
    """Keep what the file holds beside it; returns where, or nothing where there is no file. Raises SettingsError."""
    if settings.original is None:
        return ""
    path = settings.path + suffix
    try:
        replace_file(path, settings.original, _mode_of(os.path.realpath(settings.path)))
    except OSError as error:
        raise SettingsError(path, None, f"cannot be written: {error.strerror}; nothing was changed") from error
    return path


def _mode_of(path: str) -> int:
    with suppress(OSError):
        return stat.S_IMODE(os.stat(path).st_mode)
    return OWNER_ONLY


def _bytes_of(path: str) -> bytes | None:
    with suppress(OSError), open(path, "rb") as file:
        return file.read(MAX_BYTES)
    return None


def _why_unusable(error: Exception, entry: str) -> str:
    """What is wrong, where, and what to do; the file's content is not quoted."""
    if isinstance(error, json.JSONDecodeError):
        what = f"line {error.lineno}, column {error.colno}: no valid JSON"
        if error.doc.startswith(_COMMENTS, error.pos):
            what += "; it holds comments, which an edit would lose"
    else:
        what = "no valid UTF-8" if isinstance(error, UnicodeError) else "nested too deeply"
    return f'{what}. Nothing was changed; mend it, or put in `"{entry}"` by hand'
