"""Real servers on loopback that messages are sent to: a web server, a mail server, a desktop with a notification service."""

from __future__ import annotations

import os
import shutil
import socketserver
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.loopback import Answer, Request, answering, running


@dataclass
class WebReceiver:
    """What a web server was sent, and how it answers."""

    url: str = ""
    """`127.0.0.1:PORT`."""
    status: list[int] = field(default_factory=list)
    """Answers to give, the last for ever; 200 for none."""
    wait_seconds: float = 0.0
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    """Path, headers in lower case, body."""


@contextmanager
def web_receiver() -> Iterator[WebReceiver]:
    """A web server that keeps what it is sent."""
    receiver = WebReceiver()

    def answer(came: Request) -> Answer:
        receiver.asked.append((came.target, dict(came.headers), came.body))
        time.sleep(receiver.wait_seconds)
        status = receiver.status.pop(0) if len(receiver.status) > 1 else (receiver.status or [200])[0]
        return status, {}, b"{}"

    with answering(answer) as url:
        receiver.url = url.removeprefix("http://")
        yield receiver


@dataclass
class MailReceiver:
    """What a mail server was sent."""

    port: int = 0
    mails: list[tuple[str, list[str], str]] = field(default_factory=list)
    """Sender, recipients, the mail itself."""


@contextmanager
def mail_receiver() -> Iterator[MailReceiver]:
    """A mail server that takes everything. Source: RFC 5321, sections 3 and 4."""
    receiver = MailReceiver()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.sender, self.recipients = "", list[str]()
            self._say("220 loopback ESMTP")
            while line := self.rfile.readline().decode("utf-8", "replace").strip():
                self._answer(line)

        def _answer(self, line: str) -> None:
            verb, _, rest = line.partition(" ")
            path = rest.partition(":")[2].partition(" ")[0].strip("<>")
            if verb.upper() == "EHLO":
                self._say("250-loopback\r\n250 8BITMIME")
                return
            if verb.upper() == "DATA":
                self._say("354 go on")
                receiver.mails.append((self.sender, self.recipients, self._text()))
            self.sender = path if verb.upper() == "MAIL" else self.sender
            self.recipients += [path] if verb.upper() == "RCPT" else []
            self._say("221 bye" if verb.upper() == "QUIT" else "250 ok")

        def _text(self) -> str:
            lines = []
            while (line := self.rfile.readline().decode("utf-8", "replace")) not in (".\r\n", ".\n", ""):
                lines.append(line.removeprefix(".") if line.startswith("..") else line)
            return "".join(lines)

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.port = server.server_address[1]
    with running(server):
        yield receiver


DESKTOP_PROGRAMS = ("Xvfb", "dbus-daemon", "dunst", "dunstctl", "notify-send")
DUNST = """
[global]
    monitor = 0
    font = Monospace 10
    markup = full
    history_length = 50
[urgency_low]
    timeout = 0
[urgency_normal]
    timeout = 0
[urgency_critical]
    timeout = 0
"""


@dataclass
class Desktop:
    """A desktop of its own: a display that nobody sees, a session bus, a notification service."""

    environ: dict[str, str]

    def shown(self) -> list[dict[str, str]]:
        """The notifications that the service took, newest first: `summary`, `body`, `appname`."""
        import json

        for _ in range(20):
            self._control("close-all")
            time.sleep(0.1)
            told = json.loads(self._control("history"))["data"][0]
            if told:
                break
        names = ("summary", "body", "appname")
        return [{name: str(entry[name]["data"]) for name in names} for entry in told]

    def was_urgent(self, urgency: str) -> bool:
        """True once the newest was LOW, NORMAL or CRITICAL; the service's own script writes it down a moment later."""
        path = Path(self.environ["HOME"]) / "urgencies"
        for _ in range(100):
            if path.exists() and path.read_text().split()[-1:] == [urgency]:
                return True
            time.sleep(0.05)
        return False

    def _control(self, *words: str) -> str:
        done = subprocess.run(
            ["dunstctl", *words], env=self.environ, capture_output=True, text=True, timeout=20, check=True
        )
        return done.stdout


@contextmanager
def desktop(folder: Path) -> Iterator[Desktop]:
    """Start one; end what was started. Programs that are missing raise FileNotFoundError."""
    for program in DESKTOP_PROGRAMS:
        if shutil.which(program) is None:
            raise FileNotFoundError(program)
    folder.mkdir(exist_ok=True)
    script = folder / "note"
    script.write_text(f'#!/bin/sh\necho "$DUNST_URGENCY" >> "{folder}/urgencies"\n')
    script.chmod(0o700)
    (folder / "dunstrc").write_text(f"{DUNST}[every]\n    summary = *\n    script = {script}\n")
    address = f"unix:path={folder}/bus"
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "XDG_RUNTIME_DIR": str(folder),
        "DBUS_SESSION_BUS_ADDRESS": address,
    }
    started: list[subprocess.Popen[str]] = []
    try:
        read, write = os.pipe()
        started.append(
            _start(["Xvfb", "-displayfd", str(write), "-screen", "0", "800x600x24", "-nolisten", "tcp"], environ, write)
        )
        os.close(write)
        with os.fdopen(read) as display:
            environ["DISPLAY"] = f":{display.readline().strip()}"
        started.append(_start(["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address={address}"], environ))
        _wait_for((folder / "bus").exists)
        started.append(_start(["dunst", "-conf", str(folder / "dunstrc")], environ))
        found = Desktop(environ)
        _wait_for(
            lambda: (
                subprocess.run(
                    ["dunstctl", "count"], env=environ, capture_output=True, timeout=20, check=False
                ).returncode
                == 0
            )
        )
        yield found
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(20)


def _start(words: list[str], environ: dict[str, str], *kept: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        words, env=environ, pass_fds=kept, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
    )


def _wait_for(is_ready: Callable[[], bool]) -> None:
    for _ in range(200):
        if is_ready():
            return
        time.sleep(0.05)
    raise TimeoutError
