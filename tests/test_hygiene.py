"""What may be imported where, measured in fresh processes."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Collection
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import Machine, usage_line

SOURCE = Path(__file__).parent.parent / "src" / "tokentide"
HEADLESS = (
    "errors",
    "clock",
    "locations",
    "repositories",
    "settings",
    "model",
    "pricing",
    "sources",
    "store",
    "sync",
    "analytics",
)
TERMINAL = {"rich", "rich_argparse", "textual", "click"}
WEB = {"fastapi", "starlette", "uvicorn", "jinja2", "prometheus_client"}


def loaded_by(code: str, **environ: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules, file=sys.stderr)"],
        env=environ or None,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.split())


def modules() -> list[str]:
    names = [path.relative_to(SOURCE.parent).with_suffix("") for path in SOURCE.rglob("*.py")]
    return sorted(".".join(name.parts).removesuffix(".__init__") for name in names if name.parts[1] in HEADLESS)


def test_everything_below_render_loads_without_a_terminal_or_a_web_framework() -> None:
    code = "import importlib\n" + "\n".join(f"importlib.import_module({name!r})" for name in modules())
    assert not {name.partition(".")[0] for name in loaded_by(code)} & (TERMINAL | WEB)


@pytest.fixture
def warm(machine: Machine) -> dict[str, str]:
    machine.write("-p/s.jsonl", usage_line())
    machine.run("daily")
    return {
        "HOME": str(machine.home),
        "TOKENTIDE_DATA_DIR": str(machine.ledger.parent),
        "TOKENTIDE_CONFIG_DIR": str(machine.root),
        "TZ": "UTC",
    }


def test_a_warm_report_loads_only_what_it_needs(warm: dict[str, str]) -> None:
    loaded = loaded_by("from tokentide.cli.main import main; main(['daily', '--json'])", **warm)
    heavy = {
        "msgspec",
        "rich",
        "genai_prices",
        "pydantic",
        "httpx2",
        "multiprocessing",
        "concurrent",
        "asyncio",
        "tomllib",
        "platformdirs",
        "hashlib",
    }
    assert not loaded & heavy
    assert "tokentide.sources.claude_code.reader" not in loaded
    assert len(loaded) < 150, f"{len(loaded)} modules; each costs start-up time"


def test_help_of_the_whole_program_loads_no_command() -> None:
    loaded = loaded_by("from tokentide.cli.main import main; main(['--help'])")
    assert not {name for name in loaded if name.startswith("tokentide.analytics")}


def imports_of(path: Path, modules: Collection[str]) -> set[str]:
    """The modules of ours that a file imports, also inside of functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (names & set(modules)) or ({node.module} & set(modules))
    return found


def test_no_module_imports_itself_by_way_of_others() -> None:
    paths = {".".join(path.relative_to(SOURCE.parent).with_suffix("").parts): path for path in SOURCE.rglob("*.py")}
    graph = {name.removesuffix(".__init__"): imports_of(path, paths) for name, path in paths.items()}
    sorter = TopologicalSorter(graph)
    sorter.prepare()  # raises CycleError, which names the modules


def test_the_root_exports_its_version_only() -> None:
    import tokentide

    assert tokentide.__all__ == ["__version__"]
