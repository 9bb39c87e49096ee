"""Usage reports and the main screen."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from tokentide.render.csv_text import report_csv
from tokentide.render.overview_json import overview_json
from tokentide.render.report_json import report_json
from tokentide.web.answers import CSV, Answer
from tokentide.web.api.describing import JSON_OR_CSV, JSON_REPORT
from tokentide.web.asked import Filters
from tokentide.web.desk import Sight
from tokentide.web.replies import reply
from tokentide.web.reports import ReportQuery, overview_of, usage_report

router = APIRouter(tags=["reports"])
Kind = Literal["daily", "weekly", "monthly", "session", "project", "model", "branch"]


class ReportFileQuery(ReportQuery):
    """A usage report, and how it is written."""

    format: Literal["json", "csv"] = Field(default="json", description="JSON, or CSV to keep")


@router.get("/overview", responses=JSON_REPORT)
async def overview(request: Request, asked: Annotated[Filters, Query()]) -> Response:
    """The main screen: today, this week, this month, limits, forecasts, burn rate, thirty days."""
    return await reply(
        request,
        lambda sight: Answer.of(overview_json(overview_of(sight, asked), sight.settings.limit_thresholds)),
    )


@router.get("/{kind}", responses=JSON_OR_CSV)
async def usage(request: Request, kind: Kind, asked: Annotated[ReportFileQuery, Query()]) -> Response:
    """Usage and cost by day, week, month, session, project, model or branch."""

    def make(sight: Sight) -> Answer:
        report = usage_report(sight, asked, kind)
        if asked.format == "csv":
            return Answer.of(report_csv(report), CSV, f"tokentide-{kind}.csv")
        return Answer.of(report_json(report))

    return await reply(request, make)
