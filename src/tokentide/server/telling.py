"""How a team server stands, in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator

from tokentide.clock import SECOND_US
from tokentide.model.latency import quantile
from tokentide.render.json_text import Json, dumps
from tokentide.render.report_json import head_json, instant
from tokentide.render.words import ago, clean, duration, plural, size
from tokentide.server.board import Posted
from tokentide.server.status import ServerStatus

_GOOD = range(200, 300)


def status_lines(posted: Posted, now: int) -> Iterator[str]:
    """For people. `now` is µs UTC."""
    status = posted.status
    yield f"tokentide server {status.version}, up for {duration(now - status.started_at)}"
    yield "  " + ", ".join(f"{name} {address}" for name, address in posted.addresses.items())
    yield ""
    yield from _intake(status, now)
    yield from _store(status, now)


def _intake(status: ServerStatus, now: int) -> Iterator[str]:
    receiver = status.receiver
    if not receiver.is_running:
        yield "Receiver: does not answer; it is started again"
    taken = sum(count for (_, _, code), count in receiver.requests.items() if code in _GOOD)
    refused = sum(receiver.requests.values()) - taken
    yield f"Taken in: {plural(taken, 'request')}, {size(receiver.received_bytes)}; {plural(refused, 'request')} refused"
    if not status.last_received_at:
        yield "  nothing has come since the start: `tokentide doctor telemetry` on a developer's machine says why"
        return
    slow = quantile(receiver.acknowledge_ms, 0.99)
    speed = f", 99 % acknowledged within ~{slow:,.0f} ms" if slow is not None else ""
    yield f"  last {ago(now - status.last_received_at)}{speed}"
    for (way, signal, code), count in sorted(receiver.requests.items()):
        if code not in _GOOD:
            yield f"  {way} {signal}: {plural(count, 'answer')} {code}"


def _store(status: ServerStatus, now: int) -> Iterator[str]:
    yield f"Store: {status.engine}{f', {size(status.store_bytes)}' if status.store_bytes else ''}"
    yield f"  {plural(status.taken_records, 'record')} taken since the start" + (
        f", last {ago(now - status.last_taken_at)}" if status.last_taken_at else ""
    )
    behind = f", {duration(status.lag_us)} behind" if status.lag_us else ""
    yield f"  {size(status.waiting_bytes)} wait in the log{behind}; {size(status.free_bytes)} are free there"
    if status.engine_fault:
        yield f"  it takes nothing now, everything waits in the log: {clean(status.engine_fault)}"
    if status.mapping_fault:
        yield f"  {clean(status.mapping_fault)}"
    if status.missing:
        yield f"  out of reach: {', '.join(map(clean, status.missing))}; {size(status.spooled_bytes)} wait for them"
    if status.refused_bodies:
        bodies = "1 body" if status.refused_bodies == 1 else f"{status.refused_bodies:,} bodies"
        yield f"  {bodies} could not be read: see log/*/refused"
    if status.refused_records:
        yield (
            f"  {plural(status.refused_records, 'record')} left out, which could not be read or are older than what is "
            "kept (--keep-events, --keep-usage)"
        )


def status_json(posted: Posted | None, now: int) -> str:
    """For programs, format 1; `running` alone where no server runs."""
    head = head_json("server_status", now)
    if posted is None:
        return dumps({**head, "running": False})
    addresses: Json = dict(posted.addresses)
    return dumps(
        {**head, "running": True, **plain_json(posted.status), **server_json(posted.status), "addresses": addresses}
    )


def plain_json(status: ServerStatus) -> dict[str, Json]:
    """What everybody may know who may look."""
    return {
        "version": status.version,
        "well": status.is_well,
        "last_received_at": _instant(status.last_received_at),
        "last_taken_at": _instant(status.last_taken_at),
    }


def server_json(status: ServerStatus) -> dict[str, Json]:
    """What the server knows of itself."""
    receiver = status.receiver
    answers: list[Json] = [
        {"via": way, "signal": signal, "status": code, "count": count}
        for (way, signal, code), count in sorted(receiver.requests.items())
    ]
    return {
        "started_at": instant(status.started_at),
        "receiver": {
            "running": receiver.is_running,
            "answers": answers,
            "received_bytes": receiver.received_bytes,
            "connections": receiver.connections,
            "acknowledge_p99_ms": quantile(receiver.acknowledge_ms, 0.99),
        },
        "store": {
            "engine": status.engine,
            "fault": status.engine_fault or None,
            "mapping_fault": status.mapping_fault or None,
            "missing_shards": list(status.missing),
            "store_bytes": status.store_bytes,
            "spooled_bytes": status.spooled_bytes,
            "waiting_bytes": status.waiting_bytes,
            "lag_seconds": status.lag_us // SECOND_US,
            "free_bytes": status.free_bytes,
            "taken_records": status.taken_records,
            "refused_records": status.refused_records,
            "refused_bodies": status.refused_bodies,
        },
    }


def _instant(at: int) -> str | None:
    return instant(at) if at else None
