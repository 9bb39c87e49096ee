"""The one way to another machine: one request, within a time and a size, never followed elsewhere.

Hosts are fixed. `TOKENTIDE_API_URL` may name another one only on this machine, for tests and for a local proxy.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from tokentide.clock import MINUTE_US, SECOND_US
from tokentide.errors import TransportError, UsageError

API_URL = "https://api.anthropic.com"
API_URL_VARIABLE = "TOKENTIDE_API_URL"
MOST_BYTES = 64 << 20
"""A longer answer is refused."""
TIMEOUT_SECONDS = 10.0
PAUSE_US = 5 * MINUTE_US
"""Between two polls of the same thing, by all processes together."""
LONGEST_PAUSE_US = 60 * MINUTE_US
"""To this the pause grows while polls fail."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Secret:
    """A token or key; it cannot be printed, logged, compared in an error, or pickled by accident."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself; only for the header of a request."""
        return self._value

    @property
    def fingerprint(self) -> str:
        """Twelve digits of its SHA-256: tells two credentials apart without giving either away."""
        import hashlib

        return hashlib.sha256(self._value.encode()).hexdigest()[:12]

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a secret stays in its process")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said, whatever its status."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def is_good(self) -> bool:
        """True for 200."""
        return self.status == 200

    def retry_after_seconds(self, now: int) -> int | None:
        """What `Retry-After` asks for, as seconds or as a date; None where it is absent or makes no sense.

        `now` is µs UTC. Source: RFC 9110, section 10.2.3.
        """
        value = self.headers.get("retry-after", "").strip()
        if value.isascii() and value.isdecimal():
            return int(value[:9])
        from email.utils import parsedate_to_datetime

        try:
            return max(0, round(parsedate_to_datetime(value).timestamp() - now / SECOND_US))
        except (ValueError, OverflowError):
            return None


def pause_after(failures: int) -> int:
    """How long to wait, µs, after so many failures in a row before this one: doubled with each."""
    return min(PAUSE_US << min(failures, 10), LONGEST_PAUSE_US)


def api_base(environ: Mapping[str, str]) -> str:
    """The address of the vendor's API, without a slash at its end. Raises UsageError for one that is not allowed."""
    asked = environ.get(API_URL_VARIABLE, "").rstrip("/")
    if not asked or asked == API_URL:
        return API_URL
    try:
        parts = urlsplit(asked)
        allowed = parts.scheme in ("http", "https") and parts.hostname in LOOPBACK and parts.username is None
    except ValueError:
        allowed = False
    if not allowed:
        raise UsageError(f"${API_URL_VARIABLE} may only name an address of this machine, such as http://127.0.0.1:8080")
    return asked


def server_base(asked: str, *, plain_http: bool = False) -> str:
    """The address of a team server, without a slash at its end.

    Off this machine it has to be https, unless the person wants `plain_http`: a token goes with each request.
    Raises UsageError for an address that is not allowed.
    """
    try:
        parts = urlsplit(asked)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        has_more = bool(parts.query or parts.fragment or parts.username is not None or parts.password is not None)
    except ValueError:
        is_address, has_more = False, False
    if not is_address or has_more or not asked.isascii() or not asked.isprintable():
        raise UsageError("the address of a team server is one such as https://team.example.org:8378, and no more")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK and not plain_http:
        raise UsageError(
            f"{asked} is not encrypted, and a token would go with each request: use https, "
            "or --plain-http if the way there is safe"
        )
    return asked.rstrip("/")


def get(
    url: str,
    headers: Mapping[str, str | Secret],
    *,
    timeout_seconds: float = TIMEOUT_SECONDS,
    most_bytes: int = MOST_BYTES,
) -> Answer:
    """Ask once; redirects are not followed, so that no credential goes where it does not belong.

    `timeout_seconds` bounds the whole exchange. Raises TransportError where there is no whole answer.
    """
    return _exchange("GET", url, headers, None, timeout_seconds, most_bytes)


def post(
    url: str,
    headers: Mapping[str, str | Secret],
    body: bytes,
    *,
    timeout_seconds: float = TIMEOUT_SECONDS,
    most_bytes: int = MOST_BYTES,
) -> Answer:
    """Send something once, by the rules of `get`. Only what a person asked to be sent is.

    Raises TransportError where there is no whole answer.
    """
    return _exchange("POST", url, headers, body, timeout_seconds, most_bytes)


def _exchange(
    method: str,
    url: str,
    headers: Mapping[str, str | Secret],
    body: bytes | None,
    timeout_seconds: float,
    most_bytes: int,
) -> Answer:
    """One request and its whole answer."""
    import httpx2

    plain = {name: value.reveal() if isinstance(value, Secret) else value for name, value in headers.items()}
    deadline = time.monotonic() + timeout_seconds
    content = bytearray()
    try:
        with (
            httpx2.Client(timeout=timeout_seconds, follow_redirects=False) as client,
            client.stream(method, url, headers=plain, content=body) as response,
        ):
            if response.is_redirect:
                raise TransportError(url, "it answered with a redirect, which is not followed")
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > most_bytes:
                    raise TransportError(url, f"more than {most_bytes} bytes")
                if time.monotonic() > deadline:
                    raise TransportError(url, f"no whole answer after {timeout_seconds:g} s")
            return Answer(response.status_code, dict(response.headers.items()), bytes(content))
    except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeEncodeError) as error:
        raise TransportError(url, _reason(error, timeout_seconds)) from None


def _reason(error: Exception, timeout_seconds: float) -> str:
    """The error in one line, without the request that it may quote."""
    import httpx2

    if isinstance(error, httpx2.TimeoutException):
        return f"no answer after {timeout_seconds:g} s"
    if isinstance(error, httpx2.ConnectError):
        distrust = _distrust(error)
        return f"no connection, as {distrust}" if distrust else "no connection"
    if isinstance(error, httpx2.RemoteProtocolError):
        return "the connection broke off"
    if isinstance(error, UnicodeEncodeError):
        return "the credential holds characters that no header takes"
    return type(error).__name__


def _distrust(error: BaseException) -> str:
    """What is wrong with the certificate of the other side; empty where it is not that."""
    import ssl

    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__ or cause.__context__
    if cause is None:
        return ""
    return f"its certificate is not trusted ({cause.verify_message}): $SSL_CERT_FILE may name the authority's"
