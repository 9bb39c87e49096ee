"""Reads what `count` is given: files, standard input, whole requests, and what goes around them."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tokentide.analytics.count_official import Sendable
from tokentide.analytics.count_parts import Part, message_part, part_of, part_of_request, part_of_tools
from tokentide.cli.patience import waiting
from tokentide.errors import UsageError
from tokentide.render.words import clean
from tokentide.sources.messages_api.content import STDIN, Content, UnreadableError, read_content
from tokentide.sources.messages_api.media import TEXT
from tokentide.sources.messages_api.requests import Frame, Request, messages_in, tools_in, whole_request

if TYPE_CHECKING:
    from tokentide.cli.terminal import Terminal

TOLD_BYTES = 32 << 20
"""Progress is told in steps of so much."""


@dataclass(slots=True)
class Gathered:
    """All that is counted."""

    parts: list[Part] = field(default_factory=list)
    items: list[Content | Request] = field(default_factory=list)
    """What each of the first parts would be sent as; empty unless it may be sent."""
    frame: Frame = field(default_factory=Frame)
    named_model: str = ""
    """The model that a whole request names."""
    is_partial: bool = False
    """True where something could not be read."""

    @property
    def sendable(self) -> Sendable:
        """What an official count is asked about."""
        return Sendable(self.items, self.frame)


class Gatherer:
    """Reads one thing after the other; what cannot be read is said and left out, as `wc` does."""

    def __init__(self, terminal: Terminal, *, keeps: bool) -> None:
        """`keeps`: whether contents are needed afterwards, to be sent."""
        self._terminal = terminal
        self._keeps = keeps
        self._found = Gathered()

    def gather(self, options: argparse.Namespace) -> Gathered:
        """Everything that the options name. Raises UsageError, UnreadableError for what goes around the files."""
        names = named_files(options)
        has_files = False
        for name in names:
            try:
                has_files |= self._add(self._read(name))
            except UnreadableError as error:
                self._found.is_partial = True
                self._terminal.say(clean(str(error)))
        if options.messages:
            content = self._read(options.messages)
            self._add_request(content, messages_in(content))
        self._around(options)
        if has_files:
            self._found.parts.append(message_part())
        return self._found

    def _add(self, content: Content) -> bool:
        """A file; True where it goes into a message of ours."""
        request = whole_request(content)
        if request is not None:
            self._add_request(content, request)
            return False
        if not content.size_bytes:
            self._terminal.say(f"{clean(content.name)}: is empty")
        self._found.parts.append(part_of(content))
        self._keep(content)
        return True

    def _add_request(self, content: Content, request: Request) -> None:
        if request.left_out:
            self._terminal.say(f"{clean(content.name)}: not counted, as betas: {', '.join(request.left_out)}")
        self._found.parts.append(part_of_request(content, request))
        self._found.named_model = self._found.named_model or request.model
        self._keep(request)

    def _around(self, options: argparse.Namespace) -> None:
        """System prompt and tools."""
        if options.system:
            content = self._read(options.system)
            if content.media != TEXT or content.data is None:
                raise UnreadableError(content.name, "must be a text of up to 32 MB")
            system = content.data.decode("utf-8", "replace")
            self._found.parts.append(part_of(content, "system"))
            self._found.frame = replace(self._found.frame, system=system)
        if options.tools:
            content = self._read(options.tools)
            tools = tools_in(content)
            self._found.parts.append(part_of_tools(content, tools))
            self._found.frame = replace(self._found.frame, tools=tools)

    def _read(self, name: str) -> Content:
        with waiting(self._terminal, "") as show:

            def told(size_bytes: int) -> None:
                if size_bytes % TOLD_BYTES < 1 << 14 and size_bytes > TOLD_BYTES:
                    show(f"reading {clean(name)}: {size_bytes >> 20:,} MB")

            if name == STDIN and sys.stdin is None:
                raise UnreadableError("standard input", "is closed")
            return read_content(name, sys.stdin.buffer, told)

    def _keep(self, item: Content | Request) -> None:
        if self._keeps:
            self._found.items.append(item)


def named_files(options: argparse.Namespace) -> list[str]:
    """What is to be read, standard input where nothing is named. Raises UsageError."""
    names: list[str] = options.file
    around = [options.system, options.tools, options.messages]
    if [*names, *around].count(STDIN) > 1:
        raise UsageError("standard input (-) can be read once only")
    if names or options.messages:
        if options.messages and (options.system or options.tools):
            raise UsageError("a request in --messages has its own system prompt and tools: put them there")
        return names
    if STDIN not in around and sys.stdin is not None and not sys.stdin.isatty():
        return [STDIN]
    raise UsageError("nothing to count: name files, or - for standard input (`tokentide count notes.md`)")
