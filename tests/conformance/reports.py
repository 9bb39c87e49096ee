"""C20 – C30: where the peer's reports contradict each other; ours are one."""

from __future__ import annotations

from tests.conformance.case import ABSENT, HAIKU, NOTHING, Case, Line, Row, Verdict, day, everywhere, line, one
from tests.conftest import as_bytes

LATER = "2026-03-10T10:00:05.000Z"


def with_text(sign: bytes) -> bytes:
    """The base line with these bytes in its text."""
    return as_bytes(line(content=[{"type": "text", "text": "SIGN"}])).replace(b"SIGN", sign)


def nested(depth: int) -> bytes:
    """The base line with lists in lists beside its message."""
    return as_bytes(line(toolUseResult="SIGN")).replace(b'"SIGN"', b"[" * depth + b"]" * depth)


PROGRESS: Line = {
    "timestamp": LATER,
    "sessionId": "sess",
    "version": "2.1.20",
    "cwd": "/home/dev/app",
    "type": "progress",
    "data": {
        "type": "agent_progress",
        "agentId": "a1",
        "message": {
            "type": "assistant",
            "uuid": "u2",
            "timestamp": "2026-03-10T10:00:00.000Z",
            "requestId": "r1",
            "message": {"id": "m1", "model": HAIKU, "usage": {"input_tokens": 20, "output_tokens": 2}},
        },
    },
}
TWO_DAYS = one(line(), line(id="m2", requestId="r2", timestamp="2026-03-12T10:00:00.000Z"))

CASES = (
    Case(
        id="C20 a side chain repeats its parent, later",
        files=one(line(output_tokens=10), line(requestId="r2", isSidechain=True, output_tokens=999, timestamp=LATER)),
        rows=day((100, 999, 0, 0), "0.015285"),
        verdict=Verdict.OURS,
        because="Merging: one message id is one response with the largest counters; the peer's daily takes the "
        "smaller copy, the others add both.",
        peer={"daily": (Row("2026-03-10", (100, 10, 0, 0), "0.00045"),), **everywhere((200, 1009, 0, 0), "0.015735")},
    ),
    Case(
        id="C21 a side chain repeats its parent, in another session",
        files={
            "proj/s1.jsonl": (line(sessionId="s1", output_tokens=10),),
            "proj/s2.jsonl": (line(sessionId="s2", requestId="r2", isSidechain=True, output_tokens=999),),
        },
        rows={**day((100, 999, 0, 0), "0.015285"), "session": (Row("proj/s1", (100, 999, 0, 0), "0.015285"),)},
        verdict=Verdict.OURS,
        because="Identity: a message id is the same response in any session, and belongs to the main chain; the peer "
        "counts both.",
        peer={
            "session": (Row("proj/s1", (100, 10, 0, 0), "0.00045"), Row("proj/s2", (100, 999, 0, 0), "0.015285")),
            **everywhere((200, 1009, 0, 0), "0.015735"),
        },
    ),
    Case(
        id="C22 no request id, two instants",
        files=one(line(requestId=ABSENT, output_tokens=10), line(requestId=ABSENT, timestamp=LATER)),
        rows=day((100, 50, 0, 0), "0.00105"),
        verdict=Verdict.OURS,
        because="Identity: a shared message id is enough at any instant; the peer's daily counts every copy, its "
        "other reports one.",
        peer={"daily": (Row("2026-03-10", (200, 60, 0, 0), "0.0015"),)},
    ),
    Case(
        id="C23 a sub-agent's response wrapped in a progress line",
        files=one(PROGRESS),
        rows=day((20, 2, 0, 0), "0.00003", (HAIKU,)),
        verdict=Verdict.OURS,
        because="Tokens: a response wrapped in a progress line is a sighting in every report; the peer sees it in "
        "daily alone.",
        peer={"daily": (Row("2026-03-10", (20, 2, 0, 0), "0.00003", (HAIKU,)),), "*": (NOTHING,)},
    ),
    Case(
        id="C23 the same response in the sub-agent's own file",
        files={
            "proj/sess.jsonl": (PROGRESS,),
            "proj/sess/subagents/agent-a1.jsonl": (
                line(model=HAIKU, input_tokens=20, output_tokens=9, isSidechain=True, agentId="a1"),
            ),
        },
        rows={
            **day((20, 9, 0, 0), "0.000065", (HAIKU,)),
            "session": (Row("proj/sess", (20, 9, 0, 0), "0.000065", (HAIKU,)),),
        },
        verdict=Verdict.OURS,
        because="Merging: each counter is the largest seen; the peer's daily prefers the progress line, which saw "
        "less of the output.",
        peer={"daily": (Row("2026-03-10", (20, 2, 0, 0), "0.00003", (HAIKU,)),)},
    ),
    Case(
        id="C24 two reported costs",
        files=one(line(costUSD=0.5), line(costUSD=0.9)),
        rows=day((100, 50, 0, 0), "0.9"),
        verdict=Verdict.OURS,
        because="Merging: the largest seen counts in every report; the peer's daily says 0.9, its other reports 0.5.",
        peer={"daily": (Row("2026-03-10", (100, 50, 0, 0), "0.9"),), **everywhere((100, 50, 0, 0), "0.5")},
    ),
    Case(
        id="C25 a lone surrogate in the text",
        files=one(with_text(rb"\ud800")),
        rows=day((100, 50, 0, 0), "0.00105"),
        verdict=Verdict.OURS,
        because="Lines: lone surrogates are read; the peer's daily drops the line that its other reports count.",
        peer={"daily": ()},
    ),
    Case(
        id="C26 bytes that are no UTF-8 in the text",
        files=one(with_text(b"\xff\xfe")),
        rows=day((100, 50, 0, 0), "0.00105"),
        verdict=Verdict.OURS,
        because="Lines: invalid UTF-8 inside text is read; the peer's daily drops the line that its other reports "
        "count.",
        peer={"daily": ()},
    ),
    Case(
        id="C27 a tool result nested 200 deep",
        files=one(nested(200)),
        rows=day((100, 50, 0, 0), "0.00105"),
        verdict=Verdict.OURS,
        because="Lines: nesting of thousands is read; the peer's daily drops the line that its other reports count.",
        peer={"daily": ()},
    ),
    Case(
        id="C27 a tool result nested 20,000 deep",
        files=one(nested(20_000)),
        rows=day((100, 50, 0, 0), "0.00105"),
        verdict=Verdict.OURS,
        because="Lines: nesting of thousands is read; the peer's daily drops the line that its other reports count.",
        peer={"daily": ()},
    ),
    Case(
        id="C28 a week begins on Monday",
        files=one(line()),
        rows={"weekly": (Row("2026-03-09", (100, 50, 0, 0), "0.00105"),)},
        verdict=Verdict.OURS,
        because="Time: the week's first day is Monday in every report; the peer's Claude report begins on Sunday, its "
        "others on Monday.",
        peer={"weekly": (Row("2026-03-08", (100, 50, 0, 0), "0.00105"),)},
    ),
    Case(
        id="C28 a week begins on Sunday where asked for",
        files=one(line()),
        options=("--start-of-week", "sunday"),
        rows={"weekly": (Row("2026-03-08", (100, 50, 0, 0), "0.00105"),)},
    ),
    Case(
        id="C29 a session up to the day of its end",
        files=TWO_DAYS,
        options=("--until", "20260312"),
        rows={"session": (Row("proj/sess", (200, 100, 0, 0), "0.0021"),)},
    ),
    Case(
        id="C29 a session since its second day",
        files=TWO_DAYS,
        options=("--since", "20260312"),
        rows={"session": (Row("proj/sess", (100, 50, 0, 0), "0.00105"),)},
    ),
    Case(id="C30 nothing at all", files={}, rows={"daily": (), "weekly": (), "monthly": (), "session": ()}, blocks=()),
    Case(
        id="C30 a file without usage",
        files=one({"type": "summary", "summary": "x", "leafUuid": "u"}),
        rows={"daily": ()},
    ),
)
