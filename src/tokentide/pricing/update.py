"""Fetching newer prices, when a person asks for it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from genai_prices import data
from genai_prices.update_prices import DEFAULT_UPDATE_URL

from tokentide.errors import PriceDataError, TransportError
from tokentide.pricing.genai_book import LONGEST_FILE_BYTES, claude_ids, parsed
from tokentide.private_files import write_private
from tokentide.transport import get


@dataclass(frozen=True, slots=True)
class PriceUpdate:
    """What an update brought."""

    url: str
    path: str
    models: int
    """Models in the file, of all vendors."""
    claude_models: int
    new_claude_models: tuple[str, ...]
    """Ids of Claude models that the installed package lacks."""
    changed: bool
    """False if the file already had this content."""


def update_prices(path: str, *, url: str | None = None, timeout_seconds: float = 30.0) -> PriceUpdate:
    """Fetch the prices that genai-prices publishes and keep them in `path` (mode 0600) for all later price books.

    Redirects are not followed. `timeout_seconds` bounds the whole download.
    Raises PriceDataError when the download fails, is not price data, or cannot be written; the old file stays then.
    """
    address = url or DEFAULT_UPDATE_URL
    try:
        content = _download(address, timeout_seconds)
        providers = parsed(content)
    except PriceDataError as error:
        raise PriceDataError(f"prices could not be fetched from {_shown(address)}: {error}") from error
    changed = content != _old_content(path)
    try:
        write_private(path, content)
    except OSError as error:
        message = f"prices could not be written to {path}: {error.strerror}"
        raise PriceDataError(message) from error
    found = claude_ids(providers)
    return PriceUpdate(
        url=_shown(address),
        path=path,
        models=sum(len(provider.models) for provider in providers),
        claude_models=len(found),
        new_claude_models=tuple(sorted({*found}.difference(claude_ids(data.providers)))),
        changed=changed,
    )


def _download(url: str, timeout_seconds: float) -> bytes:
    try:
        answer = get(url, {}, timeout_seconds=timeout_seconds, most_bytes=LONGEST_FILE_BYTES)
    except TransportError as error:
        raise PriceDataError(error.reason) from error
    if not answer.is_good:
        raise PriceDataError(f"the server answered {answer.status}")
    return answer.body


def _shown(url: str) -> str:
    """The address without a user name or password in it."""
    return re.sub(r"//[^/]*@", "//", url)


def _old_content(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None
