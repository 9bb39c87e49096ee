"""doctor telemetry: why telemetry of this machine's Claude Code arrives, or does not."""

from __future__ import annotations

import argparse
import os
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.terminal import Terminal
from tokentide.render.words import clean, plural

if TYPE_CHECKING:
    from tokentide.doctor.telemetry import Finding, Telemetry
    from tokentide.doctor.telemetry_trial import Trial

FAULT = "fault"
WIDEST = 100
"""Longer lines are hard to read."""
MARKS = {FAULT: ("✗", "red"), "advice": ("!", "yellow"), "ok": ("✓", "green")}


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of doctor telemetry."""
    group = parser.add_argument_group("doctor telemetry")
    group.add_argument("-O", "--offline", action="store_true", help="send nothing; look only at what is set")
    group.add_argument(
        "--sample-settings",
        metavar="URL",
        help="print managed settings that send telemetry to a server at that address, and end",
    )
    group.add_argument("--width", type=int, metavar="N", help="columns to fill")
    group.add_argument("--no-color", action="store_true", help="no colours")


def run_telemetry(options: argparse.Namespace, terminal: Terminal) -> int:
    """Look, try, and tell. Exit code 3 where something does not arrive."""
    if options.sample_settings is not None:
        return _sample(options.sample_settings, terminal)
    from tokentide.doctor.telemetry import look
    from tokentide.doctor.telemetry_client import machine_of
    from tokentide.doctor.telemetry_rules import findings_of
    from tokentide.doctor.telemetry_trial import trial_findings, try_routes

    telemetry = look(machine_of(terminal.environ, os.getcwd(), terminal.now))
    trials = None if options.offline or not telemetry.is_enabled else try_routes(telemetry)
    findings = [*findings_of(telemetry), *trial_findings(trials or ())]
    findings.sort(key=lambda each: each.severity != FAULT)
    if options.json:
        from tokentide.doctor.telemetry_json import telemetry_json

        terminal.write(telemetry_json(telemetry, findings, trials))
    else:
        _Screen(options, terminal).tell(telemetry, findings, trials)
    return ExitCode.UNHEALTHY if any(each.severity == FAULT for each in findings) else ExitCode.OK


def _sample(address: str, terminal: Terminal) -> int:
    from tokentide.doctor.telemetry_sample import TOKEN, sample_settings
    from tokentide.sources.claude_code.memory_files import managed_folder

    terminal.write(sample_settings(address))
    places = ", ".join(
        f"{name}: {managed_folder(platform)}"
        for name, platform in (("Linux", "linux"), ("macOS", "darwin"), ("Windows", "win32"))
    )
    terminal.say(f"put it into managed-settings.json ({places}), with a token in place of {TOKEN}")
    return ExitCode.OK


class _Screen:
    """Writes in words, with colours on a terminal."""

    def __init__(self, options: argparse.Namespace, terminal: Terminal) -> None:
        self._console = terminal.console(terminal.width(options.width), no_color=options.no_color)
        self._width = min(terminal.columns(options.width), WIDEST)

    def tell(self, telemetry: Telemetry, findings: Sequence[Finding], trials: Sequence[Trial] | None) -> None:
        """What is set, what goes where, what came back, what to do."""
        version = ".".join(map(str, telemetry.machine.version))
        self._line(f"Claude Code {version or '(no `claude` in the path: version not known)'}")
        self._sources(telemetry)
        self._routes(telemetry)
        self._trials(trials)
        self._findings(findings, is_tried=bool(trials))

    def _sources(self, telemetry: Telemetry) -> None:
        self._line("\nWhere telemetry is set, the last one wins")
        for layer in telemetry.machine.layers:
            count = plural(len(layer.values), "variable") + (" and a script for headers" if layer.has_helper else "")
            self._line(f"  {layer.origin:<8} {clean(layer.path) or 'environment'}: {layer.fault or count}")

    def _routes(self, telemetry: Telemetry) -> None:
        if not telemetry.is_enabled:
            return
        from tokentide.doctor.telemetry import without_login

        self._line("\nWhat is sent")
        for route in telemetry.routes:
            names = ", ".join(clean(header.name) for header in route.headers)
            sent = f", header {names}" if names else ", no header"
            way = clean(route.protocol) or "no protocol"
            self._line(f"  {route.signal:<8} {clean(without_login(route.endpoint))} by {way}{sent}")
        if not telemetry.routes:
            self._line("  nothing: no exporter is otlp")

    def _trials(self, trials: Sequence[Trial] | None) -> None:
        """Answers to the empty exports."""
        for number, trial in enumerate(trials or ()):
            if number == 0:
                self._line("\nAn empty export of each")
            took = f" in {trial.took_ms} ms" if trial.took_ms is not None else ""
            whose = " by tokentide" if trial.is_ours and trial.verdict.is_good else ""
            self._marked("ok" if trial.verdict.is_good else FAULT, f"{trial.signal}: {trial.verdict.what}{whose}{took}")

    def _findings(self, findings: Sequence[Finding], *, is_tried: bool) -> None:
        if findings:
            self._line("\nWhat to do")
        for finding in findings:
            self._marked(finding.severity, _sentence(finding.what))
            self._line(textwrap.indent(textwrap.fill(finding.remedy, self._width - 4), "    "))
        if not any(each.severity == FAULT for each in findings):
            self._line("")
            self._marked("ok", "Telemetry arrives." if is_tried else "Nothing wrong is set; nothing was tried.")

    def _marked(self, kind: str, text: str) -> None:
        mark, style = MARKS[kind]
        folded = textwrap.fill(text, self._width - 4, break_on_hyphens=False, break_long_words=False)
        self._console.print(f"  {mark} ", style=style, end="", markup=False)
        self._line(textwrap.indent(folded, "    ").lstrip())

    def _line(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)


def _sentence(text: str) -> str:
    """With a full stop; a name at its beginning stays as it is."""
    first = text[:1].upper() if text[:2].islower() or text[1:2] == " " else text[:1]
    return f"{first}{text[1:]}."
