"""All commands, in the order of the help; each module has `configure(parser)` and `run(arguments, terminal)`."""

from __future__ import annotations

from typing import NamedTuple


class Command(NamedTuple):
    """One command."""

    name: str
    module: str
    """Below `tokentide.cli`."""
    summary: str
    aliases: tuple[str, ...] = ()
    is_urgent: bool = False
    """True where its module also has `run_plain(terminal)`, for a call without options: reading none saves a third."""


OVERVIEW = Command(
    "overview", "overview", "limits, today, this week, this month, the current block; what a bare `tokentide` shows"
)

COMMANDS = (
    OVERVIEW,
    Command("limits", "limits", "official limits: how much is used, when they reset, how they went"),
    Command("forecast", "forecast", "the odds that a window runs out before its reset, when, and how right that was"),
    Command("statusline", "statusline", "the line below Claude Code's prompt, and its installation", is_urgent=True),
    Command("panel", "panel", "a small box that stays up to date: your limits, or your month"),
    Command("live", "live", "a screen that stays open beside the work: limits, odds, burn rate, sessions, reports"),
    Command("serve", "serve", "the dashboard in the browser: every report as pages, charts, JSON and metrics"),
    Command("server", "server", "a team's telemetry: taken in, kept, shown; for one machine or a cluster"),
    Command("alerts", "alerts", "be told in time: rules, channels, quiet hours, what is raised and what was"),
    Command("guard", "guard", "will the windows hold what comes next? for scripts, and before a prompt"),
    Command("watch", "watch", "in the background: keeps readings, forecasts and alerts going"),
    Command("daily", "reports", "usage and cost by day"),
    Command("weekly", "reports", "usage and cost by week"),
    Command("monthly", "reports", "usage and cost by month"),
    Command("session", "reports", "usage and cost by session; with an id, what happened in that one", ("sessions",)),
    Command("project", "reports", "usage and cost by project", ("projects",)),
    Command("model", "reports", "usage and cost by model", ("models",)),
    Command("branch", "reports", "usage and cost by git branch", ("branches",)),
    Command("block", "block", "five-hour blocks, with burn rate and projection", ("blocks",)),
    Command("context", "context", "what fills the context window of a session now: by part, with growth and cache"),
    Command("breakdown", "breakdown", "what usage goes back to: tools, skills, prompts, agents, models, hours"),
    Command("compare", "compare", "two periods, projects, models or sessions side by side, and why they differ"),
    Command("what-if", "what_if", "the same history on other models, at other prices, under other plans"),
    Command("advise", "advise", "what to do otherwise: what it saves, how sure that is, what it rests on"),
    Command("count", "count", "tokens before they are sent: how many, what they cost, whether they fit"),
    Command("activity", "activity", "a year as a heat map: streaks, hours, tools, lines, commits; also as a picture"),
    Command("wrapped", "wrapped", "a year on one page to keep or to share"),
    Command("console", "console", "the organisation's usage, cost and Claude Code activity, from its Admin API"),
    Command("reconcile", "reconcile", "the organisation's bill beside our records, and why they differ"),
    Command("prices", "prices", "which price a model has, from where, since when"),
    Command("sync", "sync", "bring the ledger up to date; --rebuild reads everything again"),
    Command("team", "team", "a team by its server: adoption, output, cost, reliability, tools, people, coverage"),
    Command("push", "push", "send this machine's records, never text, to a team server"),
    Command("doctor", "doctor", "what was found where, what could not be read, how the ledger is"),
    Command("config", "config", "the settings in force, and where they come from"),
    Command("demo", "demo", "any report on sample data, to see what it looks like"),
    Command("completion", "completion", "shell completion for bash, zsh or fish"),
)


OF_TWO_WORDS = (
    Command("server token", "server_token", "who may send telemetry, and who may look at what of it"),
    Command("server status", "server_status", "what comes in, what waits, how the store is"),
    Command("server migrate", "server_move", "move a team's data to another store while the server goes on"),
)
"""Commands that have options of their own beside those of their first word."""


def find_command(*words: str) -> Command | None:
    """The command of that name or alias, of the first word or of both."""
    two = next((command for command in OF_TWO_WORDS if command.name == " ".join(words[:2])), None)
    name = words[0]
    return two or next((command for command in COMMANDS if name == command.name or name in command.aliases), None)
