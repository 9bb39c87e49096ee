"""Where `--svg`, `--png` and `--output` write, and what they leave alone."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Machine
from tests.test_analytics_activity import worked
from tests.test_cli_activity import PNG, width_of

__all__ = ["worked"]


def test_pictures_are_written_and_written_over(worked: Machine, tmp_path: Path) -> None:
    svg, png = tmp_path / "a.svg", tmp_path / "a.png"
    for _ in range(2):
        code, out, err = worked.call("activity", "--svg", str(svg), "--png", str(png))
        assert (code, out) == (0, "")
        assert err.count("wrote ") == 2
    assert svg.read_text(encoding="utf-8").startswith("<?xml")
    assert width_of(png.read_bytes()) == 2400
    assert stat.S_IMODE(png.stat().st_mode) == 0o644
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {"a.svg", "a.png"}


@pytest.mark.parametrize(("option", "name"), [("--svg", "notes.svg"), ("--png", "notes.png")])
def test_a_file_that_is_no_picture_stays(worked: Machine, tmp_path: Path, option: str, name: str) -> None:
    path = tmp_path / name
    path.write_text("dear diary")
    done = worked.run("activity", option, str(path))
    assert done.returncode == 2
    assert f"{path} is there and is no {name[-3:].upper()}" in done.stderr
    assert path.read_text() == "dear diary"
    path.write_text("")
    assert worked.run("activity", option, str(path)).returncode == 0


@pytest.mark.parametrize("command", [("activity", "--svg"), ("wrapped", "--png"), ("wrapped", "--output")])
def test_a_pipe_is_written_to_and_stays_one(worked: Machine, tmp_path: Path, command: tuple[str, str]) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    came = tmp_path / "came"
    with came.open("wb") as target, subprocess.Popen(["cat", str(pipe)], stdout=target) as reader:
        try:
            done = worked.run(*command, str(pipe))
            reader.wait(20)
        finally:
            reader.kill()
    assert (done.returncode, done.stdout) == (0, "")
    assert came.read_bytes().startswith((b"<?xml", PNG, b"<!doctype html"))
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_places_that_cannot_be_written_are_named(worked: Machine, tmp_path: Path) -> None:
    done = worked.run("activity", "--svg", str(tmp_path / "no" / "a.svg"))
    assert (done.returncode, done.stdout) == (2, "")
    assert f"there is no folder {tmp_path / 'no'}" in done.stderr
    done = worked.run("activity", "--png", str(tmp_path))
    assert done.returncode == 2
    assert "that is a folder" in done.stderr
    done = worked.run("activity", "--svg", "")
    assert (done.returncode, done.stderr) == (2, "tokentide: that is no name of a file; - is standard output\n")
    done = worked.run("activity", "--svg", "/proc/a.svg")
    assert done.returncode == 1
    assert "/proc/a.svg cannot be written" in done.stderr


def test_standard_output_takes_one_picture(worked: Machine) -> None:
    arguments = [sys.executable, "-m", "tokentide", "activity"]
    environ = {**worked._environ(), "PYTHONIOENCODING": "latin-1"}
    png = subprocess.run([*arguments, "--png", "-"], env=environ, capture_output=True, check=True).stdout
    svg = subprocess.run([*arguments, "--svg", "-"], env=environ, capture_output=True, check=True).stdout
    assert png.startswith(PNG)
    assert width_of(png) == 2400
    assert svg.decode("utf-8").rstrip().endswith("</svg>")
    done = worked.run("activity", "--png", "-", "--svg", "-")
    assert done.returncode == 2
    assert "one picture" in done.stderr
    assert worked.run("activity", "--json", "--svg", "x.svg").returncode == 2


def test_without_pillow_it_says_what_to_install(worked: Machine, tmp_path: Path) -> None:
    code = "import sys; sys.modules['PIL'] = None; from tokentide.cli.main import main; sys.exit(main(sys.argv[1:]))"
    for command in ("activity", "wrapped"):
        done = subprocess.run(
            [sys.executable, "-c", code, command, "--png", str(tmp_path / "a.png"), "--svg", str(tmp_path / "a.svg")],
            env=worked._environ(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert "pip install 'tokentide[pictures]'" in done.stderr
        assert not (tmp_path / "a.png").exists()


def test_a_page_without_a_picture_needs_no_pillow(worked: Machine) -> None:
    code = (
        "import sys; from tokentide.cli.main import main; main(sys.argv[1:]); "
        "print('PIL' in sys.modules, 'tokentide.render.pictures.png' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "activity", "--json"],
        env=worked._environ(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.endswith("False False\n")
