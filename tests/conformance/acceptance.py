"""C40 – C70: which lines count."""

from __future__ import annotations

from tests.conformance.case import (
    ABSENT,
    NOTHING,
    SONNET,
    UNKNOWN,
    Case,
    Line,
    Row,
    Verdict,
    day,
    everywhere,
    line,
    one,
)
from tests.conftest import as_bytes

BASE = as_bytes(line())
B = day((100, 50, 0, 0), "0.00105")
"""What the base line alone gives."""
DROPPED = {"*": (NOTHING,)}
SECOND = line(id="m2", requestId="r2")
ANY_LINE = "Lines: anything that is a JSON object with usage counts is read; "
ANY_TIME = "Lines: any RFC 3339 time is read; the peer knows no decimals or exactly three, and a colon in the offset."
TEXTS = [{"type": "text", "text": "a"}]


def spaced(text: bytes) -> bytes:
    """The same object with spaces behind colons and commas."""
    return text.replace(b":{", b" : {").replace(b'":', b'": ').replace(b',"', b', "')


def tool(value: object) -> list[object]:
    """A message's content: one call of a tool with this input."""
    return [{"type": "tool_use", "id": "t1", "name": "Bash", "input": value}]


def swapped(old: bytes, new: bytes) -> bytes:
    """The base line with some of its text put otherwise."""
    assert BASE.count(old) == 1
    return BASE.replace(old, new)


def tolerated(name: str, changes: dict[str, object], why: str) -> Case:
    """A line that we count like the base line, and that the peer drops."""
    return Case(id=name, files=one(line(**changes)), rows=B, verdict=Verdict.OURS, because=why, peer=DROPPED)


def refused(name: str, text: Line) -> Case:
    """A line that nobody counts; here it is a counted problem."""
    return Case(id=name, files=one(text), rows={"daily": ()}, problems=1)


def timed(stamp: str) -> Line:
    """The base line at another time."""
    return line(timestamp=stamp)


COUNTERS = (
    Case(
        id="C40 no output_tokens",
        files=one(line(output_tokens=ABSENT)),
        rows=day((100, 0, 0, 0), "0.0003"),
        verdict=Verdict.OURS,
        because=ANY_LINE + "a counter that is absent is 0, the peer drops the line.",
        peer=DROPPED,
    ),
    Case(
        id="C41 no input_tokens",
        files=one(line(input_tokens=ABSENT)),
        rows=day((0, 50, 0, 0), "0.00075"),
        verdict=Verdict.OURS,
        because=ANY_LINE + "a counter that is absent is 0, the peer drops the line.",
        peer=DROPPED,
    ),
    Case(
        id="C42 two counters and a time",
        files=one(
            {"timestamp": "2026-03-10T10:00:00.000Z", "message": {"usage": {"input_tokens": 10, "output_tokens": 1}}}
        ),
        rows=day((10, 1, 0, 0), "0", (UNKNOWN,), (UNKNOWN,)),
        verdict=Verdict.OURS,
        because="Cost: an unknown model has no price and is shown so; the peer says $0 and names no model. The tokens "
        "agree.",
        peer=everywhere((10, 1, 0, 0), "0", ()),
    ),
    Case(id="C43 a user line with usage", files=one(line(type="user")), rows=B),
)

SYNTHETIC = (
    Case(
        id="C44 an API error with usage",
        files=one(line(isApiErrorMessage=True), line(id="m2", requestId="r2")),
        rows=B,
        verdict=Verdict.OURS,
        because="Lines: API-error lines carry no usage; the peer counts them.",
        peer=everywhere((200, 100, 0, 0), "0.0021"),
    ),
    Case(
        id="C45 a synthetic line without tokens",
        files=one(line(model="<synthetic>", input_tokens=0, output_tokens=0)),
        rows={"daily": (), "session": ()},
        verdict=Verdict.OURS,
        because="Lines: <synthetic> lines carry no usage, so there is no row; the peer's daily has one of zeros.",
        peer={"daily": (Row("2026-03-10", (0, 0, 0, 0), "0", ()),)},
    ),
    Case(
        id="C46 a synthetic line with tokens",
        files=one(line(model="<synthetic>", input_tokens=7, output_tokens=3)),
        rows={"daily": ()},
        verdict=Verdict.OURS,
        because="Lines: <synthetic> lines carry no usage; the peer adds tokens that no model is named for.",
        peer=everywhere((7, 3, 0, 0), "0", ()),
    ),
    Case(
        id="C47 a synthetic line with a cost",
        files=one(line(model="<synthetic>", input_tokens=7, output_tokens=3, costUSD=0.5)),
        rows={"daily": ()},
        verdict=Verdict.OURS,
        because="Lines: <synthetic> lines carry no usage; the peer adds half a dollar that nobody spent.",
        peer=everywhere((7, 3, 0, 0), "0.5", ()),
    ),
    Case(
        id="C48 no model",
        files=one(line(model=ABSENT)),
        rows=day((100, 50, 0, 0), "0", (UNKNOWN,), (UNKNOWN,)),
        verdict=Verdict.OURS,
        because="Cost: an unknown model has no price and is shown so; the peer says $0 and names no model.",
        peer=everywhere((100, 50, 0, 0), "0", ()),
    ),
    Case(
        id="C48 no model, with a cost",
        files=one(line(model=ABSENT, costUSD=0.4)),
        rows=day((100, 50, 0, 0), "0.4", (UNKNOWN,)),
        verdict=Verdict.OURS,
        because="Cost: what the client reported counts, and the model is shown as unknown; the peer's breakdown "
        "misses the row's cost.",
        peer=everywhere((100, 50, 0, 0), "0.4", ()),
    ),
)

EMPTY_OR_NULL = (
    Case(
        id="C49 empty model",
        files=one(line(model="")),
        rows=day((100, 50, 0, 0), "0", (UNKNOWN,), (UNKNOWN,)),
        verdict=Verdict.OURS,
        because="Cost: an unknown model is counted and shown as unpriced; the peer drops the line.",
        peer=DROPPED,
    ),
    *(
        tolerated(f"C49 empty {key}", {key: ""}, ANY_LINE + "an empty id is none, the peer drops the line.")
        for key in ("sessionId", "requestId", "id")
    ),
    *(
        tolerated(
            f"C50 version {text}",
            {"version": text},
            ANY_LINE + "the client's version decides nothing, the peer drops the line.",
        )
        for text in ("dev", "1.2", "")
    ),
    Case(id="C50 version 1.2.3-beta", files=one(line(version="1.2.3-beta")), rows=B),
    Case(id="C50 no version", files=one(line(version=ABSENT)), rows=B),
    *(
        tolerated(f"C51 {key} null", {key: None}, "Lines: nulls where optional are read; the peer drops the line.")
        for key in (
            "costUSD",
            "requestId",
            "cwd",
            "speed",
            "isApiErrorMessage",
            "cache_read_input_tokens",
            "version",
            "sessionId",
            "id",
        )
    ),
    Case(id="C51 a NUL in cwd", files=one(line(cwd="/home/dev/a\0b")), rows=B),
    Case(
        id="C51 model null",
        files=one(line(model=None)),
        rows=day((100, 50, 0, 0), "0", (UNKNOWN,), (UNKNOWN,)),
        verdict=Verdict.OURS,
        because="Cost: an unknown model is counted and shown as unpriced; the peer drops the line.",
        peer=DROPPED,
    ),
    *(
        Case(id=f"C52 {key} null", files=one(line(**{key: None})), rows=B)
        for key in ("cache_creation", "service_tier", "inference_geo", "container", "parentUuid", "isSidechain")
    ),
    *(
        tolerated(
            f"C53 {key} null in a tool's input",
            {"content": tool({key: None})},
            "Lines: a null counts where it stands; the peer drops a line that has one anywhere.",
        )
        for key in ("id", "model", "cwd", "version")
    ),
    tolerated(
        "C53 id null in a tool's result",
        {"toolUseResult": {"id": None}},
        "Lines: a null counts where it stands; the peer drops a line that has one anywhere.",
    ),
    Case(
        id="C54 the same inside a text",
        files=one(line(content=[{"type": "text", "text": '{"id":null,"model":null}'}])),
        rows=B,
    ),
    Case(
        id="C55 model null in an iteration",
        files=one(line(iterations=[{"type": "message", "model": None, "input_tokens": 100, "output_tokens": 50}])),
        rows=B,
    ),
    tolerated(
        "C56 cache_read_input_tokens null in an iteration",
        {
            "iterations": [
                {"type": "message", "input_tokens": 100, "output_tokens": 50, "cache_read_input_tokens": None}
            ]
        },
        "Lines: nulls where optional are read; the peer drops the line.",
    ),
)

BYTES = (
    Case(
        id="C57 spaces in the JSON",
        files=one(spaced(BASE)),
        rows=B,
        verdict=Verdict.OURS,
        because="Lines: a JSON object counts however spaced; the peer looks for the bytes of a writer that puts none.",
        peer=DROPPED,
    ),
    Case(id="C57 keys in another order", files=one(dict(reversed(line().items()))), rows=B),
    Case(id="C58 CRLF", files=one(BASE + b"\r", as_bytes(SECOND) + b"\r"), rows=day((200, 100, 0, 0), "0.0021")),
    Case(id="C59 no line end behind the last line", files=one(BASE), final_newline=b"", rows=B),
    Case(id="C60 spaces before the object", files=one(b"   " + BASE), rows=B),
    Case(
        id="C61 a byte order mark",
        files=one(b"\xef\xbb\xbf" + BASE, SECOND),
        rows=day((200, 100, 0, 0), "0.0021"),
        verdict=Verdict.OURS,
        because="Lines: a BOM is passed over; the peer drops the first line.",
        peer=everywhere((100, 50, 0, 0), "0.00105"),
    ),
    Case(
        id="C62 NUL bytes before the first object",
        files=one(b"\x00\x00\x00" + BASE, SECOND),
        rows=day((200, 100, 0, 0), "0.0021"),
        verdict=Verdict.OURS,
        because=ANY_LINE + "NULs left by a crash are passed over, the peer drops the line.",
        peer=everywhere((100, 50, 0, 0), "0.00105"),
    ),
    Case(id="C63 a broken line before a good one", files=one(BASE[:150], SECOND), rows=B, problems=1),
    Case(
        id="C63 a torn object with a good one on the same line",
        files=one(BASE[:150] + as_bytes(SECOND)),
        rows=B,
        problems=1,
        verdict=Verdict.OURS,
        because=ANY_LINE + "one behind a torn one as well; the peer drops both.",
        peer=DROPPED,
    ),
    Case(
        id="C64 two objects on one line",
        files=one(BASE + as_bytes(SECOND)),
        rows=day((200, 100, 0, 0), "0.0021"),
        verdict=Verdict.OURS,
        because="Lines: two objects glued on one line are both read; the peer drops both.",
        peer=DROPPED,
    ),
    Case(
        id="C64 an object without usage glued before one with",
        files=one(b'{"type":"summary","summary":"x"}' + BASE),
        rows=B,
        verdict=Verdict.OURS,
        because="Lines: two objects glued on one line are both read; the peer drops both.",
        peer=DROPPED,
    ),
)

NUMBERS = (
    *(
        Case(
            id=f"C65 input_tokens {text}",
            files=one(swapped(b'"input_tokens":100', b'"input_tokens":' + text.encode())),
            rows=B,
            verdict=Verdict.OURS,
            because=ANY_LINE + "a whole number is a count in any spelling, the peer drops the line.",
            peer=DROPPED,
        )
        for text in ("100.0", "1e2", "1.0E+2")
    ),
    *(
        refused(f"C65 input_tokens {text}", swapped(b'"input_tokens":100', b'"input_tokens":' + text.encode()))
        for text in ("1.5", "-5", '"5"', "true", "[100]", "18446744073709551616", "1e400")
    ),
    Case(
        id="C65 input_tokens 2^63",
        files=one(line(input_tokens=2**63)),
        rows={"daily": ()},
        problems=1,
        verdict=Verdict.OURS,
        because="Lines: what is no believable count is a problem that is told; the peer shows nine quintillion tokens.",
        peer={"*": (Row("", (2**63, 50, 0, 0), "55340232221128.65"),)},
    ),
    *(
        Case(
            id=f"C65 {name} 2^53",
            files=one(line(**{name: 2**53}), SECOND),
            rows=B,
            problems=1,
            verdict=Verdict.OURS,
            because="Lines: what is no believable count is a problem that is told, and stops nothing else; the peer "
            "counts nine quadrillion tokens.",
            peer={"*": (Row("", tokens, usd),)},
        )
        for name, tokens, usd in (
            ("input_tokens", (2**53 + 100, 100, 0, 0), "54043195527.8472"),
            ("output_tokens", (200, 2**53 + 50, 0, 0), "202661983230.17368"),
        )
    ),
    Case(
        id="C65 a refused counter does not stop the next line",
        files=one(line(input_tokens="5"), SECOND),
        rows=B,
        problems=1,
    ),
    tolerated(
        "C66 speed turbo",
        {"speed": "turbo"},
        ANY_LINE + "an unheard-of speed is billed as standard, the peer drops the line.",
    ),
    tolerated(
        "C66 speed Fast",
        {"speed": "Fast"},
        ANY_LINE + "an unheard-of speed is billed as standard, the peer drops the line.",
    ),
    tolerated(
        "C67 isSidechain as text",
        {"isSidechain": "true"},
        ANY_LINE + "a field of a wrong type is as if absent, the peer drops the line.",
    ),
    Case(
        id="C68 a counter twice",
        files=one(swapped(b'"input_tokens":100', b'"input_tokens":7,"input_tokens":100')),
        rows=B,
        verdict=Verdict.OURS,
        because=ANY_LINE + "of a repeated key the last counts, the peer drops the line.",
        peer=DROPPED,
    ),
    Case(
        id="C68 the time twice",
        files=one(b'{"timestamp":"2026-03-09T10:00:00.000Z",' + BASE[1:]),
        rows=B,
        verdict=Verdict.OURS,
        because=ANY_LINE + "of a repeated key the last counts, the peer drops the line.",
        peer=DROPPED,
    ),
    Case(
        id="C69 usage of a finished sub-agent",
        files=one(
            line(
                type="user",
                message={"role": "user", "content": TEXTS},
                toolUseResult={"usage": {"input_tokens": 9, "output_tokens": 9}},
            )
        ),
        rows={"daily": ()},
    ),
    Case(
        id="C69 usage beside the message",
        files=one(line(message={"id": "m1", "model": SONNET}, usage={"input_tokens": 9, "output_tokens": 9})),
        rows={"daily": ()},
    ),
    Case(
        id="C69 usage of a finished sub-agent beside the message's own",
        files=one(line(toolUseResult={"usage": {"input_tokens": 9, "output_tokens": 9}})),
        rows=B,
    ),
)

TIMES = (
    *(
        Case(id=f"C70 {stamp}", files=one(timed(stamp)), rows=B)
        for stamp in ("2026-03-10T10:00:00Z", "2026-03-10T19:00:00.000+09:00", "2026-03-10T19:00:00+09:00")
    ),
    *(
        Case(id=f"C70 {stamp}", files=one(timed(stamp)), rows=B, verdict=Verdict.OURS, because=ANY_TIME, peer=DROPPED)
        for stamp in (
            "2026-03-10T10:00:00.1Z",
            "2026-03-10T10:00:00.123456Z",
            "2026-03-10T10:00:00.123456789Z",
            "2026-03-10T19:00:00+0900",
            "2026-03-10 10:00:00Z",
            "2026-03-10t10:00:00z",
            "2026-03-10T10:00:60Z",
        )
    ),
    *(
        refused(f"C70 {stamp}", timed(stamp))
        for stamp in (
            "2026-03-10",
            "2026-03-10T24:00:00Z",
            "2026-03-10T10:60:00Z",
            "2026-02-30T10:00:00Z",
            "2026-03-10T10:00:00",
            "2026-03-10T10:00:00+24:00",
            "",
        )
    ),
    refused("C70 a number", line(timestamp=1773136800)),
    refused("C70 no time", line(timestamp=ABSENT)),
    Case(
        id="C70 the last day of a month in another offset",
        files=one(timed("2026-04-01T08:30:00.000+09:00")),
        rows={
            "daily": (Row("2026-03-31", (100, 50, 0, 0), "0.00105"),),
            "monthly": (Row("2026-03", (100, 50, 0, 0), "0.00105"),),
        },
    ),
)

CASES = (*COUNTERS, *SYNTHETIC, *EMPTY_OR_NULL, *BYTES, *NUMBERS, *TIMES)
