"""Pictures of the live view. TOKENTIDE_UPDATE_GOLDEN=1 draws them anew; look at them then."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.conftest import Machine
from tests.live_stage import Stage, prepare, until

GOLDEN = Path(__file__).parent / "golden" / "live"
PICTURES = {
    "now-80": ((80, 24), "dark", ""),
    "now-40": ((40, 24), "dark", ""),
    "now-120": ((120, 40), "dark", ""),
    "now-light": ((100, 36), "light", ""),
    "now-classic": ((80, 30), "classic", ""),
    "now-high-contrast": ((80, 30), "high-contrast", ""),
    "now-none": ((80, 30), "none", ""),
    "days-80": ((80, 24), "dark", "2"),
    "days-40": ((40, 24), "light", "2"),
    "weeks-80": ((80, 24), "light", "3"),
    "months-80": ((80, 24), "classic", "4"),
    "sessions-120": ((120, 40), "dark", "5"),
    "sessions-none": ((80, 24), "none", "5"),
    "projects-80": ((80, 24), "high-contrast", "6"),
    "responses-120": ((120, 40), "light", "2 enter enter"),
    "help-80": ((80, 24), "dark", "question_mark"),
}


@pytest.fixture
def stage(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return prepare(machine, monkeypatch)


async def picture(stage: Stage, keys: str) -> str:
    """The screen after some keys, as SVG."""
    async with stage.running() as (app, pilot):
        for key in keys.split():
            await pilot.press(key)
            await until(pilot, lambda: app.view.name == "realtime" or app.pane.table is not None)
        app.screen.set_focus(None)
        await pilot.pause(0.1)
        return app.export_screenshot(title="tokentide")


@pytest.mark.parametrize("name", PICTURES)
def test_the_screen_looks_as_it_did(stage: Stage, name: str) -> None:
    stage.size, stage.theme, keys = PICTURES[name]
    svg = asyncio.run(picture(stage, keys))
    path = GOLDEN / f"{name}.svg"
    if os.environ.get("TOKENTIDE_UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(svg, encoding="utf-8")
    if svg != path.read_text(encoding="utf-8"):  # pytest would take minutes to show how two pictures differ
        pytest.fail(f"the screen is not {path.name} any more: TOKENTIDE_UPDATE_GOLDEN=1 draws it anew, to be looked at")
