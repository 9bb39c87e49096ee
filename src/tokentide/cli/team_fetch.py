"""One report of a team server: fetched, and checked to be one before anything is shown of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

from tokentide.analytics.calendar import Calendar
from tokentide.errors import ServerError, TimeZoneUnknownError, TransportError
from tokentide.render.json_text import Json
from tokentide.render.report_json import FORMAT
from tokentide.store.remote.refusals import refusal
from tokentide.sync.servers import ServerAccess
from tokentide.transport import get

PATH = "/api/v1/team/"
TIMEOUT_SECONDS = 60.0
MOST_BYTES = 64 << 20
_MEANINGS = {
    401: "it does not know this token, it has ended, or none was given: "
    "a viewer's token of the team's admin goes into $TOKENTIDE_SERVER_TOKEN",
    403: "this token may not look at this: a viewer's token may, one for sending may not",
    404: "there is no tokentide team server, or one that is too old for this report",
}


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer."""

    text: str
    """As it came."""
    answer: Mapping[str, Json]
    """The same, decoded; decimals are exact."""

    @property
    def calendar(self) -> Calendar:
        """How the server cut time; UTC where its zone is not known here."""
        try:
            return Calendar(str(self.answer.get("timezone")))
        except TimeZoneUnknownError:
            return Calendar("UTC")


def fetched_report(access: ServerAccess, name: str, asked: Sequence[tuple[str, str]]) -> Fetched:
    """Ask for a report; `asked` is the query of its address. Raises ServerError."""
    try:
        found = get(
            f"{access.base}{PATH}{name}?{urlencode(asked)}",
            access.headers,
            timeout_seconds=TIMEOUT_SECONDS,
            most_bytes=MOST_BYTES,
        )
    except TransportError as error:
        raise ServerError(access.base, error.reason) from None
    if not found.is_good:
        raise ServerError(access.base, refusal(found, _MEANINGS))
    return _read(access, name, found.body)


def _read(access: ServerAccess, name: str, body: bytes) -> Fetched:
    try:
        text = body.decode()
        answer = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        answer = None
        text = ""
    if not isinstance(answer, dict) or answer.get("report") != f"team_{name}":
        raise ServerError(access.base, "its answer makes no sense; is it a tokentide team server?")
    if answer.get("format") != FORMAT:
        raise ServerError(
            access.base,
            f"it answers in format {answer.get('format')!r}, this tokentide knows {FORMAT}: update the older one",
        )
    return Fetched(text.rstrip("\n"), answer)
