"""Whose a record is: candidates in order, the mapping file and its faults, pseudonyms."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tokentide.errors import SettingsError
from tokentide.model.telemetry import Entrance, Party
from tokentide.server.parties import Parties, Told

TOKEN = Entrance("acme", "by-token")


def mapped(tmp_path: Path, text: str) -> Parties:
    path = tmp_path / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    return Parties(str(path), str(tmp_path / "data" / "secret"))


@pytest.mark.parametrize(
    ("told", "user_id"),
    [
        ({}, ""),
        ({"user.id": "i"}, "i"),
        ({"user.id": "i", "user.account_id": "user_1"}, "user_1"),
        ({"user.account_uuid": "u", "user.account_id": "user_1"}, "u"),
        ({"user.email": "Ada@Example.org", "user.account_uuid": "u"}, "ada@example.org"),
        ({"enduser.id": "ada", "user.email": "b@example.org"}, "ada"),
        ({"enduser.id": "  ", "user.id": "i"}, "i"),
        ({"enduser.id": "mallory", "user.id": "sub", "user.email": "ada@example.org", "identity.source": "gateway-oidc"}, "ada@example.org"),
        ({"enduser.id": "mallory", "user.id": "sub", "identity.source": "gateway-oidc"}, "sub"),
        ({"enduser.id": 5}, "5"),
        ({"enduser.id": "x" * 900}, "x" * 200),
    ],
)  # fmt: skip
def test_a_person_is_called_by_the_surest_name_that_is_told(told: Told, user_id: str) -> None:
    assert Parties().party(TOKEN, told) == Party("acme", user_id, "by-token")


def test_the_other_columns_come_from_attributes_too() -> None:
    told: Told = {"team": "infra", "repo": "tide", "department": "r&d", "customer": "initech"}
    assert Parties().party(TOKEN, told) == Party("acme", "", "infra", "tide", "r&d", "initech")
    first: Told = {
        "team.id": "a",
        "team.name": "b",
        "project": "p",
        "service.namespace": "n",
        "cost_center": 4711,
        "department": "d",
    }
    assert Parties().party(TOKEN, first) == Party("acme", "", "a", "p", "4711")


MAPPING = """
[users."ada@example.org"]
team = "infra"
[users."3D13*"]
name = "ada@example.org"
[users."*@initech.example"]
team = "outside"
customer = "Initech"
[groups.eng-data]
team = "data"
project = "lake"
[teams.infra]
cost_center = "4711"
[teams.outside]
customer = "nobody"
[projects."tide-*"]
team = "waves"
customer = "Acme"
cost_center = "9"
"""


@pytest.mark.parametrize(
    ("told", "party"),
    [
        ({"user.email": "ADA@example.org"}, Party("acme", "ada@example.org", "infra", "", "4711")),
        ({"user.id": "3d131747"}, Party("acme", "ada@example.org", "by-token")),
        ({"user.email": "bob@initech.example"}, Party("acme", "bob@initech.example", "outside", "", "", "Initech")),
        ({"user.groups": "staff, eng-data"}, Party("acme", "", "data", "lake")),
        ({"project": "tide-web"}, Party("acme", "", "waves", "tide-web", "9", "Acme")),
        ({"user.email": "ada@example.org", "project": "Tide-web"}, Party("acme", "ada@example.org", "infra", "Tide-web", "9", "Acme")),
        ({"user.email": "ada@example.org", "team": "own", "cost_center": "1"}, Party("acme", "ada@example.org", "own", "", "1")),
    ],
)  # fmt: skip
def test_the_mapping_says_what_the_data_does_not(tmp_path: Path, told: Told, party: Party) -> None:
    assert mapped(tmp_path, MAPPING).party(TOKEN, told) == party


def test_with_override_the_mapping_wins(tmp_path: Path) -> None:
    told = {"user.email": "ada@example.org", "team": "own", "cost_center": "1"}
    party = mapped(tmp_path, "override = true\n" + MAPPING).party(TOKEN, told)
    assert party == Party("acme", "ada@example.org", "infra", "", "4711")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("users = 5", r"key users: must hold tables"),
        ('[users]\nada = "x"', r'key users."ada": must be a table with name, team'),
        ('[users.ada]\ntaem = "x"', r'key users."ada", taem: unknown key; did you mean team\?'),
        ("[user.ada]", r"key user: unknown key; did you mean users\?"),
        ("[users.ada]\nteam = 5", r'key users."ada", team: must be text'),
        ("pseudonyms = 1", r"key pseudonyms: must be true or false"),
        ("[users", r"no valid TOML"),
    ],
)
def test_faults_name_the_file_the_key_and_what_would_do(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        mapped(tmp_path, text)
    assert "mapping.toml" in str(caught.value)


def test_a_file_that_changes_is_read_again_and_a_faulty_one_is_not_used(tmp_path: Path) -> None:
    parties, path = mapped(tmp_path, ""), tmp_path / "mapping.toml"
    told, first = {"user.id": "i"}, parties.edition()
    assert parties.edition() == first
    path.write_text('[users.i]\nteam = "one"\n')
    assert parties.edition() > first
    assert parties.party(TOKEN, told).team == "one"
    path.write_text('[users.i]\nteem = "two"\n')
    parties.edition()
    assert parties.party(TOKEN, told).team == "one"
    assert "did you mean team?" in parties.fault
    path.unlink()
    parties.edition()
    assert (parties.party(TOKEN, told).team, parties.fault) == ("by-token", "")


def test_pseudonyms_are_stable_secret_and_of_one_form(tmp_path: Path) -> None:
    parties = mapped(tmp_path, 'pseudonyms = true\n[users."ada@example.org"]\nteam = "infra"\n')
    party = parties.party(TOKEN, {"user.email": "Ada@example.org"})
    assert re.fullmatch(r"user-[a-z2-7]{10}", party.user_id)
    assert party.team == "infra"
    assert parties.party(TOKEN, {}).user_id == ""
    again = mapped(tmp_path, "pseudonyms = true\n")
    assert again.party(TOKEN, {"user.email": "ada@example.org"}).user_id == party.user_id
    secret = tmp_path / "data" / "secret"
    assert os.stat(secret).st_mode & 0o777 == 0o600
    secret.unlink()
    assert (
        mapped(tmp_path, "pseudonyms = true\n").party(TOKEN, {"user.email": "ada@example.org"}).user_id != party.user_id
    )


def test_a_secret_that_is_none_is_said_and_not_replaced(tmp_path: Path) -> None:
    secret = tmp_path / "data" / "secret"
    secret.parent.mkdir()
    secret.write_bytes(b"short")
    with pytest.raises(SettingsError, match="put it back from a copy"):
        mapped(tmp_path, "pseudonyms = true\n")
    assert secret.read_bytes() == b"short"
    with pytest.raises(SettingsError, match="data folder"):
        Parties(str(tmp_path / "mapping.toml"))
