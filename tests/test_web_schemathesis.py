"""Schemathesis asks the running server everything that its own description allows, and what it does not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.generation.modes import GenerationMode
from schemathesis.schemas import APIOperation

from tests.conftest import Machine
from tests.web_stage import Dashboard, fill
from tokentide.web.api.routers import api_document

Operation = APIOperation[Any, Any, Any, Any]
Case = schemathesis.Case[Any]
EXAMPLES = int(os.environ.get("TOKENTIDE_FUZZ_EXAMPLES", "12"))
"""Of each operation; more in a night."""
STREAM = "/api/v1/events"
SLOW = ("/api/v1/forecast/backtest",)
"""Replays a history; its parameters are those of others."""
CHECKS = {
    "positive_data_acceptance": {"expected-statuses": ["2xx", "304", "400", "404", "414"]},
    "negative_data_rejection": {"expected-statuses": ["400", "404", "405", "413", "414", "422"]},
}
"""A day may be well written and not exist (400); a long address is refused before anyone reads it (414)."""


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    machine = Machine(tmp_path_factory.mktemp("fuzzed"))
    fill(machine, days=4)
    with Dashboard(machine).serving() as dashboard:
        yield dashboard


READS = [path for path, methods in api_document()["paths"].items() if "get" in methods and path not in (STREAM, *SLOW)]
WRITES = [
    (path, method.upper())
    for path, methods in api_document()["paths"].items()
    for method, operation in methods.items()
    if method != "get" and ("requestBody" in operation or operation.get("parameters"))
]


@pytest.fixture(scope="module")
def schema(sample: Dashboard) -> schemathesis.BaseSchema:
    config = SchemathesisConfig.from_dict({"checks": CHECKS})
    return schemathesis.openapi.from_url(f"{sample.address}/api/v1/openapi.json", config=config)


@pytest.mark.fuzz
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("path", READS)
def test_the_server_does_what_it_describes(schema: schemathesis.BaseSchema, path: str) -> None:
    operation: Operation = schema[path]["GET"]
    probe(operation, GenerationMode.POSITIVE)
    if operation.query:
        probe(operation, GenerationMode.NEGATIVE)


@pytest.mark.fuzz
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("path", "method"), WRITES)
def test_what_is_written_wrongly_is_refused(schema: schemathesis.BaseSchema, path: str, method: str) -> None:
    operation: Operation = schema[path][method]
    probe(operation, GenerationMode.NEGATIVE)


def probe(operation: Operation, mode: GenerationMode) -> None:
    """Ask with made-up parameters; every check of the tool, on every answer."""
    from hypothesis import given

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Case) -> None:
        case.call_and_validate(timeout=20)

    ask()
