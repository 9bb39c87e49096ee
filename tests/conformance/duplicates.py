"""C1 – C19: one response seen more than once."""

from __future__ import annotations

from tests.conformance.case import ABSENT, HAIKU, OPUS, SONNET, Case, Line, Row, Verdict, day, everywhere, line, one

LATER = "2026-03-10T10:00:05.000Z"
NEXT_DAY = "2026-03-11T10:00:00.000Z"
ADVISOR = [{"type": "advisor_message", "model": OPUS, "input_tokens": 1000, "output_tokens": 700}]
SECOND = {"id": "m2", "requestId": "r2"}


def opened(session: str, time: str) -> Line:
    """What the client writes first into a file, at the time it opens it."""
    return {
        "type": "queue-operation",
        "operation": "enqueue",
        "timestamp": f"2026-03-10T{time}:00.000Z",
        "sessionId": session,
    }


CASES = (
    Case(
        id="C1 streamed copies grow",
        files=one(line(output_tokens=10), line(output_tokens=250)),
        rows=day((100, 250, 0, 0), "0.00405"),
    ),
    Case(
        id="C2 streamed copies shrink",
        files=one(line(output_tokens=250), line(output_tokens=10)),
        rows=day((100, 250, 0, 0), "0.00405"),
    ),
    Case(
        id="C3 the same a day later",
        files=one(line(), line(timestamp=NEXT_DAY)),
        rows=day((100, 50, 0, 0), "0.00105"),
    ),
    Case(
        id="C4 a larger copy a day later",
        files=one(line(output_tokens=10), line(output_tokens=250, timestamp=NEXT_DAY)),
        rows=day((100, 250, 0, 0), "0.00405"),
        verdict=Verdict.OURS,
        because="Merging: a record belongs to the first place it was spent; the peer's winner takes the usage to its "
        "own, later day.",
        peer={"daily": (Row("2026-03-11", (100, 250, 0, 0), "0.00405"),)},
    ),
    Case(
        id="C5 each copy larger in another counter",
        files=one(line(input_tokens=1000, output_tokens=10), line(input_tokens=0, output_tokens=900)),
        rows=day((1000, 900, 0, 0), "0.0165"),
        verdict=Verdict.OURS,
        because="Merging: each counter is the largest seen; the peer keeps the copy with the largest sum and loses "
        "the larger output.",
        peer=everywhere((1000, 10, 0, 0), "0.00315"),
    ),
    Case(
        id="C6 one message id, two request ids",
        files=one(line(), line(requestId="r2")),
        rows=day((100, 50, 0, 0), "0.00105"),
        verdict=Verdict.OURS,
        because="Identity: a shared message id is enough; the peer wants both ids to agree and counts the response "
        "twice.",
        peer=everywhere((200, 100, 0, 0), "0.0021"),
    ),
    Case(
        id="C7 the second copy without a request id",
        files=one(line(), line(requestId=ABSENT)),
        rows=day((100, 50, 0, 0), "0.00105"),
        verdict=Verdict.OURS,
        because="Identity: a shared message id is enough; the peer takes a missing request id for another response.",
        peer=everywhere((200, 100, 0, 0), "0.0021"),
    ),
    Case(
        id="C7 the first copy without a request id",
        files=one(line(requestId=ABSENT), line()),
        rows=day((100, 50, 0, 0), "0.00105"),
        verdict=Verdict.OURS,
        because="Identity: a shared message id is enough, in either order of the lines.",
        peer=everywhere((200, 100, 0, 0), "0.0021"),
    ),
    Case(
        id="C8 only a request id, twice",
        files=one(line(id=ABSENT), line(id=ABSENT, timestamp=LATER)),
        rows=day((100, 50, 0, 0), "0.00105"),
        verdict=Verdict.OURS,
        because="Identity: a shared request id is enough; the peer never tells apart what has no message id.",
        peer=everywhere((200, 100, 0, 0), "0.0021"),
    ),
    Case(
        id="C8 no id at all, the same line twice",
        files=one(line(id=ABSENT, requestId=ABSENT), line(id=ABSENT, requestId=ABSENT)),
        rows=day((100, 50, 0, 0), "0.00105"),
        verdict=Verdict.OURS,
        because="Identity: without ids, session, instant, model and counts tell responses apart; the peer counts "
        "every line.",
        peer=everywhere((200, 100, 0, 0), "0.0021"),
    ),
    Case(
        id="C8 no id at all, two instants",
        files=one(line(id=ABSENT, requestId=ABSENT), line(id=ABSENT, requestId=ABSENT, timestamp=LATER)),
        rows=day((200, 100, 0, 0), "0.0021"),
    ),
    Case(
        id="C8 ids that only a third copy brings together",
        files=one(line(requestId=ABSENT), line(id=ABSENT, output_tokens=70), line(output_tokens=60)),
        rows=day((100, 70, 0, 0), "0.00135"),
        verdict=Verdict.OURS,
        because="Identity: what shares an id with a copy is the same response as that copy; the peer counts three.",
        peer=everywhere((300, 180, 0, 0), "0.0036"),
    ),
    Case(
        id="C9 no request id, one instant",
        files=one(line(requestId=ABSENT), line(requestId=ABSENT, output_tokens=70)),
        rows=day((100, 70, 0, 0), "0.00135"),
    ),
    Case(
        id="C10 two projects, one instant",
        files={"p1/sess.jsonl": (line(output_tokens=10),), "p2/sess.jsonl": (line(output_tokens=20),)},
        rows={"session": (Row("p1/sess", (100, 20, 0, 0), "0.0006"),)},
        verdict=Verdict.OURS,
        because="Merging: a later copy never moves usage to another project; the peer's larger copy takes it along.",
        peer={"session": (Row("p2/sess", (100, 20, 0, 0), "0.0006"),)},
    ),
    Case(
        id="C10 two projects, the earlier one read last",
        files={
            "p1/s1.jsonl": (line(output_tokens=20, sessionId="s1", timestamp=LATER),),
            "p2/s2.jsonl": (line(output_tokens=10, sessionId="s2"),),
        },
        rows={"session": (Row("p2/s2", (100, 20, 0, 0), "0.0006"),)},
        verdict=Verdict.OURS,
        because="Merging: the earliest instant decides about the place, not the order of paths nor the size of a copy.",
        peer={"session": (Row("p1/s1", (100, 20, 0, 0), "0.0006"),)},
    ),
    Case(
        id="C11 a resumed session repeats a response",
        tied=True,
        files={"proj/s1.jsonl": (line(sessionId="s1"),), "proj/s2.jsonl": (line(sessionId="s2"),)},
        rows={**day((100, 50, 0, 0), "0.00105"), "session": (Row("proj/s1", (100, 50, 0, 0), "0.00105"),)},
    ),
    Case(
        id="C11 a resumed session whose id comes first",
        files={
            "proj/s1.jsonl": (
                opened("s1", "11:00"),
                line(sessionId="s1"),
                line(**SECOND, sessionId="s1", timestamp=LATER),
            ),
            "proj/s2.jsonl": (opened("s2", "09:59"), line(sessionId="s2")),
        },
        rows={
            **day((200, 100, 0, 0), "0.0021"),
            "session": (Row("proj/s1", (100, 50, 0, 0), "0.00105"), Row("proj/s2", (100, 50, 0, 0), "0.00105")),
        },
        verdict=Verdict.OURS,
        because="Merging: the original session before the resumed copy, and it is the one whose file begins earlier; "
        "the peer goes by path.",
        peer={"session": (Row("proj/s1", (200, 100, 0, 0), "0.0021"),)},
    ),
    Case(
        id="C12 the same without a request id",
        tied=True,
        files={
            "proj/s1.jsonl": (line(sessionId="s1", requestId=ABSENT, output_tokens=10),),
            "proj/s2.jsonl": (line(sessionId="s2", requestId=ABSENT),),
        },
        rows={**day((100, 50, 0, 0), "0.00105"), "session": (Row("proj/s1", (100, 50, 0, 0), "0.00105"),)},
        verdict=Verdict.OURS,
        because="Identity: a message id is the same response in any session; the peer adds the session to its key and "
        "counts both.",
        peer={
            "session": (Row("proj/s1", (100, 10, 0, 0), "0.00045"), Row("proj/s2", (100, 50, 0, 0), "0.00105")),
            **everywhere((200, 60, 0, 0), "0.0015"),
        },
    ),
    Case(
        id="C13 a side chain repeats its parent, larger",
        files=one(line(output_tokens=10), line(requestId="r2", isSidechain=True, output_tokens=999)),
        rows=day((100, 999, 0, 0), "0.015285"),
        verdict=Verdict.OURS,
        because="Merging: each counter is the largest seen, on whatever chain; the peer drops the copy that saw the "
        "whole output.",
        peer=everywhere((100, 10, 0, 0), "0.00045"),
    ),
    Case(
        id="C13 a side chain before its parent",
        files=one(line(requestId="r2", isSidechain=True, output_tokens=999), line(output_tokens=10)),
        rows=day((100, 999, 0, 0), "0.015285"),
        verdict=Verdict.OURS,
        because="Merging: each counter is the largest seen, in either order of the lines.",
        peer=everywhere((100, 10, 0, 0), "0.00045"),
    ),
    Case(
        id="C14 two side-chain copies",
        files=one(line(isSidechain=True, output_tokens=10), line(isSidechain=True, requestId="r2", output_tokens=20)),
        rows=day((100, 20, 0, 0), "0.0006"),
    ),
    Case(
        id="C15 a side chain with a message of its own",
        files=one(line(output_tokens=10), line(id="m2", requestId="r2", isSidechain=True, output_tokens=20)),
        rows=day((200, 30, 0, 0), "0.00105"),
    ),
    Case(
        id="C16 a copy with another model",
        files=one(line(output_tokens=10), line(output_tokens=10, model=OPUS)),
        rows=day((100, 10, 0, 0), "0.00075", (OPUS,)),
        verdict=Verdict.OURS,
        because="Identity: the order of lines decides nothing, so all reports name one model; the peer's daily takes "
        "the dearer, its other reports the first.",
        peer={
            "daily": (Row("2026-03-10", (100, 10, 0, 0), "0.00075", (OPUS,)),),
            **everywhere((100, 10, 0, 0), "0.00045"),
        },
    ),
    Case(
        id="C17 a copy in fast mode",
        files=one(line(model=OPUS), line(model=OPUS, speed="fast")),
        rows=day((100, 50, 0, 0), "0.0105", (f"{OPUS}-fast",)),
    ),
    Case(
        id="C17 a copy in fast mode behind one that says standard",
        files=one(line(model=OPUS, speed="standard"), line(model=OPUS, speed="fast")),
        rows=day((100, 50, 0, 0), "0.0105", (f"{OPUS}-fast",)),
        verdict=Verdict.OURS,
        because="Identity: the order of lines decides nothing; the peer's daily says fast, its other reports standard.",
        peer={
            "daily": (Row("2026-03-10", (100, 50, 0, 0), "0.0105", (f"{OPUS}-fast",)),),
            **everywhere((100, 50, 0, 0), "0.00175", (OPUS,)),
        },
    ),
    Case(
        id="C18 equal copies in two projects",
        files={"p1/b.jsonl": (line(),), "p2/a.jsonl": (line(),)},
        rows={"session": (Row("p1/sess", (100, 50, 0, 0), "0.00105"),)},
        verdict=Verdict.OURS,
        because="Words: a session is told by its session id; the peer calls it by the file, here b. The project is "
        "the same.",
        peer={"session": (Row("p1/b", (100, 50, 0, 0), "0.00105"),)},
    ),
    Case(
        id="C19 an advisor on two streamed copies",
        files=one(line(output_tokens=10, iterations=ADVISOR), line(iterations=ADVISOR)),
        rows=day((1100, 750, 0, 0), "0.02355", (OPUS, SONNET)),
    ),
    Case(
        id="C19 two messages, two advisors",
        files=one(
            line(iterations=ADVISOR),
            line(id="m2", requestId="r2", iterations=[{**ADVISOR[0], "model": HAIKU}]),
        ),
        rows=day((2200, 1500, 0, 0), "0.0291", (HAIKU, OPUS, SONNET)),
    ),
)
