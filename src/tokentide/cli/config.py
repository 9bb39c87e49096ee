"""config: the settings in force, where each comes from, and where the file is."""

from __future__ import annotations

import argparse
import os
from dataclasses import fields

from tokentide import locations
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.terminal import Terminal
from tokentide.render.words import clean
from tokentide.settings import ENVIRONMENT, Settings, load_settings


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of config."""
    parser.add_argument("--path", action="store_true", help="only print where the settings file is")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print every setting with its value and origin."""
    path = locations.settings_path()
    if options.path:
        terminal.write(path)
        return ExitCode.OK
    settings = load_settings(path, terminal.environ)
    terminal.write(f"# {path}" + ("" if os.path.exists(path) else " is not there: these are the defaults"))
    for item in fields(Settings):
        if item.name != "prices":
            terminal.write(f"{item.name} = {_toml(getattr(settings, item.name))}{_origin(item.name, terminal)}")
    for model, override in settings.prices.items():
        terminal.write(f'\n[prices."{clean(model)}"]')
        for rate in fields(override):
            value = getattr(override, rate.name)
            if value is not None:
                terminal.write(f"{rate.name} = {_toml(value)}")
    return ExitCode.OK


def _origin(name: str, terminal: Terminal) -> str:
    """Said only where an environment variable decides."""
    variable = ENVIRONMENT.get(name, "")
    return f"  # from ${variable}" if terminal.environ.get(variable) else ""


def _toml(value: object) -> str:
    """A value as the file would have it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return f'"{clean(value)}"' if isinstance(value, str) else str(value)
