"""Tokens, where they are kept, and what their holders may see."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import re
import sqlite3
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import Machine
from tokentide.clock import DAY_US, MINUTE_US, SECOND_US
from tokentide.errors import SettingsError, UsageError
from tokentide.render.report_json import instant
from tokentide.server.tenants.directory import Directory, DirectoryError
from tokentide.server.tenants.tokens import INGEST, TOKEN, VIEWER, Grant
from tokentide.server.tenants.viewers import MappedViewers, as_told, viewer_of
from tokentide.store.team.query import Scope

NOW = 1_790_000_000 * SECOND_US
ADMIN = Grant(VIEWER, role="admin", label="ada")


class Hours:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def hours() -> Hours:
    return Hours()


@pytest.fixture
def opened(tmp_path: Path, hours: Hours) -> Callable[[], Directory]:
    return lambda: Directory(str(tmp_path / "team" / "team.sqlite3"), hours)


def test_a_token_is_found_by_its_text_and_by_nothing_else(opened: Callable[[], Directory]) -> None:
    directory = opened()
    text, token = directory.create(Grant(INGEST, "acme", ("web",), label="ci"))
    assert TOKEN.fullmatch(text)
    assert directory.found(text) == token
    for wrong in ("", text[:-1], text + "A", text.swapcase(), "ttide_" + "A" * 43, "\x00", "ttide_é" + "A" * 42):
        assert directory.found(wrong) is None


def test_only_the_digest_is_kept_and_the_file_is_its_owners_alone(
    opened: Callable[[], Directory], tmp_path: Path
) -> None:
    directory = opened()
    text, _ = directory.create(ADMIN)
    directory.close()
    folder = tmp_path / "team"
    kept = b"".join(path.read_bytes() for path in folder.iterdir())
    assert text.encode() not in kept
    assert text.removeprefix("ttide_").encode() not in kept
    assert hashlib.sha256(text.encode()).digest() in kept
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in (folder, *folder.iterdir())} == {0}


def test_a_revoked_token_is_refused_at_once_here_and_soon_elsewhere(
    opened: Callable[[], Directory], hours: Hours
) -> None:
    here, there = opened(), opened()
    text, token = here.create(ADMIN)
    assert there.found(text) == token
    here.revoke(token.id)
    assert here.found(text) is None
    hours.now += 2 * SECOND_US
    assert there.found(text) is None
    assert there.known(token.id) is None


def test_another_process_sees_what_was_made_and_revoked(opened: Callable[[], Directory], tmp_path: Path) -> None:
    directory = opened()
    text, token = directory.create(ADMIN)
    path = str(tmp_path / "team" / "team.sqlite3")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(_finds, (path, text))
        directory.revoke(token.id)
        assert not pool.apply(_finds, (path, text))


def _finds(path: str, text: str) -> bool:
    directory = Directory(path, lambda: NOW)
    try:
        return directory.found(text) is not None
    finally:
        directory.close()


def test_an_expired_token_lets_nobody_in(opened: Callable[[], Directory], hours: Hours) -> None:
    directory = opened()
    text, token = directory.create(Grant(VIEWER, role="admin", expires_at=NOW + DAY_US))
    hours.now = NOW + DAY_US - 1
    assert directory.found(text) == token
    hours.now = NOW + DAY_US
    assert directory.found(text) is None
    assert directory.has_viewers(), "that the last one has ended opens no door"


def test_the_first_use_is_written_down_at_once_and_others_together(
    opened: Callable[[], Directory], hours: Hours
) -> None:
    directory, other = opened(), opened()
    text, token = directory.create(ADMIN)
    directory.found(text)
    first = hours.now
    assert other.tokens()[0].used_at == first
    hours.now += MINUTE_US
    directory.found(text)
    assert other.tokens()[0].used_at == first
    hours.now += 5 * MINUTE_US
    directory.known(token.id)
    assert other.tokens()[0].used_at == hours.now


def test_uses_wait_while_another_process_writes(opened: Callable[[], Directory], hours: Hours, tmp_path: Path) -> None:
    directory = opened()
    text, token = directory.create(ADMIN)
    hours.now += 10 * MINUTE_US
    with sqlite3.connect(tmp_path / "team" / "team.sqlite3", isolation_level=None) as busy:
        busy.execute("BEGIN IMMEDIATE")
        assert directory.found(text) is not None
        busy.execute("ROLLBACK")
    busy.close()
    used = hours.now
    hours.now += 10 * MINUTE_US
    directory.close()
    assert [(each.id, each.used_at) for each in opened().tokens()] == [(token.id, used)]


def test_a_clock_that_jumps_back_does_not_keep_a_revoked_token_alive(
    opened: Callable[[], Directory], hours: Hours
) -> None:
    here, there = opened(), opened()
    text, token = here.create(ADMIN)
    assert there.found(text)
    here.revoke(token.id)
    hours.now -= DAY_US
    assert there.found(text) is None


@pytest.mark.parametrize("wish", ["id", "beginning", "label"])
def test_a_token_is_revoked_by_id_beginning_or_label(opened: Callable[[], Directory], wish: str) -> None:
    directory = opened()
    _, token = directory.create(ADMIN)
    directory.revoke({"id": token.id, "beginning": token.id[:4], "label": "ada"}[wish])
    assert directory.tokens()[0].revoked_at == NOW
    with pytest.raises(UsageError, match="already"):
        directory.revoke("ada")


def test_what_means_several_tokens_or_none_revokes_nothing(opened: Callable[[], Directory]) -> None:
    directory = opened()
    first, second = (directory.create(ADMIN)[1] for _ in range(2))
    directory.create(Grant(VIEWER, role="admin"))
    with pytest.raises(UsageError, match=f"2 tokens: .*{first.id}") as told:
        directory.revoke("ada")
    assert second.id in str(told.value)
    for wish in ("", "nobody"):
        with pytest.raises(UsageError, match=r"2 tokens|there is no token"):
            directory.revoke(wish)
    assert not any(token.revoked_at for token in directory.tokens())


@pytest.mark.parametrize(
    ("grant", "told"),
    [
        (Grant("other"), "--kind"),
        (Grant(INGEST, role="admin"), "--role and --user"),
        (Grant(INGEST, teams=("a", "b")), "one --team"),
        (Grant(VIEWER), "needs --role"),
        (Grant(VIEWER, role="owner"), "needs --role"),
        (Grant(VIEWER, role="lead"), "a lead needs --team"),
        (Grant(VIEWER, role="admin", teams=("a",)), "--team does not go with"),
        (Grant(VIEWER, role="member"), "a member needs --user"),
        (Grant(VIEWER, role="lead", teams=("a",), user_id="x"), "--user does not go with"),
        (Grant(VIEWER, "../x", role="admin"), "--tenant"),
        (Grant(VIEWER, "", role="admin"), "--tenant"),
        (Grant(VIEWER, role="lead", teams=("",)), "--team needs a name"),
        (Grant(VIEWER, role="member", user_id="a\nb"), "--user"),
        (Grant(INGEST, label="x" * 201), "--label"),
    ],
)
def test_a_grant_that_makes_no_sense_is_refused(opened: Callable[[], Directory], grant: Grant, told: str) -> None:
    directory = opened()
    with pytest.raises(UsageError, match=told):
        directory.create(grant)
    assert directory.tokens() == []


def test_a_damaged_file_lets_nobody_in(opened: Callable[[], Directory], tmp_path: Path) -> None:
    directory = opened()
    text, _ = directory.create(ADMIN)
    directory.close()
    path = tmp_path / "team" / "team.sqlite3"
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(DirectoryError, match="cannot be used"):
        opened()
    os.unlink(path)
    for rest in path.parent.glob("team.sqlite3-*"):
        rest.unlink()
    assert opened().found(text) is None


def test_a_file_of_a_newer_program_is_left_alone(opened: Callable[[], Directory], tmp_path: Path) -> None:
    opened().close()
    with sqlite3.connect(tmp_path / "team" / "team.sqlite3") as file:
        file.execute("PRAGMA user_version = 9")
    file.close()
    with pytest.raises(DirectoryError, match="newer"):
        opened()


# Whose eyes see what.


@pytest.mark.parametrize(
    ("grant", "scope"),
    [
        (Grant(VIEWER, "acme", role="admin"), Scope("acme")),
        (Grant(VIEWER, "acme", ("web", "data"), role="lead"), Scope("acme", teams=("web", "data"))),
        (Grant(VIEWER, "acme", user_id="bo", role="member"), Scope("acme", users=("bo",))),
        (Grant(VIEWER, "acme", role="member"), Scope("acme", users=())),
        (Grant(VIEWER, "acme", role="unknown", user_id=""), Scope("acme", users=())),
    ],
)
def test_a_scope_holds_no_more_than_the_role_sees(grant: Grant, scope: Scope) -> None:
    assert viewer_of(grant, as_told).scope == scope


def test_members_see_themselves_under_their_pseudonym() -> None:
    grant = Grant(VIEWER, "acme", user_id="bo@example.org", role="member")
    viewer = viewer_of(grant, lambda tenant, user: f"{tenant}-{len(user)}")
    assert viewer.scope == Scope("acme", users=("acme-14",))


MAPPING = """
[users]
"bo@example.org" = {team = "web"}
[viewers]
"Ada@example.org" = {role = "admin"}
"cy@example.org" = {role = "lead", teams = ["web", "data"], tenant = "acme"}
"di@example.org" = {role = "member", user = "dorothea"}
"*" = {role = "member"}
"""


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "mapping.toml"
    path.write_text(MAPPING)
    return path


def test_the_mapping_file_says_who_may_see_what(mapping: Path) -> None:
    viewers = MappedViewers(str(mapping))
    assert viewers.grant("ada@EXAMPLE.org") == Grant(VIEWER, role="admin")
    assert viewers.grant("cy@example.org") == Grant(VIEWER, "acme", ("web", "data"), role="lead")
    assert viewers.grant("di@example.org") == Grant(VIEWER, user_id="dorothea", role="member")
    assert viewers.grant("eve@example.org") == Grant(VIEWER, user_id="eve@example.org", role="member")


def test_a_changed_mapping_file_counts_at_once_and_a_broken_one_lets_nobody_in(mapping: Path) -> None:
    viewers = MappedViewers(str(mapping))
    mapping.write_text('[viewers]\n"ada@example.org" = {role = "lead", team = "web"}\n')
    assert viewers.grant("ada@example.org") == Grant(VIEWER, teams=("web",), role="lead")
    assert viewers.grant("eve@example.org") is None
    mapping.write_text("[viewers\n")
    with pytest.raises(SettingsError):
        viewers.grant("ada@example.org")
    mapping.unlink()
    assert viewers.grant("ada@example.org") is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("viewers = 3", "a table is wanted"),
        ('[viewers]\nada = "admin"', "a table is wanted"),
        ('[viewers]\nada = {role = "admin", tema = "x"}', "tema"),
        ('[viewers]\nada = {role = "owner"}', "role"),
        ('[viewers]\nada = {role = "lead"}', "a lead needs team"),
        ('[viewers]\nada = {role = "admin", team = "x"}', "does not go with"),
        ('[viewers]\nada = {role = "lead", teams = "x"}', "list of texts"),
        ("[viewers]\nada = {role = 3}", "texts are wanted"),
        ("\udcff", "not TOML"),
    ],
)
def test_a_wrong_table_of_viewers_is_told_of_by_file_and_key(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "mapping.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(SettingsError, match=told) as error:
        MappedViewers(str(path))
    assert str(path) in str(error.value)


# The command line.


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


def _token(machine: Machine, *words: str, now: int = NOW) -> Done:
    return Done(*machine.call("server", "token", *words, now=instant(now)))


def test_a_token_made_at_the_command_line_lets_in_until_it_is_revoked_there(machine: Machine) -> None:
    made = _token(machine, "create", "--kind", "viewer", "--role", "lead", "--team", "web", "--label", "ada")
    assert made.returncode == 0
    assert TOKEN.fullmatch(made.stdout.strip()), "the token alone is data"
    assert "sees web" in made.stderr
    assert "not shown again" in made.stderr
    path = machine.ledger.parent / "team" / "team.sqlite3"
    directory = Directory(str(path), lambda: NOW + DAY_US)
    found = directory.found(made.stdout.strip())
    assert found is not None
    assert (found.role, found.teams, found.label, found.created_at) == ("lead", ("web",), "ada", NOW)
    assert _token(machine, "revoke", "ada", now=NOW + DAY_US).returncode == 0
    directory.close()
    assert Directory(str(path), lambda: NOW + DAY_US).found(made.stdout.strip()) is None


def test_the_list_tells_everything_but_the_token(machine: Machine) -> None:
    assert "no tokens yet" in _token(machine).stderr
    secret = _token(machine, "create", "--team", "core", "--expires", "90d").stdout.strip()
    _token(machine, "create", "--kind", "viewer", "--role", "member", "--user", "bo@example.org", "--tenant", "acme")
    shown = _token(machine, "list", now=NOW + DAY_US)
    assert secret not in shown.stdout
    for told in ("sends, team core", "in 89 d 0 h", "sees bo@example.org", "acme", "1 d 0 h ago", "never"):
        assert told in shown.stdout
    listed = json.loads(_token(machine, "list", "--json").stdout)
    assert listed["format"] == 1
    assert [(each["kind"], each["state"], each["teams"]) for each in listed["tokens"]].count(
        ("ingest", "good", ["core"])
    )
    assert secret not in json.dumps(listed)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("create", "--kind", "viewer"), "needs --role"),
        (("create", "core"), "takes no 'core'"),
        (("list", "--team", "x"), "takes no --team: it belongs to create"),
        (("revoke",), "needs an id or a label"),
        (("revoke", "a", "b"), "takes no 'b'"),
        (("revoke", "nobody"), "there is no token 'nobody'"),
        (("create", "--expires", "soon"), "--expires soon: give a time"),
    ],
)
def test_what_does_not_go_together_is_told_of(machine: Machine, words: tuple[str, ...], told: str) -> None:
    with pytest.raises(UsageError, match=re.escape(told)):
        _token(machine, *words)
