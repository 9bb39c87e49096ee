"""How fast it burns: tokens and USD by time, now, in the open block and in the open windows, over all sessions at once.

There is one burn rate. What a surface calls "now" is the last hour; the half hour beside it shows where it is heading.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tokentide.analytics.blocks import SESSION_HOURS, Block, BurnRate, find_blocks, length_us
from tokentide.analytics.official_windows import official_windows
from tokentide.analytics.windows import WindowState
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.model.limits import length_of
from tokentide.store.query import CostMode, Filters, Moment, Response, Sums
from tokentide.store.sqlite.ledger import Ledger

HALF_HOUR_US = HOUR_US // 2
BLOCK_LOOK_BACK_DAYS = 8
"""How far back the chain of blocks is followed; a gap of five hours begins it anew."""


@dataclass(frozen=True, slots=True)
class SessionBurn:
    """One session that responded within the last hour."""

    source: str
    session_id: str
    title: str
    project: str
    """Where its last response was spent."""
    model: str
    """Of its last response."""
    half_hour: BurnRate
    hour: BurnRate

    @property
    def last_at(self) -> int:
        """Its last response, µs UTC."""
        return self.hour.sums.last_at


@dataclass(frozen=True, slots=True)
class Burn:
    """Burn rates at one instant."""

    at: int
    half_hour: BurnRate
    hour: BurnRate
    block: Block | None
    """The open one; its rate is `blocks.burn_rate`. None where none is open."""
    windows: tuple[tuple[str, BurnRate], ...]
    """Since each open window began, by its name, as far as this machine's records know."""
    sessions: tuple[SessionBurn, ...]
    """Those that responded within the last hour, the dearest of these first."""


def burn_now(
    ledger: Ledger, mode: CostMode, *, now: int, windows: Sequence[WindowState] = (), filters: Filters | None = None
) -> Burn:
    """Ask the ledger. `now` is µs UTC; `windows` are those to give a rate of, `filters` whose usage counts."""
    filters = filters or Filters()
    recent = list(ledger.responses(filters, mode, now - HOUR_US, now + 1))
    block = open_block(ledger, mode, now=now, filters=filters)
    return Burn(
        at=now,
        half_hour=_rate(recent, now, HALF_HOUR_US),
        hour=_rate(recent, now, HOUR_US),
        block=block,
        windows=tuple(_window_rates(ledger, mode, filters, windows, now)),
        sessions=tuple(_by_session(recent, now)),
    )


def open_block(ledger: Ledger, mode: CostMode, *, now: int, filters: Filters | None = None) -> Block | None:
    """The block that is open now; None where none is."""
    length, since = length_us(SESSION_HOURS), now - BLOCK_LOOK_BACK_DAYS * DAY_US
    moments = [moment for moment in ledger.moments(filters or Filters(), mode, since) if moment.at <= now]
    blocks = find_blocks(_after_last_pause(moments, length), length, official_windows(ledger, now, since))
    return next((block for block in reversed(blocks) if block.is_active(now, length)), None)


def _after_last_pause(moments: list[Moment], length: int) -> list[Moment]:
    """The responses since the last pause of a block's length: with it the chain of blocks begins anew."""
    for index in range(len(moments) - 1, 0, -1):
        if moments[index].at - moments[index - 1].at > length:
            return moments[index:]
    return moments


def _rate(responses: Iterable[Response], now: int, span: int) -> BurnRate:
    """The rate over the last `span`, both ends inclusive."""
    sums = Sums()
    for response in responses:
        if response.at >= now - span:
            sums.add(response.sums)
    return BurnRate(sums, span)


def _window_rates(
    ledger: Ledger, mode: CostMode, filters: Filters, windows: Iterable[WindowState], now: int
) -> Iterable[tuple[str, BurnRate]]:
    """The rates since the windows began that are open."""
    for window in windows:
        length = length_of(window.window)
        if length is None or window.resets_at is None or window.is_over(now):
            continue
        start = max(window.resets_at - length, 0)
        sums = ledger.used(filters, mode, start, now + 1)
        yield window.window, BurnRate(sums, max(now - start, MINUTE_US))


def _by_session(recent: Iterable[Response], now: int) -> list[SessionBurn]:
    """What each session used."""
    found: dict[tuple[str, str], list[Response]] = {}
    for response in recent:
        found.setdefault((response.source, response.session_id), []).append(response)
    sessions = (
        SessionBurn(
            last.source,
            last.session_id,
            last.title,
            last.project,
            last.model,
            _rate(responses, now, HALF_HOUR_US),
            _rate(responses, now, HOUR_US),
        )
        for responses in found.values()
        for last in responses[-1:]
    )
    return sorted(sessions, key=lambda each: (-each.hour.sums.cost, -each.hour.sums.total_tokens, each.session_id))
