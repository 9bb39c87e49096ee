"""serve: the dashboard in the browser, on this machine, or with a login on others."""

from __future__ import annotations

import argparse
import os
import threading
import time
import traceback
import webbrowser
from contextlib import suppress
from importlib.util import find_spec

from tokentide import clock
from tokentide.cli.error_log import log_error
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.lasting import stay
from tokentide.cli.serve_access import (
    LOOPBACK,
    VARIABLE,
    Entrance,
    bound_at,
    entrance_of,
    host_option,
    name_option,
    port_option,
)
from tokentide.cli.serve_copy import somewhere_writable
from tokentide.cli.terminal import Terminal, help_with_examples
from tokentide.errors import UsageError
from tokentide.locations import error_log_path

PORT = 8377
NEEDED = ("fastapi", "uvicorn", "jinja2", "plotly", "prometheus_client")
SAID_SECONDS = 60.0
"""The same error is told of no more often."""
EXAMPLES = f"""examples:
  tokentide serve                   on http://{LOOPBACK}:{PORT}, for this machine alone
  tokentide serve --open            and open the browser
  tokentide serve --login           and ask who comes for a token, which is printed
  tokentide serve --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem
                                    for other machines: always with a login
  tokentide serve --token-file token --allow-host usage.example.org
                                    behind a proxy that adds TLS

The token is made at each start, unless --token-file or the variable {VARIABLE} holds one.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of serve."""
    parser.epilog = EXAMPLES
    parser.formatter_class = help_with_examples
    parser.add_argument(
        "--host", type=host_option, default=LOOPBACK, metavar="ADDRESS", help=f"where to listen (default {LOOPBACK})"
    )
    parser.add_argument(
        "--port", type=port_option, default=PORT, metavar="N", help=f"default {PORT}; 0 takes a free one"
    )
    parser.add_argument("--open", action="store_true", help="open the browser")
    parser.add_argument("-O", "--offline", action="store_true", help="never ask the account for its limits")
    access = parser.add_argument_group("who may come in")
    access.add_argument("--login", action="store_true", help="ask for a token, also on this machine")
    access.add_argument("--token-file", metavar="FILE", help="where the token stands; readable by you alone")
    access.add_argument(
        "--allow-host",
        type=name_option,
        action="append",
        default=[],
        metavar="NAME",
        help="another name by which it is reached, as of a proxy; asks for the token (repeatable)",
    )
    access.add_argument("--tls-cert", metavar="FILE", help="certificate in PEM, with its chain")
    access.add_argument("--tls-key", metavar="FILE", help="its key in PEM, without a password")
    access.add_argument("--plain-http", action="store_true", help="other machines may come without encryption")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Serve until Ctrl+C."""
    _check_parts()
    entrance = entrance_of(options, os.environ)
    listener = bound_at(entrance.host, options.port)
    with listener, somewhere_writable(terminal):
        from tokentide.web.access import TokenAccess
        from tokentide.web.app import Plan
        from tokentide.web.serving import serve

        port = listener.getsockname()[1]
        doorway = entrance.doorway(port)
        access = TokenAccess(entrance.token, doorway) if entrance.token else None
        failed = _Faults(terminal).note
        plan = Plan(os.environ, clock.now_us, doorway, access, may_ask=not options.offline, failed=failed)
        stay()
        serve(plan, listener, lambda: _ready(terminal, entrance, port, is_open=options.open), entrance.tls)
    return ExitCode.OK


def _ready(terminal: Terminal, entrance: Entrance, port: int, *, is_open: bool) -> None:
    """Say where it is, and with which token; open the browser."""
    address = entrance.address(port)
    terminal.say(f"{address}  (Ctrl+C ends it)")
    if entrance.is_made:
        terminal.say(f"the token to log in with, until it ends: {entrance.token}")
    if entrance.tls is None and entrance.token and not _is_loopback(entrance):
        terminal.say("without encryption: the token and all figures can be read along on the network")
    terminal.err.flush()
    if is_open:
        threading.Thread(target=_open, args=(address, terminal), daemon=True).start()


def _open(address: str, terminal: Terminal) -> None:
    """Open the browser beside the terminal; one that would run in the terminal only where the person names it."""
    try:
        browser = webbrowser.get()
        is_in_terminal = type(browser) is webbrowser.GenericBrowser and not os.environ.get("BROWSER")
        is_opened = not is_in_terminal and browser.open(address)
    except webbrowser.Error:
        is_opened = False
    if not is_opened:
        with suppress(OSError, ValueError):  # it may have ended meanwhile
            terminal.say("no browser was found here: open the address yourself")
            terminal.err.flush()


def _is_loopback(entrance: Entrance) -> bool:
    import ipaddress

    return ipaddress.ip_address(entrance.host).is_loopback


class _Faults:
    """Says in a line that something failed which nobody expected, and notes where; from any thread."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._lock = threading.Lock()
        self._said: dict[str, float] = {}

    def note(self, error: BaseException) -> None:
        """Log it; say so, unless the same was said just now. The message may quote data, and is not told."""
        frames = traceback.extract_tb(error.__traceback__)
        place = f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else "?"
        what, moment = f"{type(error).__name__} at {place}", time.monotonic()
        with self._lock:
            log_error(error, clock.now_us())
            if moment - self._said.get(what, -SAID_SECONDS) < SAID_SECONDS:
                return
            self._said[what] = moment
            with suppress(OSError, ValueError):  # nobody reads standard error any more
                self._terminal.say(f"a fault of ours: {what}; {error_log_path()} tells more. It goes on.")
                self._terminal.err.flush()


def _check_parts() -> None:
    """Raises UsageError where the libraries are missing."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        named = ", ".join(name.replace("_", "-") for name in missing)
        raise UsageError(f"serve needs {named}: pip install 'tokentide[server]'")
