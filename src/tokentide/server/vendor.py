"""What the vendor's Admin API says of the organisation that runs the server: from the ledger that `console` fills."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping

from tokentide.errors import LedgerError
from tokentide.model.billing import CODE, date_of
from tokentide.server.tenants.tokens import DEFAULT_TENANT
from tokentide.store.sqlite.ledger import Ledger

BUSY_SECONDS = 1.0
EVER = 1 << 62


def vendor_costs(path: str, tenant: str) -> Mapping[str, int]:
    """What Claude Code cost by the vendor's count, nano-USD by UTC day, as far as `tokentide console` has asked here.

    Only of the tenant that there is without tokens: an organisation's bill is no other tenant's business. Empty where
    there is no such ledger, or it cannot be read now.
    """
    if tenant != DEFAULT_TENANT or not os.path.exists(path):
        return {}
    found: Counter[str] = Counter()
    try:
        with Ledger.open(path, busy_seconds=BUSY_SECONDS) as ledger:
            for organization in ledger.buckets.organizations():
                for bucket in ledger.buckets.select(organization, CODE, 0, EVER):
                    found[date_of(bucket.start).isoformat()] += bucket.measures.get("cost", 0)
    except LedgerError:
        return {}
    return found
