"""A year as one page of HTML: nothing from elsewhere, no script, fit for paper, the dark, and those who listen."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from tokentide.analytics.activity_days import COST
from tokentide.analytics.wrapped import Wrapped
from tokentide.render import activity_words, words, wrapped_words
from tokentide.render.pictures import year_parts
from tokentide.render.pictures.scene import DARK, LIGHT, ROLES, Theme
from tokentide.render.pictures.svg import svg_element

_RULES = """
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); line-height: 1.5;
  font: 16px/1.5 "Segoe UI", "Helvetica Neue", Arial, "Liberation Sans", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 48px 24px; }
h1 { font-size: 44px; line-height: 1.1; margin: 0; letter-spacing: -0.5px; }
h2 { font-size: 20px; margin: 48px 0 12px; }
header { border-left: 6px solid var(--accent); padding-left: 20px; }
header p { color: var(--muted); font-size: 18px; margin: 6px 0 0; }
dl { margin: 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 16px; margin-top: 32px; }
.tiles div { background: var(--surface); border-radius: 12px; padding: 18px 20px;
  display: flex; flex-direction: column-reverse; justify-content: flex-end; }
.tiles dt { color: var(--muted); font-size: 15px; }
.tiles dd { margin: 0; font-size: 28px; font-weight: 600; line-height: 1.2; }
.wide { overflow-x: auto; margin-top: 40px; }
.wide svg { min-width: 720px; }
svg { width: 100%; height: auto; display: block; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); gap: 40px 48px; margin-top: 40px; }
.two h2 { margin-top: 0; }
.facts div { display: flex; justify-content: space-between; gap: 16px; padding: 7px 0;
  border-bottom: 1px solid var(--shade0); }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; font-weight: 600; text-align: right; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: right; padding: 6px 8px; border-bottom: 1px solid var(--shade0); }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
thead th { color: var(--muted); font-weight: 400; }
tbody th { font-weight: 400; }
summary { cursor: pointer; margin-top: 40px; }
footer { color: var(--muted); font-size: 14px; margin-top: 56px; }
@media screen and (max-width: 480px) {
  main { padding: 28px 16px; }
  h1 { font-size: 34px; }
  .tiles { grid-template-columns: 1fr 1fr; gap: 10px; }
  .tiles div { padding: 14px 16px; }
  .tiles dd { font-size: 22px; overflow-wrap: anywhere; }
}
@media print {
  body { font-size: 10px; line-height: 1.35; }
  main { padding: 0; max-width: none; zoom: 0.9; }
  h1 { font-size: 28px; }
  h2 { font-size: 14px; margin: 14px 0 4px; }
  header p, .tiles dt, footer { font-size: 11px; }
  .tiles { grid-template-columns: repeat(6, 1fr); gap: 8px; margin-top: 12px; }
  .tiles div { padding: 8px 10px; }
  .tiles dd { font-size: 17px; }
  .two { grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); gap: 10px 28px; margin-top: 10px; }
  .wide { margin-top: 10px; }
  .wide svg { min-width: 0; width: 88%; margin: 0 auto; }
  .facts div { padding: 1px 0; }
  p, ul { margin: 4px 0; }
  details { display: none; }
  footer { margin-top: 6px; }
  .tiles div, rect { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  section, .two > *, .wide { break-inside: avoid; }
}
@page { margin: 10mm; }
"""
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src '{hash}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="tokentide">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def wrapped_html(wrapped: Wrapped, first_weekday: int, *, with_names: bool) -> str:
    """The whole page; projects are named only where that is wanted."""
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    body = "\n".join(_sections(wrapped, first_weekday, with_names=with_names))
    return _PAGE.format(hash=f"sha256-{digest}", title=escape(wrapped_words.title(wrapped)), style=style, body=body)


def _style() -> str:
    """Colours by role, by day and by night, and the rules."""
    classes = "\n".join(f".{role} {{ fill: var(--{role}); }}" for role in ROLES)
    night = f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {_variables(DARK)} }} }}"
    return f"\n:root {{ {_variables(LIGHT)} }}\n{night}\n{classes}{_RULES}"


def _variables(theme: Theme) -> str:
    return " ".join(f"--{role}: {colour};" for role, colour in theme.items())


def _sections(wrapped: Wrapped, first_weekday: int, *, with_names: bool) -> Iterator[str]:
    """The page from head to foot."""
    title, when = escape(wrapped_words.title(wrapped)), escape(wrapped_words.when(wrapped))
    yield f"<header>\n<h1>{title}</h1>\n<p>{when}</p>\n</header>"
    yield _pairs("tiles", activity_words.headline(wrapped.activity))
    yield f'<section class="wide">{svg_element(year_parts.months_scene(wrapped))}</section>'
    yield f'<section class="wide">{svg_element(year_parts.days_scene(wrapped, first_weekday))}</section>'
    yield _two(_rankings(wrapped, with_names=with_names))
    scenes = (year_parts.hours_scene(wrapped), year_parts.weekdays_scene(wrapped, first_weekday))
    yield _two(map(svg_element, scenes))
    deeds = wrapped_words.deeds(wrapped)
    lists = [("What stands out", wrapped_words.highlights(wrapped)), *([("What came of it", deeds)] if deeds else [])]
    yield _two(f"<section>\n<h2>{escape(name)}</h2>\n{_pairs('facts', found)}\n</section>" for name, found in lists)
    yield from _sentences(wrapped)
    yield _months(wrapped)
    yield _foot(wrapped)


def _rankings(wrapped: Wrapped, *, with_names: bool) -> Iterator[str]:
    found = year_parts.rankings(wrapped, with_names=with_names)
    width = (year_parts.ROOM - year_parts.GAP * (len(found) - 1)) // len(found)
    for title, note, ranked in found:
        yield svg_element(year_parts.ranking_scene(title, note, ranked, width))


def _two(parts: Iterable[str]) -> str:
    """Side by side where there is room."""
    return '<div class="two">\n' + "\n".join(f"<div>{part}</div>" for part in parts) + "\n</div>"


def _pairs(kind: str, found: Sequence[tuple[str, str]]) -> str:
    lines = (f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in found)
    return f'<dl class="{kind}">\n' + "\n".join(lines) + "\n</dl>"


def _sentences(wrapped: Wrapped) -> Iterator[str]:
    """What the plan was worth, what it compares to."""
    if wrapped.plan is not None:
        worth = escape(wrapped_words.worth(wrapped.plan))
        yield f"<section>\n<h2>What the plan was worth</h2>\n<p>{worth}</p>\n</section>"
    told = list(wrapped_words.comparisons(wrapped))
    if told:
        items = "\n".join(f"<li>{escape(sentence)}</li>" for sentence in told)
        yield f"<section>\n<h2>By the way</h2>\n<ul>\n{items}\n</ul>\n</section>"


def _months(wrapped: Wrapped) -> str:
    """The months as a table, for those who do not see the bars."""
    rows = "\n".join(
        f'<tr><th scope="row">{name}</th><td>{escape(activity_words.amount(slot, COST))}</td>'
        f"<td>{words.short_tokens(slot.sums.total_tokens)}</td><td>{slot.sums.responses:,}</td>"
        f"<td>{slot.prompts:,}</td></tr>"
        for name, slot in zip(activity_words.MONTHS, wrapped.months, strict=True)
        if slot.sums.responses
    )
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("Month", "Cost", "Tokens", "Responses", "Prompts"))
    return (
        "<details>\n<summary>The months as a table</summary>\n"
        f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n</details>"
    )


def _foot(wrapped: Wrapped) -> str:
    """Where the figures are from."""
    activity = wrapped.activity
    sums = activity.totals.sums
    notes = ["Costs are at list price, not a bill; from what this machine recorded."]
    if sums.unpriced_responses:
        notes.append(f"{words.plural(sums.unpriced_responses, 'response')} without a price are not in the costs.")
    if sums.lower_bound_responses:
        notes.append(f"Output and cost of {words.plural(sums.lower_bound_responses, 'response')} are lower bounds.")
    if activity_words.gap(activity):
        notes.append(f"{activity_words.gap(activity).capitalize()}.")
    notes.append("Made with tokentide.")
    return f"<footer><p>{escape(' '.join(notes))}</p></footer>"
