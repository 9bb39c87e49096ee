"""Fetching newer prices: the only place of this package that uses the network, and only when it is called."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

import httpx2
from genai_prices import data
from genai_prices.update_prices import DEFAULT_UPDATE_URL

from tokentide.errors import PriceDataError
from tokentide.pricing.genai_book import LONGEST_FILE_BYTES, claude_ids, parsed
from tokentide.private_files import write_private


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
    except (httpx2.HTTPError, httpx2.InvalidURL, PriceDataError) as error:
        message = f"prices could not be fetched from {_shown(address)}: {_reason(error)}"
        raise PriceDataError(message) from error
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
    deadline = time.monotonic() + timeout_seconds
    content = bytearray()
    with (
        httpx2.Client(timeout=timeout_seconds, follow_redirects=False) as client,
        client.stream("GET", url) as response,
    ):
        if response.status_code != httpx2.codes.OK:
            raise PriceDataError(_refusal(response))
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > LONGEST_FILE_BYTES:
                message = f"more than {LONGEST_FILE_BYTES} bytes"
                raise PriceDataError(message)
            if time.monotonic() > deadline:
                message = f"not complete after {timeout_seconds:g} s"
                raise PriceDataError(message)
    return bytes(content)


def _refusal(response: httpx2.Response) -> str:
    if response.is_redirect:
        return f"redirected to {response.headers.get('location', '')}, which is not followed"
    return f"the server answered {response.status_code}"


def _shown(url: str) -> str:
    """The address without a user name or password in it."""
    return re.sub(r"//[^/]*@", "//", url)


def _reason(error: Exception) -> str:
    """The error in one line."""
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__


def _old_content(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None
