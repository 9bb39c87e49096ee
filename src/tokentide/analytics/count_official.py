"""The official count of files and requests, one question a model and file; all or nothing for a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tokentide.analytics.count import Official
from tokentide.sources.messages_api.client import CountClient, CountRefusedError
from tokentide.sources.messages_api.content import Content
from tokentide.sources.messages_api.requests import Frame, Request, of_files

MOST_ALONE = 20
"""Up to so many files each is also asked about alone."""
TOO_LARGE = "more than the 32 MB that the API takes at once"


@dataclass(frozen=True, slots=True)
class Sendable:
    """What would be sent: one message with all files, and whole requests apart from it."""

    items: Sequence[Content | Request]
    """In the order of the parts."""
    frame: Frame

    @property
    def files(self) -> list[Content]:
        """Those that go into one message."""
        return [item for item in self.items if isinstance(item, Content)]

    def questions(self) -> Iterator[Request]:
        """The requests that are counted together. Raises CountRefusedError for what is too large."""
        if self.files:
            message = of_files(self.files, self.frame)
            if message is None:
                raise CountRefusedError(TOO_LARGE, ends_all=False)
            yield message
        yield from (item for item in self.items if isinstance(item, Request))


def ask(client: CountClient, sendable: Sendable, model: str) -> Official:
    """What the vendor says for one model. Raises CountRefusedError."""
    model = model.partition("[")[0]  # a mark as in `[1m]` is the client's own
    total = sum(client.count(each.body(model)) for each in sendable.questions())
    if len(sendable.items) == 1 or len(sendable.items) > MOST_ALONE:
        return Official(total)
    return Official(total, tuple(_alone(client, item, model) for item in sendable.items))


def _alone(client: CountClient, item: Content | Request, model: str) -> int | None:
    """One part by itself; an empty file is nothing."""
    request = item if isinstance(item, Request) else of_files([item])
    return client.count(request.body(model)) if request is not None else 0
