"""The live view: draws what it is handed, and never waits for anything."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.filter import LineFilter, NoColor
from textual.message import Message
from textual.notifications import SeverityLevel

from tokentide.analytics.live import LiveState
from tokentide.analytics.live_tables import REALTIME, VIEWS, View
from tokentide.live.bars import HintBar, NavigationBar, Tab
from tokentide.live.feed import Feed, LetterBox, Post, Progress
from tokentide.live.help import HelpScreen
from tokentide.live.lines import waiting_lines
from tokentide.live.now_page import NowPage
from tokentide.live.rows import Rows
from tokentide.live.table_pane import TablePane
from tokentide.live.theme import NAMES, PREFIX, THEMES
from tokentide.model.alerts import CRITICAL, Alert
from tokentide.render import words
from tokentide.render.live_look import PALETTES, LiveLook
from tokentide.render.live_page import live_page
from tokentide.render.live_sections import idle_note
from tokentide.render.time_of_day import TimeOfDay

NOTICE_SECONDS = 12.0
"""So long a notice stays; the page tells more."""


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """What a person has chosen."""

    time: TimeOfDay
    thresholds: tuple[int, int, int]
    refresh_seconds: float
    theme: str
    """One of `theme.NAMES`."""
    view: str = REALTIME
    has_colors: bool = True
    """False where NO_COLOR is set: the toolkit then draws other themes without any, too."""
    clock: Callable[[], int] = lambda: 0
    """The present instant, µs UTC."""


class Arrived(Message):
    """There is something in the letter box."""

    def can_replace(self, message: Message) -> bool:
        """One look into the box is enough."""
        return isinstance(message, Arrived)


class LiveApp(App[int]):
    """Six views of the ledger; see `feed.Feed` for where they come from."""

    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "quit", show=False, priority=True),
        Binding("q", "quit", show=False),
        *(Binding(str(number), f"view('{name}')", show=False) for number, name in enumerate(VIEWS, 1)),
        Binding("tab", "turn(1)", show=False, priority=True),
        Binding("shift+tab", "turn(-1)", show=False, priority=True),
        Binding("left,h", "turn(-1)", show=False),
        Binding("right,l", "turn(1)", show=False),
        Binding("escape", "up", show=False),
        Binding("slash", "filter", show=False),
        Binding("s", "sort", show=False),
        Binding("S", "reverse", show=False),
        Binding("t", "next_theme", show=False),
        Binding("r", "reload", show=False),
        Binding("y", "copy", show=False),
        Binding("question_mark,f1", "help", show=False),
    ]

    def __init__(self, feed_of: Callable[[Post], Feed], options: LiveOptions) -> None:
        """`feed_of` makes the feed, given what it is to call with updates."""
        super().__init__()
        self.animation_level = "none"
        for theme in THEMES.values():
            self.register_theme(theme)
        self.theme = PREFIX + options.theme
        self.options = options
        self.state: LiveState | None = None
        self.views: list[View] = [View(options.view)]
        """From the whole view down to what is shown."""
        self.page = NowPage()
        self.pane = TablePane(self.look)
        self._box = LetterBox(lambda: self.post_message(Arrived()))
        self._feed = feed_of(self._box.deliver)
        self._progress: Progress | None = None
        self._fault = ""

    def compose(self) -> ComposeResult:
        """All widgets; which of them are seen depends on the view."""
        yield NavigationBar()
        yield self.page
        yield self.pane
        yield HintBar()

    def on_mount(self) -> None:
        """Begin to be fed, and to draw."""
        with suppress(NotImplementedError, AttributeError, ValueError, RuntimeError):  # Windows; not the main thread
            for number in (signal.SIGTERM, signal.SIGHUP):
                asyncio.get_running_loop().add_signal_handler(number, self.exit, 128 + number)
        self.set_interval(self.options.refresh_seconds, self.redraw)
        self._feed.show(self.view)
        self._feed.start()
        self._turned()

    def on_unmount(self) -> None:
        """Stop the feed."""
        self._feed.stop()

    @property
    def view(self) -> View:
        """What is shown."""
        return self.views[-1]

    @property
    def palette_name(self) -> str:
        """The theme, as it is called in the settings."""
        return self.theme.removeprefix(PREFIX)

    def get_line_filters(self) -> list[LineFilter]:
        """The toolkit's own; without colour all of it goes."""
        filters = [*super().get_line_filters()]
        return [*filters, NoColor()] if self.palette_name == "none" else filters

    def look(self, room: int) -> LiveLook:
        """How things are drawn now."""
        options = self.options
        return LiveLook(options.time, options.thresholds, room, options.clock(), PALETTES[self.palette_name])

    def redraw(self) -> None:
        """Draw what depends on the time, and what has arrived."""
        self.query_one(NavigationBar).tell(self.options.time.clock(self.options.clock()))
        if self.view.name == REALTIME:
            self._draw_page()
        self._draw_hints()

    def on_arrived(self) -> None:
        """Look into the letter box."""
        update = self._box.collect()
        if update is None:
            return
        self._progress = update.progress
        self._fault = self._fault if update.fault is None else update.fault
        self.state = update.state or self.state
        if update.table is not None and update.table.view == self.view:
            self.pane.show(update.table)
        for alert in update.alerts:
            self._tell(alert)
        if update.rings:
            self.bell()
        self.redraw()

    def _tell(self, alert: Alert) -> None:
        """A notice at the edge of the screen."""
        severity: SeverityLevel = "error" if alert.severity == CRITICAL else "warning"
        self.notify(words.clean(alert.title), severity=severity, timeout=NOTICE_SECONDS, markup=False)

    def _draw_page(self) -> None:
        look, height = self.look(max(self.size.width - 3, 20)), max(self.size.height - 2, 1)
        if self.state is None:
            lines = waiting_lines(self._progress, words.clean(self._fault), look)
        else:
            lines = live_page(self.state, look, height)
        self.page.draw(lines, height)

    def _draw_hints(self) -> None:
        look = self.look(self.size.width)
        if self._fault:
            self.query_one(HintBar).tell(words.clean(self._fault), look.palette.full)
        elif self.state is not None:
            bad = self.state.problems
            note = f"{words.plural(bad, 'place')} unread: tokentide doctor" if bad else idle_note(self.state, look)
            self.query_one(HintBar).tell(note, look.palette.dim)
        else:
            self.query_one(HintBar).tell("")

    def _turned(self) -> None:
        """Show another view: what was read of it before is gone."""
        is_page = self.view.name == REALTIME
        self.page.display, self.pane.display = is_page, not is_page
        self.query_one(NavigationBar).show(self.views[0].name)
        self.pane.begin(self.views)
        if is_page:
            self.page.focus()
        else:
            self.pane.take_focus()
        self.redraw()

    def _go(self, views: list[View]) -> None:
        self.views = views
        self._feed.show(self.view)
        self._turned()

    def action_view(self, name: str) -> None:
        """Show one of VIEWS."""
        self._go([View(name)])

    def action_turn(self, step: int) -> None:
        """Show the view beside this one."""
        self._go([View(VIEWS[(VIEWS.index(self.views[0].name) + step) % len(VIEWS)])])

    def action_up(self) -> None:
        """Out of the filter, else one level up, else to the page of now."""
        if self.pane.is_filtering:
            self.pane.end_filter()
            self.pane.take_focus()
            self.pane.draw()
        elif len(self.views) > 1:
            self._go(self.views[:-1])
        elif self.view.name != REALTIME:
            self._go([View(REALTIME)])

    def action_filter(self) -> None:
        """Type what rows must contain."""
        if self.view.name != REALTIME:
            self.pane.begin_filter()

    def action_sort(self) -> None:
        """Sort by the next column."""
        self.query_one(Rows).sort_next()

    def action_reverse(self) -> None:
        """Sort the other way round."""
        self.query_one(Rows).reverse()

    def action_next_theme(self) -> None:
        """The next of the themes; without colours they are all the same."""
        if not self.options.has_colors:
            self.notify("NO_COLOR is set: there are no colours", markup=False, timeout=3)
            return
        self.theme = PREFIX + NAMES[(NAMES.index(self.palette_name) + 1) % len(NAMES)]
        self.pane.draw()
        self.redraw()

    def action_reload(self) -> None:
        """Read what is shown again, now."""
        self._feed.show(self.view)

    def action_copy(self) -> None:
        """Put what is shown into the clipboard, as the terminal allows it."""
        if self.view.name != REALTIME:
            shown = self.pane.as_text()
        elif self.state is not None:
            shown = "\n".join(line.plain.rstrip() for line in live_page(self.state, self.look(self.size.width)))
        else:
            return
        self.copy_to_clipboard(shown)
        self.notify("copied, where your terminal allows it", markup=False, timeout=3)

    def action_help(self) -> None:
        """Show the keys."""
        self.push_screen(HelpScreen())

    def on_tab_chosen(self, event: Tab.Chosen) -> None:
        """A view's name was clicked."""
        self.action_view(event.name)

    def on_rows_opened(self, event: Rows.Opened) -> None:
        """Go down a level; a double click goes no further."""
        if event.view != self.view:
            self._go([*self.views, event.view])

    def on_resize(self, _event: events.Resize) -> None:
        """Draw for the new size."""
        self.call_after_refresh(self.redraw)
        self.call_after_refresh(self.pane.draw)
