"""The API over ledgers of every kind: empty, growing, hostile."""

from __future__ import annotations

import time
from urllib.parse import quote

import pytest

from tests.api_stage import OWN, SAME, faults_of
from tests.conftest import Machine, usage_line
from tests.web_stage import Dashboard, quiet
from tokentide.web.api.describing import PREFIX

HOSTILE = ("<img src=x onerror=alert(1)>", "a\u202eb", '"quoted"', "semi;colon", "line\nbreak", "=1+1", "日本語", "\\")


def test_an_empty_ledger_is_answered_in_the_same_shapes(machine: Machine) -> None:
    quiet(machine)
    with Dashboard(machine).serving() as dashboard:
        for target in [*(target for target, _ in SAME), *OWN]:
            reply = dashboard.ask(f"{PREFIX}{target}")
            if target == "session/latest":
                assert reply.status == 404
                assert "no session" in reply.json()["error"]
            else:
                assert reply.status == 200, (target, reply.text)
                assert faults_of(target, reply.json()) == [], target


def test_new_usage_makes_another_answer(machine: Machine) -> None:
    quiet(machine)
    machine.write("-p/s.jsonl", usage_line())
    with Dashboard(machine).serving() as dashboard:
        first = dashboard.ask("/api/v1/daily")
        machine.write("-p/t.jsonl", usage_line("m2", "r2", session="s2"))
        for _ in range(100):
            now = dashboard.ask("/api/v1/daily", headers={"if-none-match": first.headers["etag"]})
            if now.status == 200:
                break
            time.sleep(0.1)
        assert now.json()["totals"]["responses"] == first.json()["totals"]["responses"] + 1


@pytest.mark.parametrize("name", HOSTILE)
def test_names_out_of_data_come_back_as_they_are_in_json(machine: Machine, name: str) -> None:
    quiet(machine)
    machine.write("-p/s.jsonl", usage_line() | {"cwd": f"/w/{name}"})
    with Dashboard(machine).serving() as dashboard:
        (row,) = dashboard.ask(f"/api/v1/project?project={quote('/w/' + name)}").json()["rows"]
        assert row["project"] == f"/w/{name}"
        assert dashboard.ask("/api/v1/project").body.isascii()
