"""What a person has chosen in Pace Maker's settings; anything that makes no sense is its default."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import NamedTuple

from tokentide.model.pacing import AUTO, OFF, ON, TEMPOS
from tokentide.sources.pace_maker.paths import CONFIG, DATABASE, STATE

_MOST_BYTES = 1 << 20


class Choices(NamedTuple):
    """The settings that shape its pace. Keys and tokens of its other features are never looked at."""

    is_enabled: bool = True
    base_delay_seconds: int = 5
    max_delay_seconds: int = 350
    safety_percent: float = 95.0
    """How much of the target counts as safe, of 100."""
    preload_hours: float = 12.0
    """So many weekday hours of the week may be used up at once at its beginning."""
    threshold_percent: float = 0.0
    """What the legacy algorithm lets pass."""
    poll_seconds: int = 300
    """So long a decision is repeated."""
    limits_week: bool = True
    limits_five_hours: bool = True
    tempo: str = AUTO
    database: str = ""
    """Its database, where it lies elsewhere; empty for the usual place."""
    fault: str = ""
    """Why the settings could not be read; empty if they could."""

    def database_path(self, folder: str) -> str:
        """The file of its usage."""
        return os.path.expanduser(self.database) if self.database else os.path.join(folder, DATABASE)


def read_choices(folder: str) -> Choices:
    """The settings and the state of a folder. Source: its `config.defaults.json`, versions 1.x to 2.34."""
    config, fault = _object_in(os.path.join(folder, CONFIG))
    state, _ = _object_in(os.path.join(folder, STATE))
    base = round(_number(config, "base_delay", 5, 0, 3600))
    return Choices(
        is_enabled=_flag(config, "enabled", default=True),
        base_delay_seconds=base,
        max_delay_seconds=max(base, round(_number(config, "max_delay", 350, 0, 3600))),
        safety_percent=_number(config, "safety_buffer_pct", 95, 0, 100),
        preload_hours=_number(config, "preload_hours", 12, 0, 120),
        threshold_percent=_number(config, "threshold_percent", 0, 0, 100),
        poll_seconds=round(_number(config, "poll_interval", 300, 1, 86_400)),
        limits_week=_flag(config, "weekly_limit_enabled", default=True),
        limits_five_hours=_flag(config, "five_hour_limit_enabled", default=True),
        tempo=_tempo(config, state),
        database=_text(config.get("db_path")),
        fault=fault,
    )


def _tempo(config: Mapping[str, object], state: Mapping[str, object]) -> str:
    """The session's own choice, else the mode, else the switch of older versions."""
    for chosen in (state.get("tempo_session_enabled"), config.get("tempo_mode"), config.get("tempo_enabled")):
        if isinstance(chosen, bool):
            return ON if chosen else OFF
        if chosen in TEMPOS:
            return str(chosen)
    return AUTO


def _object_in(path: str) -> tuple[Mapping[str, object], str]:
    """The object in a JSON file, and why there is none; an absent file is an empty object."""
    name = os.path.basename(path)
    try:
        with open(path, "rb") as file:
            found = json.loads(file.read(_MOST_BYTES).decode("utf-8-sig", "replace"))
    except FileNotFoundError:
        return {}, ""
    except OSError as error:
        return {}, f"{name} cannot be read: {error.strerror}"
    except (ValueError, RecursionError):
        return {}, f"{name} is no valid JSON"
    return (found, "") if isinstance(found, dict) else ({}, f"{name} holds no settings")


def _number(config: Mapping[str, object], key: str, default: float, least: float, most: float) -> float:
    """A number within its bounds."""
    value = config.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return default
    return value if least <= value <= most else default


def _flag(config: Mapping[str, object], key: str, *, default: bool) -> bool:
    value = config.get(key)
    return value if isinstance(value, bool) else default


def _text(value: object) -> str:
    """A path, unless no file can have it."""
    return value if isinstance(value, str) and "\0" not in value and value.isprintable() else ""
