"""The theme that goes with the terminal's background."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from tokentide.cli.terminal_background import brightness_in, has_light_background
from tokentide.live.theme import theme_for

ASK = "import os; from tokentide.cli.terminal_background import has_light_background as h; a = h(os.environ); os.write(2, repr(a).encode())"


@pytest.mark.parametrize(
    ("answer", "is_light"),
    [
        (b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b[?62c", True),
        (b"\x1b]11;rgb:1e1e/1e1e/2e2e\x07\x1b[?1;2c", False),
        (b"\x1b]11;rgb:f/f/f\x07", True),
        (b"\x1b[?62c", None),
        (b"", None),
        (b"\x1b]11;rgb:zz/zz/zz\x07", None),
    ],
)
def test_what_an_answer_says(answer: bytes, is_light: bool | None) -> None:
    assert brightness_in(answer) is is_light


@pytest.mark.parametrize(
    ("environ", "is_light"),
    [
        ({"COLORFGBG": "0;15"}, True),
        ({"COLORFGBG": "15;0"}, False),
        ({"COLORFGBG": "0;default;7"}, True),
        ({"TERM": "dumb"}, None),
        ({"TERM": "xterm", "SSH_CONNECTION": "a 1 b 2"}, None),
    ],
)
def test_where_nobody_has_to_be_asked(environ: dict[str, str], is_light: bool | None) -> None:
    assert has_light_background(environ) is is_light


def ask(answers: bytes) -> tuple[str, bytes]:
    """What comes of asking a terminal that answers so; and what it was sent."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", ASK], env={"TERM": "xterm"}, stdin=follower, stdout=follower, stderr=subprocess.PIPE
    )
    try:
        asked = os.read(leader, 1024)
        os.write(leader, answers)
        _, said = process.communicate(timeout=20)
        return said.decode(), asked
    finally:
        process.kill()
        process.wait()
        os.close(leader)
        os.close(follower)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (b"\x1b]11;rgb:ffff/ffff/f0f0\x1b\\\x1b[?62;4c", "True"),
        (b"\x1b]11;rgb:0000/0000/0000\x1b\\\x1b[?62;4c", "False"),
        (b"\x1b[?62;4c", "None"),
        (b"", "None"),
    ],
)
def test_a_terminal_is_asked_and_may_be_silent(answers: bytes, said: str) -> None:
    found, asked = ask(answers)
    assert asked == b"\x1b]11;?\x1b\\\x1b[c"
    assert found == said


def test_the_theme_by_wish_background_and_environment() -> None:
    assert theme_for("auto", {}, is_light=True) == "light"
    assert theme_for("auto", {}, is_light=None) == "dark"
    assert theme_for("classic", {}, is_light=True) == "classic"
    assert theme_for("light", {"NO_COLOR": ""}, is_light=True) == "none"
