"""panel: a small box with the limits, or with the month in the console, that stays up to date in its corner."""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

from tokentide import clock
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.panel import MODES, Panel
from tokentide.cli import options as shared
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.lasting import stay
from tokentide.cli.live_screen import LiveScreen
from tokentide.cli.panel_feed import PanelFeed, PanelSource, PanelWishes
from tokentide.cli.terminal import Terminal
from tokentide.cli.workspace import Workspace
from tokentide.clock import SECOND_US

INTERVAL_SECONDS = 30
_TICK_SECONDS = 0.25
"""So soon a resized terminal is drawn anew."""
_PICTURES = "│👤█"
"""What an output must be able to encode to be shown more than ASCII."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of panel."""
    parser.add_argument(
        "--mode", choices=MODES, help="your limits (code), or your month in the organisation (console); else what fits"
    )
    parser.add_argument("--account", default="", metavar="NAME", help="only accounts whose name contains this")
    parser.add_argument(
        "--user", default="", metavar="EMAIL", help="whose month in console mode; else who is logged in"
    )
    parser.add_argument(
        "--interval",
        type=_seconds,
        default=INTERVAL_SECONDS,
        metavar="SECONDS",
        help=f"look for news so often ({INTERVAL_SECONDS}); the vendor is asked every 5 minutes at most",
    )
    parser.add_argument("--once", action="store_true", help="print it once and end, as without a terminal")
    parser.add_argument("-z", "--timezone", metavar="ZONE", help="IANA zone of the times shown; or local")
    parser.add_argument("-j", "--json", action="store_true", help="JSON, once; see docs/reference/json.md")
    shared.add_appearance(parser)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Show the panel until Ctrl+C, which is its normal end; once where nobody looks at a terminal."""
    workspace = Workspace(terminal)
    calendar = shared.calendar_of(options, workspace.settings)
    wishes = PanelWishes(options.mode or "", options.account, options.user, may_ask=not options.offline)
    source = PanelSource(workspace, wishes)
    if options.json:
        from tokentide.render.panel_json import panel_json

        thresholds = workspace.settings.limit_thresholds
        terminal.write(panel_json(source.first(ask=True), thresholds, timezone=calendar.name, now=terminal.now))
        return ExitCode.OK
    artist = _Artist(terminal, calendar, workspace.settings.limit_thresholds, options.no_color)
    if options.once or not terminal.out.isatty() or terminal.environ.get("TERM") == "dumb":
        width = terminal.columns(options.width)
        for line in artist.draw(source.first(ask=True), width, None, terminal.now):
            terminal.write(line)
        return ExitCode.OK
    return _live(source, artist, terminal, options)


@dataclass(frozen=True, slots=True)
class _Artist:
    """Draws a panel for the terminal's encoding, colours and width."""

    terminal: Terminal
    calendar: Calendar
    thresholds: tuple[int, int, int]
    no_color: bool

    def draw(self, panel: Panel, width: int, height: int | None, now: int) -> list[str]:
        """The lines as they are written."""
        from tokentide.render.panel_box import panel_lines
        from tokentide.render.panel_layout import PanelLook

        look = PanelLook(self.calendar, self.thresholds, width, now, is_plain=self._is_plain())
        console = self.terminal.console(look.width, no_color=self.no_color)
        with console.capture() as captured:
            for line in panel_lines(panel, look, height):
                console.print(line, soft_wrap=True)
        return captured.get().splitlines()

    def _is_plain(self) -> bool:
        try:
            _PICTURES.encode(self.terminal.out.encoding or "utf-8")
        except (UnicodeEncodeError, LookupError):
            return True
        return False


def _live(source: PanelSource, artist: _Artist, terminal: Terminal, options: argparse.Namespace) -> ExitCode:
    """Redraw in place; the last picture stays in the shell's screen."""
    stay()
    feed = PanelFeed(source.first(ask=False), source.next, options.interval * SECOND_US)
    lines: list[str] = []
    with LiveScreen(terminal.out) as screen:
        drawn: tuple[object, ...] = ()
        try:
            while True:
                now = clock.now_us()
                panel, (columns, height) = feed.newest(now), screen.size
                if drawn != (panel, columns, height, now // SECOND_US):
                    drawn = (panel, columns, height, now // SECOND_US)
                    lines = artist.draw(panel, min(columns, options.width or columns), height, now)
                    screen.show(lines)
                time.sleep(_TICK_SECONDS)
        except KeyboardInterrupt:
            pass
    for line in lines:
        terminal.write(line)
    return ExitCode.OK


def _seconds(text: str) -> int:
    number = int(text) if text.isdecimal() and text.isascii() else 0
    if not 1 <= number <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 1 to 86400")
    return number
