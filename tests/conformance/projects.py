"""C31 – C39: which session and project usage belongs to."""

from __future__ import annotations

from tests.conformance.case import ABSENT, Case, Row, Verdict, line, one

SECOND = {"id": "m2", "requestId": "r2"}
ONE_SESSION = {"session": (Row("P/S", (200, 100, 0, 0), "0.0021"),)}
IN_TWO_PROJECTS = {"p1/sess.jsonl": (line(output_tokens=10),), "p2/sess.jsonl": (line(output_tokens=20),)}

CASES = (
    Case(
        id="C31 a sub-agent's file",
        files={
            "P/S.jsonl": (line(sessionId="S"),),
            "P/S/subagents/agent-x.jsonl": (line(**SECOND, sessionId="S", isSidechain=True, agentId="x"),),
        },
        rows=ONE_SESSION,
    ),
    Case(
        id="C31 a sub-agent's file that names no session",
        files={
            "P/S.jsonl": (line(sessionId=ABSENT),),
            "P/S/subagents/agent-x.jsonl": (line(**SECOND, sessionId=ABSENT, isSidechain=True),),
        },
        rows=ONE_SESSION,
    ),
    Case(
        id="C32 a workflow's agent",
        files={
            "P/S.jsonl": (line(sessionId="S"),),
            "P/S/subagents/workflows/wf1/agent-x.jsonl": (
                line(**SECOND, sessionId="S", isSidechain=True, agentId="x"),
            ),
        },
        rows=ONE_SESSION,
        verdict=Verdict.OURS,
        because="Words: sub-agent files belong to the session that started them; the peer makes the workflow a "
        "session of its own.",
        peer={
            "session": (
                Row("P/S", (100, 50, 0, 0), "0.00105"),
                Row("P/S/subagents/workflows/wf1", (100, 50, 0, 0), "0.00105"),
            ),
        },
    ),
    Case(
        id="C32 a workflow's agent that names no session",
        files={
            "P/S.jsonl": (line(sessionId=ABSENT),),
            "P/S/subagents/workflows/wf1/agent-x.jsonl": (line(**SECOND, sessionId=ABSENT, isSidechain=True),),
        },
        rows=ONE_SESSION,
        verdict=Verdict.OURS,
        because="Words: sub-agent files belong to the session that started them, which their path names where no line "
        "does.",
        peer={
            "session": (
                Row("P/S", (100, 50, 0, 0), "0.00105"),
                Row("P/S/subagents/workflows/wf1", (100, 50, 0, 0), "0.00105"),
            ),
        },
    ),
    Case(
        id="C33 a copy in another project",
        files=IN_TWO_PROJECTS,
        rows={
            "daily": (Row("2026-03-10", (100, 20, 0, 0), "0.0006"),),
            "session": (Row("p1/sess", (100, 20, 0, 0), "0.0006"),),
        },
        verdict=Verdict.OURS,
        because="Merging: a later copy never moves usage to another project; the peer's larger copy does.",
        peer={"session": (Row("p2/sess", (100, 20, 0, 0), "0.0006"),)},
    ),
    Case(
        id="C33 only the first project",
        files=IN_TWO_PROJECTS,
        options=("--project", "p1"),
        rows={"daily": (Row("2026-03-10", (100, 20, 0, 0), "0.0006"),)},
        verdict=Verdict.OURS,
        because="Merging: the record is one, whatever is asked of it; the peer filters before it merges and finds "
        "another number.",
        peer={"daily": (Row("2026-03-10", (100, 10, 0, 0), "0.00045"),)},
    ),
    Case(
        id="C33 only the second project",
        files=IN_TWO_PROJECTS,
        options=("--project", "p2"),
        rows={"daily": ()},
        verdict=Verdict.OURS,
        because="Merging: the record belongs to one project, so the parts add up to the whole; the peer's two "
        "projects make 220 of 120.",
        peer={"daily": (Row("2026-03-10", (100, 20, 0, 0), "0.0006"),)},
    ),
    Case(
        id="C34 a sub-agent's file beside the session",
        files={
            "P/S.jsonl": (line(sessionId="S"),),
            "P/agent-abc.jsonl": (line(**SECOND, sessionId="S", isSidechain=True, agentId="abc"),),
        },
        rows=ONE_SESSION,
        verdict=Verdict.OURS,
        because="Words: sub-agent files belong to the session that started them, which their lines name; the peer "
        "goes by the file.",
        peer={"session": (Row("P/S", (100, 50, 0, 0), "0.00105"), Row("P/agent-abc", (100, 50, 0, 0), "0.00105"))},
    ),
    Case(
        id="C35 a file right in projects",
        files={"S.jsonl": (line(sessionId="S"),)},
        rows={"session": (Row("/S", (100, 50, 0, 0), "0.00105"),)},
        verdict=Verdict.OURS,
        because="Words: a session is told by its session id, which has no .jsonl; a project that nothing names is "
        "empty.",
        peer={"session": (Row("Unknown Project/S.jsonl", (100, 50, 0, 0), "0.00105"),)},
    ),
    Case(
        id="C36 one session id in two projects",
        files={
            "p1/S.jsonl": (line(sessionId="S"),),
            "p2/S.jsonl": (line(**SECOND, sessionId="S", timestamp="2026-03-10T11:00:00.000Z"),),
        },
        rows={"session": (Row("p1/S", (200, 100, 0, 0), "0.0021"),)},
        verdict=Verdict.OURS,
        because="Words: a session is one conversation by its session id, wherever it went on; the peer makes a row of "
        "each folder.",
        peer={"session": (Row("p1/S", (100, 50, 0, 0), "0.00105"), Row("p2/S", (100, 50, 0, 0), "0.00105"))},
    ),
    Case(
        id="C37 one session, by the id in its lines",
        files=one(line(sessionId="sess-in-line"), line(**SECOND, sessionId="other")),
        options=("--session", "sess-in-line"),
        rows={"session": (Row("proj/sess-in-line", (100, 50, 0, 0), "0.00105"),)},
        verdict=Verdict.OURS,
        because="Surfaces: one filter with one spelling in every report; the peer has --id in one report, which "
        "prints another shape.",
        peer_lacks_options=True,
    ),
    Case(
        id="C37 a session that is not there",
        files=one(line()),
        options=("--session", "nobody"),
        rows={"session": (), "daily": ()},
        verdict=Verdict.OURS,
        because="Surfaces: the same keys everywhere; the peer prints a bare null.",
        peer_lacks_options=True,
    ),
    Case(
        id="C38 the cost of a session's responses",
        files=one(line(), line(**SECOND)),
        options=("--session", "sess"),
        rows={
            "session": (Row("proj/sess", (200, 100, 0, 0), "0.0021"),),
            "daily": (Row("2026-03-10", (200, 100, 0, 0), "0.0021"),),
        },
        verdict=Verdict.OURS,
        because="Cost: what no client reported is calculated; the peer prints 0.0 for each entry of the same session.",
        peer_lacks_options=True,
    ),
    Case(
        id="C39 a project in other letters",
        files={"p1/sess.jsonl": (line(),)},
        options=("--project", "P1"),
        rows={"daily": (Row("2026-03-10", (100, 50, 0, 0), "0.00105"),)},
        verdict=Verdict.OURS,
        because="Words: a project is a folder, whose last part may be typed in any letters; the peer finds nothing "
        "and does not say so.",
        peer={"daily": ()},
    ),
)
