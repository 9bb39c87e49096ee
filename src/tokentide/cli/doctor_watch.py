"""What doctor tells of the background: whether a runner looks, and whether the rules of alerts can be used."""

from __future__ import annotations

from tokentide.cli.terminal import Terminal
from tokentide.doctor.watch import WatchFindings
from tokentide.render.words import ago, clean, duration, plural


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
