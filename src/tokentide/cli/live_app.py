"""Puts the live view together from the options and settings, and runs it; loaded only when Textual is there."""

from __future__ import annotations

import argparse

from tokentide import clock
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.lasting import stay
from tokentide.cli.live_wishes import VIEW_NAMES, ask_of, time_of_day
from tokentide.cli.options import calendar_of
from tokentide.cli.terminal_background import has_light_background
from tokentide.cli.workspace import Workspace
from tokentide.following.follower import Sources
from tokentide.live.app import LiveApp, LiveOptions
from tokentide.live.feed import Feed, Post
from tokentide.live.reader import LedgerReader, Plan
from tokentide.live.theme import theme_for


def show(options: argparse.Namespace, workspace: Workspace) -> int:
    """Show it until it is quit. Raises what the feed did not expect."""
    settings, environ = workspace.settings, workspace.terminal.environ
    plan = Plan(
        Sources(settings, environ, workspace.book),
        calendar_of(options, settings),
        lambda ledger: ask_of(options, workspace, ledger),
        clock.now_us,
        may_ask=not options.offline,
    )
    wish = "none" if options.no_color else options.theme or settings.live_theme
    is_light = has_light_background(environ) if wish == "auto" else None
    theme = theme_for(wish, environ, is_light=is_light)
    chosen = LiveOptions(
        time_of_day(options, workspace),
        settings.limit_thresholds,
        options.refresh_rate or settings.live_refresh_seconds,
        theme,
        VIEW_NAMES[options.view],
        "NO_COLOR" not in environ,
        clock.now_us,
    )
    feeds: list[Feed] = []

    def feed_of(post: Post) -> Feed:
        feeds.append(Feed(LedgerReader(plan), post))
        return feeds[-1]

    stay()
    code = LiveApp(feed_of, chosen).run()
    for feed in feeds:
        if feed.error is not None:
            raise feed.error
    return ExitCode.OK if code is None else code
