"""Settings: what is in force, and changes of the person's own file."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from tokentide import locations
from tokentide.analytics.calendar import Calendar
from tokentide.errors import SettingsError, TimeZoneUnknownError
from tokentide.render.settings_json import settings_json
from tokentide.settings import ENVIRONMENT
from tokentide.settings_edit import change_settings, read_settings_file, standings
from tokentide.web.answers import Answer
from tokentide.web.api.describing import JSON_REPORT
from tokentide.web.desk import Sight
from tokentide.web.replies import reply
from tokentide.web.writing import WRITES, Done, json_only, written

router = APIRouter(tags=["settings"])
MOST_ENTRIES = 200
LONGEST_VALUE = 4000
Text = Annotated[StrictStr, Field(max_length=LONGEST_VALUE)]
Fraction = Annotated[StrictFloat, Field(allow_inf_nan=False)]
Scalar = StrictBool | StrictInt | Fraction | Text
Entries = Annotated[list[StrictInt] | list[Text], Field(max_length=MOST_ENTRIES)]


class Nothing(BaseModel):
    """No parameters; any is an error."""

    model_config = ConfigDict(extra="forbid")


class SettingsChange(BaseModel):
    """Keys of the settings file and their new values."""

    model_config = ConfigDict(extra="forbid")

    changes: dict[str, Scalar | Entries | None] = Field(
        min_length=1, max_length=50, description="by key; null takes a key out of the file, so that its default holds"
    )
    made_from: str = Field(
        default="", max_length=64, description="`tag` of the settings that were seen: where the file has changed, 409"
    )


@router.get("/settings", responses=JSON_REPORT)
async def settings(request: Request, _asked: Annotated[Nothing, Query()]) -> Response:
    """Every setting with its value, its default and who says so."""

    def make(sight: Sight) -> Answer:
        file = read_settings_file(locations.settings_path())
        return Answer.of(settings_json(standings(sight.settings, file, sight.environ), file, now=sight.now))

    return await reply(request, make)


@router.put("/settings", responses=WRITES, dependencies=[Depends(json_only)])
async def change(request: Request, wanted: SettingsChange) -> Response:
    """Change the settings file, all of it or nothing; comments and other keys stay as they are."""

    def write(sight: Sight) -> Done:
        path = locations.settings_path()
        for key in wanted.changes:
            if sight.environ.get(ENVIRONMENT.get(key, "")):
                raise SettingsError(path, key, f"is set by ${ENVIRONMENT[key]}, which wins over the file")
        _check_zone(path, wanted.changes.get("timezone"))
        before = read_settings_file(path)
        after = change_settings(path, wanted.changes, wanted.made_from)
        return Done(f"changed {', '.join(wanted.changes)}", after.text != before.text, after.tag)

    return await written(request, write)


def _check_zone(path: str, zone: object) -> None:
    """The file takes any name; this machine has to know it."""
    if isinstance(zone, str) and zone:
        try:
            Calendar(zone)
        except TimeZoneUnknownError as error:
            raise SettingsError(path, "timezone", str(error)) from error
