"""The API says what the command line says, describes itself truly, and holds to HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, get_args
from urllib.parse import quote

import pytest
from jsonschema import Draft202012Validator

from tests.api_stage import FILES, OWN, SAME, VARIANTS, checker, faults_of
from tests.conftest import Machine
from tests.web_stage import Dashboard, fill
from tokentide.analytics.reports import BREAKDOWNS, SORT_KEYS
from tokentide.cli.commands import COMMANDS
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.main import parser_of
from tokentide.web.api.describing import PREFIX, operations
from tokentide.web.pages.catalogue import PAGES
from tokentide.web.reports import By, SortKey


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    machine = Machine(tmp_path_factory.mktemp("api"))
    fill(machine)
    with Dashboard(machine).serving() as dashboard:
        yield dashboard


@pytest.fixture(scope="module")
def document(sample: Dashboard) -> Any:
    return sample.ask("/api/v1/openapi.json").json()


@pytest.mark.parametrize(("target", "words"), SAME, ids=[target for target, _ in SAME])
def test_the_api_says_byte_for_byte_what_the_command_line_says(sample: Dashboard, target: str, words: str) -> None:
    code, printed, said = sample.machine.call(*words.split(), "--json")
    reply = sample.ask(f"{PREFIX}{target}")
    assert reply.status == 200, reply.text
    assert code in (ExitCode.OK, ExitCode(10)), said
    assert reply.text == printed.removesuffix("\n")


@pytest.mark.parametrize(("target", "words"), FILES, ids=[target for target, _ in FILES])
def test_csv_is_byte_for_byte_that_of_the_command_line(sample: Dashboard, target: str, words: str) -> None:
    _, printed, _ = sample.machine.call(*words.split(), "--csv")
    reply = sample.ask(f"{PREFIX}{target}{'&' if '?' in target else '?'}format=csv")
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert reply.headers["content-disposition"].startswith('attachment; filename="tokentide-')
    assert reply.text.removesuffix("\n") == printed.removesuffix("\n")


@pytest.mark.parametrize("target", [*(target for target, _ in SAME), *OWN, *VARIANTS])
def test_answers_have_the_shape_that_is_described(sample: Dashboard, target: str) -> None:
    reply = sample.ask(f"{PREFIX}{target}")
    assert reply.status == 200, reply.text
    assert faults_of(target, reply.json()) == []


@pytest.mark.parametrize("only", ["source=nobody", "model=nothing", "last=1d&project=nowhere", "session=none"])
@pytest.mark.parametrize("target", [target for target, _ in SAME if "?" not in target])
def test_answers_about_nothing_have_that_shape_too(sample: Dashboard, target: str, only: str) -> None:
    reply = sample.ask(f"{PREFIX}{target}?{only}")
    if reply.status == 200:
        assert faults_of(target, reply.json()) == []
    else:
        assert reply.status in (400, 404, 422), reply.text


@pytest.mark.parametrize("day", ["until=9999-12-31", "until=0001-01-01", "since=9999-12-31", "since=0001-01-01"])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
def test_the_first_and_the_last_day_that_there_are_can_be_asked_for(sample: Dashboard, day: str, zone: str) -> None:
    query = f"?{day}&timezone={quote(zone)}"
    reports = ("limits/history", "limits/past", "advise", "what-if", "breakdown", "activity", "block", "daily")
    targets = [*(f"{PREFIX}{report}{query}" for report in reports), *(f"{page.path}{query}" for page in PAGES)]
    assert {target: status for target in targets if (status := sample.ask(target).status) not in (200, 400, 422)} == {}


def test_a_shape_that_is_not_so_is_noticed(sample: Dashboard) -> None:
    told = sample.ask("/api/v1/overview").json()
    check = checker("Overview")
    assert check.is_valid(told)
    assert not check.is_valid({**told, "more": 1})
    assert not check.is_valid({**told, "today": {**told["today"], "cost_usd": "1"}})
    assert not check.is_valid({name: told[name] for name in told if name != "burn"})


def test_every_schema_is_one(document: Any) -> None:
    for name, schema in document["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        for reference in references(schema):
            found = document
            for part in reference.removeprefix("#/").split("/"):
                assert part in found, f"{name}: {reference}"
                found = found[part]


def references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for each in schema.values():
            yield from references(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from references(each)


def test_every_operation_and_parameter_says_what_it_is(document: Any) -> None:
    tags = {tag["name"]: tag["description"] for tag in document["tags"]}
    for path, _, operation in operations(document):
        assert operation["summary"], path
        assert operation.get("description"), path
        assert operation["tags"], path
        assert all(tags[tag] for tag in operation["tags"]), path
        for parameter in operation.get("parameters", []):
            assert parameter.get("description") or parameter["schema"].get("description"), (path, parameter["name"])


def test_every_report_of_the_api_has_a_schema_of_its_own(document: Any) -> None:
    for path, method, operation in operations(document):
        content = operation["responses"].get("200", {}).get("content", {}).get("application/json")
        if content is not None and method == "get":
            assert "$ref" in content["schema"], path


def test_what_reports_are_sorted_and_broken_down_by_is_what_the_command_line_has() -> None:
    assert set(get_args(SortKey)) == {"", *SORT_KEYS}
    assert set(get_args(By)) == {"", *BREAKDOWNS}


NOT_SERVED = {
    "statusline": "a line for the client's own prompt",
    "guard": "an answer to a script, as an exit code",
    "panel": "a box in a terminal; limits and overview say the same",
    "watch": "the state of a process",
    "count": "counts text that is sent; nobody sends text to the dashboard",
    "console": "needs the organisation's Admin key, which the dashboard does not use",
    "reconcile": "needs the organisation's Admin key, which the dashboard does not use",
    "wrapped": "a page to keep; activity has its figures",
    "sync": "an act, not a report",
    "demo": "another command on sample data",
    "team": "in the API of the team server, which has another ledger",
    "push": "an act, not a report",
}
"""Commands with --json whose answer is not in the API, and why."""


def test_every_json_report_of_the_command_line_is_in_the_api(document: Any) -> None:
    paths = {path.partition("/")[0] for path, _, _ in operations(document)} | set(
        document["paths"][PREFIX + "{kind}"]["get"]["parameters"][0]["schema"]["enum"]
    )
    for command in COMMANDS:
        options = {option for action in parser_of(command)._actions for option in action.option_strings}
        if "--json" in options and command.name not in NOT_SERVED:
            assert command.name.replace("config", "settings") in paths, command.name
    assert NOT_SERVED.keys() <= {command.name for command in COMMANDS}


@pytest.mark.parametrize(
    ("target", "status", "said"),
    [
        ("daily?modell=opus", 422, "modell: not known here"),
        ("daily?since=yesterday", 422, "since: give a day as 2026-03-31"),
        ("daily?since=2026-02-30", 400, "2026-02-30"),
        ("daily?since=2026-03-05&until=2026-03-01", 400, "2026-03-05"),
        ("daily?last=7x", 422, "last: give a number of days"),
        ("limits?since=yesterday", 422, "since: give a day"),
        ("daily?last=0d", 400, "0d"),
        ("daily?mode=guess", 422, "mode"),
        ("daily?timezone=Mars/Olympus", 400, "Mars/Olympus"),
        ("daily?timezone=../../etc/passwd", 400, "time zone"),
        ("daily?by=planet", 422, "by"),
        ("daily?format=xml", 422, "format"),
        ("nothing", 422, "kind"),
        ("daily/more", 404, "no such page"),
        ("daily?model=" + "x" * 3000, 200, ""),
        ("daily?" + "&".join(f"model={n}" for n in range(60)), 422, "model"),
    ],
)
def test_what_makes_no_sense_is_told_in_a_sentence(sample: Dashboard, target: str, status: int, said: str) -> None:
    reply = sample.ask(f"{PREFIX}{target}")
    assert reply.status == status, reply.text
    assert reply.headers["content-type"] == "application/json"
    if status >= 400:
        assert set(reply.json()) == {"error"}
        assert said in reply.json()["error"]


@pytest.mark.parametrize("target", ["/api/v1/daily", "/api/v1/openapi.json", "/", "/metrics", "/api/v1/events"])
def test_head_is_answered_as_get_without_a_body(sample: Dashboard, target: str) -> None:
    reply = sample.ask(target, "HEAD")
    assert reply.status == 200
    assert reply.body == b""
    if target != "/api/v1/events":
        assert reply.headers["content-type"] == sample.ask(target).headers["content-type"]


def test_who_has_an_answer_already_is_told_so(sample: Dashboard) -> None:
    first = sample.ask("/api/v1/daily")
    again = sample.ask("/api/v1/daily", headers={"if-none-match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    other = sample.ask("/api/v1/daily?last=1d", headers={"if-none-match": first.headers["etag"]})
    assert other.status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
def test_reports_cannot_be_written(sample: Dashboard, method: str) -> None:
    reply = sample.ask("/api/v1/daily", method)
    assert reply.status == 405


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_no_other_site_is_ever_let_in(sample: Dashboard, method: str) -> None:
    headers = {
        "origin": "https://evil.example",
        "access-control-request-method": "GET",
        "access-control-request-headers": "x-a",
    }
    for target in ("/api/v1/daily", "/metrics", "/", "/api/v1/events"):
        reply = sample.ask(target, method, headers)
        assert reply.status in (403, 405)
        assert not [name for name in reply.headers if name.startswith("access-control")]
    plain = sample.ask("/api/v1/daily")
    assert not [name for name in plain.headers if name.startswith("access-control")]


def test_the_instant_is_the_server_s_clock(sample: Dashboard) -> None:
    assert sample.ask("/api/v1/status").json()["generated_at"] == "2026-03-12T12:00:00.000Z"


def test_the_document_is_json_that_names_no_place(sample: Dashboard) -> None:
    text = sample.ask("/api/v1/openapi.json").text
    assert json.loads(text)["openapi"].startswith("3.1")
    assert str(sample.machine.root) not in text
