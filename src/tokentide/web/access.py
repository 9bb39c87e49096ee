"""Lets in who has the token: people by a login page and a cookie, scripts by a header."""

from __future__ import annotations

import hmac
import secrets
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from urllib.parse import parse_qs, quote, urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope

from tokentide.render.json_text import dumps
from tokentide.web.answers import HTML, JSON, PART
from tokentide.web.attempts import Attempts
from tokentide.web.gate import Doorway
from tokentide.web.html import rendered

LOGIN, LOGOUT = "/login", "/logout"
FOR_SCRIPTS = ("/api/", "/metrics")
FOR_ALL = "/static/"
"""Scripts and styles, the same for everybody: the login page needs some of them."""
SESSION_SECONDS = 7 * 86_400
MOST_SESSIONS = 8_192
MOST_OF_ONE = 256
"""Sessions of one token: who signs in more often ends the oldest of these, nobody else's."""
MOST_COOKIES = 8
"""So many cookies of our name are looked at: others on this host may have set some that are none of ours."""
MOST_NEXT = 2_048
WRONG = "That is not the token."
CHALLENGE = {"www-authenticate": 'Bearer realm="tokentide"'}


class LoginAccess(ABC):
    """Sessions are kept in memory alone, as digests of their ids: they end with the server.

    What tokens there are, and what they let in to, is said by those who derive from it.
    """

    login_page = "login.html"
    wrong = WRONG
    is_guessable = True
    """Whether a token may be one that a person chose: then the right one has to wait after wrong ones too."""

    def __init__(self, doorway: Doorway, seconds: Callable[[], float] = time.monotonic) -> None:
        """`seconds` is a clock that only goes on."""
        self._doorway, self._seconds = doorway, seconds
        self._cookie = f"tokentide-{doorway.port}"
        """Cookies do not know ports: two servers on one machine need two names."""
        self._sessions: OrderedDict[bytes, tuple[float, str]] = OrderedDict()
        """When each ends, and whose it is."""
        self._attempts = Attempts()

    @abstractmethod
    def holder(self, token: str) -> str | None:
        """Who has that token; None for a wrong one."""

    @abstractmethod
    def may_stay(self, holder: str) -> bool:
        """Whether who came in with a token may go on."""

    @abstractmethod
    def admitted(self, request: Request, holder: str) -> None:
        """Note in the request whose it is, where that matters."""

    async def answer(self, scope: Scope, receive: Receive) -> Response | None:
        """The login page and what comes of it, or a refusal; None for who may go on. Raises BodyTooLongError.

        Who goes on with a session finds in the request's state, as `holds`, whether it still is one.
        """
        request, path = Request(scope, receive), scope["path"]
        if path.startswith(FOR_ALL):
            return None
        if path == LOGIN:
            return await self._login(request)
        if path == LOGOUT:
            return self._logout(request)
        if "authorization" in request.headers:
            return self._bearer(request)
        found = self._session(request)
        if found is None:
            return self._refused(request)
        request.state.holds = lambda: self._session(request) is not None
        self.admitted(request, found)
        return None

    async def _login(self, request: Request) -> Response:
        if request.method in ("GET", "HEAD"):
            wanted = own_path(request.query_params.get("next", ""))
            return redirect(wanted) if self._session(request) is not None else self._page(200, wanted)
        if request.method != "POST":
            return Response("Only GET and POST.\n", 405, {"allow": "GET, HEAD, POST"}, "text/plain")
        form = _fields(await request.body())
        wanted = own_path(form.get("next", ""))
        found, wait = self._tried(request, form.get("token", "").strip())
        if found is not None:
            return self._welcome(request, wanted, found)
        if wait:
            return self._page(429, wanted, _too_often(wait), _retry(wait))
        return self._page(401, wanted, self.wrong, CHALLENGE)

    def _logout(self, request: Request) -> Response:
        if request.method != "POST":
            return Response("Only POST.\n", 405, {"allow": "POST"}, "text/plain")
        for value in self._cookies(request):
            self._sessions.pop(_digest(value), None)
        answer = redirect(LOGIN)
        answer.delete_cookie(self._cookie, path="/", httponly=True, samesite="strict", secure=self._is_safe(request))
        return answer

    def _bearer(self, request: Request) -> Response | None:
        scheme, _, token = request.headers["authorization"].partition(" ")
        found, wait = self._tried(request, token.strip() if scheme.lower() == "bearer" else "")
        if found is not None:
            self.admitted(request, found)
            return None
        if wait:
            return failed_answer(request, 429, _too_often(wait), _retry(wait))
        return failed_answer(request, 401, self.wrong, CHALLENGE)

    def _refused(self, request: Request) -> Response:
        # A redirect would put the login page into a page that wants only what changes.
        if PART in request.headers or _is_for_scripts(request.scope["path"]):
            told = "Log in, or send the token: `Authorization: Bearer ...`."
            return failed_answer(request, 401, told, CHALLENGE)
        if request.method not in ("GET", "HEAD"):
            return failed_answer(request, 401, "Log in first.", CHALLENGE)
        query = request.scope["query_string"].decode("latin-1")
        wanted = own_path(request.scope["raw_path"].decode("latin-1") + (f"?{query}" if query else ""))
        return redirect(LOGIN if wanted == "/" else f"{LOGIN}?next={quote(wanted, safe='')}")

    def _tried(self, request: Request, token: str) -> tuple[str | None, int]:
        """Who has the token; else None, and after how many seconds another one may be tried, 0 for at once."""
        address, now = request.client.host if request.client else "", self._seconds()
        wait = self._attempts.wait_seconds(address, now)
        found = None if wait and self.is_guessable else self.holder(token)
        if found is not None:
            return found, 0
        if not wait:
            self._attempts.failed(address, now)
        return None, wait

    def _welcome(self, request: Request, wanted: str, holder: str) -> Response:
        """Begin a session."""
        session = secrets.token_urlsafe(32)
        self._sessions[_digest(session)] = self._seconds() + SESSION_SECONDS, holder
        own = [digest for digest, (_, whose) in self._sessions.items() if whose == holder]
        for digest in own[:-MOST_OF_ONE]:
            del self._sessions[digest]
        while len(self._sessions) > MOST_SESSIONS:
            self._sessions.popitem(last=False)
        answer = redirect(wanted)
        answer.set_cookie(
            self._cookie,
            session,
            max_age=SESSION_SECONDS,
            path="/",
            httponly=True,
            samesite="strict",
            secure=self._is_safe(request),
        )
        return answer

    def _session(self, request: Request) -> str | None:
        """Whose session it is; None where there is none."""
        now = self._seconds()
        for value in self._cookies(request):
            until, holder = self._sessions.get(_digest(value), (-1.0, ""))
            if until > now and self.may_stay(holder):
                return holder
        return None

    def _page(self, status: int, wanted: str, sentence: str = "", headers: dict[str, str] | None = None) -> Response:
        return Response(rendered(self.login_page, {"wanted": wanted, "sentence": sentence}), status, headers, HTML)

    def _cookies(self, request: Request) -> list[str]:
        """The values of our cookie: several, where somebody else on this host has set one of its name."""
        found = []
        for header in request.headers.getlist("cookie"):
            for part in header.split(";"):
                name, _, value = part.strip().partition("=")
                if name == self._cookie:
                    found.append(value)
        return found[:MOST_COOKIES]

    def _is_safe(self, request: Request) -> bool:
        """Whether the browser speaks TLS, to us or to a proxy."""
        return self._doorway.scheme == "https" or request.headers.get("origin", "").startswith("https://")


class TokenAccess(LoginAccess):
    """There is one token, and whoever has it may see everything."""

    def __init__(self, token: str, doorway: Doorway, seconds: Callable[[], float] = time.monotonic) -> None:
        """`seconds` is a clock that only goes on."""
        super().__init__(doorway, seconds)
        self._token = _digest(token)

    def holder(self, token: str) -> str | None:
        """The same for all; None for a wrong token."""
        return "" if hmac.compare_digest(_digest(token), self._token) else None

    def may_stay(self, holder: str) -> bool:
        """The token lasts as long as the server."""
        return holder == ""

    def admitted(self, request: Request, holder: str) -> None:
        """Everybody sees the same."""


def own_path(text: str) -> str:
    """A path of this server to go to, `/` for anything else: what begins with two slashes leads to another one.

    Browsers drop tabs and line ends, and take a backslash for a slash.
    """
    is_odd = not text.startswith("/") or len(text) > MOST_NEXT or "\\" in text or not text.isascii()
    if is_odd or any(sign <= " " or sign == "\x7f" for sign in text):
        return "/"
    try:
        parts = urlsplit(text)
    except ValueError:
        return "/"
    is_elsewhere = bool(parts.scheme or parts.netloc) or text.startswith("//") or parts.path in (LOGIN, LOGOUT)
    return "/" if is_elsewhere else text


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "replace"), digest_size=32).digest()


def _fields(body: bytes) -> dict[str, str]:
    """The fields of a form, each once; empty for what is no form."""
    try:
        return {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace"), max_num_fields=8).items()}
    except ValueError:
        return {}


def _is_for_scripts(path: str) -> bool:
    return path.startswith(FOR_SCRIPTS)


def redirect(path: str) -> Response:
    """To another page of ours, asked for by GET."""
    return Response(status_code=303, headers={"location": path})


def failed_answer(request: Request, status: int, sentence: str, headers: dict[str, str]) -> Response:
    """A refusal: as JSON to scripts, as a line of text to everyone else."""
    if _is_for_scripts(request.scope["path"]):
        return Response(dumps({"error": sentence}), status, headers, JSON)
    return Response(f"{sentence}\n", status, headers, "text/plain")


def _too_often(wait: int) -> str:
    return f"Too many wrong tokens; try again in {wait} s."


def _retry(wait: int) -> dict[str, str]:
    return {"retry-after": str(wait)}
