"""The API as a page: every address with its parameters, an example to copy, and a link to try."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tokentide.web.api.describing import PREFIX, SHAPES, Schema, operations
from tokentide.web.api.routers import api_document
from tokentide.web.asked import FILTER_NAMES, Filters
from tokentide.web.desk import Sight
from tokentide.web.frame import Page

PLACE = "http://127.0.0.1:8377"
"""Where examples ask, until the page's script puts in the address that it came from: a kept page is everybody's."""
EXAMPLES = {"{kind}": "daily", "{session_id}": "latest"}
"""What stands for the open parts of paths."""
TRY = {
    "{kind}": "?last=7d",
    "session": "?last=7d&sort=cost",
    "prices": "?used=true",
    "limits/history": "?last=30d",
    "limits/past": "?last=30d",
    "alerts": "?last=30d",
    "activity": "?last=90d",
    "breakdown": "?by=tool&last=7d",
    "compare": "?a=last-month&b=this-month",
    "what-if": "?last=30d",
    "doctor": "?check=false",
}
"""Parameters worth trying, by path."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an address."""

    name: str
    about: str
    values: str
    """What it takes: the values themselves where they are few."""
    is_needed: bool


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of the API."""

    key: str
    """An id of the page's element."""
    method: str
    path: str
    about: str
    parameters: Sequence[Parameter]
    has_filters: bool
    """It takes the filters that most take, which are told once."""
    shape: str
    """The schema of its answer; empty where none is told."""
    kinds: str
    example: str
    link: str
    """To try it; empty for what writes."""


@dataclass(frozen=True, slots=True)
class Section:
    """What belongs together."""

    name: str
    about: str
    endpoints: Sequence[Endpoint]


def build(_sight: Sight, _asked: Filters, _item: str) -> Mapping[str, Any]:
    """The sections of the description, in its order."""
    document = api_document()
    found = [(operation["tags"][0], endpoint) for endpoint, operation in _endpoints(document)]
    sections = [
        Section(tag["name"], tag["description"], [endpoint for name, endpoint in found if name == tag["name"]])
        for tag in document["tags"]
    ]
    filters = [_parameter(each) for each in _filters(document)]
    return {"sections": sections, "filters": filters, "count": len(found), "place": PLACE}


def _endpoints(document: Schema) -> Iterator[tuple[Endpoint, Schema]]:
    for path, method, operation in operations(document):
        names = {each["name"] for each in operation.get("parameters", ())}
        has_filters = set(FILTER_NAMES) <= names
        address = PREFIX + _filled(path)
        is_read = method == "get"
        link = address + (TRY.get(path, "") if is_read else "")
        yield (
            Endpoint(
                key=f"{method}-{path}".replace("/", "-").replace("{", "").replace("}", "").replace(".", "-"),
                method=method.upper(),
                path=PREFIX + path,
                about=operation.get("description", ""),
                parameters=[
                    _parameter(each)
                    for each in operation.get("parameters", ())
                    if not (has_filters and each["name"] in FILTER_NAMES)
                ],
                has_filters=has_filters,
                shape=SHAPES.get(path, "") if is_read else "",
                kinds=_kinds(operation),
                example=_example(method, link),
                link=link if is_read and path != "events" else "",
            ),
            operation,
        )


def _filters(document: Schema) -> Sequence[Schema]:
    """The parameters that most addresses take, as the first one has them."""
    for _, _, operation in operations(document):
        found = [each for each in operation.get("parameters", ()) if each["name"] in FILTER_NAMES]
        if len(found) == len(FILTER_NAMES):
            return found
    return ()


def _filled(path: str) -> str:
    for part, value in EXAMPLES.items():
        path = path.replace(part, value)
    return path


def _kinds(operation: Schema) -> str:
    """What it answers with, in a few letters."""
    names = {"application/json": "JSON", "text/csv": "CSV", "text/event-stream": "events", "image/svg+xml": "SVG"}
    content = operation["responses"].get("200", {}).get("content", {})
    return ", ".join(names.get(kind, kind) for kind in content)


def _example(method: str, link: str) -> str:
    """A command to copy."""
    if method == "get":
        wait = "-N " if link.endswith("/events") else ""
        return f"curl {wait}'{PLACE}{link}'"
    body = "" if method == "delete" else " -d '{…}'"
    return f"curl -X {method.upper()} -H 'Content-Type: application/json'{body} '{PLACE}{link}'"


def _parameter(told: Schema) -> Parameter:
    schema: Schema = told["schema"]
    return Parameter(
        told["name"],
        told.get("description") or schema.get("description", ""),
        _values(schema),
        bool(told.get("required")),
    )


def _values(schema: Schema) -> str:
    """What a parameter takes."""
    if "enum" in schema:
        return ", ".join(str(each) for each in schema["enum"] if each != "")
    if schema.get("type") == "array":
        return "text, several times"
    if schema.get("examples"):
        return f"such as {schema['examples'][0]}"
    return {"boolean": "true, false", "integer": "a number", "number": "a number"}.get(schema.get("type", ""), "text")


PAGE = Page("/api", "API", "api.html", build, Filters, filters=(), nav="Data")
