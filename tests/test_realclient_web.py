"""A session of the real client while the live page is open in a browser: it appears, it grows, and the sums agree."""

from __future__ import annotations

import json
import threading

import pytest
from playwright.sync_api import Browser

from tests.conftest import Machine
from tests.realclient.api_stand_in import ScriptedTurn, ScriptedUsage, serving
from tests.realclient.client import ClientRun, need_client, run_prompt
from tests.web_stage import Dashboard, Visitor, quiet, visiting
from tokentide.clock import now_us
from tokentide.render.words import short_tokens

PROMPT = "STREAM-THIS"
MODEL = "claude-opus-4-8"
USAGES = (
    ScriptedUsage(11, 101, cache_creation_1h=6_007),
    ScriptedUsage(13, 211, cache_creation_1h=4_001, cache_read=6_007),
    ScriptedUsage(17, 307, cache_creation_1h=2_011, cache_read=10_007),
)
PAUSE = {"command": "sleep 4"}
"""Between two responses, so that the page shows each."""


def test_the_live_page_shows_a_real_session_as_it_streams(machine: Machine, browser: Browser) -> None:
    need_client()
    quiet(machine)
    dashboard = Dashboard(machine, clock=now_us)
    with dashboard.serving(), visiting(browser, dashboard) as visitor:
        visitor.open("/live")
        visitor.page.evaluate("window.stayed = true")
        run, seen = _streamed(machine, visitor)
        assert [tokens for tokens, _ in seen] == _growing(USAGES)
        assert visitor.page.evaluate("window.stayed"), "the page was loaded anew"
        visitor.settled()
        visitor.shot("live-real-client")
        _agrees(machine, dashboard, run, seen[-1])
        assert visitor.complaints == []
        assert visitor.foreign == []


def _streamed(machine: Machine, visitor: Visitor) -> tuple[ClientRun, list[tuple[str, str]]]:
    """The run, and each pair of tokens and cost that the page showed meanwhile, without repetitions."""
    turns = [*(ScriptedTurn(usage, "Bash", PAUSE) for usage in USAGES[:-1]), ScriptedTurn(USAGES[-1])]
    runs: list[ClientRun] = []
    seen: list[tuple[str, str]] = []
    with serving({PROMPT: turns}) as server:
        arguments = ("--allowedTools", "Bash")
        client = threading.Thread(
            target=lambda: runs.append(
                run_prompt(machine.home, server.base_url, PROMPT, model=MODEL, extra_args=arguments)
            )
        )
        client.start()
        while client.is_alive():
            _look(visitor, seen)
        for _ in range(60):  # what came last is on the page soon after
            _look(visitor, seen)
        client.join()
        assert server.surprises == []
    assert runs, "the client failed"
    return runs[0], seen


def _look(visitor: Visitor, seen: list[tuple[str, str]]) -> None:
    visitor.page.wait_for_timeout(100)
    card = visitor.page.locator("[data-session]")
    told = card.evaluate_all(
        "all => all.map(one => ['.tokens', '.cost'].map(part => one.querySelector(part).innerText))"
    )
    if told and (not seen or seen[-1] != tuple(told[0])):
        seen.append((told[0][0], told[0][1]))


def _growing(usages: tuple[ScriptedUsage, ...]) -> list[str]:
    """The tokens after each response, as they are shown."""
    sums = [usage.input_tokens + usage.output_tokens + usage.cache_creation_1h + usage.cache_read for usage in usages]
    return [short_tokens(sum(sums[: number + 1])) for number in range(len(sums))]


def _agrees(machine: Machine, dashboard: Dashboard, run: ClientRun, last: tuple[str, str]) -> None:
    """The page, the API, the command line and the client say the same."""
    told = json.loads(machine.run("session", "--json", "--offline").stdout)
    (row,) = [each for each in told["rows"] if each["session_id"] == run.session_id]
    (live,) = dashboard.ask("/api/v1/live").json()["sessions"]
    responses = dashboard.ask("/api/v1/live/responses").json()["responses"]
    assert live["session"] == run.session_id
    assert len(responses) == row["responses"] == len(USAGES)
    assert sum(each["total_tokens"] for each in responses) == row["total_tokens"]
    assert last == (short_tokens(row["total_tokens"]), f"${row['cost_usd']:.2f}")
    assert row["cost_usd"] == pytest.approx(float(run.total_cost_usd), abs=1e-6)
    assert round(live["last_30_minutes"]["tokens_per_minute"] * 30) == row["total_tokens"]
