"""What one viewer may not see is in no answer: each is the same, to the byte, as if nothing else were there."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest
from starlette.routing import Route

from tests.team_stage import NOW, Rows, team_rows
from tests.team_web_stage import TeamSite, team_store
from tests.web_stage import Dashboard, Reply
from tokentide.analytics.team.reports import TEAM_REPORTS
from tokentide.clock import DAY_US
from tokentide.model.telemetry import Sighting, TelemetryRecord
from tokentide.render.team_tables import TEAM_TABLES
from tokentide.server.tenants.tokens import VIEWER, Grant
from tokentide.store.query import CostMode
from tokentide.store.remote import wire
from tokentide.web.team.api import router
from tokentide.web.team.catalogue import PAGES

HOSTILE = ("/people", "/api/v1/team/cost", "/api/v1/team/people", "/api/v1/team/coverage")
"""Where every hostile query is tried; a few of them everywhere else."""
TENANTS = ("acme", "globex")
TEAMS = ("web", "data")
OWN = "acme"
LEAD_OF = "web"
MEMBER = "dev00@example.org"
"""Of the team that the lead sees."""
MARKED = (
    "session_id",
    "project",
    "cost_center",
    "customer",
    "model",
    "version",
    "terminal",
    "entrypoint",
    "agent",
    "skill",
    "plugin",
    "mcp_server",
)
VIEWERS = {
    "admin": Grant(VIEWER, OWN, role="admin", label="a"),
    "lead": Grant(VIEWER, OWN, (f"{OWN}~{LEAD_OF}~",), role="lead", label="l"),
    "member": Grant(VIEWER, OWN, user_id=f"{OWN}~{LEAD_OF}~{MEMBER}", role="member", label="m"),
    "stranger": Grant(VIEWER, "initech", role="admin", label="s"),
}


def _marked(row: TelemetryRecord | Sighting, tenant: str) -> None:
    """Every name bears tenant, team and person, so that it betrays where it comes from."""
    team, person = row.team, row.user_id
    row.tenant = tenant
    row.team, row.user_id = f"{tenant}~{team}~", f"{tenant}~{team}~{person}"
    for name in MARKED:
        told = getattr(row, name, "")
        if told:
            setattr(row, name, f"{tenant}~{team}~{person}~{told}")
    if isinstance(row, TelemetryRecord):
        row.id = f"{tenant}{row.id}"
        if row.name.startswith(("tool_", "hook_", "mcp_", "skill_", "plugin_", "internal_")):
            row.detail = f"{tenant}~{team}~{person}~{row.detail}"
    else:
        row.id, row.key = f"{tenant}{row.id}", f"{tenant}{row.key}"


def _played() -> Rows:
    """Two tenants with the same people in the same teams."""
    every = Rows()
    for seed, tenant in enumerate(TENANTS):
        rows = team_rows(days=6, count=6, tenant=tenant, teams=TEAMS, seed=seed)
        for record in rows.records:
            _marked(record, tenant)
        for sighting in rows.sightings:
            _marked(sighting, tenant)
        every.records += rows.records
        every.sightings += rows.sightings
    return every


def _seen(rows: Rows, grant: Grant) -> Rows:
    """The rows that a viewer may see, by a reckoning of our own."""

    def may(row: TelemetryRecord | Sighting) -> bool:
        if row.tenant != grant.tenant:
            return False
        return (not grant.teams or row.team in grant.teams) and (not grant.user_id or row.user_id == grant.user_id)

    return Rows([row for row in rows.records if may(row)], [row for row in rows.sightings if may(row)])


@dataclass
class Pair:
    """A viewer before everything, and before what may be seen alone."""

    whole: Dashboard
    alone: Dashboard
    tokens: tuple[str, str]
    grant: Grant

    def both(self, target: str, method: str = "GET", body: bytes | None = None) -> tuple[Reply, Reply]:
        first, second = (
            site.ask(target, method, {"authorization": f"Bearer {token}"}, body)
            for site, token in zip((self.whole, self.alone), self.tokens, strict=True)
        )
        return first, second


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Pair]]:
    rows = _played()
    with _site(tmp_path_factory.mktemp("whole"), rows) as (whole, dashboard):
        made: dict[str, Pair] = {}
        sites = []
        try:
            for name, grant in VIEWERS.items():
                context = _site(tmp_path_factory.mktemp(name), _seen(rows, grant))
                site, alone = context.__enter__()
                sites.append(context)
                made[name] = Pair(dashboard, alone, (whole.token(grant), site.token(grant)), grant)
            whole.token(Grant(VIEWER, "globex", role="admin", label="globex~label"))
            time.sleep(1.1)  # the tokens of just now are known within a second
            yield made
            assert whole.faults == []
        finally:
            for context in reversed(sites):
                context.__exit__(None, None, None)


class _site:  # noqa: N801 -- a context manager, named as one is used
    """A dashboard over these rows."""

    def __init__(self, folder: Path, rows: Rows) -> None:
        store = team_store(folder)
        store.take(rows.records, rows.sightings, "all")
        self.site = TeamSite(folder, store)
        self._served = self.site.serving()

    def __enter__(self) -> tuple[TeamSite, Dashboard]:
        return self.site, self._served.__enter__()

    def __exit__(self, *told: object) -> None:
        self._served.__exit__(None, None, None)
        self.site.store.engine.close()


def _hostile() -> list[str]:
    """Queries of those who would see more: names of others, of columns, of tenants, and what breaks texts."""
    others = ("globex~web~", "globex", "acme~data~", "acme~data~dev01@example.org", "acme~web~dev02@example.org")
    values = (*others, "*", "\x00", "acme~web~' UNION SELECT tenant FROM telemetry --")
    named = [f"?{name}={quote(value)}" for name in ("team", "user") for value in values]
    foreign = [f"?{name}=globex" for name in ("tenant", "scope", "teams", "users", "user_id", "q.tenant")]
    mixed = [f"?team={quote(others[0])}&team={quote(others[2])}&user={quote(others[3])}"]
    return ["", *named, *foreign, *mixed, "?last=all", "?last=9999m", "?since=2026-11-19&timezone=Pacific/Apia"]


def _targets() -> list[str]:
    """Every route that answers GET, as the applications have them."""
    pages = [page.path for page in PAGES if page.path != "/server"]
    api = [
        f"/api/v1{route.path}" for route in router.routes if isinstance(route, Route) and "GET" in (route.methods or ())
    ]
    known = [path for path in api if "{" not in path and not path.endswith(("/events", "/status"))]
    assert [path for path in api if "{" in path] == ["/api/v1/team/{name}"]
    reports = [f"/api/v1/team/{name}" for name in TEAM_REPORTS]
    return [*pages, *known, *reports, "/metrics"]


@pytest.mark.parametrize("name", VIEWERS)
def test_every_answer_is_as_if_nothing_else_were_there(pairs: dict[str, Pair], name: str) -> None:
    pair = pairs[name]
    for target in _targets():
        for query in _hostile() if target in HOSTILE else _hostile()[:3]:
            whole, alone = pair.both(target + query)
            assert (whole.status, _steady(whole)) == (alone.status, _steady(alone)), target + query
            assert whole.status < 500, whole.text
            assert "globex" in query or "globex~" not in whole.text, target + query


def _steady(reply: Reply) -> str:
    """A body; of metrics, which have no order, the lines about the team, since others tell of this process."""
    if not reply.text.startswith("# HELP"):
        return reply.text
    lines = (line.rpartition(" ") for line in reply.text.splitlines() if line.startswith("tokentide_team_"))
    return "\n".join(sorted(f"{name} {float(value):.6f}" for name, _, value in lines))


@pytest.mark.parametrize("name", ["lead", "member"])
def test_every_table_as_csv_is_as_if_nothing_else_were_there(pairs: dict[str, Pair], name: str) -> None:
    for report in TEAM_REPORTS:
        for table in TEAM_TABLES[report]:
            whole, alone = pairs[name].both(f"/api/v1/team/{report}?format=csv&table={table.name}")
            assert whole.status == 200
            assert whole.body == alone.body
            for other in ("acme~data~", *(() if name == "lead" else ("acme~web~dev02", "acme~web~dev04"))):
                assert other not in whole.text


def test_viewers_do_not_get_one_anothers_kept_answers(pairs: dict[str, Pair]) -> None:
    targets = ("/", "/people", "/api/v1/team/people", "/api/v1/team/cost?user=acme~data~dev01@example.org")
    for target in (*targets, "/api/v1/team/adoption"):
        seen = {}
        for name in ("admin", "member", "lead", "admin", "stranger", "member"):
            whole, alone = pairs[name].both(target)
            assert whole.body == alone.body, (name, target)
            seen[name] = whole.headers.get("etag"), whole.body
        for name, (tag, _) in seen.items():  # nor by an entity tag of somebody else's answer
            for other, (_, body) in seen.items():
                reply = pairs[other].whole.ask(
                    target, "GET", {"authorization": f"Bearer {pairs[other].tokens[0]}", "if-none-match": tag or ""}
                )
                assert reply.status == 304 if tag == seen[other][0] else reply.body == body, (name, other)


@pytest.mark.parametrize("name", VIEWERS)
def test_questions_of_the_personal_commands_tell_no_more(pairs: dict[str, Pair], name: str) -> None:
    narrow = (wire.Narrow(), wire.Narrow(accounts=("globex",), projects=("globex~web~dev00@example.org~project-0",)))
    start = NOW - 30 * DAY_US
    questions: list[wire.Question] = [wire.AskAbout(), wire.AskFacts(), wire.AskDays()]
    questions += [wire.AskValues(each) for each in ("model", "project", "source", "account", "session", "branch")]
    questions += [
        wire.AskTotals(by, (("all", start, NOW + DAY_US),), CostMode.AUTO, filters)
        for filters in narrow
        for by in (("project",), ("session",), ("model", "project"), ("user",), ("team",))
    ]
    questions += [wire.AskMoments(filters, CostMode.AUTO, start) for filters in narrow]
    questions += [wire.AskResponses(filters, CostMode.AUTO, start, NOW) for filters in narrow]
    for question in questions:
        body = msgspec.json.encode(wire.Asked(wire.FORMAT, question))
        whole, alone = pairs[name].both("/api/v1/ask", "POST", body)
        assert (whole.status, _unordered(whole)) == (alone.status, _unordered(alone)), question
        assert "globex~" not in whole.text


def _unordered(reply: Reply) -> str:
    """An answer, of which parts may come in any order."""
    told = reply.json()
    return json.dumps({**told, "answer": sorted(map(json.dumps, told["answer"]))}) if "answer" in told else reply.text


def test_a_question_cannot_name_a_tenant_a_team_or_a_person(pairs: dict[str, Pair]) -> None:
    told = {"ask": "totals", "dimensions": ["project"], "periods": [], "mode": "auto", "filters": {}}
    for foreign in ({"tenant": "globex"}, {"scope": {"tenant": "globex"}}, {"users": ["acme~data~dev01@example.org"]}):
        body = json.dumps({"format": 1, "question": {**told, **foreign}}).encode()
        whole, _ = pairs["member"].both("/api/v1/ask", "POST", body)
        assert whole.status == 400
        assert "globex~" not in whole.text


@pytest.mark.parametrize("name", ["lead", "member", "admin"])
def test_the_servers_own_numbers_are_for_who_runs_it(pairs: dict[str, Pair], name: str) -> None:
    """They tell how busy every tenant is: an admin of one that a token named sees the tokens alone."""
    whole, _ = pairs[name].both("/server")
    assert whole.status == (200 if name == "admin" else 403)
    assert "Waits for the store" not in whole.text
    told, _ = pairs[name].both("/api/v1/status")
    assert set(told.json()) == {
        "format",
        "report",
        "generated_at",
        "version",
        "well",
        "last_received_at",
        "last_taken_at",
    }
    assert "tokentide_server_received" not in pairs[name].both("/metrics")[0].text
    assert ('href="/server"' in pairs[name].both("/")[0].text) == (name == "admin")


def test_the_tokens_of_another_tenant_are_not_shown(pairs: dict[str, Pair]) -> None:
    whole, _ = pairs["admin"].both("/server")
    assert whole.status == 200
    assert "globex" not in whole.text
    assert "sees acme~web~" in whole.text
