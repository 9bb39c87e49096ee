"""The templates' engine: pages as text, with numbers and names as every surface writes them."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from tokentide.render import limit_words, words
from tokentide.render.currency import shown_currency
from tokentide.render.report_json import instant
from tokentide.web.currencies import charted
from tokentide.web.files import library_styles


@cache
def environment() -> Environment:
    """Everything is escaped; a name that is not there is an error."""
    made = Environment(
        loader=PackageLoader("tokentide.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "money": words.money,
        "reckoned": words.reckoned,
        "tokens": words.tokens,
        "short": words.short_tokens,
        "cost": words.cost,
        "ago": words.ago,
        "duration": words.duration,
        "clean": words.clean,
        "size": words.size,
        "share": words.percent,
        "percent": limit_words.percent,
        "plural": words.plural,
        "model_name": words.model_name,
        "project_name": words.project_name,
        "instant": instant,
        "charted": charted,
        "stamp": lambda text: f"{zlib.crc32(str(text).encode('utf-8', 'replace')):08x}",
    }
    made.globals["library_styles"] = library_styles
    made.globals["shown_currency"] = shown_currency
    return made


def rendered(template: str, context: Mapping[str, Any]) -> str:
    """A template with its values."""
    return environment().get_template(template).render(context)


def warm() -> None:
    """Make ready what every page needs, so that nobody waits for it: files that are served, and templates."""
    library_styles()
    made = environment()
    for name in made.list_templates(extensions=["html"]):
        made.get_template(name)


def error_page(status: int, sentence: str) -> str:
    """A fault as a page of its own, which needs nothing else."""
    return rendered("error.html", {"status": status, "sentence": sentence})
