"""Where settings and data lie."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.conftest import Machine, usage_line
from tokentide import locations


def test_the_variables_move_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKENTIDE_CONFIG_DIR", "/c")
    monkeypatch.setenv("TOKENTIDE_DATA_DIR", "/d")
    assert locations.settings_path() == "/c/settings.toml"
    assert locations.ledger_path() == "/d/ledger.sqlite3"
    assert locations.price_data_path() == "/d/prices.json"
    assert locations.price_cache_path() == "/d/price-cache.json"


def test_linux_follows_xdg(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TOKENTIDE_CONFIG_DIR", "TOKENTIDE_DATA_DIR", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/h")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/x")
    assert locations.config_dir() == "/x/tokentide"
    assert locations.data_dir() == "/h/.local/share/tokentide"
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    assert locations.config_dir() == "/h/.config/tokentide"


def test_what_is_ours_is_its_owners_alone(machine: Machine) -> None:
    machine.write("-p/s.jsonl", usage_line())
    machine.run("daily")
    folder = machine.ledger.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_folders_are_private(tmp_path: Path) -> None:
    locations.ensure_private_dir(str(tmp_path / "a"))
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700
