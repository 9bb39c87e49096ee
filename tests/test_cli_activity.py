"""`tokentide activity` and `tokentide wrapped` as their user calls them."""

from __future__ import annotations

import csv
import io
import json
import os
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import Machine, usage_line
from tests.test_analytics_activity import called, gave, patch, said, worked

__all__ = ["worked"]
GOLDEN = Path(__file__).parent / "golden"
PNG = b"\x89PNG\r\n\x1a\n"


def compare(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("TOKENTIDE_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def width_of(png: bytes) -> int:
    with Image.open(io.BytesIO(png)) as image:
        return image.width


@pytest.mark.parametrize("width", ["30", "60", "67"])
def test_no_line_is_longer_than_the_terminal(machine: Machine, width: str) -> None:
    _, out, _ = machine.call("demo", "activity", "--width", width)
    assert max(len(line) for line in out.splitlines()) <= int(width)


@pytest.mark.parametrize("width", ["40", "80", "140"])
def test_the_page_looks_as_it_did(machine: Machine, width: str) -> None:
    code, out, err = machine.call("demo", "activity", "--width", width)
    assert code == 0
    assert all(len(line) <= int(width) for line in out.splitlines())
    compare(f"activity-{width}.txt", f"{out}--- standard error ---\n{err}")


def test_weeks_that_have_no_room_are_told(machine: Machine) -> None:
    _, out, err = machine.call("demo", "activity", "--width", "40")
    assert "no room for 17 earlier weeks" in err
    assert max(len(line) for line in out.splitlines()[2:10]) == 40
    assert "no room" not in machine.call("demo", "activity", "--width", "57")[2]


def test_shades_can_be_told_apart_without_colour_and_in_ascii(machine: Machine) -> None:
    _, out, _ = machine.call("demo", "activity", "--width", "130", "--no-color")
    map_ = "".join(out.splitlines()[3:10])
    assert set("·▂▄▅▆█") <= set(map_)
    done = machine.run("demo", "activity", "--width", "130", environ={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
    assert done.returncode == 0
    ascii_map = "".join(done.stdout.splitlines()[3:10])
    assert set("-.=+*#") <= set(ascii_map)
    assert "?" not in ascii_map


def test_a_terminal_gets_five_shades_in_sixteen_colours(machine: Machine) -> None:
    environ = {"FORCE_COLOR": "1", "TERM": "xterm", "COLORTERM": ""}
    done = machine.run("demo", "activity", "--width", "130", environ=environ)
    assert {"\x1b[32m░░", "\x1b[33m██"} <= {done.stdout[i : i + 7] for i in range(len(done.stdout))}
    assert "\x1b[38;" not in done.stdout


def test_figures_are_those_of_the_transcripts(worked: Machine) -> None:
    _, out, err = worked.call("activity", "--width", "100")
    for line in (
        "Active days      3 of 365",
        "Longest streak   2 days, 9 Mar to 10 Mar 2026",
        "Work             1 session, 2 prompts, 5 responses",
        "Lines            +4 and -1 in 2 files",
        "Commits          1",
        "Pull requests    1",
    ):
        assert line in out
    assert "All" in out
    assert err == ""


def test_days_of_the_past_have_no_streak_now(worked: Machine) -> None:
    _, out, _ = worked.call("activity", "--since", "2026-03-01", "--until", "2026-03-10")
    assert "Longest streak   2 days, 9 Mar to 10 Mar 2026" in out
    assert "now" not in out


def test_without_changed_lines_no_lines_are_told(machine: Machine, tmp_path: Path) -> None:
    machine.write(
        "-p/s1.jsonl",
        said("2026-03-11T09:00:00.000Z", "p1"),
        called("2026-03-11T09:01:00.000Z", 1, "Read", {"file_path": "/a"}),
        gave("2026-03-11T09:01:05.000Z", 1, {}),
    )
    assert "Lines" not in machine.call("activity")[1]
    machine.call("activity", "--svg", str(tmp_path / "a.svg"))
    assert "Lines" not in (tmp_path / "a.svg").read_text(encoding="utf-8")


def test_a_narrow_page_breaks_lines_instead_of_cutting_them(worked: Machine) -> None:
    _, out, _ = worked.call("activity", "--width", "30")
    assert max(map(len, out.splitlines())) <= 30
    assert out.startswith("Activity, 13 Mar 2025 to 12\nMar 2026\n")
    assert "Work\n  1 session, 2 prompts, 5\n  responses\n" in out
    assert "…" not in out


def test_json_and_csv_agree(worked: Machine) -> None:
    found = json.loads(worked.call("activity", "--json", "--last", "7d")[1])
    rows = list(csv.DictReader(io.StringIO(worked.call("activity", "--csv", "--last", "7d")[1])))
    assert (found["format"], found["report"], len(found["rows"]), len(rows)) == (1, "activity", 7, 7)
    for one, other in zip(found["rows"], rows, strict=True):
        assert {name: str(value) for name, value in one.items() if name != "cost_usd"} == {
            name: value for name, value in other.items() if name != "cost_usd"
        }
    assert sum(row["responses"] for row in found["rows"]) == found["totals"]["responses"] == 5
    assert found["totals"]["failed_tool_runs"] == 1
    assert found["longest_streak"] == {"days": 2, "since": "2026-03-09", "until": "2026-03-10"}
    assert found["details"] == {"responses": 5, "missing_responses": 0, "since": "2026-03-09"}
    assert [each["tool"] for each in found["tools"]] == ["Bash", "Edit", "Write"]


def test_what_details_cover_is_told(worked: Machine) -> None:
    worked.write("-srv-old/old.jsonl", usage_line("o1", "o1", "2026-02-01T10:00:00.000Z", session="old"))
    worked.call("daily")
    (worked.claude / "projects" / "-srv-old" / "old.jsonl").unlink()
    _, out, err = worked.call("activity")
    assert "1 session" not in out
    assert "are known since Mon 9 Mar 2026: earlier transcripts were gone (1 response)" in err


def test_transcripts_that_were_gone_before_are_no_zeros(machine: Machine) -> None:
    path = machine.write("-p/s.jsonl", usage_line())
    machine.call("daily")
    path.unlink()
    _, out, err = machine.call("activity")
    assert "prompts, lines and tools are not known" in err
    assert "Lines" not in out
    assert "prompt" not in out


def test_an_empty_machine_is_told_what_to_do(machine: Machine, tmp_path: Path) -> None:
    code, out, err = machine.call("activity")
    assert (code, out) == (0, "")
    assert "`tokentide demo`" in err
    code, _, err = machine.call("activity", "--svg", str(tmp_path / "x.svg"))
    assert code == 1
    assert "nothing was written" in err
    assert not (tmp_path / "x.svg").exists()
    code, _, err = machine.call("wrapped", "--output", str(tmp_path / "x.html"))
    assert code == 1
    assert "`tokentide demo`" in err


def test_a_year_is_written_where_one_stands(worked: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = worked.call("wrapped")
    page = tmp_path / "tokentide-wrapped-2026.html"
    assert (code, out) == (0, "")
    assert f"wrote {page}" in err
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert "so far: 1 Jan to 12 Mar 2026" in text
    assert worked.call("wrapped", "2026")[0] == 0
    page.write_text("mine")
    done = worked.run("wrapped", "2026", "--output", str(page))
    assert done.returncode == 2
    assert "is no HTML" in done.stderr


def test_a_year_as_picture_writes_no_page(worked: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert worked.call("wrapped", "--png", "y.png", "--theme", "dark", "--with-names")[0] == 0
    assert width_of((tmp_path / "y.png").read_bytes()) == 2400
    assert not list(tmp_path.glob("*.html"))
    assert worked.call("wrapped", "--svg", "y.svg", "--output", "y.html")[0] == 0
    assert sorted(path.name for path in tmp_path.glob("y.*")) == ["y.html", "y.png", "y.svg"]


def test_a_year_without_use_names_those_with_some(worked: Machine, tmp_path: Path) -> None:
    code, _, err = worked.call("wrapped", "2019", "--output", str(tmp_path / "x.html"))
    assert code == 1
    assert "nothing of 2019 to show" in err
    assert "there is usage in 2026" in err
    assert not (tmp_path / "x.html").exists()


def test_years_that_cannot_be_are_refused(worked: Machine) -> None:
    for year, told in (("2099", "has not begun"), ("12", "is no year"), ("20x6", "is no year"), ("٢٠٢٦", "is no year")):
        done = worked.run("wrapped", year)
        assert done.returncode == 2
        assert told in done.stderr
    assert worked.run("wrapped", "--open", "--output", "-").returncode == 2


def test_what_was_written_is_opened_by_the_desktop(worked: Machine, tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    browser.chmod(0o755)
    page = tmp_path / "year.html"
    done = worked.run("wrapped", "2026", "--output", str(page), "--open", environ={"BROWSER": str(browser)})
    assert done.returncode == 0, done.stderr
    assert opened.read_text().strip() == page.as_uri()


def test_the_subscription_is_weighed_where_the_plan_is_known(machine: Machine, tmp_path: Path) -> None:
    page = tmp_path / "year.html"
    assert machine.call("demo", "wrapped", "--output", str(page), now="2026-11-12T12:00:00Z")[0] == 0
    text = page.read_text(encoding="utf-8")
    assert "What the plan was worth" in text
    assert "Max 5x costs $100 a month today; for the 11 months with any use that is $1,100" in text
    assert "sam@example.com" not in text
    assert "shop-api" not in text


def test_projects_are_named_only_where_that_is_wanted(machine: Machine, tmp_path: Path) -> None:
    for name, options, is_named in (("a.svg", (), False), ("b.svg", ("--with-names",), True)):
        assert machine.call("demo", "activity", "--svg", str(tmp_path / name), *options)[0] == 0
        assert ("shop-api" in (tmp_path / name).read_text(encoding="utf-8")) == is_named
        assert "/home/sam" not in (tmp_path / name).read_text(encoding="utf-8")


def test_names_from_data_steer_no_terminal(machine: Machine) -> None:
    evil = "\x1b[31mBash\u202e[bold]"
    machine.write(
        "-p/s1.jsonl",
        said("2026-03-11T09:00:00.000Z", "p1"),
        called("2026-03-11T09:01:00.000Z", 1, evil, {}) | {"cwd": f"/srv/{evil}"},
        gave("2026-03-11T09:01:05.000Z", 1, patch("+x")),
        {"type": "ai-title", "sessionId": "s1", "aiTitle": evil},
    )
    _, out, _ = machine.call("activity", "--width", "80")
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "[bold]" in out


def test_the_page_of_the_sample_is_never_taken_for_ones_own(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert machine.call("demo", "wrapped")[0] == 0
    assert [path.name for path in tmp_path.glob("*.html")] == ["tokentide-demo-wrapped.html"]


def test_a_year_of_a_hundred_thousand_responses_is_quick_enough_to_look_at(machine: Machine) -> None:
    lines = [
        usage_line(f"m{n}", f"r{n}", f"2026-{1 + n % 2:02}-{1 + n // 2 % 28:02}T{n // 60 % 24:02}:{n % 60:02}:00.000Z")
        for n in range(100_000)
    ]
    machine.write("-p/s1.jsonl", *lines)
    machine.call("activity")
    before = time.perf_counter()
    found = json.loads(machine.call("activity", "--json")[1])
    assert found["totals"]["responses"] == 100_000
    assert time.perf_counter() - before < 5  # half a second on an idle machine
