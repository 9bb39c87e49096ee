"""A launchd agent. Source: launchd.plist(5)."""

from __future__ import annotations

import plistlib

from tokentide.cli.login_items.item import LoginItem

LABEL = "tokentide.watch"


def agent_plist(item: LoginItem) -> str:
    """The agent's property list."""
    agent: dict[str, object] = {
        "Label": LABEL,
        "ProgramArguments": list(item.command),
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": 60,
        "ProcessType": "Background",
        "LowPriorityIO": True,
        "Umask": 0o077,
        "StandardErrorPath": item.log_path,
    }
    if item.environment:
        agent["EnvironmentVariables"] = dict(item.environment)
    return plistlib.dumps(agent, sort_keys=False).decode()
