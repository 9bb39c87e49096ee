"""The one place that asks what time it is; everything else is handed the answer.

Instants are integers: microseconds since 1970-01-01T00:00:00Z.
"""

from __future__ import annotations

import time

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
QUARTER_US = 15 * MINUTE_US
"""A quarter hour: every time zone in use is offset from UTC by a whole number of them."""
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US


def now_us() -> int:
    """The present instant, in microseconds UTC."""
    return time.time_ns() // 1_000
