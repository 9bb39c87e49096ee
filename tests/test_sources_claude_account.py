"""Answers of the account's API in every shape that was recorded, and logins in every place."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.account_stand_in import PROFILE, TOKEN, USAGE_2025, USAGE_2026, USAGE_ENTERPRISE, account_api
from tokentide.clock import MINUTE_US
from tokentide.errors import UsageError
from tokentide.model.limits import ACCOUNT, USAGE, LimitReading, Money
from tokentide.sources.claude_account.bodies import decoded, is_usage, profile_of, usage_readings
from tokentide.sources.claude_account.client import AccountClient
from tokentide.sources.claude_account.credentials import Login, find_logins
from tokentide.sources.claude_code.account import account_in
from tokentide.sources.claude_code.client_config import members
from tokentide.sources.claude_code.instants import parse_instant
from tokentide.transport import Secret, api_base

AT = parse_instant("2026-03-12T12:10:00Z") or 0


def read(body: Any) -> dict[str, LimitReading]:
    found = usage_readings(body, account="a", source=ACCOUNT, at=AT)
    assert len({reading.window for reading in found}) == len(found)
    return {reading.window: reading for reading in found}


def iso(text: str) -> int:
    at = parse_instant(text)
    assert at is not None
    return at


def test_the_shape_of_2025() -> None:
    found = read(USAGE_2025)
    assert {window: reading.percent for window, reading in found.items()} == {"five_hour": 78.0}
    assert found["five_hour"].resets_at == iso("2026-03-12T13:50:00Z")


def test_the_shape_of_2026() -> None:
    found = read(USAGE_2026)
    assert {window: reading.percent for window, reading in found.items()} == {
        "five_hour": 62.0,
        "seven_day": 31.0,
        "seven_day_opus": 84.0,
        "nimbus_quill": 0.0,
        "extra_usage": 6.4,
    }
    assert found["seven_day_opus"].resets_at == iso("2026-03-15T14:00:00Z")
    assert (found["extra_usage"].used, found["extra_usage"].ceiling) == (Money(320, "USD", 2), Money(5000, "USD", 2))


def test_an_enterprise_has_spend_and_no_window() -> None:
    found = read(USAGE_ENTERPRISE)
    assert set(found) == {"spend"}
    assert (found["spend"].percent, found["spend"].used) == (24.7, Money(123456, "EUR", 2))


@pytest.mark.parametrize(
    ("window", "percent", "resets_at"),
    [
        ({"utilization": 1, "resets_at": 1773323400}, 1.0, "2026-03-12T13:50:00Z"),
        ({"utilization": 103.0, "resets_at": "2026-03-12T13:50:00Z"}, 103.0, "2026-03-12T13:50:00Z"),
        ({"utilization": 0.0, "resets_at": None}, 0.0, None),
        ({"utilization": 5, "resets_at": "tomorrow"}, 5.0, None),
        ({"utilization": 5, "resets_at": 1e300}, 5.0, None),
        ({"utilization": 5, "resets_at": "9999-12-31T23:59:59+00:00"}, 5.0, None),
        ({"utilization": 1773323400, "resets_at": 1773323400}, None, "2026-03-12T13:50:00Z"),
        ({"utilization": None, "resets_at": "2026-03-12T13:50:00+00:00"}, None, "2026-03-12T13:50:00Z"),
    ],
)
def test_numbers_and_resets(window: dict[str, object], percent: float | None, resets_at: str | None) -> None:
    found = read({"five_hour": window})["five_hour"]
    assert found.percent == percent
    assert found.resets_at == (None if resets_at is None else iso(resets_at))


@pytest.mark.parametrize(
    "window",
    [
        None,
        {},
        [],
        "x",
        5,
        True,
        {"utilization": None, "resets_at": None},
        {"utilization": "abc"},
        {"utilization": True},
        {"utilization": -1},
        {"utilization": float("nan")},
    ],
)
def test_null_is_not_zero_and_nonsense_is_nothing(window: object) -> None:
    assert read({"five_hour": window}) == {}


def test_a_model_that_is_new_needs_no_release() -> None:
    limit = {
        "kind": "weekly_scoped",
        "percent": 9,
        "resets_at": None,
        "scope": {"model": {"id": "x", "display_name": "Fable 9"}},
    }
    surface = {"kind": "weekly_scoped", "percent": 8, "resets_at": None, "scope": {"surface": "cowork"}}
    unknown = {"kind": "monthly_all", "percent": 7, "resets_at": None}
    found = read({"limits": [limit, surface, unknown, None, "x", {}]})
    assert set(found) == {"seven_day_fable_9", "seven_day_cowork", "monthly_all"}


def test_money_of_other_currencies() -> None:
    spend = {
        "enabled": True,
        "used": {"amount_minor": 1200, "currency": "jpy", "exponent": 0},
        "limit": None,
        "percent": None,
    }
    found = read({"spend": spend})["spend"]
    assert (found.used, found.ceiling, found.percent) == (Money(1200, "JPY", 0), None, None)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "utilization",
                    "resets_at",
                    "limits",
                    "kind",
                    "scope",
                    "model",
                    "percent",
                    "used",
                    "is_enabled",
                    "currency",
                    "x",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([*USAGE_2026, "x"]), json_values))
def test_any_answer_is_taken(body: dict[str, object]) -> None:
    for reading in read(body).values():
        assert reading.percent is None or 0 <= reading.percent <= 1000
    profile_of(body)


def test_what_is_an_answer() -> None:
    assert is_usage(USAGE_ENTERPRISE)
    assert not is_usage({"message": "hello"})
    assert decoded("[1]") == decoded("{") == decoded("[" * 100_000) == {}


def test_the_profile() -> None:
    profile = profile_of(PROFILE)
    assert (profile.name, profile.email, profile.organization) == ("Ada", "ada@example.com", "Analytical Engines")
    assert (profile.organization_type, profile.rate_limit_tier, profile.has_max) == (
        "claude_max",
        "default_claude_max_20x",
        True,
    )


# Logins.


def put(folder: Path, content: object, *, encoding: str = "utf-8") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / ".credentials.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding=encoding)
    return path


def login(**more: object) -> dict[str, object]:
    return {
        "claudeAiOauth": {
            "accessToken": TOKEN,
            "refreshToken": "r",
            "expiresAt": 1_773_317_400_000,
            "subscriptionType": "max",
            **more,
        }
    }


def test_the_login_of_a_file(tmp_path: Path) -> None:
    path = put(tmp_path / ".claude", login(), encoding="utf-8-sig")
    (found,) = find_logins({}, [str(tmp_path / ".claude")], platform="linux")
    assert (found.token.reveal(), found.origin, found.subscription) == (TOKEN, str(path), "max")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no json",
        "[]",
        "null",
        "[" * 10_000,
        {"mcpOAuth": {}},
        {"claudeAiOauth": None},
        {"claudeAiOauth": {}},
        {"claudeAiOauth": {"accessToken": 5}},
        {"claudeAiOauth": {"accessToken": " "}},
    ],
)
def test_files_without_a_login(tmp_path: Path, content: object) -> None:
    put(tmp_path, content)
    assert find_logins({}, [str(tmp_path), str(tmp_path / "absent")], platform="linux") == []


def test_a_token_is_expired_five_minutes_before_its_end(tmp_path: Path) -> None:
    put(tmp_path, login())
    (found,) = find_logins({}, [str(tmp_path)], platform="linux")
    end = 1_773_317_400 * 1_000_000
    assert not found.is_expired(end - 5 * MINUTE_US - 1)
    assert found.is_expired(end - 5 * MINUTE_US)
    assert not Login(Secret("x"), "", "").is_expired(2**62)


def test_the_environments_token_comes_last_and_once(tmp_path: Path) -> None:
    environ = {"CLAUDE_CODE_OAUTH_TOKEN": "other"}
    put(tmp_path / "b", login())
    found = find_logins(environ, [str(tmp_path / "a"), str(tmp_path / "b")], platform="linux")
    assert [(each.folder[-1], each.token.reveal()) for each in found] == [("b", TOKEN), ("a", "other")]


def test_the_secure_storage_may_be_elsewhere(tmp_path: Path) -> None:
    put(tmp_path / "safe", login())
    environ = {"CLAUDE_SECURESTORAGE_CONFIG_DIR": str(tmp_path / "safe")}
    (found,) = find_logins(environ, [str(tmp_path / ".claude")], platform="linux")
    assert found.folder == str(tmp_path / ".claude")


def test_one_token_is_of_one_folder(tmp_path: Path) -> None:
    put(tmp_path / "safe", login())
    put(tmp_path / "b", {"claudeAiOauth": {"accessToken": "other"}})
    environ = {"CLAUDE_SECURESTORAGE_CONFIG_DIR": str(tmp_path / "safe")}
    found = find_logins(environ, [str(tmp_path / name) for name in "abc"], platform="linux")
    assert [(each.folder[-1], each.token.reveal()) for each in found] == [("a", TOKEN), ("b", "other")]


KEYCHAIN = """#!/bin/sh
echo "$@" >> {log}
[ "$3" = "{service}" ] || exit 44
cat {content}
"""


@pytest.mark.parametrize("folder", [".claude", "werk"])
def test_the_keychain_of_macos(tmp_path: Path, folder: str) -> None:
    # The system's tool is stood in for by a script: the edge of the machine that this test runs on.
    place = str(tmp_path / folder)
    suffix = "" if folder == ".claude" else "-" + hashlib.sha256(place.encode()).hexdigest()[:8]
    (tmp_path / "content").write_text(json.dumps(login()))
    tool = tmp_path / "bin" / "security"
    tool.parent.mkdir()
    tool.write_text(
        KEYCHAIN.format(log=tmp_path / "log", content=tmp_path / "content", service=f"Claude Code-credentials{suffix}")
    )
    tool.chmod(0o700)
    environ = {"HOME": str(tmp_path), "USER": "ada", "PATH": f"{tool.parent}:{os.environ['PATH']}"}
    (found,) = find_logins(environ, [place], platform="darwin")
    assert (found.origin, found.token.reveal()) == ("keychain", TOKEN)
    assert "-a ada -w" in (tmp_path / "log").read_text()
    assert find_logins({**environ, "PATH": str(tmp_path)}, [place], platform="darwin") == []


def test_a_secret_is_not_shown_by_accident() -> None:
    secret = Secret(TOKEN)
    assert TOKEN not in f"{secret} {secret!r} {[secret]} {Login(secret, '', '')}"
    assert secret.fingerprint == hashlib.sha256(TOKEN.encode()).hexdigest()[:12]
    with pytest.raises(TypeError):
        pickle.dumps(secret)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "http://api.anthropic.com",
        "https://127.0.0.1.example.com",
        "http://user@127.0.0.1",
        "file:///etc",
        "http://[",
        "https://api.anthropic.com.evil.example",
    ],
)
def test_no_other_host_gets_a_credential(url: str) -> None:
    with pytest.raises(UsageError):
        api_base({"TOKENTIDE_API_URL": url})


def test_the_hosts_that_may() -> None:
    assert api_base({}) == api_base({"TOKENTIDE_API_URL": "https://api.anthropic.com/"}) == "https://api.anthropic.com"
    assert api_base({"TOKENTIDE_API_URL": "http://127.0.0.1:8080/"}) == "http://127.0.0.1:8080"


# Who is logged in.


def test_accounts_of_one_address_are_told_apart_by_organisation(tmp_path: Path) -> None:
    for name, organization in (("a", "org1"), ("b", "org2")):
        folder = tmp_path / name
        folder.mkdir()
        oauth = {
            "emailAddress": "ada@example.com",
            "accountUuid": "u",
            "organizationUuid": organization,
            "organizationName": f"The {organization}",
        }
        (folder / ".claude.json").write_text(
            json.dumps(
                {"projects": {"x": {"history": ['"oauthAccount": {"emailAddress": "trap"}']}}, "oauthAccount": oauth}
            )
        )
    first, second = (account_in(str(tmp_path / name), str(tmp_path)) for name in "ab")
    assert (first.name, second.name) == ("ada@example.com", "ada@example.com")
    assert (first.key, second.key, second.organization) == ("u:org1", "u:org2", "The org2")


def test_a_member_is_found_in_a_large_file_alone(tmp_path: Path) -> None:
    path = tmp_path / ".claude.json"
    path.write_bytes(b'{"a": "' + b"x" * 5_000_000 + b'", "want": {"v": 1}, "text": "\\"want\\": {\\"v\\": 2}", broken')
    assert list(members(str(path), "want")) == [{"v": 1}]
    assert list(members(str(tmp_path / "absent"), "want")) == []
    assert sys.getrecursionlimit() < 100_000
    path.write_text('{"want": ' + '{"a":' * 100_000)
    assert list(members(str(path), "want")) == []


def test_a_slow_account_is_not_waited_for() -> None:
    with account_api() as api:
        api.script.wait_seconds = 1
        outcome = AccountClient(api.url, "2.1.197", timeout_seconds=0.2).ask(USAGE, Secret(TOKEN), failures=2, now=AT)
    assert (outcome.body, outcome.fault) == ("", "the account could not be asked: no answer after 0.2 s")
    assert outcome.pause_us == 20 * MINUTE_US
