"""Whether the person lets the client compact by itself, as its settings say."""

from __future__ import annotations

import os

from tokentide.errors import SettingsError
from tokentide.sources.claude_code.client_config import config_paths
from tokentide.sources.claude_code.client_settings import read_client_settings

ENTRY = "autoCompactEnabled"


def compacts_itself(config_folder: str, home: str) -> bool:
    """False where a settings file says so; the client's default is to compact."""
    for path in (os.path.join(config_folder, "settings.json"), *config_paths(config_folder, home)):
        try:
            said = read_client_settings(path, ENTRY).top().get(ENTRY)
        except SettingsError:
            continue
        if isinstance(said, bool):
            return said
    return True
