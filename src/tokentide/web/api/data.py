"""The doctor's findings, problems, and a reading on demand."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from tokentide.doctor.as_json import doctor_json, problems_csv, problems_json
from tokentide.render.words import plural
from tokentide.web.answers import CSV, Answer
from tokentide.web.api.describing import JSON_OR_CSV, JSON_REPORT
from tokentide.web.data import ProblemQuery, findings_of, problems_at, synchroniser_of, wanted
from tokentide.web.desk import Sight
from tokentide.web.replies import reply
from tokentide.web.writing import WRITES, Done, json_only, written

router = APIRouter(tags=["data"])


class DoctorQuery(BaseModel):
    """How closely to look."""

    model_config = ConfigDict(extra="forbid")

    check: bool = Field(
        default=True, description="have the engine check every page of the ledger; false leaves that out"
    )


class ProblemFileQuery(ProblemQuery):
    """Which problems, and how they are written."""

    format: Literal["json", "csv"] = Field(default="json", description="JSON, or CSV to keep")


@router.get("/doctor", responses=JSON_REPORT)
async def doctor(request: Request, asked: Annotated[DoctorQuery, Query()]) -> Response:
    """Where it is looked, what could not be read, how the ledger, the prices and the background are."""
    return await reply(request, lambda sight: Answer.of(doctor_json(findings_of(sight, check=asked.check))))


@router.get("/problems", responses=JSON_OR_CSV)
async def problems(request: Request, asked: Annotated[ProblemFileQuery, Query()]) -> Response:
    """What could not be read: file, line, reason; at most a hundred of a file."""

    def make(sight: Sight) -> Answer:
        kept, total = problems_at(sight)
        found = wanted(kept, asked)
        if asked.format == "csv":
            return Answer.of(problems_csv(found), CSV, "tokentide-problems.csv")
        return Answer.of(problems_json(found, total=total, now=sight.now))

    return await reply(request, make)


@router.post("/sync", responses=WRITES, dependencies=[Depends(json_only)])
async def sync(request: Request) -> Response:
    """Look for new lines of transcripts now; the server does so by itself whenever a transcript changes."""

    def read(sight: Sight) -> Done:
        if sight.condition.total_bytes:
            return Done("the first reading is under way", is_new=False)
        synced = synchroniser_of(sight).sync(sight.ledger)
        return Done(f"read {plural(synced.read_files, 'file')} of {synced.files:,}", is_new=False)

    return await written(request, read)
