"""A systemd user unit. Source: systemd.service(5), systemd.exec(5), systemd.syntax(7)."""

from __future__ import annotations

from tokentide.cli.login_items.item import DESCRIPTION, LoginItem

UNIT = "tokentide.service"
_HARDENING = """\
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
UMask=0077
"""
"""Those that a user's own manager can enforce: they need no namespaces, which many systems do not give to users."""


def unit_text(item: LoginItem) -> str:
    """The unit's file."""
    variables = "".join(
        f"Environment={_quoted(f'{name}={value}')}\n" for name, value in sorted(item.environment.items())
    )
    return (
        f"[Unit]\nDescription={DESCRIPTION}\n\n"
        "[Service]\n"
        f"ExecStart={' '.join(_quoted(word).replace('$', '$$') for word in item.command)}\n"
        "ExecReload=/bin/kill -HUP $MAINPID\n"
        f"{variables}"
        "Restart=on-failure\n"
        "RestartSec=60\n"
        "Nice=10\n"
        f"{_HARDENING}\n"
        "[Install]\nWantedBy=default.target\n"
    )


def _quoted(word: str) -> str:
    """A word in quotes; a percent sign would begin a specifier. A line ends where the file's line does."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("\n", "\\n")
    return f'"{escaped}"'
