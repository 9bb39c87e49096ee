"""What an address asks for: days, filters, zone and mode; the names are those of the command line's options."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_after_validator_function

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.selection import Wishes
from tokentide.settings import Settings
from tokentide.store.query import CostMode

LONGEST_TEXT = 500
"""Characters of one value."""
MOST_VALUES = 50
"""Of one filter."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a text is written, also where a page has no use for what it means; the description tells the pattern."""

    pattern: str
    advice: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """A text that is checked, with advice in place of the pattern where it is wrong."""
        return no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """With the pattern."""
        return {**handler(core), "pattern": self.pattern}

    def _checked(self, text: str) -> str:
        if re.search(self.pattern, text) is None or text.endswith("\n"):
            raise PydanticCustomError("form", "give {advice}", {"advice": self.advice})
        return text


DAY = Form(r"^([0-9]{4}-?[0-9]{2}-?[0-9]{2})?$", "a day as 2026-03-31 or 20260331")
STRETCH = Form(r"^([0-9]{1,4}[dwm]?)?$", "a number of days, weeks or months, such as 7d, 4w or 3m")


class Zone(BaseModel):
    """How time is cut. Unknown names are an error: a filter that is not there would pass for one that lets all in."""

    model_config = ConfigDict(extra="forbid")

    timezone: str = Field(default="", max_length=LONGEST_TEXT, description="IANA zone that days are cut in")

    def calendar(self, settings: Settings) -> Calendar:
        """Zone, first day of the week, first hour of a day. Raises TimeZoneUnknownError."""
        return Calendar(self.timezone or settings.timezone, settings.start_of_week, settings.reset_hour)


Z = TypeVar("Z", bound=Zone)


class Days(Zone):
    """Which days."""

    since: Annotated[str, DAY] = Field(default="", max_length=10, description="from this day on, 2026-03-31")
    until: Annotated[str, DAY] = Field(default="", max_length=10, description="up to this day, inclusive")
    last: Annotated[str, STRETCH] = Field(
        default="", max_length=6, description="the last days, weeks or months with today: 7d, 4w, 3m"
    )
    today: bool = Field(default=False, description="only today")

    def wishes(self, usual_range: str = "") -> Wishes:
        """The range as asked; `usual_range` as in `last` where none was."""
        return Wishes(since=self.since, until=self.until, last=self.last, today=self.today).within(usual_range)

    @classmethod
    def names_of_values(cls) -> tuple[str, ...]:
        """The filters that hold values, several at once."""
        return tuple(name for name, field in cls.model_fields.items() if field.annotation == list[str])


class Filters(Days):
    """Which usage."""

    project: list[str] = Field(default=[], max_length=MOST_VALUES, description="its folder, or its last part")
    model: list[str] = Field(default=[], max_length=MOST_VALUES, description="part of a model's id")
    source: list[str] = Field(default=[], max_length=MOST_VALUES, description="such as claude_code")
    account: list[str] = Field(default=[], max_length=MOST_VALUES, description="part of an account's name")
    session: list[str] = Field(default=[], max_length=MOST_VALUES, description="beginning of a session's id")
    mode: Literal["", "auto", "calculate", "display"] = Field(default="", description="which cost")

    def wishes(self, usual_range: str = "") -> Wishes:
        """Range and filters as asked; `usual_range` as in `last` where no range was."""
        return replace(
            super().wishes(usual_range),
            models=tuple(self.model),
            projects=tuple(self.project),
            sources=tuple(self.source),
            accounts=tuple(self.account),
            sessions=tuple(self.session),
        )

    def cost_mode(self, settings: Settings) -> CostMode:
        """Which cost: as asked, else as the settings say."""
        return CostMode(self.mode or settings.cost_mode)


FILTER_NAMES = tuple(Filters.model_fields)


def address_of(asked: BaseModel, **changes: object) -> str:
    """The query of an address, `?last=7d&project=atlas`, with some parameters changed; empty where it has none.

    What has its default value is left out; a change to None or empty takes a parameter away.
    """
    values = {**asked.model_dump(exclude_defaults=True), **changes}
    pairs = [
        (name, _word(item))
        for name, value in values.items()
        for item in (value if isinstance(value, (list, tuple)) else [value])
        if item not in (None, "", False)
    ]
    return f"?{urlencode(pairs)}" if pairs else ""


def filters_of(asked: Filters) -> Filters:
    """The filters alone, without what a page asks for beside them."""
    return narrowed(asked, Filters)


def narrowed(asked: Zone, kind: type[Z]) -> Z:
    """What of an address is of that kind."""
    return kind(**asked.model_dump(include=set(kind.model_fields), exclude_defaults=True))


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
