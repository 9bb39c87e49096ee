"""Whose machine it is, in the words that the client's telemetry would use: so both are the same person to a server."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

from tokentide.settings import Settings
from tokentide.sources.claude_code.account import account_in
from tokentide.sources.claude_code.client_config import config_paths, members, text_of, texts
from tokentide.sources.claude_code.memory_files import managed_folder
from tokentide.sources.claude_code.paths import home_of
from tokentide.sources.claude_code.telemetry_settings import in_force, read_layers
from tokentide.sync.roots import config_folders

RESOURCE_ATTRIBUTES = "OTEL_RESOURCE_ATTRIBUTES"
MOST_ATTRIBUTES = 64
EMAIL = "user.email"
Resource = dict[str, str]
"""Attributes of OpenTelemetry."""


def resources(settings: Settings, environ: Mapping[str, str], managed: str = "") -> dict[str, Resource]:
    """The attributes of each account of this machine, by its name as the ledger has it; files are read, nobody asked.

    `managed` is the folder of the organisation's settings; empty for the system's own.
    """
    home = home_of(environ)
    found: dict[str, Resource] = {}
    for folder in config_folders(settings, environ):
        found.setdefault(account_in(folder, home).name, _of_folder(folder, home, environ, managed or managed_folder()))
    return found


def resource_of(account: str, known: Mapping[str, Resource]) -> Resource:
    """The attributes of an account; of one that is not logged in any more, those of the machine and its address."""
    if account in known:
        return known[account]
    first = next(iter(known.values()), {})
    of_machine = {key: value for key, value in first.items() if not key.startswith(("user.", "organization."))}
    return {**of_machine, EMAIL: account} if "@" in account else {**of_machine, **_installation(first)}


def _installation(resource: Resource) -> Resource:
    return {"user.id": resource["user.id"]} if "user.id" in resource else {}


def _of_folder(folder: str, home: str, environ: Mapping[str, str], managed: str) -> Resource:
    """What a configuration folder and its surroundings tell; as the client 2.1 writes them."""
    told: Resource = {}
    for path in config_paths(folder, home):
        for installation in texts(path, "userID"):
            told.setdefault("user.id", installation)
        for login in members(path, "oauthAccount"):
            for key, name in (
                (EMAIL, "emailAddress"),
                ("user.account_uuid", "accountUuid"),
                ("organization.id", "organizationUuid"),
            ):
                told.setdefault(key, text_of(login.get(name)))
    own = in_force(read_layers(environ, folder, folder, managed), ()).value(RESOURCE_ATTRIBUTES)
    wanted = {key: value for key, value in told.items() if value}
    return {**attributes_of(own), **wanted}


def attributes_of(text: str) -> Resource:
    """`team.id=core,cost_center=42` as attributes; what is no pair is left out.

    Source: OpenTelemetry, "Resource SDK", environment variables: values are percent-encoded.
    """
    pairs = (part.partition("=") for part in text.split(",")[:MOST_ATTRIBUTES])
    return {key.strip(): unquote(value.strip()) for key, sign, value in pairs if sign and key.strip() and value.strip()}
