"""Entry point: finds the command, imports only it, and turns errors into one line and an exit code."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tokentide import __version__, clock
from tokentide.cli.commands import COMMANDS, OVERVIEW, Command, find_command
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.terminal import Terminal, plain_help, standard_terminal
from tokentide.errors import TokentideError, UsageError

if TYPE_CHECKING:
    import argparse

HOOK = ["guard", "hook"]
"""What Claude Code calls before a prompt. It takes exit code 2 for a block, and a wrong command line may be none."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    terminal = standard_terminal(clock.now_us())
    try:
        code = _run_to_end(words, terminal)
        if code == ExitCode.USAGE and words[:2] == HOOK:
            code = ExitCode.ERROR
        terminal.out.flush()
    except BrokenPipeError:
        _silence_stdout()
        code = ExitCode.PIPE_CLOSED
    except OSError as error:
        _silence_stdout()
        terminal.say(f"standard output cannot be written: {error.strerror}")
        code = ExitCode.ERROR
    return code


def _run_to_end(words: list[str], terminal: Terminal) -> int:
    """Run the command; an expected error becomes a line on standard error and an exit code."""
    try:
        return run(words, terminal)
    except SystemExit as end:  # argparse has shown help, or said what is wrong
        return end.code if isinstance(end.code, int) else ExitCode.OK
    except UsageError as error:
        terminal.say(str(error))
        return ExitCode.USAGE
    except TokentideError as error:
        terminal.say(str(error))
        return ExitCode.ERROR
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED


def run(words: list[str], terminal: Terminal) -> int:
    """Run one command on a terminal. Raises TokentideError; SystemExit for help and a wrong command line."""
    if words[:1] in (["-h"], ["--help"], ["help"]) and len(words) == 1:
        _top_parser().print_help(terminal.out)
        return ExitCode.OK
    if words in (["-V"], ["--version"]):
        terminal.write(f"tokentide {__version__}")
        return ExitCode.OK
    command = OVERVIEW if not words or words[0].startswith("-") else find_command(*words)
    if command is None:
        raise UsageError(_unknown_command(words[0]))
    module = importlib.import_module(f"tokentide.cli.{command.module}")
    rest = words if words[:1] and words[0].startswith("-") else words[len(command.name.split()) :]
    if command.name == "demo" and rest[:1] not in (["-h"], ["--help"]):
        rest = ["--", *rest]  # all of it is another command line
    code: int
    if command.is_urgent and not rest:
        code = module.run_plain(terminal)
    else:
        code = module.run(parser_of(command).parse_args(_with_slugs(rest)), terminal)
    return code


def _with_slugs(words: list[str]) -> list[str]:
    """The words, with a project that begins with a dash, as Claude Code's folders do, joined to its option."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] == "--project" and word.startswith("-") and not word.startswith("--"):
            joined[-1] = f"--project={word}"
        else:
            joined.append(word)
    return joined


def parser_of(command: Command) -> argparse.ArgumentParser:
    """The parser of one command, with all its options."""
    import argparse

    parser = argparse.ArgumentParser(
        prog=f"tokentide {command.name}",
        description=command.summary[0].upper() + command.summary[1:] + ".",
        formatter_class=plain_help,
        allow_abbrev=False,
    )
    parser.set_defaults(command=command.name)
    importlib.import_module(f"tokentide.cli.{command.module}").configure(parser)
    return parser


def _top_parser() -> argparse.ArgumentParser:
    """The help of the whole program."""
    import argparse

    parser = argparse.ArgumentParser(
        prog="tokentide",
        usage="tokentide [command] [options]",
        description="How much of Claude is left, what every token cost, where it went. What is read stays here.",
        epilog="`tokentide COMMAND --help` tells the options of a command.",
        formatter_class=plain_help,
        add_help=False,
    )
    group = parser.add_argument_group("commands")
    for command in COMMANDS:
        group.add_argument(command.name, nargs="?", help=command.summary)
    options = parser.add_argument_group("options")
    options.add_argument("-h", "--help", action="help", help="show this")
    options.add_argument("-V", "--version", action="store_true", help="show the version")
    return parser


def _unknown_command(word: str) -> str:
    import difflib

    near = difflib.get_close_matches(word, [command.name for command in COMMANDS], n=1)
    named = f"there is no command {word!r}"
    return named + (f"; did you mean `tokentide {near[0]}`?" if near else "; see `--help`")


def _silence_stdout() -> None:
    """Point standard output nowhere, so that the interpreter's last flush does not complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
