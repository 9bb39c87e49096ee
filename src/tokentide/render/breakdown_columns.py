"""The columns of a breakdown, and what its rows are called: one list for tables, Markdown, CSV and JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from tokentide.analytics.attribution import Breakdown, Share
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.dimensions import Dimension
from tokentide.analytics.payees import NOT_TOLD
from tokentide.render import words
from tokentide.render.charts import thin_bar
from tokentide.store.query import Sums

BAR_CELLS = 12
NOTHING = "-"
"""Where a figure does not apply."""
SHARE_PLACES = 6


@dataclass(frozen=True, slots=True)
class ShareColumn:
    """One column; title and place are those of render.columns.Heading."""

    title: str
    text: Callable[[Share], str]
    importance: int
    is_number: bool = True
    style: str = ""
    shrinks: bool = False


@dataclass(frozen=True, slots=True)
class Namer:
    """Gives rows the names that people read."""

    calendar: Calendar
    projects: Mapping[str, str] = field(default_factory=dict)
    """Short names of folders."""

    @classmethod
    def of(cls, breakdown: Breakdown) -> Namer:
        """The names of one breakdown's rows."""
        shares = [part for share in breakdown.shares for part in (share, *share.parts)]
        is_by_project = any(each.name == "project" for each in breakdown.by)
        folders = words.project_names(share.key for share in shares) if is_by_project else {}
        return cls(breakdown.ask.calendar, folders)

    def name(self, dimension: Dimension, share: Share) -> str:
        """What a row is called."""
        if share.stands_for:
            return share.key
        if dimension.name == "project":
            return self.projects.get(share.key, words.clean(share.key))
        if dimension.name == "session":
            return words.clean((share.session.title if share.session else "") or share.key[:8])
        if dimension.name in ("hour", "weekday"):
            return f"{share.key}:00" if dimension.name == "hour" else share.key.capitalize()
        if share.prompt is not None:
            return f"{self.calendar.local(share.prompt.at):%Y-%m-%d %H:%M}"
        return words.model_name(share.key) if dimension.name == "model" else words.clean(share.key)


def share_of(share: Share, totals: Sums) -> float:
    """What part of the cost goes back to it, 0 to 1; of the tokens where nothing has a cost."""
    part, whole = (share.sums.cost, totals.cost) if totals.cost else (share.sums.total_tokens, totals.total_tokens)
    return part / whole if whole else 0.0


def cost_per_response(sums: Sums) -> int | None:
    """Nano-USD, of the responses that have a cost; None where none has."""
    priced = sums.responses - sums.unpriced_responses
    return sums.cost // priced if priced > 0 else None


def breakdown_columns(breakdown: Breakdown) -> list[ShareColumn]:
    """The columns behind the name, in order; the bar last, since it is the first to be missed least."""
    totals = breakdown.totals
    top = max((share_of(share, totals) for share in breakdown.shares if not share.stands_for), default=0.0)

    def bar(share: Share) -> str:
        part = 0.0 if share.stands_for else share_of(share, totals)
        return thin_bar(round(part * 10_000), round(top * 10_000), BAR_CELLS)

    return [
        *(_prompts() if any(each.name == "prompt" for each in breakdown.by) else ()),
        ShareColumn("Cost", lambda share: words.cost(share.sums), 9, style="green"),
        ShareColumn("Share", lambda share: words.percent(share_of(share, totals)), 8),
        ShareColumn("", bar, 4, is_number=False, style="blue"),
        ShareColumn("Tokens", lambda share: words.tokens(share.sums.total_tokens), 6, style="bold"),
        *_kinds(),
        ShareColumn("Responses", _responses, 5),
        ShareColumn("Each", _each, 5),
        *(_runs(breakdown) if breakdown.is_by_tool else ()),
    ]


def _prompts() -> list[ShareColumn]:
    """Of prompts the session, the slash command and the length; never what they say."""

    def session(share: Share) -> str:
        prompt = share.prompt
        return words.clean(prompt.title or prompt.session_id[:8]) if prompt else ""

    def command(share: Share) -> str:
        return words.clean(share.prompt.command) if share.prompt else ""

    def length(share: Share) -> str:
        return words.size(share.prompt.size_bytes) if share.prompt else ""

    return [
        ShareColumn("Session", session, 7, is_number=False, shrinks=True),
        ShareColumn("Command", command, 2, is_number=False, shrinks=True),
        ShareColumn("Length", length, 6),
    ]


def _kinds() -> list[ShareColumn]:
    """Tokens by kind."""
    return [
        ShareColumn("Input", lambda share: words.tokens(share.sums.input_tokens), 1),
        ShareColumn("Output", _output, 3),
        ShareColumn(
            "Cache write",
            lambda share: words.tokens(share.sums.cache_creation_5m_tokens + share.sums.cache_creation_1h_tokens),
            1,
        ),
        ShareColumn("Cache read", lambda share: words.tokens(share.sums.cache_read_tokens), 2),
    ]


def _runs(breakdown: Breakdown) -> list[ShareColumn]:
    """How tools did; what was not allowed only where anything was."""

    def calls(share: Share) -> str:
        return words.tokens(share.runs.calls) if share.runs and share.runs.calls else NOTHING

    def results(share: Share) -> str:
        return words.size(share.runs.result_bytes) if share.runs and share.runs.calls else NOTHING

    def denied(share: Share) -> str:
        return words.tokens(share.runs.denied) if share.runs and share.runs.calls else NOTHING

    has_denied = any(share.runs is not None and share.runs.denied for share in breakdown.shares)
    return [
        ShareColumn("Calls", calls, 7),
        ShareColumn("Failed", _failed, 6),
        *([ShareColumn("Denied", denied, 4)] if has_denied else ()),
        ShareColumn("Results", results, 4),
    ]


def _failed(share: Share) -> str:
    """How many calls failed, and what part that is; those that were not allowed never ran."""
    runs = share.runs
    if runs is None or not runs.calls:
        return NOTHING
    return f"{runs.failed:,} ({words.percent(runs.failed / runs.calls)})" if runs.failed else "0"


def _output(share: Share) -> str:
    """What reads and writes nothing has no lower bound either."""
    return words.output(share.sums) if share.sums.output_tokens else "0"


def _responses(share: Share) -> str:
    return NOTHING if share.is_blurred else words.tokens(share.sums.responses)


def _each(share: Share) -> str:
    """What a response costs on the average."""
    each = None if share.is_blurred else cost_per_response(share.sums)
    return NOTHING if each is None else words.money(each)


def untold(found: Iterable[Breakdown]) -> str:
    """Of how many responses nothing but the usage is known, also where no row says so; empty where of none."""
    shares = (share for each in found for share in each.shares)
    count = max((share.sums.responses for share in shares if share.key == NOT_TOLD), default=0)
    if not count:
        return ""
    return (
        f"{NOT_TOLD} is {words.plural(count, 'response')} whose transcript was gone before more than usage was read, "
        "or whose client does not tell"
    )
