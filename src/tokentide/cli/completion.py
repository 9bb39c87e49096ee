"""completion: a script that completes commands, options and their values, for bash, zsh or fish."""

from __future__ import annotations

import argparse

from tokentide.cli.commands import COMMANDS, Command
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.terminal import Terminal

SHELLS = ("bash", "zsh", "fish")


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of completion."""
    parser.add_argument("shell", choices=SHELLS, help="the shell to complete for")
    parser.epilog = (
        'bash: eval "$(tokentide completion bash)" in ~/.bashrc; zsh: the same in ~/.zshrc after compinit; '
        "fish: tokentide completion fish > ~/.config/fish/completions/tokentide.fish"
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print the script."""
    terminal.write({"bash": _bash, "zsh": _zsh, "fish": _fish}[options.shell]())
    return ExitCode.OK


def _actions(command: Command) -> list[argparse.Action]:
    """The options of a command that its help shows."""
    from tokentide.cli.main import parser_of

    return [action for action in parser_of(command)._actions if action.help != argparse.SUPPRESS]  # noqa: SLF001


def _values(command: Command, action: argparse.Action) -> list[str]:
    """What is right for an action: its choices, or where the command itself looks what was typed, what it knows."""
    from tokentide.analytics.advice.rules import RULES
    from tokentide.analytics.dimensions import DIMENSIONS

    rules = [rule.name for rule in RULES]
    known = {
        ("advise", "rule"): rules,
        ("advise", "without"): rules,
        ("breakdown", "by"): list(DIMENSIONS),
        ("demo", "rest"): _shown_on_samples(),
    }
    return known.get((command.name, action.dest)) or [str(choice) for choice in action.choices or ()]


def _shown_on_samples() -> list[str]:
    """The commands that may follow `demo`."""
    from tokentide.cli.demo import NOT_HERE

    return [command.name for command in COMMANDS if command.name not in NOT_HERE]


def _words(command: Command) -> str:
    """Options, and the values of a positional argument."""
    words: list[str] = []
    for action in _actions(command):
        words += action.option_strings or _values(command, action)
    return " ".join(words)


def _choices(command: Command) -> list[tuple[str, str]]:
    """Options with their possible values."""
    return [
        ("|".join(action.option_strings), " ".join(values))
        for action in _actions(command)
        if action.option_strings and (values := _values(command, action))
    ]


def _bash(function: str = "_tokentide") -> str:
    """For bash 3.2 and newer; what follows `demo` is completed as if it stood alone."""
    names = " ".join(command.name for command in COMMANDS)
    cases = "\n".join(_bash_case(command) for command in COMMANDS)
    return f"""{function}() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} first=1 words=
    COMPREPLY=()
    if [ "$COMP_CWORD" -gt 2 ] && [ "${{COMP_WORDS[1]}}" = demo ]; then
        first=2
    fi
    if [ "$COMP_CWORD" -eq 1 ]; then
        words="{names} --help --version"
    else
        case ${{COMP_WORDS[first]}} in
{cases}
        esac
    fi
    COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F {function} tokentide"""


def _bash_case(command: Command) -> str:
    names = "|".join((command.name, *command.aliases))
    values = "".join(f"\n                {options}) words='{choices}' ;;" for options, choices in _choices(command))
    return f"""            {names})
                case $previous in{values}
                *) words='{_words(command)}' ;;
                esac ;;"""


def _zsh() -> str:
    """The bash function, through zsh's own bridge."""
    return f"autoload -U +X bashcompinit && bashcompinit\n{_bash()}"


def _fish() -> str:
    """One line a word."""
    lines = ["complete -c tokentide -f"]
    for command in COMMANDS:
        lines.append(f"complete -c tokentide -n __fish_use_subcommand -a {command.name} -d {_quoted(command.summary)}")
        lines += [_fish_option(command, action) for action in _actions(command)]
    return "\n".join(lines)


def _fish_option(command: Command, action: argparse.Action) -> str:
    """An option or the values of a positional argument."""
    flags = [f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in action.option_strings]
    known = _values(command, action)
    values = f" -a {_quoted(' '.join(known))}" if known else ""
    required = " -r" if action.option_strings and action.nargs != 0 else ""
    condition = f"__fish_seen_subcommand_from {' '.join((command.name, *command.aliases))}"
    words = f"{' '.join(flags)}{required}{values}"
    return f"complete -c tokentide -n {_quoted(condition)} {words} -d {_quoted(action.help or '')}"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
