"""Changes `settings.toml` for a person: one key or several at once, checked as the file is, their comments kept."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from decimal import Decimal
from hashlib import blake2b

from tokentide.errors import SettingsError, TokentideError
from tokentide.settings import ENVIRONMENT, MAX_SETTINGS_BYTES, TOO_LONG, Settings, checked, settings_from
from tokentide.toml_edit import Value, alone, keys_of, save, with_key

HEAD = "# Settings of tokentide. `tokentide config` shows those in force, `tokentide config set` changes this file.\n"
"""What a new file begins with."""
Choice = str | bool | int | float | Decimal | None | tuple[str, ...] | tuple[int, ...]
"""What a setting may be."""
TABLES = ("prices",)
"""What is more than a value: a person writes it by hand."""
KEYS = tuple(item.name for item in fields(Settings) if item.name not in TABLES)
"""The settings that can be changed here."""


class ChangedMeanwhileError(TokentideError):
    """The file is not the one that a change was made from."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} has changed meanwhile: look at what it says now, and change that")


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """The file as it is."""

    path: str
    text: str
    """Empty where there is none."""

    @property
    def tag(self) -> str:
        """Tells this text from any other."""
        return tag_of(self.text)

    @property
    def keys(self) -> frozenset[str]:
        """What it sets. Raises SettingsError where it is no TOML."""
        return keys_of(self.text, self.path)

    def having(self, changes: Mapping[str, Value | None]) -> SettingsFile:
        """With some keys set, and those gone that are None. Raises SettingsError naming the key."""
        text = self.text or HEAD
        for key, value in changes.items():
            if key in TABLES:
                raise SettingsError(self.path, key, "is a table: write it into the file by hand")
            if value is not None or key not in KEYS:
                checked(self.path, key, _exact(value))
            text = with_key(text, key, _exact(value), self.path)
        settings_from(text, self.path)
        return SettingsFile(self.path, text)


@dataclass(frozen=True, slots=True)
class Standing:
    """One setting: what is in force, and who says so."""

    key: str
    value: Choice
    default: Choice
    origin: str
    """`environment`, `file` or `default`."""
    variable: str = ""
    """The environment variable that sets it; empty where none does."""


def standings(settings: Settings, file: SettingsFile, environ: Mapping[str, str]) -> list[Standing]:
    """Every setting that is a value, in the order of the documentation; a file that is no TOML sets none."""
    own: frozenset[str] = frozenset()
    with suppress(SettingsError):
        own = file.keys
    defaults = Settings()
    found = []
    for key in KEYS:
        variable = ENVIRONMENT.get(key, "") if environ.get(ENVIRONMENT.get(key, "")) else ""
        origin = "environment" if variable else "file" if key in own else "default"
        found.append(Standing(key, getattr(settings, key), getattr(defaults, key), origin, variable))
    return found


def tag_of(text: str) -> str:
    """Tells a text from any other."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def read_settings_file(path: str) -> SettingsFile:
    """The file, which need not exist. Raises SettingsError."""
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_SETTINGS_BYTES + 1)
        if len(data) > MAX_SETTINGS_BYTES:
            raise SettingsError(path, None, TOO_LONG)
        return SettingsFile(path, data.decode("utf-8-sig"))
    except FileNotFoundError:
        return SettingsFile(path, "")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise SettingsError(path, None, f"cannot be read: {why}") from error


def change_settings(path: str, changes: Mapping[str, Value | None], made_from: str = "") -> SettingsFile:
    """Write the changes, all or none; `made_from` is the tag of the text that they were made from, if one was seen.

    Raises SettingsError naming the key, ChangedMeanwhileError.
    """
    with alone(path):
        file = read_settings_file(path)
        if made_from and file.tag != made_from:
            raise ChangedMeanwhileError(path)
        changed = file.having(changes)
        if changed.text not in (file.text, HEAD):
            save(path, changed.text)
    return changed


def _exact(value: Value | None) -> Value | None:
    """A number with a fraction as it is written."""
    return Decimal(repr(value)) if isinstance(value, float) else value
