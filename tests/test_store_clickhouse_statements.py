"""Values as literals, addresses, and what is made of a server's errors."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.loopback import Request, answering
from tests.team_engines import OpenEngine
from tests.team_material import HOSTILE
from tokentide.errors import StoreError, StoreUnreachableError, UsageError
from tokentide.store.clickhouse import node
from tokentide.store.clickhouse.address import Host, parsed
from tokentide.store.clickhouse.literals import bound, literal
from tokentide.store.clickhouse.node import HttpNode, NetworkError, RefusedError, refusal
from tokentide.store.clickhouse.sharding import shard_of
from tokentide.store.team.engine import Engine
from tokentide.transport import Secret

TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from(HOSTILE), st.text("'\\\0?\n\"`-;{}", max_size=12)
)
NUMBERS = st.integers(-(2**63), 2**63 - 1)


@pytest.fixture(params=["chdb", "server"])
def clickhouse(request: pytest.FixtureRequest, open_engine: OpenEngine) -> Engine:
    engine: Engine = open_engine(request.param)
    return engine


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXTS, min_size=1, max_size=20), numbers=st.lists(NUMBERS, min_size=1, max_size=5))
def test_every_value_comes_back_as_it_went(clickhouse: Engine, texts: list[str], numbers: list[int]) -> None:
    marks = ", ".join("?" * (len(texts) + len(numbers)))
    assert clickhouse.ask(f"SELECT {marks}", [*texts, *numbers]) == [(*texts, *numbers)]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS, other=TEXTS)
def test_a_text_is_equal_to_itself_alone(clickhouse: Engine, text: str, other: str) -> None:
    [(same, equal)] = clickhouse.ask("SELECT ? = ?, ? = ?", [text, text, text, other])
    assert (same, equal) == (1, int(text == other))


def test_a_statement_and_its_values_match_in_number() -> None:
    assert bound("a = ? AND b = ?", ["x?", 1]) == "a = 'x?' AND b = 1"
    with pytest.raises(StoreError, match="1 values are asked for, 2 are there"):
        bound("a = ?", [1, 2])


@pytest.mark.parametrize("value", [True, 1.5, None, b"x", 2**63, "\ud800"])
def test_what_is_no_value_is_refused(value: object) -> None:
    with pytest.raises(StoreError, match="cannot be asked for"):
        literal(value)  # type: ignore[arg-type]


def test_an_address_names_shards_and_replicas() -> None:
    at = parsed("clickhouse://me:p%40ss%2F@h1:9000|h1b,[::1]:7|h2b:8124/tide?cluster=main")
    assert [[str(host) for host in shard] for shard in at.shards] == [["h1:9000", "h1b:8123"], ["::1:7", "h2b:8124"]]
    assert (at.database, at.cluster, at.user, at.password.reveal()) == ("tide", "main", "me", "p@ss/")
    alone = parsed("clickhouses://example.org")
    assert alone.shards == ((Host("example.org", 8443, is_secure=True),),)
    assert (alone.database, alone.cluster, alone.user) == ("tokentide", "", "default")


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("postgres://h/db", "not the address of a ClickHouse"),
        ("clickhouse://", "not the address of a ClickHouse"),
        ("clickhouse://u:secret@h1,h2/db", r"\?cluster=NAME"),
        ("clickhouse://u:secret@h1,,h2/db?cluster=c", "a host"),
        ("clickhouse://u:secret@h1:99999/db", "a host"),
        ("clickhouse://u:secret@h1/d`b", "the database's name"),
        ("clickhouse://u:secret@h1,h2/db?cluster=a'b", "the cluster's name"),
        ("clickhouse://u:secret@h1/db?password=secret", r"what follows \?"),
        ("clickhouse://u:secret@h1/db?cluster", r"what follows \?"),
        ("clickhouse://u:secret@[h1/db", "the hosts"),
    ],
)
def test_a_wrong_address_is_told_without_its_password(address: str, what: str) -> None:
    with pytest.raises(UsageError, match=what) as told:
        parsed(address)
    assert "secret" not in str(told.value)


def test_errors_tell_neither_rows_nor_statements_nor_the_password(open_engine: OpenEngine) -> None:
    engine = open_engine("server")
    with pytest.raises(RefusedError) as told:
        engine.ask("SELECT nothing FROM nowhere WHERE a = ?", ["a person's text"])
    assert told.value.code == 60
    assert "person" not in str(told.value)
    with pytest.raises(RefusedError) as told:
        engine.ask("SELECT ?? FROM", ["a person's text", "another"])
    assert "person" not in str(told.value)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"Code: 279, e.displayText() = DB::Exception: All connection tries failed", NetworkError),
        (b"Code: 242. DB::Exception: Table is in readonly mode (version 26.1)", StoreUnreachableError),
        (b"Code: 62. DB::Exception: Syntax error: failed at position 8 ('text'): text", RefusedError),
        (b"<html>502 Bad Gateway</html>", StoreUnreachableError),
        (b"", StoreUnreachableError),
    ],
)
def test_an_error_is_understood(answer: bytes, kind: type[StoreError]) -> None:
    told = refusal("h1:8123", answer)
    assert type(told) is kind
    assert str(told).startswith("the team store, h1:8123: ")
    assert "text" not in str(told)


def test_a_server_that_does_not_answer_in_time_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr(node, "TIMEOUT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:  # it takes connections and says nothing
        silent = HttpNode(Host("127.0.0.1", server.getsockname()[1], is_secure=False), "u", Secret("p"))
        with pytest.raises(StoreUnreachableError, match="no answer in time"):
            silent.run("SELECT 1")
        silent.close()


def test_the_password_goes_into_the_header_alone() -> None:
    seen: list[Request] = []

    def answer(request: Request) -> tuple[int, dict[str, str], bytes]:
        seen.append(request)
        return 200, {}, b"1\n"

    with answering(answer) as address:
        port = int(address.rpartition(":")[2])
        asked = HttpNode(Host("127.0.0.1", port, is_secure=False), "me", Secret("geheim"))
        assert asked.run("SELECT 1") == b"1\n"
        assert asked.run("INSERT INTO t FORMAT JSONEachRow", b'{"a":1}\n') == b"1\n"
        asked.close()
    assert all("geheim" not in request.target and b"geheim" not in request.body for request in seen)
    assert seen[0].headers["authorization"] == "Basic bWU6Z2VoZWlt"
    assert seen[1].body == b'{"a":1}\n'


def test_the_shard_of_a_row_never_changes() -> None:
    """Rows that lie on servers were placed by it: another answer would lose their duplicates."""
    assert [shard_of("acme", f"request:req_{number}", 5) for number in range(10)] == [1, 2, 2, 1, 1, 3, 3, 3, 0, 2]
    random = Random(1)
    counts = [0, 0, 0]
    for _ in range(3000):
        counts[shard_of("acme", f"{random.getrandbits(64)}", 3)] += 1
    assert min(counts) > 900
