"""What the API's description says of answers, beside what types tell: their schemas, kept as data in `schemas/`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

Schema = dict[str, Any]
Responses = dict[int | str, dict[str, Any]]
FAULT: dict[str, Any] = {
    "application/json": {
        "schema": {
            "type": "object",
            "required": ["error"],
            "properties": {"error": {"type": "string", "description": "What is wrong, in a sentence."}},
        }
    }
}
REPORT: Schema = {
    "type": "object",
    "required": ["format", "report"],
    "properties": {"format": {"const": 1}, "report": {"type": "string"}},
}
"""Of an answer that SHAPES says nothing of."""
FAULTS: Responses = {
    400: {"description": "What is asked for makes no sense; the sentence says why", "content": FAULT},
    422: {"description": "A parameter is unknown or has a wrong value", "content": FAULT},
    503: {"description": "The ledger cannot be read just now; try again a little later", "content": FAULT},
}
NOT_MODIFIED: Responses = {304: {"description": "Nothing has changed since the entity tag that was sent"}}
JSON_REPORT: Responses = {
    200: {"description": "The report", "content": {"application/json": {"schema": REPORT}}},
    **NOT_MODIFIED,
    **FAULTS,
}
JSON_OR_CSV: Responses = {
    **JSON_REPORT,
    200: {
        "description": "The report",
        "content": {"application/json": {"schema": REPORT}, "text/csv": {"schema": {"type": "string"}}},
    },
}
PREFIX = "/api/v1/"
COMPONENTS = "#/components/schemas/"
USAGE_REPORT = "UsageReport"
SHAPES = {
    "overview": "Overview",
    "{kind}": USAGE_REPORT,
    "block": USAGE_REPORT,
    "session": USAGE_REPORT,
    "session/{session_id}": "Timeline",
    "limits": "Limits",
    "limits/course": "LimitCourses",
    "limits/history": "LimitsHistory",
    "limits/past": "PastWindows",
    "forecast": "Forecasts",
    "forecast/backtest": "Backtest",
    "forecast/backtest/progress": "BacktestProgress",
    "live": "Live",
    "live/chart": "LiveChart",
    "live/responses": "LiveResponses",
    "alerts": "AlertsHistory",
    "alerts/rules": "Alerts",
    "context": "Context",
    "breakdown": "Breakdowns",
    "compare": "Comparison",
    "what-if": "WhatIf",
    "advise": "Advice",
    "activity": "Activity",
    "prices": "Prices",
    "doctor": "Doctor",
    "problems": "Problems",
    "settings": "Settings",
    "status": "Status",
}
"""By path below PREFIX the component that an answer's JSON has the shape of."""
PARAMETERS = {
    "kind": "which report",
    "format": "JSON, or CSV to keep",
    "table": "rules or channels",
    "made_from": "tag of the file that was seen: where it has changed, 409",
}
FORMS: dict[str, Schema] = {
    "since": {"examples": ["2026-03-01"]},
    "until": {"examples": ["2026-03-31"]},
    "last": {"examples": ["7d", "4w", "3m"]},
    "timezone": {"examples": ["Europe/Berlin"]},
}
"""What may stand in parameters that are texts."""
ALWAYS: Responses = {
    401: {"description": "A login is asked for, and no token came, or a wrong one"},
    413: {"description": "The body is too long", "content": {"text/plain": {"schema": {"type": "string"}}}},
    414: {"description": "The address is too long", "content": {"text/plain": {"schema": {"type": "string"}}}},
    421: {"description": "This name is not one that the server answers to"},
    429: {"description": "Too many wrong tokens; `Retry-After` says when to try again"},
}
"""What the gate answers before anything else is looked at."""
TAGS = (
    ("reports", "Usage and cost by day, week, month, project, model and branch."),
    ("sessions", "The list of sessions, and what happened in one."),
    ("prices", "What models ask for."),
    ("limits", "Official windows, how they went, what is expected of them."),
    ("live", "What goes on now, and a stream of what changes."),
    ("alerts", "Rules, channels, and what was raised."),
    ("activity", "What was done when."),
    ("insight", "Where it went, what it could have cost, what to change."),
    ("data", "What was read, what could not be, and how the ledger is."),
    ("settings", "Settings and alert rules. The only part that writes."),
)
ABOUT = """
The reports of the command line, under the same names, in the same shapes. Everything is read from the ledger on this
machine; nothing leaves it.

- Times are UTC; days are cut in `timezone`. Money is USD, exact to the nano-dollar.
- An unknown parameter is an error (422), so that a filter that is not there is not taken for one that lets all in.
- Answers bear an `ETag`; send it as `If-None-Match` and get 304 while nothing has changed.
- `HEAD` is answered as `GET`, without the body.
- Other sites' pages may not read this: there is no CORS. A request that calls this server by a name it does not know is
  refused (421).
- Where a login is asked for, send the token as `Authorization: Bearer …`.
"""


@dataclass(frozen=True, slots=True)
class Description:
    """What one API says of itself, beside its routes."""

    about: str
    tags: Sequence[tuple[str, str]]
    shapes: Mapping[str, str]
    """By path below PREFIX the component that an answer's JSON has the shape of."""


def described(app: FastAPI, description: Description | None = None) -> Schema:
    """The OpenAPI document; of the personal API unless told."""
    told = description or Description(ABOUT, TAGS, SHAPES)
    found: Schema = get_openapi(
        title=app.title, version=app.version, summary=app.summary, description=told.about.strip(), routes=app.routes
    )
    schemas = found.get("components", {}).get("schemas", {})
    found["components"] = {"schemas": {**schemas, **(components() if told.shapes else {})}}
    used: set[str] = set()
    for path, method, operation in operations(found):
        if method == "get":
            _shape(path, operation, told.shapes)
        _tell(operation)
        used |= {*operation.get("tags", ())}
    about = dict(told.tags)
    order = [name for name, _ in told.tags if name in used] + sorted(used - about.keys())
    found["tags"] = [{"name": name, "description": about.get(name, "")} for name in order]
    return found


def operations(document: Schema) -> Iterator[tuple[str, str, Schema]]:
    """Every operation, with its path below PREFIX and its method in lower case."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path.removeprefix(PREFIX), method, operation


def _tell(operation: Schema) -> None:
    """Describe what the routes leave bare: parameters, and what the gate answers."""
    for parameter in operation.get("parameters", ()):
        name, schema = parameter["name"], parameter["schema"]
        if name in PARAMETERS:
            parameter.setdefault("description", PARAMETERS[name])
        if schema.get("type") == "string":
            parameter["schema"] = schema | FORMS.get(name, {})
    for status, told in ALWAYS.items():
        operation["responses"].setdefault(str(status), told)


def _shape(path: str, operation: Schema, shapes: Mapping[str, str]) -> None:
    """Say what a successful answer looks like, where it is known."""
    content = operation.get("responses", {}).get("200", {}).get("content", {}).get("application/json")
    if content is not None and path in shapes:
        content["schema"] = {"$ref": COMPONENTS + shapes[path]}


@cache
def components() -> dict[str, Schema]:
    """Every schema, by its name in the description."""
    found = _usage_report()
    for file in sorted(files("tokentide.web.api").joinpath("schemas").iterdir(), key=lambda each: each.name):
        found |= json.loads(file.read_text(encoding="utf-8"))
    return found


def _usage_report() -> dict[str, Schema]:
    """The schema of reports, with what it defines within itself as components of their own."""
    text = files("tokentide.render").joinpath("report.schema.json").read_text(encoding="utf-8")
    inner: dict[str, Schema] = json.loads(text)["$defs"]
    for name in inner:
        text = text.replace(f'"#/$defs/{name}"', f'"{COMPONENTS}{_component(name)}"')
    report: Schema = json.loads(text)
    found = {_component(name): schema for name, schema in report.pop("$defs").items()}
    del report["$schema"]
    return {USAGE_REPORT: report, **found}


def _component(name: str) -> str:
    """UsdOrNull for usd_or_null."""
    return name.title().replace("_", "")
