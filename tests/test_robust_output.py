"""What is printed, wherever it goes: closed pipes, narrow and dumb terminals, other encodings, and hostile names."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Machine, usage_line
from tests.hardships import finished, inside, many_lines, one_clear_line, run, start
from tests.transcripts import encoded

REPORTS = ("daily", "weekly", "monthly", "session", "project", "model", "branch", "block")
BREAKDOWNS = ("model", "project", "session", "branch", "agent", "source", "account")
WORDS = ("alpha", "beta", "gamma", "delta", "epsilon")


@pytest.fixture
def busy(machine: Machine) -> Machine:
    """A machine with large numbers, small costs, several of everything, and a model without a price."""
    for number, word in enumerate(WORDS):
        lines = []
        for day in range(10, 15):
            model = ("claude-opus-4-8", "claude-sonnet-4-20250514", "unheard-of")[(day + number) % 3]
            at = f"2026-{number + 1:02}-{day}T1{number}:00:00Z"
            counts = {"output_tokens": 7 ** (day - 4) + number, "cache_read_input_tokens": 123_456_789 * number}
            line = usage_line(f"{word}{day}", f"r{word}{day}", at=at, model=model, session=f"{word}-session", **counts)
            lines.append({**line, "cwd": f"/w/{word}", "gitBranch": f"{word}-branch"})
        machine.write(f"-w-{word}/{word}.jsonl", *lines)
    machine.write(
        "-w-alpha/small.jsonl", usage_line("tiny", "tiny", at="2026-06-01T00:00:00Z", input_tokens=1, output_tokens=0)
    )
    return machine


# Pipes.


@pytest.mark.parametrize(
    "words", [("daily",), ("session", "--json"), ("--json",), ("doctor",), ("--help",), ("daily", "--help")]
)
def test_a_pipe_that_nobody_reads(machine: Machine, words: tuple[str, ...]) -> None:
    machine.write("p/s.jsonl", usage_line())
    reading, writing = os.pipe()
    os.close(reading)
    process = start(machine, *words, stdout=writing)
    os.close(writing)
    done = finished(process)
    assert (done.code, done.err) == (141, b"")


@pytest.mark.parametrize("form", ["--json", "--csv", "--markdown", "--width=200"])
def test_a_reader_that_stops_after_the_first_line(machine: Machine, form: str) -> None:
    # More than a pipe holds, so that writing goes on after the reader has gone.
    lines = (usage_line(f"m{number}", f"r{number}", session=f"session-{number}") for number in range(1500))
    machine.write("p/s.jsonl", *lines)
    process = start(machine, "session", form, "--by", "model")
    assert process.stdout is not None
    assert process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    assert finished(process).err == b""
    assert process.returncode in {0, 141}
    shell = f"{sys.executable} -m tokentide session {form} --by model | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], env=machine._environ(), capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "141"


def test_standard_error_that_nobody_reads(busy: Machine) -> None:
    shell = f"{sys.executable} -m tokentide daily --json 2>&-"
    done = subprocess.run(["bash", "-c", shell], env=busy._environ(), capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert json.loads(done.stdout)["totals"]["responses"] == 26


@pytest.mark.parametrize(("command", "code"), [("daily", 0), ("guard", 5), ("guard hook </dev/null", 0)])
def test_standard_output_that_was_closed_before(busy: Machine, command: str, code: int) -> None:
    shell = f"{sys.executable} -m tokentide {command} >&-"
    done = subprocess.run(["bash", "-c", shell], env=busy._environ(), capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert "Traceback" not in done.stderr


def test_a_full_disk_behind_standard_output(busy: Machine) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this machine has no /dev/full")
    shell = f"{sys.executable} -m tokentide daily --json > /dev/full"
    done = subprocess.run(["bash", "-c", shell], env=busy._environ(), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


# Narrow and dumb terminals.

WHEN = re.compile(r"\d{4}-\d\d(-\d\d)?|\d\d:\d\d")
COUNTERS = ("input_tokens", "output_tokens", "cache_read_tokens", "total_tokens", "responses")


def money(cost: Decimal) -> str:
    """An amount as a table shows it, reckoned apart from the product's own rounding."""
    if 0 < cost < Decimal("0.005"):
        return "<$0.01"
    return f"${cost.quantize(Decimal('0.01'), ROUND_HALF_EVEN):,}"


def shown_numbers(found: dict[str, Any]) -> set[str]:
    """Every number that a table of this report may show."""
    numbers: set[str] = set()
    parts = [part for row in found["rows"] for part in row["breakdown"]]
    for row in (*found["rows"], found["totals"], *parts):
        if "total_tokens" in row:
            writes = row["cache_creation_5m_tokens"] + row["cache_creation_1h_tokens"]
            counts = {f"{count:,}" for count in (*(row[name] for name in COUNTERS), writes)}
            numbers |= counts | {f"≥{count}" for count in counts} | {money(row["cost_usd"] or Decimal(0))}
    return numbers


def numbers_in(text: str) -> Iterator[str]:
    """The words of a table that begin as numbers do, whole or cut; days and times of day aside."""
    for line in text.splitlines()[2:]:
        yield from (word for word in line.split() if word[0] in "$≥<0123456789…" and not WHEN.fullmatch(word))


@pytest.mark.parametrize("width", [10, 20, 30, 40, 60, 80, 120, 300])
@pytest.mark.parametrize("report", REPORTS[:-1])
def test_no_number_is_ever_cut(busy: Machine, report: str, width: int) -> None:
    allowed = shown_numbers(json.loads(busy.call(report, "--json")[1], parse_float=Decimal))
    code, out, err = busy.call(report, f"--width={width}")
    assert code == 0
    shown = list(numbers_in(out))
    assert shown
    assert set(shown) <= allowed, out
    _check_dropped(out, err, width)


@pytest.mark.parametrize("width", [16, 20, 30, 39, 40, 60, 80, 120])
def test_the_main_screen_cuts_no_number(busy: Machine, width: int) -> None:
    overview = json.loads(busy.call("overview", "--json")[1], parse_float=Decimal)
    out = busy.call("overview", f"--width={width}")[1]
    costs = [overview[name]["cost_usd"] for name in ("today", "week", "month")]
    assert {money(cost) for cost in costs if cost is not None} <= {*out.split()}
    assert not re.search(r"\$[\d,.]*…|[\d.]+[KM]?…", out)


def test_a_rate_without_a_price_is_not_called_nothing(machine: Machine) -> None:
    unpriced = (usage_line(f"m{n}", f"r{n}", at=f"2026-03-12T11:{n}:00Z", model="unheard-of") for n in (20, 50))
    machine.write("-p/s.jsonl", *unpriced)
    out = machine.call("overview", "--width", "100")[1]
    assert "Now        ? an hour, 5 tokens a minute" in out
    assert "the last half hour at ? an hour" in out
    machine.write("-p/t.jsonl", usage_line("p", "p", at="2026-03-12T11:55:00Z", output_tokens=200_000))
    assert "Now        $3.00 + ? an hour" in machine.call("overview", "--width", "100")[1]


def _check_dropped(out: str, err: str, width: int) -> None:
    """Every column is either there or said to be missing; what is there fits, unless only what must stay is left."""
    head = out.splitlines()[0]
    dropped = re.search(r"no room for ([^:]+):", err)
    missing = dropped[1].split(", ") if dropped else []
    for title in ("Responses", "Input", "Output", "Cache write", "Cache read", "Total", "Cost"):
        assert (title in head) != (title in missing), (head, err)
    if any(title not in missing for title in ("Responses", "Input", "Output", "Total")):
        assert max(len(line.rstrip()) for line in out.splitlines()) <= width


@pytest.mark.parametrize("by", BREAKDOWNS)
def test_no_number_is_cut_in_breakdowns(busy: Machine, by: str) -> None:
    for width in (20, 40, 80):
        allowed = shown_numbers(json.loads(busy.call("monthly", "--json", "--by", by)[1], parse_float=Decimal))
        _, out, _ = busy.call("monthly", f"--width={width}", "--by", by)
        assert set(numbers_in(out)) <= allowed, out


@pytest.mark.parametrize("columns", ["40", "1", "0", "x", "99999999999"])
def test_the_width_that_the_environment_names(busy: Machine, columns: str) -> None:
    done = run(busy, "daily", environ={"COLUMNS": columns})
    assert done.code == 0
    assert b"Traceback" not in done.err
    allowed = shown_numbers(json.loads(busy.call("daily", "--json")[1], parse_float=Decimal))
    assert set(numbers_in(done.out.decode())) <= allowed


@pytest.mark.parametrize(
    "environ", [{"NO_COLOR": "1"}, {"NO_COLOR": ""}, {"TERM": "dumb"}, {"TERM": "unknown"}, {"TERM": ""}]
)
def test_on_a_terminal_without_colours(busy: Machine, environ: dict[str, str]) -> None:
    for words in ((), ("block",), ("daily", "--by", "model")):
        out = on_a_terminal(busy, *words, environ=environ)
        assert b"Traceback" not in out
        if "NO_COLOR" in environ or environ.get("TERM") == "dumb":
            assert not re.search(rb"\x1b\[[0-9;]*3[0-9]", out), out


def on_a_terminal(machine: Machine, *words: str, environ: dict[str, str]) -> bytes:
    """What a terminal of 80 columns receives."""
    import pty
    import termios

    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (24, 80))
    done = subprocess.Popen(
        [sys.executable, "-m", "tokentide", *words],
        env={**machine._environ(), "TERM": "xterm-256color", **environ},
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    received = b""
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:
            break
        if not piece:
            break
        received += piece
    os.close(leader)
    assert done.wait(timeout=20) == 0, received
    return received


def test_on_a_terminal_with_colours(busy: Machine) -> None:
    out = on_a_terminal(busy, "daily", environ={})
    assert b"\x1b[" in out
    plain = re.sub(rb"\x1b\[[0-9;]*m", b"", out).decode()
    allowed = shown_numbers(json.loads(busy.call("daily", "--json")[1], parse_float=Decimal))
    assert set(numbers_in(plain.split("tokentide:")[0].replace("\r", ""))) <= allowed


# Encodings.

ENCODINGS = [
    {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "latin-1"},
    {"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "cp437"},
    {"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "ascii:strict"},
    {"LC_ALL": "xx_XX.nonsense"},
]


@pytest.mark.parametrize("environ", ENCODINGS, ids=lambda environ: ",".join(f"{k}={v}" for k, v in environ.items()))
def test_any_locale_and_encoding(busy: Machine, environ: dict[str, str]) -> None:
    odd = {**usage_line("odd", "odd"), "cwd": "/w/проект–日本", "gitBranch": "ветка😀"}
    old = {**usage_line("old", "old"), "version": "2.1.10", "cwd": "/w/Zürich"}
    old["message"] = {**dict(json.loads(encoded(old))["message"]), "stop_reason": None}
    busy.write("-w-odd/odd.jsonl", odd, old)
    encoding = environ.get("PYTHONIOENCODING", "utf-8").partition(":")[0]
    for words in (("branch",), ("session", "--markdown"), ()):
        done = run(busy, *words, environ=environ)
        assert done.code == 0, done.err
        assert b"Traceback" not in done.err
        done.out.decode(encoding)
        done.err.decode(encoding)
    assert run(busy, "daily", "--json", environ=environ).json()["totals"]["responses"] == 28


@pytest.mark.parametrize("environ", ENCODINGS[:2], ids=["ascii", "no utf-8 mode"])
def test_names_that_are_not_utf_8_under_an_ascii_locale(machine: Machine, environ: dict[str, str]) -> None:
    _write_in_odd_folders(machine)
    done = run(machine, "project", "--json", environ=environ)
    assert (done.json()["totals"]["responses"], done.err) == (3, b"")


# Names.


def _write_in_odd_folders(machine: Machine) -> None:
    for number, name in enumerate((b"\xff\xfe-folder", b"caf\xe9", "Zürich".encode())):
        line = usage_line(f"m{number}", f"r{number}")
        del line["sessionId"]
        machine.write(f"{os.fsdecode(name)}/{os.fsdecode(name)}.jsonl", line)


@pytest.mark.parametrize("report", REPORTS)
def test_files_and_folders_whose_names_are_not_utf_8(machine: Machine, report: str) -> None:
    _write_in_odd_folders(machine)
    for words in ((report,), (report, "--json"), (report, "--csv"), (report, "--markdown")):
        done = inside(machine, *words)
        assert done.code == 0, done.err
        done.out.decode()
        assert done.err == b""
    assert inside(machine, report, "--json").json()["totals"]["responses"] == 3


def test_a_root_whose_name_is_not_utf_8(machine: Machine) -> None:
    root = machine.root / os.fsdecode(b"root-\xff")
    machine.write("p/s.jsonl", usage_line(), root=root)
    for words in (("daily", "--json"), ("daily", "--by", "account"), ("doctor", "--json")):
        done = run(machine, *words, environ={"CLAUDE_CONFIG_DIR": str(root)})
        assert done.code == 0, done.err
        done.out.decode()
    gone = run(machine, "daily", environ={"CLAUDE_CONFIG_DIR": f"{root}-gone"})
    assert b"Traceback" not in gone.err


@pytest.mark.parametrize("variable", ["TOKENTIDE_DATA_DIR", "TOKENTIDE_CONFIG_DIR", "HOME"])
def test_own_folders_whose_names_are_odd(machine: Machine, variable: str) -> None:
    for name in (b"\xff", b"with space 100%", b"what?#1", b"a'b\"c"):
        folder = machine.root / os.fsdecode(b"odd-" + name)
        root = folder / ".claude" if variable == "HOME" else machine.claude
        machine.write("p/s.jsonl", usage_line(), root=root)
        done = run(machine, "daily", "--json", environ={variable: str(folder)})
        assert (done.json()["totals"]["responses"], done.err) == (1, b"")


EVIL = "e\x1b[31mvil\x1b]0;title\x07\r\n\x08\x7f\x9b31m\u202egnp.exe\u2066\u2069\u200f\t|`*_[x](y)<b>"
STEERING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What steers a terminal or turns its direction; a line end is our own."""


@pytest.fixture
def hostile(machine: Machine) -> Machine:
    """Every name that data can bring is written to harm a terminal."""
    line = usage_line("m1", "r1", model=f"claude-{EVIL}", session=EVIL)
    side = {**usage_line("m2", "r2", model=f"claude-{EVIL}", session=EVIL), "isSidechain": True, "agentId": EVIL}
    extra = {"cwd": f"/w/{EVIL}", "gitBranch": EVIL, "version": EVIL}
    kind = {"type": "user", "sessionId": EVIL, "toolUseResult": {"agentId": EVIL, "agentType": EVIL}}
    title = {"type": "custom-title", "sessionId": EVIL, "customTitle": EVIL}
    machine.write("-w-evil/s.jsonl", {**line, **extra}, {**side, **extra}, kind, title)
    login = {"oauthAccount": {"emailAddress": f"{EVIL}@example.org"}}
    (machine.home / ".claude.json").write_text(json.dumps(login))
    return machine


@pytest.mark.parametrize("form", ["--width=200", "--width=30", "--markdown", "--csv", "--json"])
@pytest.mark.parametrize("report", REPORTS)
def test_no_name_steers_the_terminal(hostile: Machine, report: str, form: str) -> None:
    breakdowns = ("", *BREAKDOWNS) if report != "block" else ("",)
    for by in breakdowns:
        code, out, err = hostile.call(report, form, *(("--by", by) if by else ()))
        assert code == 0, err
        assert not STEERING.search(out), (by, out)
        assert not STEERING.search(err), err


def test_no_name_steers_the_terminal_elsewhere(hostile: Machine) -> None:
    put_bad = b"{broken" + EVIL.encode()
    name = "evil\x1b[31m\u202e.jsonl"
    hostile.write(f"-w-evil/{name}", put_bad, b'{"usage":{"input_tokens":')
    for words in (
        (),
        ("--json",),
        ("doctor",),
        ("doctor", "--all"),
        ("doctor", "--json"),
        ("sync",),
        ("session", "--ccusage-json"),
    ):
        code, out, err = hostile.call(*words)
        assert code in {0, 3}, err
        assert not STEERING.search(out), out
        assert not STEERING.search(err), err
    for option, value in (("--project", EVIL), ("--model", f"no-{EVIL}"), ("--since", "2099-01-01")):
        code, out, err = hostile.call("daily", option, value)
        assert not STEERING.search(out + err), out + err


@pytest.mark.parametrize(
    "words",
    [("daily", "--since", EVIL), ("daily", "--timezone", EVIL), ("prices", EVIL), (EVIL,), ("daily", f"--{EVIL}")],
)
def test_no_argument_steers_the_terminal(machine: Machine, words: tuple[str, ...]) -> None:
    done = run(machine, *words)
    assert done.code in {0, 1, 2}
    assert b"Traceback" not in done.err
    assert not STEERING.search(done.out.decode())


FORMULAS = ("=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", "\n=1", " =1", "\x00=1")

WIDE = ("＝", "＋", "－", "＠")
"""The same for spreadsheets set to an East Asian language."""
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", *WIDE)
"""Beginnings that some spreadsheet takes for a formula. Source: OWASP, CSV injection."""


@pytest.mark.parametrize("by", ["", *BREAKDOWNS])
@pytest.mark.parametrize("report", REPORTS[:-1])
def test_no_cell_is_a_formula(machine: Machine, report: str, by: str) -> None:
    for number, text in enumerate(FORMULAS):
        line = usage_line(f"m{number}", f"r{number}", model=text, session=text)
        title = {"type": "custom-title", "sessionId": text, "customTitle": text}
        machine.write(f"{number}/s.jsonl", {**line, "cwd": text, "gitBranch": text, "agentId": text}, title)
    code, out, _ = machine.call(report, "--csv", *(("--by", by) if by else ()))
    assert code == 0
    rows = list(csv.reader(io.StringIO(out)))
    assert len({len(row) for row in rows}) == 1
    for row in rows[1:]:
        for cell in row:
            assert not cell.startswith(RISKY), row


def test_no_cell_is_a_formula_in_wide_letters(machine: Machine) -> None:
    for number, sign in enumerate(WIDE):
        machine.write(f"{number}/s.jsonl", {**usage_line(f"m{number}", f"r{number}"), "cwd": f"{sign}1+1"})
    _, out, _ = machine.call("project", "--csv")
    assert not any(cell.startswith(RISKY) for row in csv.reader(io.StringIO(out)) for cell in row)


def test_text_of_messages_is_kept_nowhere(machine: Machine) -> None:
    secret = "the-secret-of-the-message"
    line = usage_line()
    message = line["message"]
    assert isinstance(message, dict)
    message["content"] = [{"type": "text", "text": secret}]
    prompt = {
        "type": "user",
        "sessionId": "s1",
        "message": {"role": "user", "content": secret},
        "toolUseResult": {"stdout": secret},
    }
    broken = encoded(prompt)[:-3]
    machine.write("p/s.jsonl", prompt, line, broken, encoded(line) + broken)
    for words in (("daily", "--json"), ("doctor", "--json"), ("doctor",), ("session", "--json")):
        done = inside(machine, *words)
        assert secret not in (done.out + done.err).decode()
    for path in machine.ledger.parent.rglob("*"):
        assert secret.encode() not in path.read_bytes(), path


def test_an_unknown_report_is_said_in_one_line(machine: Machine) -> None:
    done = run(machine, "dayly")
    assert (done.code, done.out) == (2, b"")
    one_clear_line(done, "dayly", "daily")


def test_a_report_on_many_sessions_is_whole(machine: Machine) -> None:
    for number in range(300):
        lines = [line.replace(b'"s1"', b'"session-%d"' % number) for line in many_lines(3, first=3 * number)]
        machine.write(f"p/{number}.jsonl", *lines)
    found = run(machine, "session", "--json").json()
    assert len(found["rows"]) == 300
    code, out, _ = machine.call("session", "--csv")
    assert (code, len(out.splitlines())) == (0, 301)
