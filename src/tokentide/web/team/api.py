"""The team's JSON API: its reports under the names of `tokentide team`, questions of the personal commands, status."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Literal

from fastapi import APIRouter, FastAPI, Query, Request, Response
from pydantic import Field

from tokentide import __version__
from tokentide.analytics.team.reports import TeamReport, build_team_report
from tokentide.errors import UsageError
from tokentide.render.json_text import Json, dumps
from tokentide.render.report_json import head_json
from tokentide.render.team_csv import team_csv
from tokentide.render.team_json import team_head_json, team_json
from tokentide.render.team_tables import TEAM_TABLES, team_table
from tokentide.server.asking import answer
from tokentide.server.telling import plain_json, server_json
from tokentide.store.remote.wire import MOST_QUESTION_BYTES
from tokentide.store.team.ledger import TeamLedger
from tokentide.web.answers import CSV, Answer
from tokentide.web.api.describing import (
    FAULTS,
    JSON_OR_CSV,
    JSON_REPORT,
    PREFIX,
    Description,
    Responses,
    Schema,
    described,
)
from tokentide.web.api.events import STREAM, Nothing
from tokentide.web.hub import Event, stream_of
from tokentide.web.replies import holds_of
from tokentide.web.team.access import viewer_in
from tokentide.web.team.asked import TeamFilters
from tokentide.web.team.desk import TeamSight
from tokentide.web.team.replies import team_desk, team_reply, team_reply_now

Name = Literal["adoption", "output", "cost", "reliability", "tools", "people", "coverage"]
ASK = f"{PREFIX}ask"
ROOMY = {ASK: MOST_QUESTION_BYTES}
"""Where bodies may be longer than elsewhere."""
ABOUT = """
What a team is told: the reports of `tokentide team`, in the same shapes. What you see is what your token, or the person
that a proxy names, may see: an admin a tenant, a lead some teams, a member oneself. No parameter changes that.

- Times are UTC; days are cut in `timezone`. Money is USD, exact to the nano-dollar.
- An unknown parameter is an error (422), so that a filter that is not there is not taken for one that lets all in.
- Answers bear an `ETag`; send it as `If-None-Match` and get 304 while nothing has changed.
- Send a viewer's token as `Authorization: Bearer …`.
"""
TAGS = (("team", "Reports about a team."), ("server", "How the server stands, and what changes."))
ANSWERS: Responses = {200: {"description": "The answer", "content": {"application/json": {"schema": {}}}}, **FAULTS}
router = APIRouter()


class TeamFileQuery(TeamFilters):
    """A report about a team, and how it is written."""

    format: Literal["json", "csv"] = Field(default="json", description="JSON, or a table of it as CSV")
    table: str = Field(
        default="", max_length=40, description="CSV: which table, the first one without; JSON: this table alone"
    )


@router.get("/team/{name}", responses=JSON_OR_CSV, tags=["team"])
async def team(request: Request, name: Name, asked: Annotated[TeamFileQuery, Query()]) -> Response:
    """Adoption, output, cost, reliability, tools, people or coverage; without days asked for, the last thirty."""

    def make(sight: TeamSight) -> Answer:
        table = team_table(name, asked.table)
        if table is None:
            known = ", ".join(each.name for each in TEAM_TABLES[name])
            raise UsageError(f"{name} has no table of that name: it has {known}")
        report = build_team_report(name, sight.store, sight.ask(asked), now=sight.now)
        if asked.format == "csv":
            return Answer.of(team_csv(report, table), CSV, f"tokentide-team-{name}-{table.name}.csv")
        return Answer.of(_alone(report, asked.table) if asked.table else team_json(report))

    return await team_reply(request, make)


def _alone(report: TeamReport, name: str) -> str:
    """A report with one of its tables."""
    table = team_table(report.head.name, name)
    rows: list[dict[str, Json]] = table.rows(report) if table else []
    return dumps({**team_head_json(report.head), name: rows})


@router.post("/ask", responses=ANSWERS, tags=["team"])
async def ask(request: Request) -> Response:
    """A question of the personal commands, as `--server` asks it; `tokentide daily --server` and others rest on it."""
    body = await request.body()
    viewer, desk = viewer_in(request), team_desk(request)
    told = await desk.work(viewer, lambda sight: answer(body, TeamLedger(sight.store, sight.scope)))
    return Response(told, media_type="application/json")


@router.get("/events", responses=STREAM, response_class=Response, tags=["server"])
async def events(request: Request, _asked: Annotated[Nothing, Query()]) -> Response:
    """A stream that tells when reports would say anything new."""
    viewer_in(request)
    desk = team_desk(request)
    return await stream_of(desk.hub, Event("changed", version=desk.version), holds_of(request))


@router.get("/status", responses=JSON_REPORT, tags=["server"])
async def status(request: Request, _asked: Annotated[Nothing, Query()]) -> Response:
    """Whether telemetry comes in; to who runs the server everything that it knows of itself."""

    def make(sight: TeamSight) -> Answer:
        found = sight.plan.status()
        told: dict[str, Json] = {**head_json("server_status", sight.now), **plain_json(found)}
        return Answer.of(dumps({**told, **(server_json(found) if sight.viewer.sees_server else {})}))

    return await team_reply_now(request, make)


def add_team_api(app: FastAPI) -> None:
    """Give an application the routes and their description."""
    app.include_router(router, prefix=PREFIX.rstrip("/"))
    app.openapi = team_document  # type: ignore[method-assign]  # the way that the framework offers


@cache
def team_document() -> Schema:
    """The OpenAPI document: of the API alone."""
    app = FastAPI(title="tokentide team", version=__version__, summary="What a team uses of Claude Code.")
    app.include_router(router, prefix=PREFIX.rstrip("/"))
    return described(app, Description(ABOUT, TAGS, {}))
