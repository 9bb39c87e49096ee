"""What the answer to an export means, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from tokentide.render.words import clean

SLOW_MS = 500
"""At its end a session has two seconds for everything that is left; slower answers lose it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer means."""

    code: str
    """Lasts over versions; `ok` for what works."""
    what: str
    remedy: str = ""

    @property
    def is_good(self) -> bool:
        """True where the export was taken."""
        return self.code == "ok"


_TOKEN = (
    "The header must be Authorization=Bearer TOKEN, with a token of kind ingest: "  # noqa: S105 -- no token
    "`tokentide server token create`."
)
_MEANINGS = {
    400: Verdict("bad-request", "the server does not understand the export (400)", "Is it an OTLP receiver?"),
    401: Verdict("unauthorized", "the server does not know the token, or got none (401)", _TOKEN),
    403: Verdict("forbidden", "the token may not send telemetry (403)", _TOKEN),
    404: Verdict("not-found", "there is no such path on that server (404)", "Check path and port of the address."),
    405: Verdict("no-post", "the path takes no POST (405)", "Is it the port of a dashboard? OTLP is at 4318."),
    407: Verdict("proxy-login", "the proxy wants a login (407)", "Put the server into NO_PROXY."),
    413: Verdict("too-large", "even an empty export is too large (413)", "A proxy before the server limits bodies."),
    415: Verdict("content-type", "the server does not take this encoding (415)", "Try http/protobuf."),
    429: Verdict("busy", "the server asks to wait (429)", "The client tries again; look whether it goes on."),
    502: Verdict("gateway", "a proxy does not reach the server behind it (502)", "Is the server running?"),
    503: Verdict("full", "the server takes nothing now (503)", "Its log is full, or it starts; see its status."),
    504: Verdict("gateway", "the server behind a proxy does not answer (504)", "Is the server running?"),
}
GOOD = Verdict("ok", "taken")


def http_verdict(status: int, kind: str, place: str, body: bytes) -> Verdict:
    """Of an answer: its status, content type, `location` and beginning."""
    if 300 <= status < 400:
        host = clean(urlsplit(place).netloc)
        return Verdict(
            "redirect",
            f"it answers with a redirect{f' to {host}' if host else ''} ({status}), which the client does not follow",
            "Set the address that it leads to, often https:// in place of http://.",
        )
    if _is_page(kind, body):
        return Verdict(
            "web-page", f"a web page came back ({status}): a proxy, a login or another server", "Check address and VPN."
        )
    if 200 <= status < 300:
        return GOOD
    other = Verdict("status", f"it answers {status}", "Its log tells why.")
    return _MEANINGS.get(status, other)


def _is_page(kind: str, body: bytes) -> bool:
    return kind.startswith("text/html") or body.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html"))
