"""Official windows, how they went, what to expect of them, and the blocks that stand in for them."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from tokentide.analytics.limit_history import past_windows
from tokentide.render import block_views, limit_course
from tokentide.render.backtest_csv import reliability_csv
from tokentide.render.backtest_json import backtests_json
from tokentide.render.csv_text import report_csv
from tokentide.render.forecast_csv import forecasts_csv
from tokentide.render.forecast_json import forecasts_json
from tokentide.render.json_text import dumps
from tokentide.render.limits_csv import limits_csv
from tokentide.render.limits_json import history_json, limits_json
from tokentide.web.answers import CSV, Answer
from tokentide.web.api.describing import JSON_OR_CSV, Responses
from tokentide.web.asked import Filters
from tokentide.web.desk import Sight
from tokentide.web.limits import (
    BlocksQuery,
    WindowQuery,
    backtests_of,
    blocks_of,
    courses_of,
    forecasts_of,
    histories_of,
    limits_of,
)
from tokentide.web.replays import BacktestQuery
from tokentide.web.replies import desk_of, reply

router = APIRouter(tags=["limits"])
PROGRESS: Responses = {200: {"description": "Moments of the history: how many of how many are replayed"}}
Format = Annotated[Literal["json", "csv"], Field(description="JSON, or CSV to keep")]


class LimitsFileQuery(Filters):
    """Windows; of the filters only the account means anything here."""

    format: Format = "json"


class WindowFileQuery(WindowQuery):
    """Windows over days, and how they are written."""

    format: Format = "json"


class BacktestFileQuery(BacktestQuery):
    """A replay, and how it is written."""

    format: Format = "json"


class BlocksFileQuery(BlocksQuery):
    """Blocks, and how they are written."""

    format: Format = "json"


@router.get("/limits", responses=JSON_OR_CSV)
async def limits(request: Request, asked: Annotated[LimitsFileQuery, Query()]) -> Response:
    """The windows of every account; of the filters only the account means anything here."""

    def make(sight: Sight) -> Answer:
        found = limits_of(sight, asked)
        if asked.format == "csv":
            return Answer.of(limits_csv(found), CSV, "tokentide-limits.csv")
        zone = sight.calendar(asked).name
        return Answer.of(limits_json(found, sight.settings.limit_thresholds, timezone=zone, now=sight.now))

    return await reply(request, make)


@router.get("/limits/course", responses=JSON_OR_CSV)
async def course(request: Request, asked: Annotated[WindowFileQuery, Query()]) -> Response:
    """How each open window went since it opened, and what is expected until its reset."""

    def make(sight: Sight) -> Answer:
        found = limits_of(sight, asked)
        courses = courses_of(sight, found, forecasts_of(sight, asked, found), asked.window)
        if asked.format == "csv":
            return Answer.of(limit_course.courses_csv(courses), CSV, "tokentide-course.csv")
        zone = sight.calendar(asked).name
        return Answer.of(limit_course.courses_json(courses, timezone=zone, now=sight.now))

    return await reply(request, make)


@router.get("/limits/history", responses=JSON_OR_CSV)
async def history(request: Request, asked: Annotated[WindowFileQuery, Query()]) -> Response:
    """What was believed of every window, at each change; the last seven days unless told otherwise."""

    def make(sight: Sight) -> Answer:
        found = histories_of(sight, asked)
        if asked.format == "csv":
            return Answer.of(limit_course.history_csv(found), CSV, "tokentide-limits-history.csv")
        return Answer.of(history_json(found, timezone=sight.calendar(asked).name, now=sight.now))

    return await reply(request, make)


@router.get("/limits/past", responses=JSON_OR_CSV)
async def past(request: Request, asked: Annotated[WindowFileQuery, Query()]) -> Response:
    """The windows that there were: when each was open, how full it was last, when it was full."""

    def make(sight: Sight) -> Answer:
        found = past_windows(histories_of(sight, asked))
        if asked.format == "csv":
            return Answer.of(limit_course.past_csv(found), CSV, "tokentide-limits-past.csv")
        return Answer.of(limit_course.past_json(found, timezone=sight.calendar(asked).name, now=sight.now))

    return await reply(request, make)


@router.get("/forecast", responses=JSON_OR_CSV)
async def forecast(request: Request, asked: Annotated[LimitsFileQuery, Query()]) -> Response:
    """What is expected of these windows until their resets."""

    def make(sight: Sight) -> Answer:
        found = list(forecasts_of(sight, asked, limits_of(sight, asked)).values())
        if asked.format == "csv":
            return Answer.of(forecasts_csv(found), CSV, "tokentide-forecast.csv")
        return Answer.of(forecasts_json(found, timezone=sight.calendar(asked).name, now=sight.now))

    return await reply(request, make)


@router.get("/forecast/backtest", responses=JSON_OR_CSV)
async def backtest(request: Request, asked: Annotated[BacktestFileQuery, Query()]) -> Response:
    """How right forecasts would have been: your own history replayed. It takes seconds, and is made once a day."""

    def make(sight: Sight) -> Answer:
        found = backtests_of(sight, asked)
        if asked.format == "csv":
            return Answer.of(reliability_csv(found), CSV, "tokentide-backtest.csv")
        return Answer.of(backtests_json(found, timezone=sight.calendar(asked).name, now=sight.now))

    return await reply(request, make)


@router.get("/forecast/backtest/progress", responses=PROGRESS)
async def backtest_progress(request: Request) -> Response:
    """How far the replay is that is under way; nothing of nothing where none is."""
    done, total = desk_of(request).replays.progress
    return Response(dumps({"done": done, "total": total}), media_type="application/json")


@router.get("/block", responses=JSON_OR_CSV)
async def block(request: Request, asked: Annotated[BlocksFileQuery, Query()]) -> Response:
    """Five-hour blocks, the open one with burn rate and projection."""

    def make(sight: Sight) -> Answer:
        report = blocks_of(sight, asked)
        if asked.format == "csv":
            return Answer.of(report_csv(block_views.as_report(report)), CSV, "tokentide-block.csv")
        return Answer.of(block_views.blocks_json(report))

    return await reply(request, make)
