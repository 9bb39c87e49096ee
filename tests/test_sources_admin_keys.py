"""Where the Admin key comes from, and what is refused before any request."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.errors
import pytest
from keyring.backend import KeyringBackend
from keyrings.alt.file import PlaintextKeyring  # type: ignore[import-untyped]

from tests.admin_stand_in import KEY, SCOPED_KEY
from tokentide.errors import UsageError
from tokentide.sources.admin_api.keys import KEY_VARIABLE, AdminKey, NoKey, find_key

OTHER = "sk-ant-admin01-another-key-of-the-file-1234"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / ".claude"


@pytest.fixture
def ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyringBackend]:
    """A keyring of the real package, kept in a file of this test."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    before = keyring.get_keyring()
    backend = PlaintextKeyring()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


class Locked(PlaintextKeyring):  # type: ignore[misc]
    """A keyring that its owner does not open."""

    def get_password(self, _service: str, _username: str) -> str | None:
        """Refuse."""
        raise keyring.errors.KeyringLocked("locked")


def credentials(folder: Path, content: object, mode: int = 0o600) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / ".credentials.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    path.chmod(mode)


def found(environ: dict[str, str], folder: Path) -> AdminKey:
    key = find_key(environ, [str(folder)])
    assert isinstance(key, AdminKey)
    return key


def test_the_environment_wins_over_the_file(folder: Path) -> None:
    credentials(folder, {"anthropicConsole": {"adminApiKey": OTHER}})
    key = found({KEY_VARIABLE: f" {KEY}\n"}, folder)
    assert key.secret.reveal() == KEY
    assert key.origin == f"${KEY_VARIABLE}"


def test_the_file_beside_other_members(folder: Path) -> None:
    credentials(folder, {"claudeAiOauth": {"accessToken": "x"}, "anthropicConsole": {"adminApiKey": OTHER, "more": 1}})
    assert found({}, folder).origin == str(folder / ".credentials.json")


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", '{"anthropicConsole": null}', '{"anthropicConsole": {"adminApiKey": 5}}', "[" * 100_000],
)
def test_a_file_that_is_no_help_is_passed_over(folder: Path, content: str) -> None:
    credentials(folder, content)
    assert isinstance(find_key({}, [str(folder)]), NoKey)


@pytest.mark.skipif(os.name != "posix", reason="file modes")
def test_a_file_that_others_can_read_is_refused(folder: Path) -> None:
    credentials(folder, {"anthropicConsole": {"adminApiKey": OTHER}}, 0o644)
    with pytest.raises(UsageError, match="chmod 600") as raised:
        find_key({}, [str(folder)])
    assert OTHER not in str(raised.value)


def test_the_keyring_comes_last(folder: Path, ring: KeyringBackend) -> None:
    ring.set_password("tokentide", "anthropic-admin-api-key", KEY)
    assert found({}, folder).origin == "the keyring"
    credentials(folder, {"anthropicConsole": {"adminApiKey": OTHER}})
    assert found({}, folder).secret.reveal() == OTHER


@pytest.mark.parametrize("is_locked", [False, True])
def test_a_keyring_without_it_or_locked_has_none(folder: Path, ring: KeyringBackend, is_locked: bool) -> None:
    keyring.set_keyring(Locked() if is_locked else ring)
    key = find_key({}, [str(folder)])
    assert isinstance(key, NoKey)
    assert "keyring set tokentide anthropic-admin-api-key" in key.advice()


def test_without_the_package_it_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    key = find_key({}, [str(folder)])
    assert isinstance(key, NoKey)
    for words in (
        "install the package keyring",
        "Console → Settings → Admin keys",
        "individual accounts",
        KEY_VARIABLE,
    ):
        assert words in key.advice()


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("sk-ant-api03-abcdefghijklmnopqrstuvwxyz", "ordinary API key"),
        ("sk-ant-oat01-abcdefghijklmnopqrstuvwxyz", "login token"),
        ("sk-ant-sid01-abcdefghijklmnopqrstuvwxyz", "browser session"),
        ("something-else-entirely-and-long", "no Admin key"),
        ("sk-ant-admin01-", "cut or mistyped"),
        (f"{KEY}\x00ü", "cut or mistyped"),
        (f"{KEY} {KEY}", "cut or mistyped"),
    ],
)
def test_a_key_of_another_kind_is_named_as_such(folder: Path, key: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as raised:
        find_key({KEY_VARIABLE: key}, [str(folder)])
    assert key not in str(raised.value)


def test_an_enterprise_key_is_known_as_one(folder: Path) -> None:
    assert found({KEY_VARIABLE: SCOPED_KEY}, folder).is_scoped
    assert not found({KEY_VARIABLE: KEY}, folder).is_scoped


def test_only_origin_and_last_four_are_shown(folder: Path) -> None:
    key = found({KEY_VARIABLE: KEY}, folder)
    assert key.label == f"key …9xYz from ${KEY_VARIABLE}"
    assert KEY not in repr(key)
    assert key.redact(f"<{KEY}>") == "<…>"
