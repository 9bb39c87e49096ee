"""Asks the Admin API: headers, retries with growing waits, pages of both styles. Only GET."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

import msgspec

from tokentide import __version__
from tokentide.clock import SECOND_US
from tokentide.errors import TransportError
from tokentide.sources.admin_api.faults import AdminApiError, Fault, fault_of
from tokentide.sources.admin_api.keys import AdminKey
from tokentide.transport import Answer, Secret, get

API_VERSION = "2023-06-01"
USER_AGENT = f"tokentide/{__version__}"
TIMEOUT_SECONDS = 30.0
ROOT = "/v1/organizations/"
MOST_PAGES = 10_000
LASTING = ("no connection", "a redirect", "more than")
"""Reasons of a failed transport that a second try would meet again."""

Parameters = Sequence[tuple[str, str]]
"""A query; a name with brackets occurs once for each value."""
Told = Callable[[str], None]
S = TypeVar("S", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long to try."""

    tries: int = 4
    first_wait_seconds: int = 2
    """Doubled at each try."""
    longest_wait_seconds: int = 60
    """A server that wants more is not waited for."""


ONE_TRY = Patience(tries=1)


class Page(msgspec.Struct):
    """What every page with a cursor has."""

    has_more: bool = False
    next_page: str | None = None

    @property
    def cursor(self) -> str | None:
        """What leads to the page after it."""
        return self.next_page


class ListPage(msgspec.Struct):
    """What every page of a directory has."""

    has_more: bool = False
    last_id: str | None = None

    @property
    def cursor(self) -> str | None:
        """What leads to the page after it."""
        return self.last_id


P = TypeVar("P", bound=Page)
L = TypeVar("L", bound=ListPage)
AnyPage = TypeVar("AnyPage", bound=Page | ListPage)


class AdminClient:
    """One key's access to the Admin API."""

    def __init__(
        self, key: AdminKey, base: str, *, now: int, sleep: Callable[[float], None], patience: Patience | None = None
    ) -> None:
        """`base` from `transport.api_base`; `sleep` waits for seconds; `now` is µs UTC."""
        self.key = key
        self.requests = 0
        """How many were sent."""
        self.told: Told = lambda _: None
        """Is told before each request and each wait, in a few words."""
        self.now = now
        """The present, µs UTC; waits included."""
        self._base = base
        self._sleep = sleep
        self._patience = patience or Patience()

    def ask(self, path: str, parameters: Parameters, shape: type[S], *, beta: str = "") -> S:
        """One answer, decoded. Raises AdminApiError, after a few tries where trying again may help."""
        wait, left = self._patience.first_wait_seconds, self._patience.tries
        while True:
            left -= 1
            try:
                return _decoded(self._once(path, parameters, beta).body, shape, path)
            except AdminApiError as error:
                pause = max(error.retry_seconds or 0, wait)
                if not error.may_pass or not left or pause > self._patience.longest_wait_seconds:
                    raise
            self.told(f"{_in_words(path, parameters)}, waiting {pause} s")
            self._sleep(pause)
            self.now += pause * SECOND_US
            wait *= 2

    def pages(self, path: str, parameters: Parameters, shape: type[P], *, beta: str = "") -> Iterator[P]:
        """Every page that follows by `next_page`. Raises AdminApiError."""
        return _walked(path, parameters, "page", lambda following: self.ask(path, following, shape, beta=beta))

    def listed(self, path: str, parameters: Parameters, shape: type[L]) -> Iterator[L]:
        """Every page that follows by `after_id`. Raises AdminApiError."""
        return _walked(path, parameters, "after_id", lambda following: self.ask(path, following, shape))

    def _once(self, path: str, parameters: Parameters, beta: str) -> Answer:
        """One request."""
        headers: dict[str, str | Secret] = {
            "x-api-key": self.key.secret,
            "anthropic-version": API_VERSION,
            "user-agent": USER_AGENT,
            **({"anthropic-beta": beta} if beta else {}),
        }
        url = f"{self._base}{path}" + (f"?{urlencode(parameters)}" if parameters else "")
        self.requests += 1
        self.told(_in_words(path, parameters))
        try:
            answer = get(url, headers, timeout_seconds=TIMEOUT_SECONDS)
        except TransportError as error:
            passes = not any(reason in error.reason for reason in LASTING)
            raise AdminApiError(Fault.SERVER, str(error), may_pass=passes) from None
        if not answer.is_good:
            raise fault_of(answer, path, self.key, self.now)
        return answer


def _walked(path: str, parameters: Parameters, name: str, ask: Callable[[Parameters], AnyPage]) -> Iterator[AnyPage]:
    """Every page; each after the first is asked for with the cursor of the one before, under `name`."""
    seen: set[str] = set()
    page = ask(parameters)
    yield page
    while page.has_more:
        page = ask([*parameters, (name, _fresh(page.cursor, seen, path))])
        yield page


def _in_words(path: str, parameters: Parameters) -> str:
    """What is asked for, and from which day on."""
    since = next((value[:10] for name, value in parameters if name == "starting_at"), "")
    return " from ".join(filter(None, (path.removeprefix(ROOT), since)))


def _decoded(body: bytes, shape: type[S], path: str) -> S:
    """The body in its documented shape."""
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        reason = str(error) if isinstance(error, msgspec.ValidationError) else "no valid JSON"
        raise misshapen(path, reason) from None


def misshapen(path: str, reason: str) -> AdminApiError:
    """The fault of an answer that is not what is documented."""
    return AdminApiError(Fault.SHAPE, f"{path} answered what is not documented ({reason}): update tokentide")


def _fresh(cursor: str | None, seen: set[str], path: str) -> str:
    """The cursor, if it leads further."""
    if not cursor:
        raise misshapen(path, "more pages, but no cursor to them")
    if cursor in seen or len(seen) >= MOST_PAGES:
        raise misshapen(path, "its pages lead back to a page that was there before")
    seen.add(cursor)
    return cursor
