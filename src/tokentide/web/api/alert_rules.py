"""Rules and channels of alerts: what they are, and changes of them.

No address and no program is taken from a page: who may write here must not be able to send or run anything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from tokentide import locations
from tokentide.alerts.delivery.address import shown_address
from tokentide.alerts.editing import CHANNEL, RULE, Entry, RuleBook, removed, rule_book, switched
from tokentide.alerts.rule_file import load_rules
from tokentide.alerts.spans import SNOOZE, span_us
from tokentide.alerts.standing import SHOWN_US, raised_now
from tokentide.errors import UsageError
from tokentide.model.alerts import RULE_KINDS, Snooze
from tokentide.render.alerts_json import alerts_json
from tokentide.render.words import clean
from tokentide.settings_edit import ChangedMeanwhileError, tag_of
from tokentide.toml_edit import Value, alone
from tokentide.web.answers import Answer
from tokentide.web.api.describing import JSON_REPORT
from tokentide.web.asked import Zone
from tokentide.web.desk import Sight
from tokentide.web.replies import reply
from tokentide.web.writing import WRITES, Done, json_only, written

router = APIRouter(tags=["alerts"])
Table = Literal["rules", "channels"]
Name = Annotated[str, Path(max_length=2000, description="as the list of rules and channels has it")]
Number = StrictInt | Annotated[StrictFloat, Field(allow_inf_nan=False)]
Numbers = Annotated[list[Number], Field(max_length=100)]
_TABLES = {"rules": RULE, "channels": CHANNEL}
_KIND = f"one of {', '.join(RULE_KINDS)}"


class Change(BaseModel):
    """A change of the file of rules."""

    model_config = ConfigDict(extra="forbid")

    made_from: str = Field(
        default="", max_length=64, description="the tag of the file that was seen; 409 if it changed"
    )


class NewRule(Change):
    """One more rule, with the keys of the file."""

    kind: StrictStr = Field(max_length=40, description=_KIND)
    name: StrictStr | None = Field(default=None, max_length=200, description="what it is to be called")
    window: StrictStr | None = Field(default=None, max_length=200, description="five_hour, seven_day*")
    account: StrictStr | None = Field(default=None, max_length=200, description="a pattern of accounts' names")
    per: StrictStr | None = Field(default=None, max_length=10, description="of cost: day, week or month")
    usd: Number | Numbers | None = Field(default=None, description="of cost: amounts in USD")
    percent: Number | Numbers | None = Field(default=None, description="of percent and reset: percentages")
    odds: Number | None = Field(default=None, description="of odds: from which odds on, 0 to 1")
    factor: Number | None = Field(default=None, description="of unusual_hour: times the usual")
    minutes: Number | None = Field(default=None, description="of stale: how old the newest reading must be")


class Switch(Change):
    """On or off."""

    enabled: StrictBool


class Quiet(Change):
    """When nothing is sent; null takes a key out of the file."""

    hours: list[Annotated[StrictStr, Field(max_length=20)]] | None = Field(default=None, max_length=20)
    days: list[Annotated[StrictStr, Field(max_length=10)]] | None = Field(default=None, max_length=7)
    critical_passes: StrictBool | None = None


class Silence(BaseModel):
    """A rule, or all, for a while."""

    model_config = ConfigDict(extra="forbid")

    rule: StrictStr = Field(default="", max_length=40, description=f"{_KIND}; empty for all")
    span: StrictStr = Field(max_length=10, description="30m, 2h, 7d")


@router.get("/alerts/rules", responses=JSON_REPORT)
async def rules(request: Request, asked: Annotated[Zone, Query()]) -> Response:
    """Rules, channels, what is raised now, what is silent; addresses only as far as they may be seen."""

    def make(sight: Sight) -> Answer:
        found = load_rules(locations.alerts_path(), sight.environ)
        raised = raised_now(sight.ledger.alerts.recent(sight.now - SHOWN_US), sight.calendar(asked), sight.now)
        addresses = {channel.name: shown_address(channel) for channel in found.channels}
        snoozes = sight.ledger.alerts.snoozes(sight.now)
        return Answer.of(alerts_json(found, raised, snoozes, addresses, now=sight.now))

    return await reply(request, make)


@router.post("/alerts/rules", responses=WRITES, dependencies=[Depends(json_only)])
async def add(request: Request, wanted: NewRule) -> Response:
    """Add a rule; one of cost is drawn as a line across the chart of costs."""
    entry: Entry = wanted.model_dump(exclude={"made_from"}, exclude_none=True)
    return await _edited(request, wanted.made_from, lambda book: (book.adding(RULE, entry), f"added {wanted.kind}"))


@router.put("/alerts/quiet", responses=WRITES, dependencies=[Depends(json_only)])
async def quiet(request: Request, wanted: Quiet) -> Response:
    """Set quiet hours and days, and whether critical alerts pass."""
    changes: dict[str, Value | None] = {
        "quiet_hours": wanted.hours or None,
        "quiet_days": wanted.days or None,
        "critical_passes": wanted.critical_passes or None,
    }
    return await _edited(request, wanted.made_from, lambda book: (book.quiet(changes), "changed quiet hours"))


@router.put("/alerts/{table}/{name}", responses=WRITES, dependencies=[Depends(json_only)])
async def switch(request: Request, table: Table, name: Name, wanted: Switch) -> Response:
    """Switch a rule or a channel on or off; a default too."""
    return await _edited(
        request, wanted.made_from, lambda book: switched(book, _TABLES[table], name, on=wanted.enabled)
    )


@router.delete("/alerts/snoozes", responses=WRITES)
async def wake(request: Request, rule: Annotated[str, Query(max_length=40, description=_KIND)] = "") -> Response:
    """End a snooze; all of them where no rule is named."""

    def end(sight: Sight) -> Done:
        return Done("no longer snoozed", sight.ledger.alerts.wake(rule) > 0)

    return await written(request, end)


@router.delete("/alerts/{table}/{name}", responses=WRITES)
async def remove(
    request: Request, table: Table, name: Name, made_from: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """Take a rule or a channel out of the file; a default is switched off instead."""
    return await _edited(request, made_from, lambda book: removed(book, name, (_TABLES[table],)))


@router.post("/alerts/snoozes", responses=WRITES, dependencies=[Depends(json_only)])
async def snooze(request: Request, wanted: Silence) -> Response:
    """Silence a kind of alert, or all, for a while. What is still so then is told then."""

    def silence(sight: Sight) -> Done:
        span = span_us(wanted.span, SNOOZE)
        if wanted.rule and wanted.rule not in RULE_KINDS:
            raise UsageError(f"there is no kind of rule {clean(wanted.rule)!r}; kinds are {', '.join(RULE_KINDS)}")
        sight.ledger.alerts.snooze(Snooze(wanted.rule, sight.now + span, sight.now))
        return Done(f"snoozed {wanted.rule or 'all alerts'}")

    return await written(request, silence)


async def _edited(request: Request, made_from: str, change: Callable[[RuleBook], tuple[RuleBook, str]]) -> Response:
    """Change the file while nobody else does."""

    def write(sight: Sight) -> Done:
        path = locations.alerts_path()
        with alone(path):
            book = rule_book(path, sight.environ)
            if made_from and made_from != tag_of(book.text):
                raise ChangedMeanwhileError(path)
            changed, done = change(book)
            if changed.text != book.text:
                changed.save()
        return Done(clean(done), changed.text != book.text, tag_of(changed.text))

    return await written(request, write)
