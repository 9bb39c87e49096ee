"""The Admin API's shapes, pages and faults, against a stand-in on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from tests import admin_organization as org
from tests import admin_stand_in as api
from tests.admin_organization import Spent, code_row
from tests.admin_stand_in import AdminStandIn, Trouble, admin_stand_in, at, busy_month, client_of
from tokentide.clock import DAY_US, HOUR_US
from tokentide.model.billing import API_KEY, USER, WORKSPACE, Stretch
from tokentide.sources.admin_api.analytics_reports import first_day, read_analytics_cost, read_analytics_usage
from tokentide.sources.admin_api.claude_code_report import read_claude_code
from tokentide.sources.admin_api.client import ONE_TRY, AdminClient, Patience
from tokentide.sources.admin_api.cost_report import read_cost
from tokentide.sources.admin_api.directory import read_directory, read_organization
from tokentide.sources.admin_api.faults import AdminApiError, Fault
from tokentide.sources.admin_api.usage_report import read_usage

FIRST, MIDNIGHT = at("2026-03-01T00:00:00Z"), at("2026-03-13T00:00:00Z")
Reader = Callable[[AdminClient, int, int], Iterator[Stretch]]
READERS: dict[str, Reader] = {
    api.USAGE: read_usage,
    api.COST: read_cost,
    api.CODE: read_claude_code,
    api.NEW_USAGE: read_analytics_usage,
    api.NEW_COST: read_analytics_cost,
}


@pytest.fixture
def stand_in() -> Iterator[AdminStandIn]:
    with admin_stand_in() as served:
        served.has_analytics = True
        busy_month(served)
        yield served


def total(stretches: list[Stretch], measure: str) -> int:
    return sum(bucket.measures.get(measure, 0) for stretch in stretches for bucket in stretch.buckets)


def refused(stand_in: AdminStandIn, patience: Patience | None = None) -> AdminApiError:
    with pytest.raises(AdminApiError) as raised:
        list(read_usage(client_of(stand_in, patience=patience), FIRST, MIDNIGHT))
    return raised.value


@pytest.mark.parametrize("path", READERS)
def test_every_day_comes_once_and_today_is_included(stand_in: AdminStandIn, path: str) -> None:
    stretches = list(READERS[path](client_of(stand_in), FIRST, MIDNIGHT))
    assert [stretch.start for stretch in stretches] == list(range(FIRST, MIDNIGHT, DAY_US))
    assert all(stretch.buckets for stretch in stretches)
    assert all(
        stretch.start <= bucket.start < bucket.end <= stretch.end for stretch in stretches for bucket in stretch.buckets
    )


@pytest.mark.parametrize("path", READERS)
@pytest.mark.parametrize("size", [1, 2, 5])
def test_the_size_of_pages_changes_nothing(stand_in: AdminStandIn, path: str, size: int) -> None:
    whole = list(READERS[path](client_of(stand_in), FIRST, MIDNIGHT))
    stand_in.page_buckets = stand_in.page_rows = size
    assert list(READERS[path](client_of(stand_in), FIRST, MIDNIGHT)) == whole


@pytest.mark.parametrize("path", [api.USAGE, api.NEW_USAGE])
def test_tokens_keep_their_kinds_and_their_cuts(stand_in: AdminStandIn, path: str) -> None:
    (stretch,) = READERS[path](client_of(stand_in), FIRST, FIRST + DAY_US)
    by_model = {bucket.dimensions["model"]: bucket for bucket in stretch.buckets}
    counts = dict(by_model[org.SONNET].measures)
    assert counts.pop("requests", 1) == 1
    assert counts == {
        "input_tokens": 2000,
        "output_tokens": 800,
        "cache_creation_5m_tokens": 300,
        "cache_creation_1h_tokens": 40,
        "cache_read_tokens": 0,
        "web_search_requests": 2,
    }
    assert by_model[org.SONNET].dimensions["workspace_id"] == ""  # the default workspace has no id
    assert by_model[org.HAIKU].dimensions["service_tier"] == "batch"
    assert by_model[org.OPUS].dimensions["api_key_id"] == "apikey_01"
    who = {
        name: bucket.dimensions.get("actor", bucket.dimensions.get("account_id")) for name, bucket in by_model.items()
    }
    assert who[org.OPUS] == org.ADA


@pytest.mark.parametrize("path", [api.COST, api.NEW_COST])
def test_amounts_are_cents(stand_in: AdminStandIn, path: str) -> None:
    stand_in.spent = [Spent("2026-03-01T05", input=1, input_cents="123.45", list_cents="200")]
    (stretch,) = READERS[path](client_of(stand_in), FIRST, FIRST + DAY_US)
    (bucket,) = stretch.buckets
    assert bucket.measures["cost"] == 1_234_500_000
    assert bucket.measures.get("list_cost", 2_000_000_000) == 2_000_000_000
    assert bucket.dimensions["cost_type"] == "tokens"
    assert bucket.dimensions["token_type"] == "uncached_input_tokens"


@pytest.mark.parametrize(
    ("amount", "nano"), [("0.0000001", 1), ("-12.5", -125_000_000), ("1e2", 1_000_000_000), ("0", 0)]
)
def test_amounts_are_exact(stand_in: AdminStandIn, amount: str, nano: int) -> None:
    stand_in.code = [code_row("2026-03-01", cents=0)]
    bucket = {
        "starting_at": "2026-03-01T00:00:00Z",
        "ending_at": "2026-03-02T00:00:00Z",
        "results": [{"amount": amount}],
    }
    stand_in.troubles = [Trouble(api.COST, body=json.dumps({"data": [bucket], "has_more": False}).encode())]
    assert total(list(read_cost(client_of(stand_in), FIRST, FIRST + DAY_US)), "cost") == nano


def test_claude_codes_cents_are_numbers(stand_in: AdminStandIn) -> None:
    stand_in.code = [code_row("2026-03-01", cents=186.75)]
    assert total(list(read_claude_code(client_of(stand_in), FIRST, FIRST + DAY_US)), "cost") == 1_867_500_000


def test_several_rows_of_an_actor_and_day_are_one(stand_in: AdminStandIn) -> None:
    (stretch,) = read_claude_code(client_of(stand_in), FIRST, FIRST + DAY_US)
    ada = [bucket for bucket in stretch.buckets if bucket.dimensions["actor"] == "ada@example.com"]
    done, spent = sorted(ada, key=lambda bucket: bucket.dimensions["model"])
    assert done.measures == {
        "sessions": 2,
        "lines_added": 20,
        "lines_removed": 8,
        "commits": 4,
        "pull_requests": 2,
        "edit_tool_accepted": 4,
        "edit_tool_rejected": 2,
        "write_tool_accepted": 2,
        "write_tool_rejected": 0,
        **{
            f"{tool}_{word}": 0
            for tool in ("multi_edit_tool", "notebook_edit_tool")
            for word in ("accepted", "rejected")
        },
    }
    assert spent.measures["cost"] == 1_500_000_000
    assert spent.dimensions["model"] == org.SONNET
    assert {bucket.dimensions["actor_type"] for bucket in stretch.buckets} == {"user", "api_key"}


def test_nulls_and_unknown_members_do_no_harm(stand_in: AdminStandIn) -> None:
    stand_in.code = [
        code_row("2026-03-01", core_metrics=None, tool_actions=None, model_breakdown=None, new=[1]),
        code_row("2026-03-01", core_metrics={}, tool_actions={"edit_tool": None, "new_tool": {"accepted": 1}}),
    ]
    (stretch,) = read_claude_code(client_of(stand_in), FIRST, FIRST + DAY_US)
    assert [bucket.measures for bucket in stretch.buckets if not bucket.dimensions["model"]] == [
        {"new_tool_accepted": 1}
    ]


def test_hours_are_asked_for_a_week_at_a_time(stand_in: AdminStandIn) -> None:
    stretches = list(read_usage(client_of(stand_in), FIRST, MIDNIGHT, hourly=True))
    assert {bucket.end - bucket.start for stretch in stretches for bucket in stretch.buckets} == {HOUR_US}
    assert [asked.query["limit"] for asked in stand_in.asked] == [["168"], ["168"]]


def test_newer_hours(stand_in: AdminStandIn) -> None:
    stretches = list(read_analytics_usage(client_of(stand_in), FIRST, MIDNIGHT, hourly=True))
    assert {bucket.end - bucket.start for stretch in stretches for bucket in stretch.buckets} == {HOUR_US}
    assert total(stretches, "input_tokens") == 12 * 53_000


def test_no_ending_cuts_off_the_current_day(stand_in: AdminStandIn) -> None:
    list(read_usage(client_of(stand_in), FIRST, MIDNIGHT))
    list(read_cost(client_of(stand_in), FIRST, MIDNIGHT))
    assert not any("ending_at" in asked.query for asked in stand_in.asked)


def test_pages_beyond_the_wanted_days_are_not_asked_for(stand_in: AdminStandIn) -> None:
    stand_in.page_buckets = 3
    stretches = list(read_usage(client_of(stand_in), FIRST, FIRST + 3 * DAY_US))
    assert len(stretches) == 3
    assert len(stand_in.asked) == 1


def test_newer_reports_are_asked_for_in_spans_of_a_month(stand_in: AdminStandIn) -> None:
    stretches = list(read_analytics_cost(client_of(stand_in), at("2026-01-01T00:00:00Z"), MIDNIGHT))
    assert len(stretches) == 71
    assert len(stand_in.asked) == 3
    assert stretches[-1].reaches_at == at("2026-03-12T08:00:00Z")


def test_the_first_day_of_the_newer_reports() -> None:
    assert first_day(at("2026-03-12T12:00:00Z")) == at("2026-01-01T00:00:00Z")
    assert first_day(at("2027-03-12T12:00:00Z")) == at("2026-03-13T00:00:00Z")


def test_requests_are_what_the_documentation_wants(stand_in: AdminStandIn) -> None:
    list(read_usage(client_of(stand_in), FIRST, MIDNIGHT))
    (asked,) = stand_in.asked
    assert asked.method == "GET"
    assert asked.headers["user-agent"].startswith("tokentide/")
    assert asked.query["group_by[]"] == ["account_id", "api_key_id", "model", "service_tier", "workspace_id"]
    assert asked.query["starting_at"] == ["2026-03-01T00:00:00Z"]


@pytest.mark.parametrize("is_new", [False, True])
def test_the_directory_in_both_versions(stand_in: AdminStandIn, is_new: bool) -> None:
    stand_in.is_new_version = is_new
    stand_in.page_rows = 1
    client = client_of(stand_in)
    assert read_organization(client, 1)[:3] == ("organization", org.ORGANIZATION, org.NAME)
    users, workspaces, keys = (
        [entry for page in read_directory(client, kind, 1) for entry in page] for kind in (USER, WORKSPACE, API_KEY)
    )
    assert [user.details["email"] for user in users] == ["ada@example.com", "bob@example.com", "cyd@example.com"]
    assert users[2].name == "cyd@example.com"
    assert [workspace.name for workspace in workspaces] == ["Default", "Production", "Lab"]
    assert workspaces[0].id == ""
    assert keys[0].details["workspace_id"] == "wrkspc_01"
    assert "workspace_id" not in keys[1].details


@pytest.mark.parametrize(
    ("status", "fault", "words"),
    [
        (400, Fault.REFUSED, "refused"),
        (401, Fault.KEY, "make a new one"),
        (402, Fault.REFUSED, "refused"),
        (403, Fault.SCOPE, "admin"),
        (404, Fault.ABSENT, "individual accounts"),
        (413, Fault.REFUSED, "refused"),
    ],
)
def test_what_will_not_change_is_asked_once(stand_in: AdminStandIn, status: int, fault: Fault, words: str) -> None:
    stand_in.troubles = [Trouble(api.USAGE, status, message="because\x1b[31m of this")]
    error = refused(stand_in)
    assert error.fault is fault
    assert words in str(error)
    assert "because [31m of this" in str(error)
    assert len(stand_in.asked) == 1


def test_missing_scopes_are_named(stand_in: AdminStandIn) -> None:
    stand_in.troubles = [Trouble(api.USAGE, 403, message="Missing scopes: read:analytics, read:members")]
    assert "it lacks read:analytics, read:members" in str(refused(stand_in))


@pytest.mark.parametrize(
    "code",
    [
        "enforced_spend_limit_reached",
        "ramp_limit_exceeded",
        "contract_spend_limit_reached",
        "linked_organization_spend_limit_reached",
    ],
)
def test_a_spend_limit_is_not_retried(stand_in: AdminStandIn, code: str) -> None:
    stand_in.troubles = [Trouble(api.USAGE, 429, code=code)]
    error = refused(stand_in)
    assert (error.fault, len(stand_in.asked)) == (Fault.SPENT, 1)
    assert code in str(error)


def test_a_client_that_is_too_old_is_told_so(stand_in: AdminStandIn) -> None:
    stand_in.troubles = [Trouble(api.USAGE, 429, code="claude_code_version_too_old")]
    assert "update tokentide" in str(refused(stand_in))
    assert len(stand_in.asked) == 1


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({}, [2, 4]),
        ({"retry-after": "0"}, [2, 4]),
        ({"retry-after": "7"}, [7, 7]),
        ({"retry-after": "Thu, 12 Mar 2026 12:00:09 GMT"}, [9, 4]),
        ({"retry-after": "soon"}, [2, 4]),
    ],
)
def test_asked_too_often_waits_as_it_is_told(stand_in: AdminStandIn, headers: dict[str, str], waits: list[int]) -> None:
    stand_in.troubles = [Trouble(api.USAGE, 429, headers, times=2)]
    sleeps: list[float] = []
    assert total(list(read_usage(client_of(stand_in, sleeps=sleeps), FIRST, MIDNIGHT)), "input_tokens") == 12 * 53_000
    assert sleeps == waits


def test_a_long_pause_is_not_waited_for(stand_in: AdminStandIn) -> None:
    stand_in.troubles = [Trouble(api.USAGE, 429, {"retry-after": "1600"})]
    error = refused(stand_in)
    assert (error.fault, error.retry_seconds, len(stand_in.asked)) == (Fault.RATE, 1600, 1)
    assert "1600 s" in str(error)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 529, 408])
def test_a_failing_server_is_asked_again_with_growing_waits(stand_in: AdminStandIn, status: int) -> None:
    stand_in.troubles = [Trouble(api.USAGE, status, body=b"<html>")]
    sleeps: list[float] = []
    with pytest.raises(AdminApiError) as raised:
        list(read_usage(client_of(stand_in, sleeps=sleeps), FIRST, MIDNIGHT))
    assert raised.value.fault is Fault.SERVER
    assert sleeps == [2, 4, 8]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b"{",
        b"\xff\xfe",
        b"[" * 200_000,
        b'{"data": 5}',
        b'{"data": [{"starting_at": 1, "ending_at": 2, "results": []}]}',
        b'{"data": [{"starting_at": "soon", "ending_at": "later", "results": []}]}',
        b'{"data": [{"starting_at": "2026-03-01T00:00:00", "ending_at": "2026-03-02T00:00:00", "results": []}]}',
        b'{"data": [{"starting_at": "0001-01-01T00:00:00Z", "ending_at": "2026-03-02T00:00:00Z", "results": []}]}',
        b'{"data": [{"starting_at": "2026-03-01T00:00:00Z", "ending_at": "2026-03-02T00:00:00Z", "results": [{"output_tokens": "5"}]}]}',
        b'{"data": [{"starting_at": "2026-03-01T00:00:00Z", "ending_at": "2026-03-02T00:00:00Z", "results": [{"output_tokens": -5}]}]}',
        b'{"data": [{"starting_at": "2026-03-01T00:00:00Z", "ending_at": "2026-03-02T00:00:00Z", "results": [{"output_tokens": 99999999999999999999999}]}]}',
        b'{"data": [{"starting_at": "2026-02-01T00:00:00Z", "ending_at": "2026-02-02T00:00:00Z", "results": [{"output_tokens": 5}]}]}',
        b'{"data": [], "has_more": true}',
        b'{"data": [], "has_more": true, "next_page": ""}',
        b'{"data": [], "has_more": true, "next_page": "page_again"}',
    ],
)
def test_a_malformed_answer_is_a_fault_of_its_own(stand_in: AdminStandIn, body: bytes) -> None:
    stand_in.troubles = [Trouble(api.USAGE, body=body or b" ")]
    error = refused(stand_in)
    assert error.fault is Fault.SHAPE
    assert len(stand_in.asked) <= 2


@pytest.mark.parametrize(
    "amount", ['"NaN"', '"Infinity"', '"1e400000"', '"12 dollars"', "null", "true", '"1234567890123456"']
)
def test_what_is_no_amount_is_a_fault(stand_in: AdminStandIn, amount: str) -> None:
    body = (
        '{"data": [{"starting_at": "2026-03-01T00:00:00Z", "ending_at": "2026-03-02T00:00:00Z", "results": [{"amount": '
        f'{amount}, "currency": "USD"}}]}}]}}'
    )
    stand_in.troubles = [Trouble(api.COST, body=body.encode())]
    with pytest.raises(AdminApiError) as raised:
        list(read_cost(client_of(stand_in), FIRST, MIDNIGHT))
    assert raised.value.fault is Fault.SHAPE


def test_another_currency_is_not_taken_for_dollars(stand_in: AdminStandIn) -> None:
    body = b'{"data": [{"starting_at": "2026-03-01T00:00:00Z", "ending_at": "2026-03-02T00:00:00Z", "results": [{"amount": "1", "currency": "EUR"}]}]}'
    stand_in.troubles = [Trouble(api.COST, body=body)]
    with pytest.raises(AdminApiError, match="currency"):
        list(read_cost(client_of(stand_in), FIRST, MIDNIGHT))


def test_directory_pages_that_lead_back_end(stand_in: AdminStandIn) -> None:
    stand_in.troubles = [
        Trouble(api.USERS, body=b'{"data": [{"id": "user_1"}], "has_more": true, "last_id": "user_1"}')
    ]
    with pytest.raises(AdminApiError, match="lead back"):
        list(read_directory(client_of(stand_in), USER, 1))


def test_a_server_that_is_not_there_is_asked_once() -> None:
    with admin_stand_in() as gone:
        pass
    sleeps: list[float] = []
    with pytest.raises(AdminApiError, match="no connection"):
        list(read_usage(client_of(gone, sleeps=sleeps), FIRST, MIDNIGHT))
    assert sleeps == []


def test_a_redirect_is_not_followed(stand_in: AdminStandIn) -> None:
    stand_in.troubles = [Trouble(api.USAGE, 302, {"location": f"{stand_in.url}/elsewhere"})]
    error = refused(stand_in)
    assert "redirect" in str(error)
    assert stand_in.paths() == ["usage_report/messages"]


def test_a_slow_server_is_a_failing_one(stand_in: AdminStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokentide.sources.admin_api.client.TIMEOUT_SECONDS", 0.2)
    stand_in.troubles = [Trouble(api.USAGE, delay_seconds=0.6, times=1)]
    assert refused(stand_in, ONE_TRY).fault is Fault.SERVER
    assert total(list(read_usage(client_of(stand_in), FIRST, MIDNIGHT)), "input_tokens") == 12 * 53_000


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 400])
def test_a_server_that_quotes_the_key_gives_nothing_away(stand_in: AdminStandIn, status: int) -> None:
    stand_in.troubles = [Trouble(api.USAGE, status, message=f"bad key {stand_in.key}", code=stand_in.key)]
    assert stand_in.key not in str(refused(stand_in, ONE_TRY))


@pytest.mark.parametrize(
    ("first", "next_one"), [("2026-02-01", "2026-03-01"), ("2028-02-01", "2028-03-01"), ("2026-12-01", "2027-01-01")]
)
def test_days_do_not_care_for_the_ends_of_months(first: str, next_one: str) -> None:
    with admin_stand_in(f"{next_one}T12:00:00Z") as served:
        start, end = at(f"{first}T00:00:00Z"), at(f"{next_one}T00:00:00Z") + DAY_US
        served.spent = [Spent(f"{next_one}T00", input=7), Spent(f"{first}T23", input=5)]
        stretches = list(read_usage(client_of(served), start, end))
        assert [later.start - earlier.start for earlier, later in pairwise(stretches)] == [DAY_US] * (
            len(stretches) - 1
        )
        assert [len(stretch.buckets) for stretch in stretches] == [1, *[0] * (len(stretches) - 2), 1]
        assert total(stretches, "input_tokens") == 12


def test_buckets_of_a_day_already_given_are_a_fault(stand_in: AdminStandIn) -> None:
    late = {
        "starting_at": "2026-03-02T00:00:00Z",
        "ending_at": "2026-03-03T00:00:00Z",
        "group": {},
        "usage": {"output_tokens": 1},
    }
    early = late | {"starting_at": "2026-03-01T00:00:00Z", "ending_at": "2026-03-02T00:00:00Z"}
    stand_in.troubles = [Trouble(api.NEW_USAGE, body=json.dumps({"data": [late, early]}).encode())]
    with pytest.raises(AdminApiError, match="order of time"):
        list(read_analytics_usage(client_of(stand_in), FIRST, MIDNIGHT))


def test_rows_after_the_wanted_days_are_passed_over(stand_in: AdminStandIn) -> None:
    rows = [
        {
            "starting_at": f"2026-03-{day:02}T00:00:00Z",
            "ending_at": "2026-03-04T00:00:00Z",
            "group": {},
            "cost": {"amount": "1"},
        }
        for day in (1, 2, 3)
    ]
    stand_in.troubles = [Trouble(api.NEW_COST, body=json.dumps({"data": rows}).encode())]
    stretches = list(read_analytics_cost(client_of(stand_in), FIRST, FIRST + 2 * DAY_US))
    assert [dict(bucket.measures) for stretch in stretches for bucket in stretch.buckets] == [
        {"cost": 10**7, "list_cost": 10**7}
    ] * 2


def test_days_that_a_report_leaves_out_hold_nothing(stand_in: AdminStandIn) -> None:
    stand_in.troubles = [Trouble(api.COST, body=b'{"data": [], "has_more": false}')]
    assert [stretch.buckets for stretch in read_cost(client_of(stand_in), FIRST, FIRST + 2 * DAY_US)] == [(), ()]


def test_a_day_that_has_just_begun_can_be_asked_for() -> None:
    with admin_stand_in("2026-03-12T00:00:05Z") as served:
        served.has_analytics = True
        start = at("2026-03-12T00:00:00Z")
        assert len(list(read_analytics_usage(client_of(served), start, start + DAY_US))) == 1
