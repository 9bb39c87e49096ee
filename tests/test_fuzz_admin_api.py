"""Whatever the Admin API answers: whole days, or one fault of a known kind; never another error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import admin_stand_in as api
from tests.admin_stand_in import AdminStandIn, Asked, Trouble, admin_stand_in, at, busy_month, client_of
from tests.test_sources_admin_api import FIRST, MIDNIGHT, READERS
from tokentide.clock import DAY_US
from tokentide.model.billing import API_KEY, USER, WORKSPACE
from tokentide.sources.admin_api.client import ONE_TRY
from tokentide.sources.admin_api.directory import PATHS, read_directory
from tokentide.sources.admin_api.faults import AdminApiError

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**80), 2**80),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["2026-03-01T00:00:00Z", "1e99", "-0", "NaN", "9" * 400, "\x1b[2J", "page_0"]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


@pytest.fixture(scope="module")
def stand_in() -> Iterator[AdminStandIn]:
    with admin_stand_in() as served:
        served.has_analytics = True
        busy_month(served)
        served.spent, served.code = served.spent[-9:], served.code[-4:]
        yield served


def places(value: object, way: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    """The way to every member of a JSON value."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield (*way, key)
        yield from places(member, (*way, key))


def spoiled(body: Any, way: tuple[Any, ...], odd: object, *, removed: bool) -> bytes:
    """The body with one member replaced or gone."""
    *most, last = way
    member = body
    for key in most:
        member = member[key]
    if removed and isinstance(member, dict):
        del member[last]
    else:
        member[last] = odd
    return json.dumps(body).encode()


def good_body(stand_in: AdminStandIn, path: str, query: dict[str, list[str]]) -> Any:
    headers = {"x-api-key": api.KEY, "anthropic-version": "2023-06-01", "anthropic-beta": api.BETA}
    return json.loads(stand_in.answer(Asked("GET", path, query, headers))[2])


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), path=st.sampled_from(sorted(READERS)), odd=ODD, removed=st.booleans())
def test_a_spoiled_report_gives_whole_days_or_a_fault(
    stand_in: AdminStandIn, data: st.DataObject, path: str, odd: object, removed: bool
) -> None:
    stand_in.troubles = []
    query = {
        "starting_at": ["2026-03-12" if path == api.CODE else "2026-03-10T00:00:00Z"],
        "ending_at": ["2026-03-12T12:00:00Z"],
        "time_bucket_width": ["1d"],
        "limit": ["31"],
    }
    body = good_body(stand_in, path, query)
    way = data.draw(st.sampled_from(list(places(body))))
    stand_in.troubles = [Trouble(path, body=spoiled(body, way, odd, removed=removed))]
    client = client_of(stand_in, patience=ONE_TRY)
    start = at("2026-03-10T00:00:00Z")
    stretches, fault = [], ""
    try:
        stretches = list(READERS[path](client, start, MIDNIGHT))
    except AdminApiError as error:
        fault = str(error)
    assert api.KEY not in fault
    assert fault.isprintable()
    if not fault:
        assert [stretch.start for stretch in stretches] == list(range(start, MIDNIGHT, DAY_US))
        for bucket in (bucket for stretch in stretches for bucket in stretch.buckets):
            assert all(type(count) is int and abs(count) < 1 << 63 for count in bucket.measures.values())
            assert all(type(name) is str for name in bucket.dimensions.values())


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), kind=st.sampled_from([USER, WORKSPACE, API_KEY]), odd=ODD, removed=st.booleans())
def test_a_spoiled_directory_gives_names_or_a_fault(
    stand_in: AdminStandIn, data: st.DataObject, kind: str, odd: object, removed: bool
) -> None:
    stand_in.troubles = []
    body = good_body(stand_in, PATHS[kind], {"limit": ["1000"]})
    way = data.draw(st.sampled_from(list(places(body))))
    stand_in.troubles = [Trouble(PATHS[kind], body=spoiled(body, way, odd, removed=removed))]
    client, entries, fault = client_of(stand_in, patience=ONE_TRY), [], ""
    try:
        entries = [entry for page in read_directory(client, kind, FIRST) for entry in page]
    except AdminApiError as error:
        fault = str(error)
    assert api.KEY not in fault
    assert all(entry.name or not entry.id for entry in entries)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(body=st.binary(min_size=1, max_size=60), status=st.sampled_from([200, 201, 204, 400, 403, 418, 429, 500]))
def test_any_bytes_are_a_fault(stand_in: AdminStandIn, body: bytes, status: int) -> None:
    stand_in.troubles = [Trouble(api.COST, status, body=body)]
    try:
        list(READERS[api.COST](client_of(stand_in, patience=ONE_TRY), FIRST, FIRST + DAY_US))
    except AdminApiError:
        return
    assert isinstance(json.loads(body), dict)
