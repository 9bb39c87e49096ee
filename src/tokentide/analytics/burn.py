"""How fast it burns: tokens and USD by time, now, in the open block and in the open windows, over all sessions at once.

There is one burn rate. What a surface calls "now" is the last hour; the half hour beside it shows where it is heading.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from tokentide.analytics.blocks import SESSION_HOURS, Block, BurnRate, find_blocks, length_us
from tokentide.analytics.official_windows import official_windows
from tokentide.analytics.windows import WindowState
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.model.limits import length_of
from tokentide.store.query import CostMode, Filters, Response, Sums
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
    hour, half, sessions = Sums(), Sums(), dict[tuple[str, str], _Tally]()
    for response in ledger.responses(filters, mode, now - HOUR_US, now + 1):
        tally = sessions.setdefault((response.source, response.session_id), _Tally(response))
        tally.last = response
        for sums in (hour, tally.hour):
            sums.add(response.sums)
        if response.at >= now - HALF_HOUR_US:
            half.add(response.sums)
            tally.half.add(response.sums)
    return Burn(
        at=now,
        half_hour=BurnRate(half, HALF_HOUR_US),
        hour=BurnRate(hour, HOUR_US),
        block=open_block(ledger, mode, now=now, filters=filters),
        windows=tuple(_window_rates(ledger, mode, filters, windows, now)),
        sessions=tuple(sorted((tally.burn() for tally in sessions.values()), key=_dearest_first)),
    )


@dataclass(slots=True)
class _Tally:
    """What one session used so far; no response is kept but the last one."""

    last: Response
    hour: Sums = field(default_factory=Sums)
    half: Sums = field(default_factory=Sums)

    def burn(self) -> SessionBurn:
        """As rates."""
        last = self.last
        return SessionBurn(
            last.source,
            last.session_id,
            last.title,
            last.project,
            last.model,
            BurnRate(self.half, HALF_HOUR_US),
            BurnRate(self.hour, HOUR_US),
        )


def _dearest_first(session: SessionBurn) -> tuple[int, int, str]:
    return -session.hour.sums.cost, -session.hour.sums.total_tokens, session.session_id


def open_block(ledger: Ledger, mode: CostMode, *, now: int, filters: Filters | None = None) -> Block | None:
    """The block that is open now; None where none is.

    Blocks are reckoned from the last pause of a block's length on: with it their chain begins anew.
    """
    filters, length, since = filters or Filters(), length_us(SESSION_HOURS), now - BLOCK_LOOK_BACK_DAYS * DAY_US
    start = ledger.last_pause_end(filters, since, now, length)
    moments = takewhile(
        lambda moment: moment.at <= now, ledger.moments(filters, mode, since if start is None else start)
    )
    blocks = find_blocks(moments, length, official_windows(ledger, now, since))
    return next((block for block in reversed(blocks) if block.is_active(now, length)), None)


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
