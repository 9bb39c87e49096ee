"""The folders that a person's settings and environment say are to be read."""

from __future__ import annotations

from collections.abc import Mapping

from tokentide.settings import Settings
from tokentide.sources.claude_code.paths import CLAUDE_CODE, Root, find_roots


def wanted_roots(settings: Settings, environ: Mapping[str, str]) -> list[Root]:
    """Every root to read, whether it exists or not; without the usual ones where the settings leave them out."""
    roots = find_roots(environ, settings.claude_dirs)
    return [root for root in roots if root.asked_for or settings.default_dirs]


def config_folders(settings: Settings, environ: Mapping[str, str]) -> list[str]:
    """The configuration folders of Claude Code among them, which logins belong to."""
    return [root.path for root in wanted_roots(settings, environ) if root.source == CLAUDE_CODE]
