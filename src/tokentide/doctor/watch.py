"""How it stands with the background: whether a runner looks, and whether the rules of alerts can be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tokentide import locations
from tokentide.alerts.rule_file import load_rules
from tokentide.errors import SettingsError
from tokentide.following.runner_lock import holder
from tokentide.following.runner_state import RunnerState, read_state
from tokentide.locks import Holder


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


def examine_watch(environ: Mapping[str, str]) -> WatchFindings:
    """Gather the facts."""
    try:
        rules = load_rules(locations.alerts_path(), environ)
    except SettingsError as error:
        return WatchFindings(holder(), read_state(), 0, str(error))
    return WatchFindings(holder(), read_state(), sum(channel.enabled for channel in rules.channels), "")
