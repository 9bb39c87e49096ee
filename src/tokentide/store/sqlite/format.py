"""What every reader of the ledger has to know of its format."""

from __future__ import annotations

FORMAT = 4
"""The number in `PRAGMA user_version`. 1: the first; 2: with limits and buckets; 3: with forecasts and alerts; 4: with
what happened around responses."""
RECORD_COST = {
    "auto": "COALESCE(reported_cost, list_cost)",
    "calculate": "list_cost",
    "display": "reported_cost",
}
"""The cost of a record, by the value of tokentide.store.query.CostMode."""
