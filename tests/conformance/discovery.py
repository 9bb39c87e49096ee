"""C111 – C114: which files are found."""

from __future__ import annotations

from tests.conformance.case import Case, Row, Verdict, day, line, one

SECOND = line(id="m2", requestId="r2")
B = day((100, 50, 0, 0), "0.00105")
BOTH = day((200, 100, 0, 0), "0.0021")
ROOTS = "Lines: one unreadable folder does not stop the others, and is told; "
EVERY_ROOT = "Lines: nothing vanishes silently; "

CASES = (
    Case(
        id="C111 both default folders",
        files={"~/.claude/projects/proj/sess.jsonl": (line(),), "~/.config/claude/projects/proj/s2.jsonl": (SECOND,)},
        rows=BOTH,
    ),
    Case(
        id="C111 one response in both default folders",
        files={"~/.claude/projects/proj/sess.jsonl": (line(),), "~/.config/claude/projects/proj/sess.jsonl": (line(),)},
        rows=B,
    ),
    Case(
        id="C111 the default folder moved",
        files={"~/xdg/claude/projects/proj/sess.jsonl": (line(),), "~/.claude/projects/proj/sess.jsonl": (SECOND,)},
        environ={"XDG_CONFIG_HOME": "{home}/xdg"},
        rows=BOTH,
    ),
    Case(
        id="C112 named folders, one of which is not there",
        files={"~/work/projects/proj/sess.jsonl": (line(),)},
        environ={"CLAUDE_CONFIG_DIR": "{home}/nowhere, {home}/work"},
        rows=B,
        problems=1,
    ),
    Case(
        id="C112 a named folder that is the projects folder itself",
        files={"~/work/projects/proj/sess.jsonl": (line(),)},
        environ={"CLAUDE_CONFIG_DIR": "~/work/projects"},
        rows=B,
    ),
    Case(
        id="C112 named folders beside the default one",
        files={"~/work/projects/proj/sess.jsonl": (line(),), "~/.claude/projects/proj/sess.jsonl": (SECOND,)},
        environ={"CLAUDE_CONFIG_DIR": "{home}/work"},
        rows=BOTH,
        verdict=Verdict.OURS,
        because=EVERY_ROOT
        + "named folders are read beside the default ones, the peer forgets what was written there before.",
        peer={"daily": (Row("2026-03-10", (100, 50, 0, 0), "0.00105"),), "*": (Row("", (100, 50, 0, 0), "0.00105"),)},
    ),
    Case(
        id="C112 no named folder is there",
        files=one(line()),
        environ={"CLAUDE_CONFIG_DIR": "{home}/nowhere,{home}/else"},
        rows=B,
        problems=2,
        verdict=Verdict.OURS,
        because=ROOTS + "the peer fails.",
        peer_exit_code=1,
    ),
    Case(
        id="C112 an empty variable",
        files=one(line()),
        environ={"CLAUDE_CONFIG_DIR": ""},
        rows=B,
        verdict=Verdict.OURS,
        because=ROOTS + "an empty list names no folder, where the peer fails.",
        peer_exit_code=1,
    ),
    Case(
        id="C113 a linked project folder",
        files={"~/elsewhere/sess.jsonl": (line(),), "~/.claude/projects/proj/s2.jsonl": (SECOND,)},
        links={"~/.claude/projects/linked": "~/elsewhere"},
        rows=BOTH,
        verdict=Verdict.OURS,
        because=EVERY_ROOT + "a linked folder is read like any other, the peer passes over it.",
        peer={"daily": (Row("2026-03-10", (100, 50, 0, 0), "0.00105"),), "*": (Row("", (100, 50, 0, 0), "0.00105"),)},
    ),
    Case(
        id="C113 a linked file",
        files={"~/elsewhere/sess.jsonl": (line(),), "~/.claude/projects/proj/s2.jsonl": (SECOND,)},
        links={"~/.claude/projects/proj/sess.jsonl": "~/elsewhere/sess.jsonl"},
        rows=BOTH,
        verdict=Verdict.OURS,
        because=EVERY_ROOT + "a linked file is read like any other, the peer passes over it.",
        peer={"daily": (Row("2026-03-10", (100, 50, 0, 0), "0.00105"),), "*": (Row("", (100, 50, 0, 0), "0.00105"),)},
    ),
    Case(
        id="C113 a link back to its own folder",
        files=one(line()),
        links={"~/.claude/projects/proj/again": "~/.claude/projects"},
        rows=B,
    ),
    Case(
        id="C113 a root and a link to it",
        files={"~/work/projects/proj/sess.jsonl": (line(id="m1", requestId="r1"), line(id="m2", requestId="r2"))},
        links={"~/alias": "~/work"},
        environ={"CLAUDE_CONFIG_DIR": "{home}/work,{home}/alias"},
        rows=BOTH,
    ),
    Case(
        id="C113 a link that leads nowhere",
        files=one(line()),
        links={"~/.claude/projects/gone": "~/nowhere"},
        rows=B,
    ),
    Case(id="C114 a hidden folder", files={".hidden/z.jsonl": (line(),)}, rows=B),
    *(
        Case(id=f"C114 {name}", files={f"proj/{name}": (line(),), "proj/t.jsonl": (SECOND,)}, rows=B)
        for name in ("s.JSONL", "s.json", "s.jsonl.gz", "s.jsonl.bak")
    ),
)
