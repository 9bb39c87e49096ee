"""What usage goes back to, what it might have been, what to do otherwise."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from tokentide.errors import SessionError, UsageError
from tokentide.render.advice_json import advice_csv, advice_json
from tokentide.render.breakdown_json import breakdown_csv, breakdowns_json
from tokentide.render.compare_json import comparison_csv, comparison_json, models_csv
from tokentide.render.context_json import context_csv, context_json
from tokentide.render.what_if_json import plans_csv, what_if_csv, what_if_json
from tokentide.web.answers import CSV, Answer
from tokentide.web.api.describing import JSON_OR_CSV
from tokentide.web.desk import Sight
from tokentide.web.insight import (
    AdviseQuery,
    BreakdownQuery,
    CompareQuery,
    ContextQuery,
    WhatIfQuery,
    advice_of,
    breakdowns_of,
    comparison_of,
    context_of,
    what_if_of,
)
from tokentide.web.replies import reply

router = APIRouter(tags=["insight"])
Format = Literal["json", "csv"]


class AdviseFileQuery(AdviseQuery):
    """Advice, and how it is written."""

    format: Format = Field(default="json", description="JSON, or CSV with a line a piece of advice")


class ContextFileQuery(ContextQuery):
    """A context, and how it is written."""

    format: Format = Field(default="json", description="JSON, or a table of it as CSV")
    table: Literal["parts", "growth", "biggest", "rebuilds", "agents"] = Field(
        default="parts", description="which table CSV holds"
    )


class BreakdownFileQuery(BreakdownQuery):
    """A breakdown, and how it is written."""

    format: Format = Field(default="json", description="JSON, or CSV, which holds one table: name it with `by`")


class CompareFileQuery(CompareQuery):
    """A comparison, and how it is written."""

    format: Format = Field(default="json", description="JSON, or a table of it as CSV")
    table: Literal["figures", "models"] = Field(default="figures", description="which table CSV holds")


class WhatIfFileQuery(WhatIfQuery):
    """A what-if, and how it is written."""

    format: Format = Field(default="json", description="JSON, or CSV with a line a scenario")
    table: Literal["scenarios", "plans"] = Field(default="scenarios", description="which table CSV holds")


@router.get("/advise", responses=JSON_OR_CSV)
async def advise(request: Request, asked: Annotated[AdviseFileQuery, Query()]) -> Response:
    """What to do otherwise, what it would save, how sure that is; without days asked for, the last 30."""

    def make(sight: Sight) -> Answer:
        report = advice_of(sight, asked)
        if asked.format == "csv":
            return Answer.of(advice_csv(report), CSV, "tokentide-advise.csv")
        return Answer.of(advice_json(report))

    return await reply(request, make)


@router.get("/context", responses=JSON_OR_CSV)
async def context(request: Request, asked: Annotated[ContextFileQuery, Query()]) -> Response:
    """What fills the context window of a session; `session_id` is null where there is none yet."""

    def make(sight: Sight) -> Answer:
        try:
            found = context_of(sight, asked.session)
        except SessionError:
            if asked.session:
                raise
            found = None
        if asked.format == "csv":
            return Answer.of(context_csv(found, asked.table), CSV, f"tokentide-context-{asked.table}.csv")
        return Answer.of(context_json(found, timezone=sight.calendar(asked).name, now=sight.now))

    return await reply(request, make)


@router.get("/breakdown", responses=JSON_OR_CSV)
async def breakdown(request: Request, asked: Annotated[BreakdownFileQuery, Query()]) -> Response:
    """What usage goes back to: tools, skills, commands, prompts, agents, hours, and more."""

    def make(sight: Sight) -> Answer:
        if asked.format == "csv" and not any(asked.by):
            raise UsageError("CSV holds one table: say which with `by`, such as by=tool")
        found = breakdowns_of(sight, asked)
        if asked.format == "csv":
            return Answer.of(breakdown_csv(found[0]), CSV, "tokentide-breakdown.csv")
        return Answer.of(breakdowns_json(found))

    return await reply(request, make)


@router.get("/compare", responses=JSON_OR_CSV)
async def compare(request: Request, asked: Annotated[CompareFileQuery, Query()]) -> Response:
    """Two periods, projects, models, sessions or branches side by side, and why their costs differ."""

    def make(sight: Sight) -> Answer:
        report = comparison_of(sight, asked)
        if asked.format == "csv":
            made = models_csv if asked.table == "models" else comparison_csv
            return Answer.of(made(report), CSV, f"tokentide-compare-{asked.table}.csv")
        return Answer.of(comparison_json(report))

    return await reply(request, make)


@router.get("/what-if", responses=JSON_OR_CSV)
async def what_if(request: Request, asked: Annotated[WhatIfFileQuery, Query()]) -> Response:
    """The same history at other prices, on other models, with another cache, under other plans."""

    def make(sight: Sight) -> Answer:
        report = what_if_of(sight, asked)
        if asked.format == "csv":
            made = plans_csv if asked.table == "plans" else what_if_csv
            return Answer.of(made(report), CSV, f"tokentide-what-if-{asked.table}.csv")
        return Answer.of(what_if_json(report))

    return await reply(request, make)
