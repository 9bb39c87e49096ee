"""Whether it is good that a headline figure rose: the colours of pages and terminals."""

from __future__ import annotations

GOOD = frozenset(
    {
        "daily_users",
        "weekly_users",
        "monthly_users",
        "active_users",
        "new_users",
        "accept_rate",
        "success_rate",
        "cache_hits",
        "saved_by_cache",
        "coverage",
        "coverage_cost",
        "pull_requests",
        "commits",
    }
)
"""More of these is better."""
BAD = frozenset(
    {
        "errors",
        "error_rate",
        "retries_exhausted",
        "refusals",
        "p50_ms",
        "p95_ms",
        "ttft_p50_ms",
        "hook_ms_per_prompt",
        "mcp_failures",
        "internal_errors",
        "rejected",
        "hot_spots",
        "cost_per_pull_request",
        "cost_per_commit",
        "metrics_only_cost",
        "deviating_sessions",
        "lopsided",
        "skewed",
    }
)
"""Less of these is better; of all others it is for people to say."""
STILL = 0.005
"""A smaller change is none."""


def is_still(change: float) -> bool:
    """Whether a change, as a share of what was before, is none."""
    return abs(change) < STILL


def mood_of(name: str, change: float | None) -> str:
    """`good`, `bad`, or nothing where nothing changed or it is for people to say."""
    if change is None or is_still(change):
        return ""
    if name in GOOD:
        return "good" if change > 0 else "bad"
    return ("bad" if change > 0 else "good") if name in BAD else ""
