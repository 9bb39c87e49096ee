"""What every reader of the ledger has to know of its format."""

from __future__ import annotations

FORMAT = 4
"""The number in `PRAGMA user_version`. 1: the first; 2: with limits and buckets; 3: with forecasts and alerts; 4: with
what happened around responses."""
COUNTERS = (
    "input_tokens",
    "output_tokens",
    "cache_creation_5m_tokens",
    "cache_creation_1h_tokens",
    "cache_read_tokens",
    "web_search_requests",
)
"""What is counted of a record, and added up in the rollup: in the order of `UsageRecord` and of `Sums`."""
RECORD_COUNTERS = ", ".join(f"r.{name}" for name in COUNTERS)
"""The same as columns of records `r`."""
RECORD_COST = {
    "auto": "COALESCE(reported_cost, list_cost)",
    "calculate": "list_cost",
    "display": "reported_cost",
}
"""The cost of a record, by the value of tokentide.store.query.CostMode."""
