"""Coverage: how much of what is known telemetry told, and where the ways to know it differ."""

from __future__ import annotations

from tokentide.web.team.panels import Panel, over_time
from tokentide.web.team.report_page import report_page

PANELS = (
    Panel(
        "days",
        "Who told of it",
        over_time(
            "Responses on each day: all, told by telemetry, told by transcripts that machines push",
            "days",
            (
                ("responses", "all that are known"),
                ("telemetry_responses", "told by telemetry"),
                ("transcript_responses", "told by transcripts"),
            ),
            shape="line",
        ),
        nothing="Nothing is known of these days.",
        is_wide=True,
    ),
    Panel(
        "days",
        "Metrics against events",
        over_time(
            "Cost on each day as events and as metrics tell it, where both do",
            "days",
            (("telemetry_cost_usd", "events"), ("metrics_cost_usd - metrics_only_cost_usd", "metrics")),
            "money",
        ),
        note="The same work, told in two ways: where they differ, something did not arrive.",
        id="check",
        is_wide=True,
        only_chart=True,
    ),
    Panel(
        "deviations",
        "Sessions that differ",
        note="Metrics and events differ by more than 2 %.",
        nothing="In no session do metrics and events differ by more than 2 %.",
        is_wide=True,
    ),
    Panel("users", "People", is_wide=True),
    Panel("lopsided", "Who tells half", nothing="Everybody who pushes sends telemetry too, or nobody pushes."),
    Panel("skewed", "Clocks that are wrong", nothing="Every clock was believed."),
)
PAGE = report_page("coverage", "Coverage", PANELS)
