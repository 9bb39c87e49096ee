"""Hooks in the client's `settings.json`: ours are put behind those that are there, and taken out again.

Shape: `{"hooks": {EVENT: [{"matcher": …, "hooks": [{"type": "command", "command": …, "timeout": SECONDS}]}]}}`; the
matcher means nothing for the events that are used here. Source: Claude Code 2.1.197, settings and hooks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from tokentide.errors import SettingsError
from tokentide.sources.claude_code.client_settings import ClientSettings
from tokentide.sources.claude_code.json_edit import added, removed

HOOKS = "hooks"
EVENTS = ("UserPromptSubmit", "SessionStart")
"""The events that the guard listens to."""
HOOKS_BACKUP_SUFFIX = ".tokentide-guard-backup"
"""Not the status line's: each gives back what was there before itself."""


class Hook(NamedTuple):
    """One command that an event runs."""

    event: str
    group: int
    """Which of the event's groups, from 0."""
    position: int
    """Where within the group, from 0."""
    command: str


def hooks_in(settings: ClientSettings) -> list[Hook]:
    """Every command of every event, in order. Raises SettingsError where the entry has another shape."""
    hooks = settings.top().get(HOOKS)
    if hooks is None:
        return []
    if not isinstance(hooks, dict):
        raise _unknown_shape(settings, HOOKS)
    return [hook for event in hooks for hook in _hooks_of(settings, event, hooks[event])]


def with_hook(settings: ClientSettings, event: str, command: str, timeout_seconds: int) -> ClientSettings:
    """With a command behind those that the event runs already. Raises SettingsError."""
    hooks_in(settings)
    entry = {HOOKS: [{"type": "command", "command": command, "timeout": timeout_seconds}]}
    present = settings.top().get(HOOKS)
    if not isinstance(present, dict):
        text = removed(settings.text, [HOOKS]) if HOOKS in settings.top() else settings.text
        return settings.edited(added(text, [], HOOKS, {event: [entry]}))
    if event not in present:
        return settings.edited(added(settings.text, [HOOKS], event, [entry]))
    return settings.edited(added(settings.text, [HOOKS, event], None, entry))


def without_hooks(settings: ClientSettings, is_ours: Callable[[str], bool]) -> ClientSettings:
    """Without the commands that are ours, and without the groups, events and entry that hold nothing then.

    Raises SettingsError.
    """
    found = settings
    while ours := next((hook for hook in hooks_in(found) if is_ours(hook.command)), None):
        found = found.edited(_pruned(found, ours))
    return found


def _pruned(settings: ClientSettings, hook: Hook) -> str:
    """The text without one command, and without what holds nothing but it."""
    path: list[str | int] = [HOOKS, hook.event, hook.group, HOOKS, hook.position]
    found: object = settings.top()
    sizes = []
    for step in path:
        sizes.append(len(found))  # type: ignore[arg-type]
        found = found[step]  # type: ignore[index]
    hooks, groups, events = sizes[4], sizes[2], sizes[1]
    depth = 5 if hooks > 1 else 3 if groups > 1 else 2 if events > 1 else 1
    return removed(settings.text, path[:depth])


def _hooks_of(settings: ClientSettings, event: str, groups: object) -> Iterator[Hook]:
    """The commands of one event; hooks that are no commands are left alone."""
    if not isinstance(groups, list):
        raise _unknown_shape(settings, f"{HOOKS}.{event}")
    for number, group in enumerate(groups):
        hooks = group.get(HOOKS) if isinstance(group, dict) else None
        if not isinstance(hooks, list):
            continue
        for index, hook in enumerate(hooks):
            command = hook.get("command") if isinstance(hook, dict) else None
            if isinstance(command, str):
                yield Hook(event, number, index, command)


def _unknown_shape(settings: ClientSettings, key: str) -> SettingsError:
    return SettingsError(settings.path, key, "has a shape that Claude Code does not know; nothing was changed")
