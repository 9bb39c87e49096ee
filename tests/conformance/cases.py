"""The whole list."""

from __future__ import annotations

from tests.conformance import acceptance, costs, dates, discovery, duplicates, projects, reports, stretches

CASES = (
    *duplicates.CASES,
    *reports.CASES,
    *projects.CASES,
    *acceptance.CASES,
    *costs.CASES,
    *dates.CASES,
    *stretches.CASES,
    *discovery.CASES,
)
