"""Model names as logs and clouds write them, reduced to the id the price book knows.

Nothing is guessed: what is not a spelling listed here stays as it is, and then no price matches it.
Ids are compared whole afterwards, so `claude-opus-4-10` is never taken for `claude-opus-4-1`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tokentide.pricing.cache import LONGEST_NAME
from tokentide.pricing.rules import ALIASES, PREVIEW_GENERATIONS, Generation

CLAUDE_ROUTES = frozenset({
    "anthropic",
    "openrouter",
    "bedrock",
    "converse",
    "amazon-bedrock",
    "vertex_ai",
    "vertex",
    "google-vertex",
    "google-vertex-anthropic",
    "azure_ai",
})  # fmt: skip
"""Path elements before a Claude name that leave its list price as it is."""

PROVIDER_ROUTES = {
    "amazon-bedrock": "aws",
    "bedrock": "aws",
    "gemini": "google",
    "google-vertex": "google",
    "vertex_ai": "google",
    "moonshot-ai": "moonshotai",
    "xai": "x-ai",
    "z-ai": "zai",
}
"""Other tools' words for the providers of the book."""

_SNAPSHOT = r"20[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])|20[0-9]{2}-[01][0-9]-[0-3][0-9]"
_CONTEXT_MARK = re.compile(r"\[([0-9]+)([km])\]$")
_BEDROCK = re.compile(r"^(?:([a-z]{2,6}(?:-[a-z]{2,4})?)\.)?anthropic\.(?=claude)")
_VERTEX_TAIL = re.compile(rf"@(?:{_SNAPSHOT}|default|latest)$")
_BEDROCK_TAIL = re.compile(r"(?<!^claude)-v[0-9]+(?::[0-9]+k?)*$")
_SNAPSHOT_TAIL = re.compile(rf"-(?:{_SNAPSHOT}|latest)$")
_DOT = re.compile(r"(?<=[0-9])\.(?=[0-9])")
_NUMBER = "(0|[1-9][0-9]?)"
_FAMILY_FIRST = re.compile(rf"claude-([a-z]+)-{_NUMBER}(?:-{_NUMBER})?")
_NUMBER_FIRST = re.compile(rf"claude-{_NUMBER}(?:-{_NUMBER})?-([a-z]+)")
_NUMBER_FIRST_MAJORS = frozenset({"1", "2", "3"})


@dataclass(frozen=True, slots=True)
class ModelName:
    """A name taken apart."""

    model: str
    """The id to look for: canonical for Claude, in lower case for others."""
    provider: str = ""
    """The provider that a route named, in the book's words; empty if none."""
    claude: bool = False
    """True for Claude models at their own list price."""
    region: str = ""
    """Region of a Bedrock endpoint; empty if none or not Bedrock."""
    bedrock: bool = False
    """True for a name in Bedrock's form."""
    generation: Generation | None = None
    """Of a Claude model, as far as its name tells."""

    def since(self, first: Generation) -> bool:
        """Whether this is a Claude model of that generation or a later one."""
        return self.claude and self.generation is not None and self.generation >= first

    @property
    def regional(self) -> bool:
        """Whether the name is that of a regional endpoint."""
        return self.region not in {"", "global"}


def parse_name(asked: str) -> ModelName | None:
    """The name in its parts; None for one that cannot name a model (empty, too long, an opaque ARN)."""
    if not asked or len(asked) > LONGEST_NAME:
        return None
    text = asked.lower()
    *routes, last = text.split("/")
    if text.startswith("arn:"):
        return _claude_name(last) if _BEDROCK.match(last) else None
    if CLAUDE_ROUTES.issuperset(routes) and _BEDROCK.sub("", last).startswith("claude"):
        return _claude_name(last)
    if not routes:
        return ModelName(text)
    provider, _, model = text.partition("/")
    return ModelName(model, provider=PROVIDER_ROUTES.get(provider, provider))


def canonical(text: str) -> str:
    """One spelling for all of a Claude model: `claude-4.5-opus` and `claude-opus-4.5` become `claude-opus-4-5`."""
    text = _DOT.sub("-", text.lower())
    if match := _FAMILY_FIRST.fullmatch(text):
        return _spelled(match[1], match[2], match[3])
    if match := _NUMBER_FIRST.fullmatch(text):
        return _spelled(match[3], match[1], match[2])
    return ALIASES.get(text, text)


def without_tails(text: str) -> str:
    """Without context mark, snapshot date, revision and `latest`: what is left names the model itself."""
    text = _CONTEXT_MARK.sub("", text)
    text = _BEDROCK_TAIL.sub("", _VERTEX_TAIL.sub("", text))
    return without_snapshot(text)


def without_snapshot(text: str) -> str:
    """Without a snapshot date or `latest` at the end."""
    return _SNAPSHOT_TAIL.sub("", text)


def marked_context(text: str) -> int | None:
    """The context window that a mark at the end of a name asks for: a million tokens for `claude-sonnet-4-5[1m]`."""
    match = _CONTEXT_MARK.search(text.lower())
    return int(match[1]) * {"k": 1_000, "m": 1_000_000}[match[2]] if match else None


def _claude_name(last: str) -> ModelName:
    match = _BEDROCK.match(last)
    model = canonical(without_tails(last[match.end() :] if match else last))
    return ModelName(
        model,
        claude=True,
        region=(match[1] or "") if match else "",
        bedrock=match is not None,
        generation=_generation(model),
    )


def _generation(model: str) -> Generation | None:
    if match := _FAMILY_FIRST.fullmatch(model):
        return int(match[2]), int(match[3] or 0)
    if match := _NUMBER_FIRST.fullmatch(model):
        return int(match[1]), int(match[2] or 0)
    return PREVIEW_GENERATIONS.get(model)


def _spelled(family: str, major: str, minor: str | None) -> str:
    """Up to Claude 3 the number comes first, from Claude 4 on it comes last; `.0` is left out."""
    number = major if minor in {None, "0"} else f"{major}-{minor}"
    return f"claude-{number}-{family}" if major in _NUMBER_FIRST_MAJORS else f"claude-{family}-{number}"
