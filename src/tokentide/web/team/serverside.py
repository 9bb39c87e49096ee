"""The server's own figures, as the page of the server and the API tell them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tokentide.model.latency import quantile
from tokentide.render.team_columns import milliseconds
from tokentide.render.words import ago, clean, duration, size, tokens
from tokentide.server.status import ServerStatus
from tokentide.server.tenants.shown import expiry, last_used, state_of, whose
from tokentide.server.tenants.tokens import Token
from tokentide.web.tables import Cell, Head, HtmlTable
from tokentide.web.team.cards import Card

SLOW_US = 60_000_000
"""What waits longer than a minute for the store is worth a colour."""
LITTLE_BYTES = 1 << 30
"""With less room on the disk than this, it will not last."""


def intake_cards(found: ServerStatus, now: int) -> list[Card]:
    """What comes in, and how fast it is acknowledged."""
    receiver = found.receiver
    answered = sum(receiver.requests.values())
    refused = sum(count for (_, _, status), count in receiver.requests.items() if status >= 400)
    slow = quantile(receiver.acknowledge_ms, 0.99)
    return [
        Card("Receiver", "runs" if receiver.is_running else "does not run", beside=_since(found.started_at, now)),
        Card("Last telemetry", ago(now - found.last_received_at) if found.last_received_at else "never"),
        Card("Requests", tokens(answered), beside=f"{tokens(refused)} refused" if refused else "none refused"),
        Card("Received", size(receiver.received_bytes), beside=f"{tokens(receiver.connections)} connections open"),
        Card("Acknowledged", "–" if slow is None else f"~{milliseconds(slow)}", beside="99 of 100 within this"),
    ]


def store_cards(found: ServerStatus, now: int) -> list[Card]:
    """What waits, and where it is kept."""
    return [
        Card(
            "Waits for the store",
            size(found.waiting_bytes),
            duration(found.lag_us) if found.lag_us else "",
            "bad" if found.lag_us > SLOW_US else "",
            "old" if found.lag_us else "nothing is late",
        ),
        Card("Taken", tokens(found.taken_records), beside=_taken(found, now)),
        Card(
            "Could not be read",
            tokens(found.refused_records + found.refused_bodies),
            beside=f"{tokens(found.refused_bodies)} whole bodies" if found.refused_bodies else "records of bodies",
        ),
        Card(
            "Store",
            found.engine,
            "does not answer" if found.engine_fault else "",
            "bad" if found.engine_fault else "",
            size(found.store_bytes) if found.store_bytes else "",
        ),
        Card(
            "Spooled for shards", size(found.spooled_bytes), beside=clean(", ".join(found.missing)) or "all reachable"
        ),
        Card(
            "Free on the disk", size(found.free_bytes), "little" if 0 < found.free_bytes < LITTLE_BYTES else "", "bad"
        ),
    ]


def _taken(found: ServerStatus, now: int) -> str:
    return f"last {ago(now - found.last_taken_at)}" if found.last_taken_at else "nothing yet"


def _since(started_at: int, now: int) -> str:
    return f"for {duration(now - started_at)}"


def requests_table(found: ServerStatus) -> HtmlTable:
    """Answers by way in, signal and status."""
    heads = (Head("By", is_number=False), Head("Signal", is_number=False), Head("Status"), Head("Requests"))
    rows = [
        [
            Cell(way),
            Cell(signal),
            Cell(str(status), level="low" if status < 400 else "high" if status < 500 else "full"),
            Cell(tokens(count), value=str(count)),
        ]
        for (way, signal, status), count in sorted(found.receiver.requests.items())
    ]
    return HtmlTable("Requests by way in, signal and status", heads, rows)


def tokens_table(known: Sequence[Token], now: int) -> HtmlTable:
    """The tokens of a tenant, those that are good first."""
    heads = (
        Head("Token", is_number=False),
        Head("Label", is_number=False),
        Head("Kind", is_number=False),
        Head("For", is_number=False),
        Head("Made", is_number=False, importance=3),
        Head("Used", is_number=False, importance=6),
        Head("Ends", is_number=False, importance=5),
    )
    ordered = sorted(known, key=lambda token: (state_of(token, now) != "good", -token.created_at))
    return HtmlTable("Tokens", heads, [_token(token, now) for token in ordered])


def _token(token: Token, now: int) -> list[Cell]:
    return [
        Cell(token.id),
        Cell(clean(token.label)),
        Cell(token.role or token.kind),
        Cell(whose(token)),
        Cell(ago(now - token.created_at), value=str(token.created_at)),
        Cell(last_used(token, now), value=str(token.used_at)),
        Cell(expiry(token, now), level="" if token.is_good(now) else "high"),
    ]


def tally(known: Sequence[Token], now: int) -> str:
    """How many tokens there are of each kind, in words."""
    counts = Counter(token.role or "sender" for token in known if token.is_good(now))
    return ", ".join(f"{count} {name}{'' if count == 1 else 's'}" for name, count in sorted(counts.items()))
