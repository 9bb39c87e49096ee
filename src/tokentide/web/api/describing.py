"""What the API's description says of answers, beside what types tell."""

from __future__ import annotations

from typing import Any

Responses = dict[int | str, dict[str, Any]]
FAULT: dict[str, Any] = {
    "application/json": {
        "schema": {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
    }
}
REPORT: dict[str, Any] = {
    "type": "object",
    "required": ["format", "report", "generated_at"],
    "properties": {
        "format": {"const": 1},
        "report": {"type": "string"},
        "generated_at": {"type": "string", "format": "date-time"},
    },
}
FAULTS: Responses = {
    400: {"description": "What is asked for makes no sense; the sentence says why", "content": FAULT},
    422: {"description": "A parameter is unknown or has a wrong value", "content": FAULT},
    503: {"description": "The ledger cannot be read just now", "content": FAULT},
}
JSON_REPORT: Responses = {
    200: {"description": "The report", "content": {"application/json": {"schema": REPORT}}},
    304: {"description": "Nothing has changed since the entity tag that was sent"},
    **FAULTS,
}
JSON_OR_CSV: Responses = {
    **JSON_REPORT,
    200: {
        "description": "The report",
        "content": {"application/json": {"schema": REPORT}, "text/csv": {"schema": {"type": "string"}}},
    },
}
