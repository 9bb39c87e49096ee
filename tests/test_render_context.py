"""The words and the looks of the context page: hints, titles of items, shares, and what stands where."""

from __future__ import annotations

import pytest

from tests.conftest import Machine
from tests.context_sessions import SESSION, Made
from tokentide.analytics.context.hints import Hint
from tokentide.analytics.context.model import Item
from tokentide.render import words
from tokentide.render.context_words import item_title, sentence

NOW = "2026-03-12T08:05:00Z"
FILE = f"-w-alpha/{SESSION}.jsonl"
CENT = 10_000_000


@pytest.mark.parametrize(
    ("hint", "said"),
    [
        (
            Hint("compacts_soon", 9_000, count=4),
            (
                "The client will compact by itself after 4 more requests at the recent pace: 9.00K tokens are free. "
                "Choose the moment with /compact, or begin anew."
            ),
        ),
        (
            Hint("compacts_soon"),
            (
                "The client will compact by itself any moment now: nothing is free. "
                "Choose the moment with /compact, or begin anew."
            ),
        ),
        (
            Hint("cold", 72_300, 25 * CENT),
            (
                "The cache is cold: the next request writes about 72.3K tokens again, for $0.25 more than reading them. "
                "Where the next task is another, /clear spares it."
            ),
        ),
        (
            Hint("compact", 80_000, 4 * CENT),
            (
                "/compact now would free about 80.0K tokens, and save $0.04 with each request; where the next task is "
                "another, /clear frees more."
            ),
        ),
        (
            Hint("compact", 80_000),
            "/compact now would free about 80.0K tokens; where the next task is another, /clear frees more.",
        ),
        (
            Hint("memory", 7_000, name="/w/alpha/CLAUDE.md"),
            (
                "Memory files take about 7.00K tokens of every request (the largest is alpha/CLAUDE.md): move what is "
                "not always needed into skills."
            ),
        ),
        (
            Hint("big_result", 12_000, count=24, name="Read", target="/w/alpha/loop.py"),
            (
                "One result (Read alpha/loop.py) holds about 12.0K tokens; 24 requests carried it. "
                "Next time ask for less, or let a sub-agent read and report."
            ),
        ),
        (
            Hint("big_result", 12_000, name="Agent", target="Explore"),
            "One result (Agent Explore) holds about 12.0K tokens. Next time ask for shorter reports.",
        ),
        (
            Hint("rebuilds", 1, 30 * CENT, count=1, others=1),
            "The cache was built anew once, after a pause, for $0.30. Before a long pause, /compact makes that cheaper.",
        ),
        (
            Hint("rebuilds", 1, 30 * CENT, count=3, others=1),
            (
                "The cache was built anew 3 times, once after a pause, for $0.30. "
                "Before a long pause, /compact makes that cheaper."
            ),
        ),
        (Hint("rebuilds", 1, 30 * CENT, count=2), "The cache was built anew 2 times, for $0.30."),
    ],
)
def test_a_hint_says_what_is_so_and_what_would_help(hint: Hint, said: str) -> None:
    assert sentence(hint) == said


def test_an_attachment_is_named_by_its_kind_and_file() -> None:
    assert item_title(Item("attachments", "edited_text_file", "/w/alpha/loop.py")) == "edited text file alpha/loop.py"
    assert item_title(Item("attachments", "notice", "")) == "notice"
    assert item_title(Item("attachments", "task-notification", "")) == "task notification"
    assert item_title(Item("attachments", "/pr-comments", "")) == "/pr-comments"


@pytest.mark.parametrize(
    ("share", "shown"), [(0.0, "0.0 %"), (0.0001, "<0.1 %"), (0.0005, "0.1 %"), (0.383, "38.3 %"), (1.0, "100.0 %")]
)
def test_a_share_that_is_not_zero_is_not_shown_as_zero(share: float, shown: str) -> None:
    assert words.percent(share) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (999, "999"),
        (1_000, "1.00K"),
        (9_994, "9.99K"),
        (9_995, "10.0K"),
        (99_950, "100K"),
        (999_499, "999K"),
        (999_500, "1.00M"),
        (999_999_690, "1.00B"),
    ],
)
def test_a_count_has_three_digits_also_right_below_the_next_unit(count: int, shown: str) -> None:
    assert words.short_tokens(count) == shown


def page(machine: Machine, *arguments: str) -> list[str]:
    code, out, err = machine.call("context", "--no-color", *arguments, now=NOW)
    assert (code, err) == (0, "")
    return out.splitlines()


def agent() -> Made:
    made = Made(fixed=70_000, chain="a1b2")
    made.said(500)
    made.answer(("text", 100, ""))
    return made


def test_a_file_of_a_sub_agent_alone_tells_of_it(machine: Machine) -> None:
    machine.write(FILE, *agent().lines)
    lines = page(machine, "--width", "80")
    assert "There is no response in this session's own conversation." in lines
    assert "1 sub-agent, with a context of its own" in lines
    assert any("a1b2" in line and "70.6K" in line for line in lines)


def test_sub_agents_of_old_clients_are_not_counted_as_one(machine: Machine) -> None:
    made, other = Made(), agent()
    made.said(300)
    made.answer(("tool", 120, "Task"))
    for line in other.lines:
        del line["agentId"]
    machine.write(FILE, *made.lines, *other.lines)
    lines = page(machine, "--width", "80")
    assert "Sub-agents, with contexts of their own" in lines
    assert any("not told apart; the last one's" in line and "70.6K" in line for line in lines)


def test_figures_stay_near_their_names_on_a_very_wide_terminal(machine: Machine) -> None:
    made = Made()
    made.said(300)
    (read,) = made.answer(("tool", 170, "Read /w/alpha/loop.py"))
    made.result(read, 90_000)
    made.answer(("text", 55, ""))
    machine.write(FILE, *made.lines)
    assert page(machine, "--width", "300") == page(machine, "--width", "120")


def test_what_carrying_means_stands_below_the_table_where_it_is_shown(machine: Machine) -> None:
    machine.write(FILE, *agent().lines)
    made = Made()
    made.said(300)
    made.answer(("text", 55, ""))
    machine.write(FILE, *made.lines)
    assert any("Carrying: what sending it again cost" in line for line in page(machine, "--width", "96"))
    assert not any("Carrying" in line for line in page(machine, "--width", "40"))
