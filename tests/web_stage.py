"""The dashboard on sample data at a fixed time, served on loopback, and a browser that looks at it."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, sync_playwright

from tests.conftest import Machine
from tests.ledgers import BOOK
from tokentide.sample import write_sample
from tokentide.sample_limits import fill_limits
from tokentide.serving.connections import Patience
from tokentide.settings import load_settings
from tokentide.sources.claude_code.instants import parse_instant
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.details import sync_details
from tokentide.sync.engine import Observer, Synchroniser
from tokentide.web.access import TokenAccess
from tokentide.web.app import Plan
from tokentide.web.gate import Doorway
from tokentide.web.serving import USUAL, bound, server_for

NOW = parse_instant("2026-03-12T12:00:00Z") or 0
SETTINGS = 'timezone = "UTC"\naccount_poll = false\n'
QUIET_RULES = '[[channel]]\nkind = "desktop"\nenabled = false\n'
"""Nothing leaves the test."""
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SHOTS = Path(os.environ.get("TOKENTIDE_SHOTS") or Path(__file__).resolve().parents[1] / ".cache" / "shots")
"""Where pictures of pages are kept, to be looked at."""


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Dashboard:
    """A running dashboard; `now` may be moved."""

    machine: Machine
    address: str = ""
    now: int = NOW
    clock: Callable[[], int] | None = None
    """The time as it goes on; None for `now`."""
    port: int = 0
    """Of loopback; 0 takes a free one."""
    names: tuple[str, ...] = ("127.0.0.1", "localhost")
    token: str = ""
    """Asked for, where there is one."""
    patience: Patience = USUAL
    tls: ssl.SSLContext | None = None
    faults: list[BaseException] = field(default_factory=list)
    """Errors that nobody expected."""
    problems: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        """127.0.0.1 with the port."""
        return urlsplit(self.address).netloc

    def ask(
        self, target: str, method: str = "GET", headers: dict[str, str] | None = None, body: bytes | None = None
    ) -> Reply:
        """One request, with exactly these headers beside Host."""
        connection = HTTPConnection(self.host, timeout=30)
        if self.tls is not None:  # whose certificate it is does not matter here
            connection = HTTPSConnection(self.host, timeout=30, context=ssl._create_unverified_context())
        try:
            connection.request(method, target, body, headers or {})
            answer = connection.getresponse()
            return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    @contextmanager
    def serving(self) -> Iterator[Dashboard]:
        """Serve on a free port until the end of the block; the machine's folders are this process's meanwhile."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.machine._environ().items():
                patch.setenv(name, value)
            for name in ("CLAUDE_CONFIG_DIR", "CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_ADMIN_API_KEY"):
                patch.delenv(name, raising=False)
            listener = bound("127.0.0.1", self.port)
            port = listener.getsockname()[1]
            scheme = "https" if self.tls else "http"
            self.address = f"{scheme}://127.0.0.1:{port}"
            ready = threading.Event()
            doorway = Doorway.of(port, self.names, scheme)
            access = TokenAccess(self.token, doorway) if self.token else None
            environ = self.machine._environ()
            clock = self.clock or (lambda: self.now)
            plan = Plan(environ, clock, doorway, access, may_ask=False, failed=self.faults.append)
            server = server_for(plan, ready.set, self.tls, self.patience)
            thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
            thread.start()
            try:
                assert ready.wait(20), "the server did not start"
                self.until_read()
                yield self
            finally:
                server.should_exit = True
                thread.join(20)
                listener.close()

    def until_read(self) -> None:
        """Wait until everything there is was read."""
        for _ in range(400):
            known = {"authorization": f"Bearer {self.token}"} if self.token else None
            if self.ask("/api/v1/status", headers=known).json()["is_ready"]:
                return
            threading.Event().wait(0.05)
        raise AssertionError("nothing was read")


def fill(machine: Machine, days: int = 30, now: int = NOW) -> None:
    """The sample's transcripts and limits, read into the machine's ledger, with quiet settings."""
    write_sample(str(machine.claude), now, days)
    quiet(machine)
    settings = load_settings(str(machine.root / "config" / "settings.toml"), {})
    machine.ledger.parent.mkdir(parents=True, exist_ok=True)
    with Ledger.open(str(machine.ledger)) as ledger:
        synced = Synchroniser(settings, machine._environ(), BOOK).sync(ledger)
        sync_details(ledger, synced.found, Observer())
        fill_limits(ledger, now)


def quiet(machine: Machine) -> None:
    """Settings under which nothing leaves the test."""
    machine.settings(SETTINGS)
    (machine.root / "config" / "alerts.toml").write_text(QUIET_RULES)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium without a screen."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(CHROMIUM_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visitor:
    """A person with a browser, who notes what the pages complain of and whom they ask."""

    context: BrowserContext
    page: Page
    dashboard: Dashboard
    complaints: list[str] = field(default_factory=list)
    """Console errors, uncaught errors, failed requests."""
    foreign: list[str] = field(default_factory=list)
    """Requests to anyone but the dashboard."""

    def open(self, path: str) -> None:
        """Go to a page and wait until its charts are drawn."""
        self.page.goto(self.dashboard.address + path)
        self.settled()

    def settled(self) -> None:
        """Wait until nothing is being drawn."""
        self.page.wait_for_selector("#view:not([aria-busy])")
        for _ in range(200):
            waiting = ".chart:not([hidden]):not([data-state=drawn]):not([data-state=failed])"
            if not self.page.locator(waiting).count():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError("a chart was not drawn")

    def shot(self, name: str) -> None:
        """Keep a picture of the whole page."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


@contextmanager
def visiting(
    browser: Browser, dashboard: Dashboard, *, dark: bool = False, width: int = 1280, height: int = 900
) -> Iterator[Visitor]:
    """A fresh browser profile on the dashboard. Complaints are the test's to look at."""
    context = browser.new_context(
        color_scheme="dark" if dark else "light",
        viewport={"width": width, "height": height},
        locale="en-GB",
        timezone_id="UTC",
        accept_downloads=True,
    )
    page = context.new_page()
    visitor = Visitor(context, page, dashboard)

    def said(message: ConsoleMessage) -> None:
        if message.type == "error":
            visitor.complaints.append(message.text)

    def answered(answer: Response) -> None:
        if answer.status >= 400:
            visitor.complaints.append(f"{answer.status} {answer.url}")

    def asked(request: Request) -> None:
        if urlsplit(request.url).netloc not in (dashboard.host, ""):
            visitor.foreign.append(request.url)

    page.on("console", said)
    page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
    page.on("response", answered)
    page.on("request", asked)
    try:
        yield visitor
    finally:
        context.close()


def certificate(folder: Path) -> tuple[str, str]:
    """One that signs itself, for localhost."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    words = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*words, "-keyout", key, "-out", cert, *subject], check=True, capture_output=True)
    return str(cert), str(key)
