"""C71 – C93: what usage costs."""

from __future__ import annotations

from tests.conformance.case import (
    HAIKU,
    NOTHING,
    OPUS,
    SONNET,
    Case,
    Row,
    Verdict,
    day,
    everywhere,
    line,
    one,
)

LARGER = (
    "Tokens: if the split and the flat sum disagree, the larger counts, the difference as 5 minutes; the "
    "peer takes the split."
)
WHOLE = (
    "Cost: the length of the prompt decides for the whole request; the peer judges each counter alone and "
    "only what is above."
)
FABLE = "claude-fable-5"


def sole(tokens: tuple[int, int, int, int], **usage: object) -> dict[str, object]:
    """The base line with these tokens; writes are flat unless `usage` splits them."""
    names = ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    return line(**{**dict(zip(names, tokens, strict=True)), **usage})


def split(short: object, long: object) -> dict[str, object]:
    """Cache writes by lifetime."""
    return {"ephemeral_5m_input_tokens": short, "ephemeral_1h_input_tokens": long}


def tier(name: str, tokens: tuple[int, int, int, int], usd: str, peer_usd: str, **usage: object) -> Case:
    """A request of Sonnet 4, whose prompts above 200,000 tokens were dearer until 2026-04-30."""
    same = usd == peer_usd
    return Case(
        id=name,
        files=one(sole(tokens, **usage)),
        rows=day(tokens, usd),
        verdict=Verdict.SAME if same else Verdict.OURS,
        because="" if same else WHOLE,
        peer={} if same else everywhere(tokens, peer_usd),
    )


WRITES = (
    Case(
        id="C71 split and flat sum agree",
        files=one(sole((0, 0, 30, 0), cache_creation=split(10, 20))),
        rows=day((0, 0, 30, 0), "0.0001575"),
    ),
    Case(
        id="C71 the flat sum is larger",
        files=one(sole((0, 0, 999, 0), cache_creation=split(10, 20))),
        rows=day((0, 0, 999, 0), "0.00379125"),
        verdict=Verdict.OURS,
        because=LARGER,
        peer=everywhere((0, 0, 30, 0), "0.0001575"),
    ),
    Case(
        id="C71 the split is larger",
        files=one(sole((0, 0, 5, 0), cache_creation=split(10, 20))),
        rows=day((0, 0, 30, 0), "0.0001575"),
    ),
    Case(
        id="C72 an empty split",
        files=one(sole((0, 0, 999, 0), cache_creation={})),
        rows=day((0, 0, 999, 0), "0.00374625"),
        verdict=Verdict.OURS,
        because=LARGER,
        peer={"session": (NOTHING,), **everywhere((0, 0, 0, 0), "0")},
    ),
    Case(
        id="C72 a split of zeros",
        files=one(sole((0, 0, 999, 0), cache_creation=split(0, 0))),
        rows=day((0, 0, 999, 0), "0.00374625"),
        verdict=Verdict.OURS,
        because=LARGER,
        peer={"session": (NOTHING,), **everywhere((0, 0, 0, 0), "0")},
    ),
    Case(id="C72 no split", files=one(sole((0, 0, 999, 0))), rows=day((0, 0, 999, 0), "0.00374625")),
    Case(
        id="C73 one hour",
        files=one(sole((0, 0, 1000, 0), cache_creation=split(0, 1000))),
        rows=day((0, 0, 1000, 0), "0.006"),
    ),
    Case(
        id="C74 a split without a flat sum",
        files=one({**sole((1, 1, 0, 0), cache_creation={"ephemeral_1h_input_tokens": 100})}),
        rows=day((1, 1, 100, 0), "0.000618"),
    ),
    Case(
        id="C75 a null in the split",
        files=one(sole((0, 0, 100, 0), cache_creation=split(None, 100))),
        rows=day((0, 0, 100, 0), "0.0006"),
        verdict=Verdict.OURS,
        because="Lines: nulls where optional are read; the peer drops the line.",
        peer={"*": (NOTHING,)},
    ),
)

TIERS = (
    tier("C76 200,000 in", (200_000, 0, 0, 0), "0.6", "0.6"),
    tier("C76 200,001 in", (200_001, 0, 0, 0), "1.200006", "0.600006"),
    tier("C76 300,000 in", (300_000, 0, 0, 0), "1.8", "1.2"),
    tier("C77 300,000 out", (0, 300_000, 0, 0), "4.5", "5.25"),
    tier("C77 300,000 written for 5 minutes", (0, 0, 300_000, 0), "2.25", "1.5"),
    tier("C77 300,000 read", (0, 0, 0, 300_000), "0.18", "0.12"),
    tier("C77 300,000 written for an hour", (0, 0, 300_000, 0), "3.6", "2.4", cache_creation=split(0, 300_000)),
    tier("C78 150,000 in, 150,000 read", (150_000, 0, 0, 150_000), "0.99", "0.495"),
    tier(
        "C79 150,000 written for each lifetime",
        (0, 0, 300_000, 0),
        "2.925",
        "1.4625",
        cache_creation=split(150_000, 150_000),
    ),
    tier("C79 200,001 in, 1,000 out", (200_001, 1_000, 0, 0), "1.222506", "0.615006"),
    Case(
        id="C80 two requests of 150,000",
        files=one(sole((150_000, 0, 0, 0)), sole((150_000, 0, 0, 0), id="m2", requestId="r2")),
        rows=day((300_000, 0, 0, 0), "0.9"),
    ),
)

SPEEDS = (
    Case(
        id="C81 fast", files=one(line(model=OPUS, speed="fast")), rows=day((100, 50, 0, 0), "0.0105", (f"{OPUS}-fast",))
    ),
    Case(
        id="C81 standard", files=one(line(model=OPUS, speed="standard")), rows=day((100, 50, 0, 0), "0.00175", (OPUS,))
    ),
    Case(
        id="C82 fast without a price of its own",
        files=one(line(speed="fast")),
        rows=day((100, 50, 0, 0), "0.00105", (f"{SONNET}-fast",)),
    ),
    Case(
        id="C83 fast with a reported cost",
        files=one(line(model=OPUS, speed="fast", costUSD=0.7)),
        rows=day((100, 50, 0, 0), "0.7", (f"{OPUS}-fast",)),
    ),
    Case(
        id="C84 ten web searches",
        files=one(line(server_tool_use={"web_search_requests": 10})),
        rows=day((100, 50, 0, 0), "0.10105"),
        verdict=Verdict.OURS,
        because="Cost: includes web searches, $10 a thousand; the peer leaves them out.",
        peer=everywhere((100, 50, 0, 0), "0.00105"),
    ),
    Case(
        id="C84 more web searches than there can be",
        files=one(line(server_tool_use={"web_search_requests": 2**53}), line(id="m2", requestId="r2")),
        rows=day((100, 50, 0, 0), "0.00105"),
        problems=1,
        verdict=Verdict.OURS,
        because="Lines: what is no believable count is a problem that is told, and stops nothing else; the peer does "
        "not look at it.",
        peer=everywhere((200, 100, 0, 0), "0.0021"),
    ),
    Case(
        id="C85 batch",
        files=one(line(service_tier="batch")),
        rows=day((100, 50, 0, 0), "0.000525"),
        verdict=Verdict.OURS,
        because="Cost: includes batch, half of everything; the peer asks the full price.",
        peer=everywhere((100, 50, 0, 0), "0.00105"),
    ),
    Case(id="C85 priority", files=one(line(service_tier="priority")), rows=day((100, 50, 0, 0), "0.00105")),
    Case(
        id="C86 computed in the US",
        files=one(line(model=OPUS, inference_geo="us")),
        rows=day((100, 50, 0, 0), "0.001925", (OPUS,)),
        verdict=Verdict.OURS,
        because="Cost: includes data residency, a tenth more from 4.6 on; the peer leaves it out.",
        peer=everywhere((100, 50, 0, 0), "0.00175", (OPUS,)),
    ),
    Case(id="C86 a model without residency", files=one(line(inference_geo="us")), rows=day((100, 50, 0, 0), "0.00105")),
    Case(
        id="C86 anywhere",
        files=one(line(model=OPUS, inference_geo="global")),
        rows=day((100, 50, 0, 0), "0.00175", (OPUS,)),
    ),
)

TWO_LINES = one(line(costUSD=0.5), line(id="m2", requestId="r2"))
REPORTED = (
    Case(id="C87 auto", files=TWO_LINES, rows=day((200, 100, 0, 0), "0.50105")),
    Case(id="C87 calculate", files=TWO_LINES, options=("--mode", "calculate"), rows=day((200, 100, 0, 0), "0.0021")),
    Case(
        id="C87 display",
        files=TWO_LINES,
        options=("--mode", "display"),
        rows=day((200, 100, 0, 0), "0.5", unpriced=(SONNET,)),
        verdict=Verdict.OURS,
        because="Cost: what has no cost in the mode asked for is shown as unpriced, never $0; the peer adds it as $0. "
        "The sum agrees.",
        peer=everywhere((200, 100, 0, 0), "0.5"),
    ),
    Case(id="C88 reported as 0", files=one(line(costUSD=0)), rows=day((100, 50, 0, 0), "0")),
    Case(
        id="C88 reported as -1",
        files=one(line(costUSD=-1)),
        rows=day((100, 50, 0, 0), "0.00105"),
        verdict=Verdict.OURS,
        because="Cost: a cost below nothing is none, so it is calculated; the peer takes a dollar off the bill.",
        peer=everywhere((100, 50, 0, 0), "-1"),
    ),
    *(
        Case(
            id=f"C88 reported as {usd}",
            files=one(line(costUSD=float(usd))),
            rows=day((100, 50, 0, 0), "0.00105"),
            verdict=Verdict.OURS,
            because="Cost: a cost that nobody can have paid is none, so it is calculated; the peer believes it.",
            peer=everywhere((100, 50, 0, 0), usd),
        )
        for usd in ("1e12", "1e300")
    ),
    Case(
        id="C88 reported as text",
        files=one(line(costUSD="0.5")),
        rows=day((100, 50, 0, 0), "0.00105"),
        verdict=Verdict.OURS,
        because="Lines: anything that is a JSON object with usage counts is read, a cost of a wrong type is as if "
        "absent; the peer drops it.",
        peer={"*": (NOTHING,)},
    ),
)

ADVISOR = {"type": "advisor_message", "model": OPUS, "input_tokens": 1000, "output_tokens": 700}
OWN = {"type": "message", "model": SONNET, "input_tokens": 100, "output_tokens": 50}
ADVISED = one(line(iterations=[OWN, ADVISOR]))
ADVISED_REPORTED = one(line(iterations=[OWN, ADVISOR], costUSD=0.5))
PASSES = (
    Case(id="C89 an advisor", files=ADVISED, rows=day((1100, 750, 0, 0), "0.02355", (OPUS, SONNET))),
    Case(
        id="C89 an advisor beside a reported cost",
        files=ADVISED_REPORTED,
        rows=day((1100, 750, 0, 0), "0.5225", (OPUS, SONNET)),
    ),
    Case(
        id="C89 an advisor in display mode",
        files=ADVISED_REPORTED,
        options=("--mode", "display"),
        rows=day((1100, 750, 0, 0), "0.5", (OPUS, SONNET), (OPUS,)),
        verdict=Verdict.OURS,
        because="Cost: what has no cost in the mode asked for is shown as unpriced, never $0; the peer adds it as $0. "
        "The sum agrees.",
        peer=everywhere((1100, 750, 0, 0), "0.5", (OPUS, SONNET)),
    ),
    Case(id="C90 a pass of the same model", files=one(line(iterations=[OWN])), rows=day((100, 50, 0, 0), "0.00105")),
    Case(
        id="C90 a first try on another model",
        files=one(line(model=OPUS, iterations=[{**OWN, "model": FABLE, "output_tokens": 2}, {**OWN, "model": OPUS}])),
        rows=day((200, 52, 0, 0), "0.00285", (FABLE, OPUS)),
        verdict=Verdict.OURS,
        because="Tokens: an iteration of another model is a record of its own, also as type message; the peer loses "
        "the first try.",
        peer=everywhere((100, 50, 0, 0), "0.00175", (OPUS,)),
    ),
    Case(
        id="C90 a compaction",
        files=one(line(iterations=[{"type": "compaction", "input_tokens": 1000, "output_tokens": 700}, OWN])),
        rows=day((1100, 750, 0, 0), "0.01455"),
        verdict=Verdict.OURS,
        because="Tokens: entries of the same model are inside the top-level counts but for compaction, which is "
        "added; the peer loses it.",
        peer=everywhere((100, 50, 0, 0), "0.00105"),
    ),
    Case(
        id="C91 an advisor without a model",
        files=one(line(iterations=[{**ADVISOR, "model": None}])),
        rows=day((100, 50, 0, 0), "0.00105"),
    ),
)

NAMES = (
    Case(
        id="C92 an unknown model",
        files=one(line(model="unknown-xyz")),
        rows=day((100, 50, 0, 0), "0", ("unknown-xyz",), ("unknown-xyz",)),
    ),
    Case(
        id="C92 an unknown model beside a known one",
        files=one(line(model="unknown-xyz"), line(id="m2", requestId="r2")),
        rows=day((200, 100, 0, 0), "0.00105", (SONNET, "unknown-xyz"), ("unknown-xyz",)),
    ),
    Case(
        id="C93 a model newer than the peer",
        files=one(line(model="claude-opus-5-5")),
        rows=day((100, 50, 0, 0), "0.0014", ("claude-opus-5-5",)),
        verdict=Verdict.OURS,
        because="Cost: a known model has its price; the peer's table lacks it and says $0.",
        peer={"*": (Row("", (100, 50, 0, 0), "0", ("claude-opus-5-5",), ("claude-opus-5-5",)),)},
    ),
    Case(
        id="C93 a model of another family", files=one(line(model=HAIKU)), rows=day((100, 50, 0, 0), "0.00035", (HAIKU,))
    ),
    *(
        Case(
            id=f"C93 {name}",
            files=one(line(model=name)),
            rows=day((100, 50, 0, 0), "0", (name,), (name,)),
            verdict=Verdict.OURS,
            because="Cost: an unknown model never has another model's price; the peer takes the longest name that "
            "contains the word.",
            peer={"*": (Row("", (100, 50, 0, 0), usd, (name,)),)},
        )
        for name, usd in (("sonnet", "0.00105"), ("gpt", "0.000198"))
    ),
)

CASES = (*WRITES, *TIERS, *SPEEDS, *REPORTED, *PASSES, *NAMES)
