"""Settings as JSON: what is in force, and who says so."""

from __future__ import annotations

from collections.abc import Sequence

from tokentide.render.json_text import Json, dumps
from tokentide.render.report_json import head_json
from tokentide.settings_edit import Choice, SettingsFile, Standing


def settings_json(standings: Sequence[Standing], file: SettingsFile, *, now: int) -> str:
    """Every setting that is a value; `tag` is what a change of the file may say that it was made from."""
    return dumps(
        {
            **head_json("settings", now),
            "file": file.path,
            "tag": file.tag,
            "settings": [
                {
                    "key": each.key,
                    "value": _json(each.value),
                    "default": _json(each.default),
                    "origin": each.origin,
                    "variable": each.variable or None,
                }
                for each in standings
            ],
        }
    )


def _json(value: Choice) -> Json:
    return list(value) if isinstance(value, tuple) else value
