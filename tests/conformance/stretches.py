"""C100 – C110: five-hour blocks."""

from __future__ import annotations

from tests.conformance.case import Block, Case, Line, Verdict, line, one


def at(*times: str, day: str = "2026-03-10") -> dict[str, tuple[Line, ...]]:
    """A transcript with one response at each of these times."""
    return one(
        *(
            line(
                id=f"m{number}",
                requestId=f"r{number}",
                timestamp=f"{day}T{time.ljust(12, '0') if '.' in time else time + '.000'}Z",
            )
            for number, time in enumerate(times)
        )
    )


def instant(time: str, day: str = "2026-03-10") -> str:
    """A time of the day, HH:MM, HH:MM:SS or with thousandths."""
    return f"{day}T{time + ':00.000' if len(time) == 5 else time + '.000' if len(time) == 8 else time}Z"


def block(start: str, end: str, responses: int = 1) -> Block:
    """A block of base lines on their day."""
    usd = {1: "0.00105", 2: "0.0021"}[responses]
    return Block(instant(start), instant(end), responses, 150 * responses, usd)


def gap(start: str, end: str) -> Block:
    """A stretch without use on the base lines' day."""
    return Block(instant(start), instant(end), 0, 0, "0")


HEAVY = {
    "input_tokens": 1000,
    "output_tokens": 500,
    "cache_creation_input_tokens": 2000,
    "cache_read_input_tokens": 5000,
}
OPEN_PAIR = one(
    line(**HEAVY, timestamp=instant("10:10")), line(**HEAVY, id="m2", requestId="r2", timestamp=instant("10:40"))
)
AFTER_A_LARGE_BLOCK = {
    **OPEN_PAIR,
    "proj/old.jsonl": (
        line(
            id="m3", requestId="r3", sessionId="old", input_tokens=100_000, output_tokens=0, timestamp=instant("01:00")
        ),
    ),
}
NOW = instant("11:04")
PACE = ("566.67", "100", "0.078")
AHEAD = (150_733, "0.35", 236)
OPEN_BLOCK = Block(instant("10:00"), instant("15:00"), 2, 17_000, "0.039", PACE, AHEAD)
OLD_BLOCK = Block(instant("01:00"), instant("06:00"), 1, 100_000, "0.3")
LIMITED = OPEN_BLOCK._replace(limit=(100_000, 150_733, "150.7", "exceeds"))

CASES = (
    Case(id="C100 a block begins with the hour", files=at("10:59:59"), blocks=(block("10:00", "15:00"),)),
    Case(id="C101 five hours exactly", files=at("10:30:00", "15:00:00"), blocks=(block("10:00", "15:00", 2),)),
    Case(
        id="C101 a thousandth more",
        files=at("10:30:00", "15:00:00.001"),
        blocks=(block("10:00", "15:00"), block("15:00", "20:00")),
    ),
    Case(
        id="C102 idle for five hours exactly",
        files=at("10:30:00", "14:50:00", "19:50:00"),
        blocks=(block("10:00", "15:00", 2), block("19:00", "23:59:59")._replace(end="2026-03-11T00:00:00.000Z")),
    ),
    Case(
        id="C102 idle for a thousandth more",
        files=at("10:30:00", "14:50:00", "19:50:00.001"),
        blocks=(
            block("10:00", "15:00", 2),
            gap("19:50", "19:50:00.001"),
            block("19:00", "23:59:59")._replace(end="2026-03-11T00:00:00.000Z"),
        ),
        verdict=Verdict.OURS,
        because="Words: a block is a stretch of use, and a gap lies before the response that ends it; the peer lists "
        "it behind.",
        peer_blocks=(
            block("10:00", "15:00", 2),
            block("19:00", "23:59:59")._replace(end="2026-03-11T00:00:00.000Z"),
            gap("19:50", "19:50:00.001"),
        ),
    ),
    Case(
        id="C103 a gap between two blocks",
        files=at("10:30:00", "18:00:00"),
        blocks=(block("10:00", "15:00"), gap("15:30", "18:00"), block("18:00", "23:00")),
    ),
    Case(
        id="C104 blocks of an hour and a half",
        files=at("10:30:00", "11:30:00", "11:30:00.001"),
        options=("-n", "1.5"),
        blocks=(block("10:00", "11:30", 2), block("11:00", "12:30")),
    ),
    Case(
        id="C104 blocks of half an hour",
        files=at("10:30:00", "11:45:00"),
        options=("-n", "0.5"),
        blocks=(block("10:30", "11:00"), gap("11:00", "11:45"), block("11:30", "12:00")),
        verdict=Verdict.OURS,
        because="Words: a block is a stretch that its responses lie in; the peer's second one ends before its only "
        "response.",
        peer_blocks=(block("10:00", "10:30"), gap("11:00", "11:45"), block("11:00", "11:30")),
    ),
    Case(
        id="C104 blocks without length",
        files=at("10:30:00"),
        options=("-n", "0"),
        exit_code=2,
        verdict=Verdict.OURS,
        because="Surfaces: a wrong command line ends with 2, as every other; the peer ends with 1 here.",
        peer_exit_code=1,
    ),
    Case(
        id="C105 a block that began the day before",
        files=one(
            line(timestamp="2026-03-09T23:10:00.000Z"),
            line(id="m2", requestId="r2", timestamp="2026-03-10T02:00:00.000Z"),
        ),
        options=("--since", "20260310"),
        blocks=(),
    ),
    Case(
        id="C106 a synthetic line opens no block",
        files=one(
            line(
                id="m0",
                requestId="r0",
                model="<synthetic>",
                input_tokens=0,
                output_tokens=0,
                timestamp=instant("08:00"),
            ),
            line(),
        ),
        blocks=(block("10:00", "15:00"),),
        verdict=Verdict.OURS,
        because="Lines: <synthetic> lines carry no usage, so none begins a block; the peer's begins two hours early "
        "and counts it.",
        peer_blocks=(block("08:00", "13:00")._replace(entries=2),),
    ),
    Case(
        id="C107 a refusal that tells when the limit ends",
        files=one(
            line(),
            line(
                id="m2",
                requestId="r2",
                model="<synthetic>",
                isApiErrorMessage=True,
                input_tokens=0,
                output_tokens=0,
                timestamp=instant("11:00"),
                content=[{"type": "text", "text": "Claude AI usage limit reached|1773150000"}],
            ),
        ),
        blocks=(block("10:00", "15:00"),),
        verdict=Verdict.OURS,
        because="Windows are not blocks: a refusal is a reading of the account's window and no response; the peer "
        "counts an entry.",
        peer_blocks=(block("10:00", "15:00")._replace(entries=2),),
    ),
    Case(id="C108 pace and projection of the open block", files=OPEN_PAIR, now=NOW, blocks=(OPEN_BLOCK,)),
    Case(
        id="C109 one response has no pace",
        files=one(line()),
        now=NOW,
        blocks=(Block(instant("10:00"), instant("15:00"), 1, 150, "0.00105"),),
    ),
    Case(
        id="C110 the largest block as limit",
        files=AFTER_A_LARGE_BLOCK,
        now=NOW,
        options=("-t", "max"),
        blocks=(OLD_BLOCK, gap("06:00", "10:10"), LIMITED),
    ),
    Case(
        id="C110 the largest block as limit of the open one",
        files=AFTER_A_LARGE_BLOCK,
        now=NOW,
        options=("--active", "-t", "max"),
        blocks=(LIMITED,),
        verdict=Verdict.OURS,
        because="Surfaces: an option means the same beside every other; the peer looks for the largest block among "
        "those it shows.",
        peer_blocks=(OPEN_BLOCK,),
    ),
    Case(
        id="C110 a limit in tokens",
        files=OPEN_PAIR,
        now=NOW,
        options=("-t", "160000"),
        blocks=(OPEN_BLOCK._replace(limit=(160_000, 150_733, "94.2", "warning")),),
    ),
    *(
        Case(
            id=f"C110 {text} is no limit",
            files=OPEN_PAIR,
            now=NOW,
            options=("-t", text),
            exit_code=2,
            verdict=Verdict.OURS,
            because="Surfaces: a value that cannot be understood is refused; the peer goes on without a limit.",
        )
        for text in ("500k", "1e6", "500,000")
    ),
)
