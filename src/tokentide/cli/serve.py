"""serve: the dashboard in the browser, on this machine."""

from __future__ import annotations

import argparse
import os
import webbrowser
from importlib.util import find_spec

from tokentide import clock
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.lasting import stay
from tokentide.cli.terminal import Terminal, help_with_examples
from tokentide.errors import UsageError

PORT = 8377
LOOPBACK = "127.0.0.1"
NEEDED = ("fastapi", "uvicorn", "jinja2", "plotly")
EXAMPLES = """examples:
  tokentide serve                 on http://127.0.0.1:8377, for this machine alone
  tokentide serve --open          and open the browser
  tokentide serve --port 0        on a free port
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of serve."""
    parser.epilog = EXAMPLES
    parser.formatter_class = help_with_examples
    parser.add_argument("--port", type=_port, default=PORT, metavar="N", help=f"default {PORT}; 0 takes a free one")
    parser.add_argument("--open", action="store_true", help="open the browser")
    parser.add_argument("-O", "--offline", action="store_true", help="never ask the account for its limits")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Serve until Ctrl+C."""
    _check_parts()
    from tokentide.web.app import Plan
    from tokentide.web.gate import Doorway
    from tokentide.web.serving import bound, serve

    try:
        listener = bound(LOOPBACK, options.port)
    except OSError as error:
        raise UsageError(
            f"port {options.port} is taken ({error.strerror}): another `tokentide serve` may run; --port 0 takes a "
            "free one"
        ) from error
    port = listener.getsockname()[1]
    address = f"http://{LOOPBACK}:{port}/"

    def ready() -> None:
        terminal.say(f"{address}  (Ctrl+C ends it)")
        terminal.err.flush()
        if options.open:
            webbrowser.open(address)

    stay()
    doorway = Doorway.of(port, (LOOPBACK, "localhost"))
    serve(Plan(os.environ, clock.now_us, doorway, may_ask=not options.offline), listener, ready)
    return ExitCode.OK


def _check_parts() -> None:
    """Raises UsageError where the libraries are missing."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError(f"serve needs {', '.join(missing)}: pip install 'tokentide[server]'")


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port from 0 to 65535")
    return int(text)
