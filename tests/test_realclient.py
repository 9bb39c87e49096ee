"""What tokentide makes of transcripts that the real client wrote, beside what the client itself says they cost.

The client prices by a table of its own, which is the list price for the models it knows. Where the two are known to
differ, the tests pin both: the client's figure, so that a new client is noticed, and ours, which is the list price.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from tests.realclient.api_stand_in import LOOPBACK, JsonObject, ScriptedTurn, ScriptedUsage, serving
from tests.realclient.client import (
    HeldSession,
    assistant_lines,
    find_client,
    hold_session,
    need_client,
    transcripts,
)

MICRO_DOLLAR = Decimal("0.000001")
SEARCH_USD = Decimal("0.01")
PROMPT = "PRICE-THIS"
INSTALLER = Path(__file__).parents[1] / "scripts" / "install-realclient"

COUNTS = (
    "input_tokens",
    "output_tokens",
    "cache_creation_5m_tokens",
    "cache_creation_1h_tokens",
    "cache_read_tokens",
)


@dataclass(frozen=True)
class Prices:
    """Prices in USD per million tokens."""

    input: Decimal
    output: Decimal
    write_5m: Decimal
    write_1h: Decimal
    read: Decimal

    def cost(self, usage: ScriptedUsage, factor: str = "1") -> Decimal:
        """The cost of one response; the factor is for the tokens, not for the searches."""
        tokens = zip(_counts(usage), (self.input, self.output, self.write_5m, self.write_1h, self.read), strict=True)
        per_million = sum((count * price for count, price in tokens), Decimal())
        return per_million * Decimal(factor) / 10**6 + usage.web_search_requests * SEARCH_USD


@dataclass(frozen=True)
class PricedSession:
    """One row of `tokentide session --json`."""

    cost_usd: Decimal | None
    counts: tuple[int, ...]
    """In the order of COUNTS."""
    responses: int


def _prices(text: str) -> Prices:
    return Prices(*map(Decimal, text.split()))


def _counts(usage: ScriptedUsage) -> tuple[int, ...]:
    return (
        usage.input_tokens,
        usage.output_tokens,
        usage.cache_creation_5m,
        usage.cache_creation_1h,
        usage.cache_read,
    )


def _script(*usages: ScriptedUsage) -> dict[str, list[ScriptedTurn]]:
    """One lane: each response but the last calls a tool, so that the client asks for the next."""
    called = [ScriptedTurn(usage, "Bash", {"command": "echo hi"}) for usage in usages[:-1]]
    return {PROMPT: [*called, ScriptedTurn(usages[-1])]}


OPUS = _prices("5 25 6.25 10 0.50")
FABLE = _prices("10 50 12.50 20 1.00")
SONNET = _prices("3 15 3.75 6 0.30")
HAIKU = _prices("1 5 1.25 2 0.10")

LIFETIMES = (
    ScriptedUsage(11, 101, cache_creation_5m=6_007),
    ScriptedUsage(13, 211, cache_creation_1h=4_001, cache_read=6_007),
    ScriptedUsage(17, 307, cache_creation_5m=503, cache_creation_1h=2_011, cache_read=10_007),
    ScriptedUsage(1_009, 401, web_search_requests=3),
)
LONG_PROMPT = (ScriptedUsage(19, 503, cache_creation_5m=100_003, cache_read=150_001), *LIFETIMES)
FAST = tuple(replace(usage, speed="fast") for usage in LIFETIMES)

SAME = {
    "claude-opus-4-8": (LIFETIMES, OPUS),
    "claude-opus-4-8 fast": (FAST, FABLE),
    "claude-opus-4-7": (LIFETIMES, OPUS),
    "claude-opus-5": (LIFETIMES, OPUS),
    "claude-fable-5": (LIFETIMES, FABLE),
    "claude-sonnet-4-6": (LIFETIMES, SONNET),
    "claude-sonnet-4-6[1m]": (LONG_PROMPT, SONNET),
    "claude-haiku-4-5-20251001": (LIFETIMES, HAIKU),
}
"""What the client prices as the list does: model and note, usage, prices. Opus 4.8 doubled costs what Fable does."""

DIFFERENT = {
    "claude-sonnet-5": (SONNET, _prices("2 10 2.50 4 0.20")),
    "claude-sonnet-5-5": (SONNET, _prices("2 10 2.50 4 0.10")),
    "claude-opus-5-5": (OPUS, _prices("4 20 5 8 0.20")),
    "claude-fable-5-2": (FABLE, _prices("8 40 10 16 0.20")),
    "claude-haiku-5-5": (OPUS, _prices("0.10 0.50 0.125 0.20 0.01")),
}
"""Newer than the client or cheaper since: the client's prices, then the list's. An unknown model is Opus to it."""

CIRCUMSTANCES = {
    "2": ScriptedUsage(11, 101, 3_001, 2_003, 5_003, speed="fast"),
    "1.1": ScriptedUsage(13, 103, 3_007, 2_011, 5_009, inference_geo="us"),
    "2.2": ScriptedUsage(17, 107, 3_011, 2_017, 5_011, speed="fast", inference_geo="us"),
    "0.5": ScriptedUsage(19, 109, 3_019, 2_027, 5_021, service_tier="batch"),
    "1": ScriptedUsage(23, 113, 3_023, 2_029, 5_023, service_tier="priority", inference_geo="not_available"),
}
"""List factor on Opus 5 and what earns it; the client prices all of them as standard."""


@pytest.fixture(scope="module")
def realclient() -> None:
    """Skips where the client is not installed; on CI that is a failure."""
    need_client()


@pytest.fixture(scope="module", params=SAME)
def same(
    realclient: None,  # noqa: ARG001 -- asked for what it does
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[HeldSession, Prices]:
    """A session that the client prices as the list does, and the prices."""
    usages, prices = SAME[request.param]
    model = str(request.param).partition(" ")[0]
    return hold_session(tmp_path_factory.mktemp("same"), _script(*usages), model=model), prices


@pytest.fixture(scope="module", params=DIFFERENT)
def different(
    realclient: None,  # noqa: ARG001 -- asked for what it does
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[HeldSession, Prices, Prices]:
    """A session that the client prices otherwise than the list, its prices, and the list's."""
    session = hold_session(tmp_path_factory.mktemp("different"), _script(*LIFETIMES), model=request.param)
    return (session, *DIFFERENT[request.param])


@pytest.fixture(scope="module")
def circumstances(
    realclient: None,  # noqa: ARG001 -- asked for what it does
    tmp_path_factory: pytest.TempPathFactory,
) -> HeldSession:
    """A session on Opus 5 with fast mode, residency and tiers."""
    return hold_session(tmp_path_factory.mktemp("odd"), _script(*CIRCUMSTANCES.values()), model="claude-opus-5")


def priced_sessions(home: Path) -> dict[str, PricedSession]:
    """What `tokentide session --json` makes of the home, by session id; the totals are the sums of the rows."""
    command = [sys.executable, "-m", "tokentide", "session", "--json", "--timezone", "UTC"]
    folders = {"CLAUDE_CONFIG_DIR": ".claude", "TOKENTIDE_DATA_DIR": "data", "TOKENTIDE_CONFIG_DIR": "config"}
    places = {"HOME": str(home)} | {name: str(home / folder) for name, folder in folders.items()}
    done = subprocess.run(command, env=os.environ | places, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout, parse_float=Decimal)
    assert report["totals"]["responses"] == sum(row["responses"] for row in report["rows"])
    return {str(row["session_id"]): _priced(row) for row in report["rows"]}


def _priced(row: JsonObject) -> PricedSession:
    cost = row["cost_usd"]
    counts = tuple(int(str(row[name])) for name in COUNTS)
    return PricedSession(None if cost is None else Decimal(str(cost)), counts, int(str(row["responses"])))


def _assert_priced(session: HeldSession, expected_usd: Decimal) -> None:
    """The session's row has every scripted token, every response, and this cost to the micro-dollar."""
    row = priced_sessions(session.home)[session.run.session_id]
    usages = [turn.usage for turn in session.turns]
    assert row.counts == tuple(map(sum, zip(*map(_counts, usages), strict=True)))
    assert row.responses == len(usages)
    assert row.cost_usd is not None
    assert abs(row.cost_usd - expected_usd) < MICRO_DOLLAR


def _assert_reported(session: HeldSession, expected_usd: Iterable[Decimal]) -> None:
    """The client's telemetry has these costs, response by response, and its result has their sum."""
    costs = {one.request_id: one.cost_usd for one in session.reported}
    expected = dict(zip(session.scripted, expected_usd, strict=True))
    assert costs.keys() == expected.keys()
    assert all(abs(costs[one] - expected[one]) < MICRO_DOLLAR for one in expected), (costs, expected)
    assert abs(sum(costs.values()) - session.run.total_cost_usd) < MICRO_DOLLAR


@pytest.mark.usefixtures("realclient")
def test_client_is_the_pinned_one(tmp_path: Path) -> None:
    command, home = [str(find_client()), "--version"], {"HOME": str(tmp_path)}
    said = subprocess.run(command, env=home, capture_output=True, text=True, timeout=60, check=True)
    assert f'version="{said.stdout.split()[0]}"' in INSTALLER.read_text(encoding="utf-8")


def test_client_prices_each_response_at_list(same: tuple[HeldSession, Prices]) -> None:
    session, prices = same
    _assert_reported(session, [prices.cost(turn.usage) for turn in session.turns])


def test_session_costs_what_the_client_says(same: tuple[HeldSession, Prices]) -> None:
    session, _ = same
    _assert_priced(session, session.run.total_cost_usd)


def test_client_prices_of_its_own(different: tuple[HeldSession, Prices, Prices]) -> None:
    session, client, _ = different
    _assert_reported(session, [client.cost(turn.usage) for turn in session.turns])


def test_session_costs_the_list_price_where_the_client_errs(different: tuple[HeldSession, Prices, Prices]) -> None:
    session, _, book = different
    _assert_priced(session, sum((book.cost(turn.usage) for turn in session.turns), Decimal()))


def test_client_ignores_residency_tiers_and_a_newer_fast_mode(circumstances: HeldSession) -> None:
    _assert_reported(circumstances, [OPUS.cost(usage) for usage in CIRCUMSTANCES.values()])


def test_session_prices_residency_tiers_and_fast_mode(circumstances: HeldSession) -> None:
    _assert_priced(circumstances, sum((OPUS.cost(usage, key) for key, usage in CIRCUMSTANCES.items()), Decimal()))


@pytest.mark.usefixtures("realclient")
def test_unknown_model_is_counted_but_not_priced_by_guess(tmp_path: Path) -> None:
    session = hold_session(tmp_path, _script(*LIFETIMES), model="claude-nonesuch-9")
    _assert_reported(session, [OPUS.cost(usage) for usage in LIFETIMES])
    row = priced_sessions(tmp_path)[session.run.session_id]
    assert row.counts == tuple(map(sum, zip(*map(_counts, LIFETIMES), strict=True)))
    assert not row.cost_usd


def test_every_line_of_a_response_has_its_final_usage(same: tuple[HeldSession, Prices]) -> None:
    session, _ = same
    (path,) = transcripts(session.home)
    lines = assistant_lines(path)
    assert {line["requestId"] for line in lines} == session.scripted.keys()
    for line in lines:
        seen, message = session.scripted[str(line["requestId"])], cast("JsonObject", line["message"])
        assert (message["id"], message["model"]) == (seen.message_id, seen.body["model"])
        assert seen.turn is not None
        assert message["stop_reason"] == seen.turn.stop_reason
        assert _counts_of(cast("JsonObject", message["usage"])) == _counts(seen.turn.usage)


def _counts_of(usage: JsonObject) -> tuple[int, ...]:
    lifetimes = cast("Mapping[str, int]", usage["cache_creation"])
    plain = cast("Mapping[str, int]", usage)
    writes = lifetimes["ephemeral_5m_input_tokens"], lifetimes["ephemeral_1h_input_tokens"]
    return plain["input_tokens"], plain["output_tokens"], *writes, plain["cache_read_input_tokens"]


@pytest.mark.usefixtures("realclient")
def test_sub_agent_belongs_to_the_session_that_started_it(tmp_path: Path) -> None:
    task = {"description": "t", "prompt": "SUB-TASK", "subagent_type": "general-purpose", "model": "haiku"}
    one, two, three, four = LIFETIMES
    lanes = {
        PROMPT: [ScriptedTurn(one, "Agent", task), ScriptedTurn(two)],
        "SUB-TASK": [ScriptedTurn(three, "Bash", {"command": "echo hi"}), ScriptedTurn(four)],
    }
    session = hold_session(tmp_path, lanes, model="claude-opus-4-8")
    costs = [OPUS.cost(one), HAIKU.cost(three), HAIKU.cost(four), OPUS.cost(two)]
    _assert_reported(session, costs)
    assert [path.parent.name for path in transcripts(tmp_path)] == ["subagents", _slug(tmp_path)]
    _assert_priced(session, session.run.total_cost_usd)


def _slug(home: Path) -> str:
    """The folder of the home's transcripts, the working folder with dashes for all but letters and digits."""
    return "".join(sign if sign.isalnum() else "-" for sign in str(home / "work"))


@pytest.mark.usefixtures("realclient")
def test_resumed_and_forked_sessions_count_each_response_once(tmp_path: Path) -> None:
    one, two, three, _ = LIFETIMES
    first = hold_session(tmp_path, _script(one), model="claude-opus-4-8")
    resume = ["--resume", first.run.session_id]
    again = hold_session(tmp_path, _script(two), model="claude-opus-4-8", extra_args=resume)
    forked = hold_session(tmp_path, _script(three), model="claude-opus-4-8", extra_args=[*resume, "--fork-session"])
    rows = priced_sessions(tmp_path)
    assert rows.keys() == {first.run.session_id, forked.run.session_id}
    assert _cost(rows, first) == pytest.approx(first.run.total_cost_usd + again.run.total_cost_usd, abs=MICRO_DOLLAR)
    assert _cost(rows, forked) == pytest.approx(forked.run.total_cost_usd, abs=MICRO_DOLLAR)


def _cost(rows: Mapping[str, PricedSession], session: HeldSession) -> Decimal | None:
    return rows[session.run.session_id].cost_usd


@pytest.mark.usefixtures("realclient")
def test_advisor_inside_a_response_is_priced_as_its_own_model(tmp_path: Path) -> None:
    tokens = {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
    own = {"type": "message", "input_tokens": 1_009, "output_tokens": 401} | tokens
    advisor = {"type": "advisor_message", "model": "claude-opus-4-8", "input_tokens": 503, "output_tokens": 53} | tokens
    usage = ScriptedUsage(1_009, 401, iterations=(own, advisor))
    session = hold_session(tmp_path, _script(usage), model="claude-sonnet-4-6")
    expected = SONNET.cost(usage) + OPUS.cost(ScriptedUsage(503, 53))
    _assert_reported(session, [expected])
    assert _cost(priced_sessions(tmp_path), session) == pytest.approx(expected, abs=MICRO_DOLLAR)


@pytest.mark.usefixtures("realclient")
def test_stream_that_breaks_off_is_free_to_the_client_alone(tmp_path: Path) -> None:
    usage = ScriptedUsage(1_009, 401, 503, 211, 101)
    session = hold_session(tmp_path, {PROMPT: [ScriptedTurn(usage, breaks_off=True)]}, model="claude-opus-4-8")
    assert session.run.total_cost_usd == 0
    at_least = OPUS.cost(ScriptedUsage(1_009, 1, 503, 211, 101))
    assert _cost(priced_sessions(tmp_path), session) == pytest.approx(at_least, abs=MICRO_DOLLAR)


@pytest.mark.usefixtures("realclient")
def test_searches_and_compactions_leave_no_line(tmp_path: Path) -> None:
    """What the client pays for beside the transcript: a search by its tool, and the summary of a compaction.

    After a compaction the conversation opens with the summary, hence its text.
    """
    one, two, three, four = LIFETIMES
    full = ScriptedUsage(101, 11, cache_read=190_000)
    lanes = {
        PROMPT: [
            ScriptedTurn(one, "WebSearch", {"query": "QUOKKAS"}),
            ScriptedTurn(full, "Bash", {"command": "echo hi"}),
            ScriptedTurn(two, text=f"{PROMPT} was done"),
            ScriptedTurn(three),
        ],
        "QUOKKAS": [ScriptedTurn(four)],
    }
    session = hold_session(tmp_path, lanes, model="claude-sonnet-4-6")
    written = {line["requestId"] for path in transcripts(tmp_path) for line in assistant_lines(path)}
    unwritten = [reported for reported in session.reported if reported.request_id not in written]
    assert [reported.query_source for reported in unwritten] == ["web_search_tool", "compact"]
    hidden = SONNET.cost(four) + SONNET.cost(two)
    assert sum(reported.cost_usd for reported in unwritten) == pytest.approx(hidden, abs=MICRO_DOLLAR)
    shown = session.run.total_cost_usd - hidden
    assert _cost(priced_sessions(tmp_path), session) == pytest.approx(shown, abs=MICRO_DOLLAR)


def test_stand_in_answers_without_a_stream() -> None:
    with serving(_script(LIFETIMES[0])) as server:
        asked = {"model": "claude-opus-4-8", "messages": [{"role": "user", "content": PROMPT}]}
        answer = _post(server.server_port, "/v1/messages", asked)
        assert answer["usage"] == LIFETIMES[0].final()
        assert answer["model"] == "claude-opus-4-8"
        assert _post(server.server_port, "/v1/messages/count_tokens", asked) == {"input_tokens": 10}
        assert server.surprises == []


def test_stand_in_notes_what_no_script_foresaw() -> None:
    with serving(_script(LIFETIMES[0])) as server:
        _post(server.server_port, "/v1/messages", {"model": "m", "messages": [{"role": "user", "content": "HUH"}]})
        outside = http.client.HTTPConnection(LOOPBACK, server.server_port, timeout=10)
        outside.set_tunnel("elsewhere.invalid", 443)
        with pytest.raises(OSError, match="404"):
            outside.connect()
        assert server.surprises == [
            'not in the script: "HUH"',
            "to another host: elsewhere.invalid:443",
            f"left over after {PROMPT}: 1",
        ]


def _post(port: int, path: str, body: JsonObject) -> JsonObject:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=10)
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        return cast("JsonObject", json.loads(connection.getresponse().read()))
    finally:
        connection.close()
