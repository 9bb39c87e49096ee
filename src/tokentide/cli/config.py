"""config: the settings in force, where each comes from, where the file is; and changes of that file."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import fields
from decimal import Decimal
from typing import TYPE_CHECKING

from tokentide import locations
from tokentide.analytics.calendar import Calendar
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.terminal import Terminal
from tokentide.errors import UsageError
from tokentide.render.words import clean
from tokentide.settings import ENVIRONMENT, Settings, load_settings

if TYPE_CHECKING:
    from tokentide.toml_edit import Value


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of config."""
    parser.add_argument("action", nargs="?", choices=("set", "unset"), help="change the settings file")
    parser.add_argument("words", nargs="*", metavar="KEY VALUE", help="a key and its value, or keys to unset")
    parser.add_argument("-j", "--json", action="store_true", help="JSON: every value, its default and where it is from")
    parser.add_argument("--path", action="store_true", help="only print where the settings file is")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print every setting with its value and origin, or change the file."""
    path = locations.settings_path()
    if options.path:
        terminal.write(path)
        return ExitCode.OK
    if options.action:
        return _change(options, terminal, path)
    settings = load_settings(path, terminal.environ)
    if options.json:
        return _json(settings, terminal, path)
    terminal.write(f"# {path}" + ("" if os.path.exists(path) else " is not there: these are the defaults"))
    for item in fields(Settings):
        if item.name != "prices":
            terminal.write(f"{_line(item.name, settings)}{_origin(item.name, terminal)}")
    for model, override in settings.prices.items():
        terminal.write(f'\n[prices."{clean(model)}"]')
        for rate in fields(override):
            value = getattr(override, rate.name)
            if value is not None:
                terminal.write(f"{rate.name} = {_toml(value)}")
    return ExitCode.OK


def _json(settings: Settings, terminal: Terminal, path: str) -> int:
    from tokentide.render.settings_json import settings_json
    from tokentide.settings_edit import read_settings_file, standings

    file = read_settings_file(path)
    terminal.write(settings_json(standings(settings, file, terminal.environ), file, now=terminal.now))
    return ExitCode.OK


def _change(options: argparse.Namespace, terminal: Terminal, path: str) -> int:
    """Set a key or unset some; comments and other keys of the file stay. Raises UsageError, SettingsError."""
    from tokentide.settings_edit import change_settings

    words: list[str] = list(options.words)
    if options.action == "unset":
        if not words:
            raise UsageError("say which keys: `tokentide config unset timezone`")
        change_settings(path, dict.fromkeys(words))
    else:
        if len(words) < 2:
            raise UsageError("give a key and its value: `tokentide config set timezone Europe/Berlin`")
        if words[0] == "timezone":
            Calendar(words[1])
        change_settings(path, {words[0]: _value(words[0], words[1:])})
    settings = load_settings(path, terminal.environ)
    for name in words if options.action == "unset" else words[:1]:
        terminal.write(f"{_line(name, settings)}{_origin(name, terminal)}")
    return ExitCode.OK


def _value(key: str, words: Sequence[str]) -> Value:
    """A value as it was typed: numbers, flags and lists as TOML has them, all else as text."""
    found = [_scalar(word) for word in words]
    is_list = isinstance(getattr(Settings(), key, None), tuple)
    if len(found) == 1 and not (is_list and isinstance(found[0], (str, int))):
        return found[0]
    return [each for each in found if isinstance(each, (str, int, Decimal))]


def _scalar(word: str) -> Value:
    import tomllib

    try:
        table = tomllib.loads(f"value = {word}", parse_float=Decimal)
    except tomllib.TOMLDecodeError:
        return word
    value: Value = table.pop("value")
    return value if not table and isinstance(value, (str, bool, int, Decimal, list)) else word


def _origin(name: str, terminal: Terminal) -> str:
    """Said only where an environment variable decides."""
    variable = ENVIRONMENT.get(name, "")
    return f"  # from ${variable}" if terminal.environ.get(variable) else ""


def _line(name: str, settings: Settings) -> str:
    """A setting as the file would have it; as a comment where it has no value."""
    value = getattr(settings, name)
    return f"# {name} is not set" if value is None or value == "" else f"{name} = {_toml(value)}"


def _toml(value: object) -> str:
    """A value as the file would have it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return f'"{clean(value)}"' if isinstance(value, str) else str(value)
