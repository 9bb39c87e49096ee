"""C94 – C99: days, weeks and months."""

from __future__ import annotations

from tests.conformance.case import Case, Row, Verdict, line, one

NIGHT = one(line(timestamp="2026-03-31T23:30:00.000Z"))
MORNING = one(line(timestamp="2026-03-10T05:30:00.000Z"))
THREE_DAYS = one(
    line(),
    line(id="m2", requestId="r2", timestamp="2026-03-11T10:00:00.000Z"),
    line(id="m3", requestId="r3", timestamp="2026-03-12T10:00:00.000Z"),
)
LOS_ANGELES = {"TZ": "America/Los_Angeles"}


def row(key: str, responses: int = 1) -> Row:
    """So many base lines."""
    return Row(key, (100 * responses, 50 * responses, 0, 0), {1: "0.00105", 2: "0.0021", 3: "0.00315"}[responses])


def wrong(name: str, *options: str) -> Case:
    """A command line that is refused."""
    return Case(id=name, files=THREE_DAYS, options=options, exit_code=2, peer_exit_code=2)


CASES = (
    Case(
        id="C94 half past eleven at night in London, in Tokyo",
        files=NIGHT,
        options=("-z", "Asia/Tokyo"),
        rows={"daily": (row("2026-04-01"),), "monthly": (row("2026-04"),)},
    ),
    Case(id="C94 the same in UTC", files=NIGHT, rows={"daily": (row("2026-03-31"),), "monthly": (row("2026-03"),)}),
    Case(id="C95 the system's zone", files=MORNING, environ=LOS_ANGELES, rows={"daily": (row("2026-03-09"),)}),
    Case(
        id="C95 the option before the system's zone",
        files=MORNING,
        environ=LOS_ANGELES,
        options=("-z", "UTC"),
        rows={"daily": (row("2026-03-10"),)},
    ),
    Case(
        id="C95 the hour that an autumn night has twice",
        files=one(
            line(timestamp="2026-11-01T05:30:00.000Z"),
            line(id="m2", requestId="r2", timestamp="2026-11-01T06:30:00.000Z"),
            line(id="m3", requestId="r3", timestamp="2026-11-02T05:30:00.000Z"),
        ),
        options=("-z", "America/New_York"),
        rows={"daily": (row("2026-11-01", 2), row("2026-11-02"))},
    ),
    Case(
        id="C95 a zone at three quarters of an hour",
        files=one(
            line(timestamp="2026-03-10T18:14:59.999Z"),
            line(id="m2", requestId="r2", timestamp="2026-03-10T18:15:00.000Z"),
        ),
        options=("-z", "Asia/Kathmandu"),
        rows={"daily": (row("2026-03-10"), row("2026-03-11"))},
    ),
    wrong("C96 no such zone", "-z", "Mars/X"),
    wrong("C96 an offset for a zone", "-z", "+09:00"),
    Case(
        id="C96 a zone in small letters",
        files=NIGHT,
        options=("-z", "asia/tokyo"),
        rows={"daily": (row("2026-04-01"),)},
    ),
    *(
        Case(
            id=f"C97 one day, {text}",
            files=THREE_DAYS,
            options=("--since", text, "--until", text),
            rows={"daily": (row("2026-03-11"),)},
        )
        for text in ("20260311", "2026-03-11")
    ),
    Case(
        id="C97 from one day to another",
        files=THREE_DAYS,
        options=("--since", "20260311", "--until", "2026-03-12"),
        rows={"daily": (row("2026-03-11"), row("2026-03-12"))},
    ),
    wrong("C97 no day", "--since", "abc"),
    wrong("C97 a month of the kind there is not", "--since", "20261399"),
    wrong("C97 the end before the beginning", "--since", "20260312", "--until", "20260311"),
    Case(
        id="C98 a week since its middle",
        files=THREE_DAYS,
        options=("--since", "20260311"),
        rows={"weekly": (row("2026-03-09", 2),), "monthly": (row("2026-03", 2),)},
        verdict=Verdict.OURS,
        because="Time: the week's first day is Monday in every report; the partial week itself is kept by both.",
        peer={"weekly": (row("2026-03-08", 2),)},
    ),
    Case(
        id="C99 a later copy of what was spent the day before",
        files=one(line(), line(timestamp="2026-03-11T10:00:00.000Z")),
        options=("--since", "20260311"),
        rows={"daily": ()},
    ),
)
