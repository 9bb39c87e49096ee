"""What doctor tells of the background: whether a runner looks, and whether the rules of alerts can be used."""

from __future__ import annotations

from dataclasses import dataclass

from tokentide import locations
from tokentide.alerts.rule_file import load_rules
from tokentide.cli.runner_lock import Holder, holder
from tokentide.cli.runner_state import RunnerState, read_state
from tokentide.cli.terminal import Terminal
from tokentide.errors import SettingsError
from tokentide.render.json_text import Json
from tokentide.render.report_json import instant
from tokentide.render.words import ago, clean, duration, plural


@dataclass(frozen=True, slots=True)
class WatchFindings:
    """The runner, and the rules."""

    runner: Holder | None
    """None where none runs."""
    state: RunnerState
    channels: int
    """How many channels alerts go over."""
    fault: str
    """Why the rule file cannot be used; empty if it can."""


def examine_watch(terminal: Terminal) -> WatchFindings:
    """Gather the facts."""
    try:
        rules = load_rules(locations.alerts_path(), terminal.environ)
    except SettingsError as error:
        return WatchFindings(holder(), read_state(), 0, str(error))
    return WatchFindings(holder(), read_state(), sum(channel.enabled for channel in rules.channels), "")


def tell_watch(found: WatchFindings, terminal: Terminal) -> None:
    """In words."""
    runner, state = found.runner, found.state
    if runner is None:
        terminal.write("\nIn the background: nobody looks; `tokentide watch install` changes that")
    else:
        looked = f", last look {ago(terminal.now - state.looked_at)}" if state.looked_at else ""
        terminal.write(f"\nIn the background: process {runner.pid} for {duration(terminal.now - runner.since)}{looked}")
        if state.fault:
            terminal.write(f"  failed {plural(state.faults, 'time')} in a row: {clean(state.fault)}")
    said = clean(found.fault) if found.fault else f"over {plural(found.channels, 'channel')}"
    terminal.write(f"Alerts: {said}")


def watch_json(found: WatchFindings) -> dict[str, Json]:
    """As an object."""
    return {
        "runner": None if found.runner is None else found.runner.pid,
        "looked_at": instant(found.state.looked_at) if found.state.looked_at else None,
        "fault": found.state.fault or None,
        "alert_channels": found.channels,
        "alert_fault": found.fault or None,
    }
