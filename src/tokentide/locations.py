"""Where tokentide keeps its settings and data; `TOKENTIDE_CONFIG_DIR` and `TOKENTIDE_DATA_DIR` move them."""

from __future__ import annotations

import os

APPLICATION = "tokentide"
SAMPLE = "TOKENTIDE_SAMPLE"
"""Set where everything is sample data: a surface that others may see says so."""


def config_dir() -> str:
    """The folder of `settings.toml`; it need not exist."""
    return os.environ.get("TOKENTIDE_CONFIG_DIR") or _platform_folder("config")


def data_dir() -> str:
    """The folder of the ledger and of fetched prices; it need not exist."""
    return os.environ.get("TOKENTIDE_DATA_DIR") or _platform_folder("data")


def settings_path() -> str:
    """The settings file; it need not exist."""
    return os.path.join(config_dir(), "settings.toml")


def alerts_path() -> str:
    """The file of alert rules and channels; it need not exist."""
    return os.path.join(config_dir(), "alerts.toml")


def ledger_path() -> str:
    """The personal ledger, one SQLite file."""
    return os.path.join(data_dir(), "ledger.sqlite3")


def price_data_path() -> str:
    """Prices fetched by `tokentide prices --update`; absent until then."""
    return os.path.join(data_dir(), "prices.json")


def price_cache_path() -> str:
    """Prices already looked up in the book, by model name; may be deleted at any time."""
    return os.path.join(data_dir(), "price-cache.json")


def error_log_path() -> str:
    """Errors that no person could be told of; absent until something has failed."""
    return os.path.join(data_dir(), "errors.log")


def ensure_private_dir(path: str) -> None:
    """Create the folder and its parents; ours is readable by its owner alone.

    Raises OSError when the place cannot be written.
    """
    os.makedirs(path, mode=0o700, exist_ok=True)


def _platform_folder(kind: str) -> str:
    """The platform's folder for this application; XDG is answered here, without the import, for a quick start."""
    if os.name == "posix" and os.uname().sysname == "Linux":
        variable, default = {"config": ("XDG_CONFIG_HOME", "~/.config"), "data": ("XDG_DATA_HOME", "~/.local/share")}[
            kind
        ]
        base = os.environ.get(variable, "")
        return os.path.join(base if os.path.isabs(base) else os.path.expanduser(default), APPLICATION)
    import platformdirs

    folder = platformdirs.user_config_dir if kind == "config" else platformdirs.user_data_dir
    return folder(APPLICATION, appauthor=False)
