"""`tokentide count` as a person meets it: files, pipes, requests, prices, what fits, and what is never sent unasked."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from bench.histories import BEGIN, PERSONAS, WHO, ledger_of, make_history

from tests.conftest import Machine, usage_line
from tests.count_stand_in import FRAME, KEY, CountStandIn, Trouble, count_stand_in
from tests.counted_texts import ENGLISH, PYTHON
from tests.test_sources_messages_api import jpeg, pdf, png
from tokentide.analytics.count_parts import PAGE_PIXELS, PAGE_TEXT
from tokentide.analytics.token_estimate import MESSAGE_TOKENS, TOOL_CALL_TOKENS, estimate_text, image_tokens
from tokentide.clock import DAY_US, MINUTE_US

GOLDEN = Path(__file__).parent / "golden"
OPUS, SONNET_OLD = "claude-opus-4-8", "claude-sonnet-4-5"


@pytest.fixture
def api(machine: Machine) -> Iterator[CountStandIn]:
    """A stand-in that the machine's environment leads to."""
    with count_stand_in() as server:
        machine.environ |= {"ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_API_KEY": KEY}
        yield server


@pytest.fixture
def here(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder worked in."""
    folder = machine.root / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def told(machine: Machine, *arguments: str, code: int = 0) -> Any:
    """The JSON."""
    found, out, err = machine.call("count", *arguments, "--json")
    assert found == code, err
    return json.loads(out)


def only(report: Any) -> Any:
    """Of one model."""
    (model,) = report["models"]
    return model


def test_a_file_is_counted_for_the_model_asked_for(machine: Machine, here: Path) -> None:
    (here / "story.txt").write_text(ENGLISH)
    report = told(machine, "story.txt", "--model", OPUS)
    found, expected = only(report), estimate_text(ENGLISH, OPUS)
    assert (report["format"], report["report"]) == (1, "count")
    assert (found["model"], found["family"], found["method"]) == (OPUS, "claude-4-7", "estimate")
    assert found["tokens"] == expected.likely + MESSAGE_TOKENS
    assert (found["parts"][0]["tokens_low"], found["parts"][0]["tokens_high"]) == (expected.low, expected.high)
    assert (found["context_window_tokens"], found["fits"]) == (1_000_000, True)


def test_the_price_is_the_books(machine: Machine, here: Path) -> None:
    (here / "story.txt").write_text(ENGLISH)
    found = only(told(machine, "story.txt", "--model", OPUS))
    usd = {name: Decimal(str(value)) for name, value in found["cost_usd"].items()}
    tokens = Decimal(found["tokens"]) / 1_000_000
    assert usd["input"] == 5 * tokens
    assert usd["cache_creation_5m"] == Decimal("6.25") * tokens
    assert usd["cache_creation_1h"] == 10 * tokens
    assert usd["cache_read"] == Decimal("0.5") * tokens
    assert usd["input_low"] == 5 * Decimal(found["tokens_low"]) / 1_000_000


def test_a_long_prompt_pays_its_own_tier(machine: Machine, here: Path) -> None:
    (here / "long.txt").write_text(ENGLISH * 800)
    code, out, _ = machine.call(
        "count", "long.txt", "--model", "claude-haiku-5-5", "--json", now="2026-11-20T00:00:00Z"
    )
    found = only(json.loads(out))
    assert code == 0
    assert found["tokens"] > 100_000
    assert found["cost_usd"]["input"] == pytest.approx(0.5 * found["tokens"] / 1e6)


def test_standard_input_is_read_where_nothing_is_named(machine: Machine) -> None:
    for arguments in ((), ("-",)):
        done = machine.run("count", *arguments, "--model", OPUS, "--json", stdin=PYTHON)
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        assert report["parts"][0] == {"name": "(standard input)", "kind": "text", "size_bytes": len(PYTHON)}
        assert only(report)["parts"][0]["tokens"] == estimate_text(PYTHON, OPUS).likely


def test_several_models_stand_side_by_side(machine: Machine, here: Path) -> None:
    (here / "a.py").write_text(PYTHON)
    report = told(machine, "a.py", "--model", "opus-4-8", "--model", SONNET_OLD, "--model", OPUS)
    assert [each["model"] for each in report["models"]] == [OPUS, SONNET_OLD]
    newer, older = report["models"]
    assert newer["tokens"] > older["tokens"] * 1.2


def test_no_model_is_named_by_a_number_alone(machine: Machine, here: Path) -> None:
    (here / "a.py").write_text(PYTHON)
    out = machine.call("count", "a.py", "--all-models")[1]
    names = [line.split()[0] for line in out.splitlines() if "~" in line]
    assert "claude-2" in names
    assert not any(name.replace(".", "").isdigit() for name in names)


def test_short_names_are_the_newest_of_their_family(machine: Machine, here: Path) -> None:
    (here / "a.py").write_text(PYTHON)
    names = [each["model"] for each in told(machine, "a.py", "--model", "opus", "--model", "haiku")["models"]]
    every = [each["model"] for each in told(machine, "a.py", "--all-models")["models"]]
    assert len(every) > 20
    for family, name in zip(("opus", "haiku"), names, strict=True):
        rivals = [each for each in every if f"claude-{family}-" in each]
        assert name == max(rivals, key=lambda each: [int(part) for part in each.split("-")[2:]])


def test_the_model_is_the_one_used_last(machine: Machine, here: Path) -> None:
    (here / "a.py").write_text(PYTHON)
    assert only(told(machine, "a.py"))["model"].startswith("claude-sonnet-")
    lines = [usage_line("m1", model=SONNET_OLD), usage_line("m2", "r2", "2026-03-11T10:00:00Z", model=OPUS)]
    machine.write("-p/s.jsonl", *lines, usage_line("m3", "r3", "2026-03-11T11:00:00Z", model="glm-5.1"))
    assert machine.call("daily")[0] == 0
    assert only(told(machine, "a.py"))["model"] == OPUS


@pytest.mark.parametrize("name", ["opsu", "claude-opus-4-80", "x\x1b[2J", ""])
def test_a_model_that_nobody_knows_is_refused(machine: Machine, here: Path, name: str) -> None:
    (here / "a.py").write_text(PYTHON)
    done = machine.run("count", "a.py", "--model", name)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no such model is known" in done.stderr
    assert "\x1b" not in done.stderr


def test_a_model_that_a_request_names_is_told_as_such(machine: Machine, here: Path) -> None:
    (here / "r.json").write_text(json.dumps({"model": "gpt-99-nobody", "messages": []}))
    done = machine.run("count", "r.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "the request's model 'gpt-99-nobody': no such model is known" in done.stderr
    assert machine.run("count", "r.json", "--model", OPUS).returncode == 0


def test_a_system_prompt_must_be_a_text(machine: Machine, here: Path) -> None:
    (here / "q.txt").write_text("why?")
    (here / "c.png").write_bytes(png(10, 10))
    done = machine.run("count", "q.txt", "--system", "c.png", "--model", OPUS)
    assert (done.returncode, done.stdout) == (1, "")
    assert "c.png: must be a text of up to 32 MB" in done.stderr


@pytest.mark.parametrize("sign", [" ", "[", "\n", "="])
def test_a_long_run_of_one_sign_is_no_single_token(machine: Machine, here: Path, sign: str) -> None:
    (here / "run.txt").write_text(sign * 128_000)
    assert only(told(machine, "run.txt", "--model", OPUS))["parts"][0]["tokens"] >= 1000


def test_several_files_have_a_line_each_and_a_total(machine: Machine, here: Path) -> None:
    (here / "a.py").write_text(PYTHON)
    (here / "b.txt").write_text(ENGLISH)
    (here / "c.png").write_bytes(png(1092, 1092))
    (here / "d.jpg").write_bytes(jpeg(3840, 2160))
    (here / "e.pdf").write_bytes(pdf(3))
    report = told(machine, "a.py", "b.txt", "c.png", "d.jpg", "e.pdf", "--model", OPUS)
    found = only(report)
    tokens = {each["name"]: each["tokens"] for each in found["parts"]}
    assert tokens["c.png"] == 1521
    assert tokens["d.jpg"] == image_tokens(3840, 2160, OPUS) > 4000
    assert tokens["e.pdf"] == 3 * (PAGE_TEXT[1] + image_tokens(*PAGE_PIXELS, OPUS))
    assert found["tokens"] == sum(tokens.values())
    assert [each["kind"] for each in report["parts"]] == ["text", "text", "image", "image", "pdf", "message"]


def test_a_system_prompt_and_tools_go_along(machine: Machine, here: Path) -> None:
    (here / "q.txt").write_text("why?")
    (here / "s.txt").write_text(ENGLISH)
    (here / "t.json").write_text(
        json.dumps([{"name": "tide", "description": ENGLISH, "input_schema": {"type": "object"}}])
    )
    parts = only(told(machine, "q.txt", "--system", "s.txt", "--tools", "t.json", "--model", OPUS))["parts"]
    assert parts[1]["tokens"] == estimate_text(ENGLISH, OPUS).likely
    assert parts[2]["tokens"] > parts[1]["tokens"] + 290  # and the hidden prompt of Opus 4.8


REQUEST: dict[str, Any] = {
    "model": SONNET_OLD,
    "max_tokens": 100,
    "system": [{"type": "text", "text": ENGLISH}],
    "messages": [
        {
            "role": "user",
            "content": [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": ""}}],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": ENGLISH * 50, "signature": "x" * 9000},
                {"type": "tool_use", "id": "t1", "name": "Read", "input": {"path": "a.py"}},
            ],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": PYTHON}]},
    ],
}


def test_a_whole_request_is_taken_apart(machine: Machine, here: Path) -> None:
    (here / "r.json").write_text(json.dumps(REQUEST))
    report = told(machine, "r.json")
    found = only(report)
    assert (found["model"], report["parts"][0]["kind"], len(report["parts"])) == (SONNET_OLD, "request", 1)
    weighed = [ENGLISH, PYTHON, '{"path":"a.py"}']
    texts = sum(estimate_text(text, SONNET_OLD).likely for text in weighed)
    picture = image_tokens(1024, 1024, SONNET_OLD)  # its header is not there
    assert found["tokens"] == pytest.approx(texts + picture + TOOL_CALL_TOKENS + 3 * MESSAGE_TOKENS, abs=3)


def test_messages_alone_are_a_request(machine: Machine, here: Path) -> None:
    (here / "m.json").write_text(json.dumps(REQUEST["messages"]))
    (here / "r.json").write_text(json.dumps({"messages": REQUEST["messages"]}))
    alone, whole = (only(told(machine, *how, "--model", OPUS)) for how in (("--messages", "m.json"), ("r.json",)))
    assert alone["tokens"] == whole["tokens"]
    assert machine.run("count", "--messages", "m.json", "--system", "m.json").returncode == 2


def test_hostile_requests_are_counted_without_harm(machine: Machine, here: Path) -> None:
    deep: object = "x"
    for _ in range(300):
        deep = {"a": [deep]}
    blocks: list[object] = [
        None,
        5,
        {"type": None},
        {"type": "image", "source": 5},
        {"type": "text", "text": 7},
        {"type": "new", "a": deep},
    ]
    blocks += [{"type": "document", "source": {"media_type": "application/pdf", "data": "!"}}, {"type": "tool_use"}]
    (here / "r.json").write_text(
        json.dumps({"messages": [None, {"content": 5}, {"content": blocks}], "tools": 5, "system": 9})
    )
    assert only(told(machine, "r.json", "--model", OPUS))["tokens"] > 0


@pytest.mark.parametrize("depth", [*range(100, 1000, 100), 985, 5000])
def test_nesting_of_any_depth_is_counted_or_refused(machine: Machine, here: Path, depth: int) -> None:
    opening, closing = '{"type": "tool_result", "content": [', "]}"
    deep = opening * (depth // 2) + closing * (depth // 2)
    (here / "r.json").write_text(f'{{"messages": [{{"role": "user", "content": [{deep}]}}]}}')
    (here / "t.json").write_text('[{"a": ' * (depth // 2) + "1" + "}]" * (depth // 2))
    code, _, err = machine.call("count", "r.json", "--model", OPUS)
    assert code == 0 or (code, "r.json: is nested too deeply" in err) == (1, True)
    done = machine.run("count", "r.json", "--tools", "t.json", "--model", OPUS)
    assert (done.returncode in (0, 1), "Traceback" in done.stderr) == (True, False)


def test_what_does_not_fit_is_said_and_ends_with_4(machine: Machine, here: Path) -> None:
    (here / "long.txt").write_text(ENGLISH * 2000)
    code, out, err = machine.call("count", "long.txt", "--model", SONNET_OLD, "--model", OPUS)
    assert code == 4
    assert "it will not fit: claude-sonnet-4-5 takes 200,000 tokens at once" in err
    assert "will not fit" in out
    assert "claude-opus-4-8" not in err
    fits = {
        each["model"]: each["fits"]
        for each in told(machine, "long.txt", "--model", SONNET_OLD, "--model", OPUS, code=4)["models"]
    }
    assert fits == {SONNET_OLD: False, OPUS: True}


def test_what_may_not_fit_is_said_and_is_no_error(machine: Machine, here: Path) -> None:
    (here / "long.txt").write_text(ENGLISH * 1480)
    code, _, err = machine.call("count", "long.txt", "--model", SONNET_OLD)
    found = only(told(machine, "long.txt", "--model", SONNET_OLD))
    assert found["tokens"] < 200_000 < found["tokens_high"]
    assert (code, found["fits"]) == (0, None)
    assert "it may not fit" in err


def test_a_mark_for_a_million_tokens_counts(machine: Machine, here: Path) -> None:
    (here / "long.txt").write_text(ENGLISH * 2000)
    assert only(told(machine, "long.txt", "--model", f"{SONNET_OLD}[1m]"))["context_window_tokens"] == 1_000_000


def test_what_cannot_be_read_is_named_and_the_rest_is_counted(machine: Machine, here: Path) -> None:
    (here / "a.py").write_text(PYTHON)
    (here / "empty.txt").write_text("")
    (here / "folder").mkdir()
    (here / "rubbish\x1b[2J").write_bytes(random.Random(3).randbytes(5000))
    code, out, err = machine.call("count", "a.py", "empty.txt", "folder", "rubbish\x1b[2J", "absent", "--model", OPUS)
    assert code == 1
    assert "a.py" in out
    for words in ("empty.txt: is empty", "folder: is a folder", "is binary", "absent: cannot be read (No such file"):
        assert words in err
    assert "\x1b" not in out + err


def test_nothing_at_all_is_an_error(machine: Machine) -> None:
    done = machine.run("count", stdin="")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "tokentide: (standard input): is empty\n")


def test_nothing_readable_is_an_error_without_a_table(machine: Machine, here: Path) -> None:
    assert machine.call("count", str(here / "absent"), "--model", OPUS)[:2] == (1, "")


@pytest.mark.parametrize("arguments", [("-", "-"), ("a.py", "--model", "opus", "--all-models"), ("-", "--system", "-")])
def test_what_does_not_go_together_is_refused(machine: Machine, arguments: tuple[str, ...]) -> None:
    done = machine.run("count", *arguments, stdin="x")
    assert (done.returncode, done.stdout) == (2, "")


def test_100_mb_are_counted_in_bounded_memory(machine: Machine, here: Path) -> None:
    (here / "big.txt").write_text(ENGLISH * 200_000)
    found = only(told(machine, "big.txt", "--model", OPUS, code=4))
    assert found["tokens"] == pytest.approx(estimate_text(ENGLISH, OPUS).likely * 200_000, rel=0.02)


def test_a_bare_key_sends_nothing(machine: Machine, here: Path, api: CountStandIn) -> None:
    (here / "a.py").write_text(PYTHON)
    _, _, err = machine.call("count", "a.py", "--model", OPUS)
    assert machine.call("count", "a.py", "--model", OPUS, "--official", "--offline")[0] == 0
    assert not api.asked
    assert "nothing was sent; `--official` counts exactly" in err


@pytest.mark.usefixtures("api")
def test_an_official_count_is_exact(machine: Machine, here: Path) -> None:
    (here / "a.txt").write_text("hello")
    found = only(told(machine, "a.txt", "--model", f"{OPUS}[1m]", "--official"))
    assert (found["method"], found["tokens"], found["tokens_low"], found["tokens_high"]) == ("official", 12, 12, 12)
    code, out, err = machine.call("count", "a.txt", "--model", OPUS, "--official")
    assert (code, "12 tokens" in out, "~12" in out) == (0, True, False)
    assert "counted by 127.0.0.1, which was sent all of it" in err
    assert KEY not in out + err


@pytest.mark.usefixtures("api")
def test_several_files_are_asked_about_alone_and_together(machine: Machine, here: Path) -> None:
    (here / "a.txt").write_text("hello")
    (here / "b.txt").write_text("good morning")
    (here / "blank.txt").write_text(" \n")
    (here / "s.txt").write_text("be brief")
    (here / "r.json").write_text(json.dumps({"messages": [{"role": "user", "content": "why"}]}))
    found = only(
        told(machine, "a.txt", "b.txt", "blank.txt", "r.json", "--system", "s.txt", "--model", OPUS, "--official")
    )
    assert found["tokens"] == (FRAME + 5 + 12 + 8) + (FRAME + 3)
    methods = {each["name"]: (each["method"], each["tokens"]) for each in found["parts"]}
    assert methods["a.txt"] == ("official", FRAME + 5)
    assert methods["blank.txt"] == ("official", 0)
    assert methods["r.json"] == ("official", FRAME + 3)
    assert methods["s.txt"][0] == "estimate"


@pytest.mark.parametrize(
    ("trouble", "words", "questions"),
    [
        (Trouble(401), "answered 401: the key …5kLm from $ANTHROPIC_API_KEY is not accepted", 1),
        (Trouble(413), "answered 413: the request is too large", 2),
        (Trouble(429, {"retry-after": "300"}), "left alone for 300 s", 1),
        (Trouble(302, {"location": "/"}), "could not be asked", 1),
    ],
)
def test_without_an_answer_the_estimate_stands_in_and_says_why(
    machine: Machine, here: Path, api: CountStandIn, trouble: Trouble, words: str, questions: int
) -> None:
    (here / "a.txt").write_text(ENGLISH)
    api.troubles.append(trouble)
    code, out, err = machine.call("count", "a.txt", "--model", OPUS, "--model", SONNET_OLD, "--official")
    assert (code, len(api.asked)) == (0, questions)
    assert f"estimated here instead: 127.0.0.1 {words}" in err or words in err
    assert "~" in out
    assert KEY not in out + err


@pytest.mark.usefixtures("api")
def test_one_model_that_the_vendor_does_not_know_spoils_no_other(machine: Machine, here: Path) -> None:
    (here / "a.txt").write_text("hello")
    report = told(machine, "a.txt", "--model", "gpt-4o", "--model", OPUS, "--official")
    assert [each["method"] for each in report["models"]] == ["estimate", "official"]
    assert "does not know the model" in report["why_estimate"]


def test_asking_without_a_key_is_answered_by_the_estimate(machine: Machine, here: Path) -> None:
    (here / "a.txt").write_text(ENGLISH)
    report = told(machine, "a.txt", "--model", OPUS, "--official")
    assert (only(report)["method"], report["why_estimate"]) == ("estimate", "there is no API key in $ANTHROPIC_API_KEY")


@pytest.mark.parametrize(
    "environ", [{"ANTHROPIC_BASE_URL": "http://example.com"}, {"ANTHROPIC_API_KEY": "sk-ant-admin01-xxxxxxxxxxxxxxxx"}]
)
def test_a_wrong_key_or_address_is_an_error(machine: Machine, here: Path, environ: dict[str, str]) -> None:
    (here / "a.txt").write_text(ENGLISH)
    done = machine.run("count", "a.txt", "--model", OPUS, "--official", environ=environ)
    assert (done.returncode, done.stdout) == (2, "")


def test_the_share_of_the_five_hours_is_by_the_persons_own_windows(machine: Machine, here: Path) -> None:
    (here / "a.txt").write_text(ENGLISH * 100)
    life = make_history(PERSONAS[2], 7, weeks=6)
    machine.ledger.parent.mkdir(parents=True)
    ledger_of(life, str(machine.ledger)).close()
    opens = next(begin for begin, hit in reversed(life.windows) if hit is not None)
    now = datetime.fromtimestamp((opens + 100 * MINUTE_US) / 1e6, timezone.utc).isoformat().replace("+00:00", "Z")
    code, out, _ = machine.call("count", "a.txt", "--model", OPUS, "--json", now=now)
    found = only(json.loads(out))
    share = found["five_hour_percent"]
    assert code == 0
    assert share["likely"] == pytest.approx(found["cost_usd"]["input"] / 0.3, rel=0.2)  # a percent is worth $0.30
    assert share["low"] < share["likely"] < share["high"]
    assert "~0.27 %" in machine.call("count", "a.txt", "--model", OPUS, now=now)[1]
    other = json.loads(machine.call("count", "a.txt", "--account", "nobody", "--json", now=now)[1])
    assert (only(other)["five_hour_percent"], "statusline install" in other["why_no_share"]) == (None, True)
    assert opens > BEGIN + 30 * DAY_US
    assert WHO.name not in out


@pytest.mark.parametrize(("name", "width"), [("count_80.txt", "80"), ("count_44.txt", "44")])
def test_the_screen_byte_by_byte(machine: Machine, here: Path, name: str, width: str) -> None:
    (here / "story.txt").write_text(ENGLISH * 2)
    (here / "quay.png").write_bytes(png(1092, 1092))
    (here / "tides.pdf").write_bytes(pdf(3))
    files = ("story.txt", "quay.png", "tides.pdf")
    side = machine.call("count", *files, "--model", OPUS, "--model", SONNET_OLD, "--width", width)
    alone = machine.call("count", "story.txt", "--model", OPUS, "--width", width)
    assert (side[0], alone[0]) == (0, 0)
    text = "\n".join(("$ several", side[1], side[2], "$ one", alone[1], alone[2]))
    path = GOLDEN / name
    if os.environ.get("TOKENTIDE_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_the_screen_is_as_wide_as_it_may_be(machine: Machine, here: Path) -> None:
    (here / ("a-very-long-name-" * 4 + ".txt")).write_text(ENGLISH)
    (here / "c.png").write_bytes(png(10, 10))
    names = sorted(each.name for each in here.iterdir())
    for width in (44, 80, 140):
        code, out, _ = machine.call("count", *names, "--model", "opus", "--model", "haiku", "--width", str(width))
        assert code == 0
        assert max(map(len, out.splitlines())) <= width
        code, out, _ = machine.call("count", *names, "--model", "opus", "--width", str(width))
        assert code == 0
        assert max(map(len, out.splitlines())) <= width


@pytest.mark.usefixtures("api")
def test_no_text_is_kept(machine: Machine, here: Path) -> None:
    (here / "a.txt").write_text("unmistakable " * 50)
    machine.write("-p/s.jsonl", usage_line())
    machine.call("daily")
    assert machine.call("count", "a.txt", "--model", OPUS, "--official")[0] == 0
    kept = [each for each in machine.root.rglob("*") if each.is_file() and here not in each.parents]
    assert kept
    assert not [each for each in kept if b"unmistakable" in each.read_bytes() or KEY.encode() in each.read_bytes()]
