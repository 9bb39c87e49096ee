"""Counting by parts: what weighs in a request, which models are meant, what is asked of the vendor."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import replace

import pytest

from tests.count_stand_in import KEY, count_stand_in
from tests.counted_texts import ENGLISH, PYTHON
from tests.ledgers import BOOK
from tests.test_sources_messages_api import pdf, png
from tokentide.analytics.count import Fit, Known, Official, count
from tokentide.analytics.count_models import all_models, models_asked, usual_model
from tokentide.analytics.count_official import MOST_ALONE, Sendable, ask
from tokentide.analytics.count_parts import (
    PAGE_PIXELS,
    PAGE_TEXT,
    USUAL_TOOLS_PROMPT,
    Part,
    estimate_part,
    part_of,
    part_of_request,
    tools_prompt,
)
from tokentide.analytics.forecasting.model import Calibration
from tokentide.analytics.token_estimate import MESSAGE_TOKENS, estimate_text, image_tokens
from tokentide.errors import UsageError
from tokentide.model.limits import FIVE_HOUR
from tokentide.sources.messages_api.client import CountClient, CountRefusedError
from tokentide.sources.messages_api.content import Content, content_of
from tokentide.sources.messages_api.keys import ApiKey
from tokentide.sources.messages_api.requests import Frame, Request, whole_request
from tokentide.transport import Secret

MODEL = "claude-opus-4-8"
NOW = 1_790_000_000_000_000


def read(data: bytes) -> Content:
    return content_of("f", io.BytesIO(data))


def source(media: str, data: bytes) -> dict[str, object]:
    return {"type": "base64", "media_type": media, "data": base64.b64encode(data).decode()}


def tokens_of(*blocks: object, **members: object) -> int:
    """The estimate of a request with one message of these blocks, without its frame."""
    body = {"messages": [{"role": "user", "content": [*blocks]}], **members}
    content = read(json.dumps(body).encode())
    request = whole_request(content)
    assert request is not None
    return estimate_part(part_of_request(content, request), MODEL).likely - MESSAGE_TOKENS


STORY = estimate_text(ENGLISH, MODEL).likely
PAGE = PAGE_TEXT[1] + image_tokens(*PAGE_PIXELS, MODEL)
UNKNOWN_PICTURE = image_tokens(1024, 1024, MODEL)


@pytest.mark.parametrize(
    ("block", "tokens"),
    [
        ({"type": "text", "text": ENGLISH}, STORY),
        ({"type": "image", "source": source("image/png", png(560, 280))}, 20 * 10),
        ({"type": "image", "source": {"type": "url", "url": "https://example.org/x.png"}}, UNKNOWN_PICTURE),
        ({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "a"}}, UNKNOWN_PICTURE),
        ({"type": "document", "source": source("application/pdf", pdf(2))}, 2 * PAGE),
        ({"type": "document", "source": source("application/pdf", b"%PDF-1.7")}, PAGE),
        ({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": ENGLISH}}, STORY),
        ({"type": "document", "source": {"type": "content", "content": ENGLISH}}, STORY),
        ({"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": ENGLISH}]}}, STORY),
        ({"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": ENGLISH}]}, STORY),
        ({"type": "thinking", "thinking": ENGLISH, "signature": ENGLISH}, 0),
        ({"type": "redacted_thinking", "data": ENGLISH}, 0),
        ({"type": "search_result", "content": [{"type": "text", "text": ENGLISH}], "signature": ENGLISH}, STORY),
    ],
)
def test_every_block_weighs_what_is_in_it(block: dict[str, object], tokens: int) -> None:
    assert tokens_of(block) == tokens


def test_tools_in_a_request_bring_their_hidden_prompt() -> None:
    tool = {"name": "tide", "description": ENGLISH}
    text = json.dumps(tool, ensure_ascii=False, separators=(",", ":"))
    assert tokens_of(tools=[tool]) == 290 + estimate_text(text, MODEL).likely


@pytest.mark.parametrize(
    ("model", "tokens"),
    [("claude-opus-4-7", 675), ("claude-haiku-4-5", 497), ("claude-3-haiku", USUAL_TOOLS_PROMPT), ("gpt-5", 400)],
)
def test_the_hidden_prompt_of_tools_is_the_models(model: str, tokens: int) -> None:
    assert tools_prompt(model) == tokens


def test_a_sample_stands_for_the_whole_of_a_long_text() -> None:
    whole = part_of(read((PYTHON * 4000).encode()))
    assert whole.size_bytes > 3 << 20
    assert estimate_part(whole, MODEL).likely == pytest.approx(4000 * estimate_text(PYTHON, MODEL).likely, rel=0.01)


@pytest.mark.parametrize("name", ["opsu", "claude-opus-4-80", "x", "", "x" * 500, "\u202egnp"])
def test_a_model_that_nobody_knows_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="no such model is known") as caught:
        models_asked([name], BOOK, NOW)
    assert str(caught.value).isprintable()


def test_models_are_known_by_their_short_names() -> None:
    assert models_asked(["sonnet-4-6", "claude-sonnet-4-6", "Sonnet"], BOOK, NOW) == (
        "claude-sonnet-4-6",
        usual_model(BOOK, NOW),
    )
    assert usual_model(BOOK, NOW) in all_models(BOOK, NOW)


def part(tokens: int) -> Part:
    return Part("f", "text", 1, fixed_tokens=tokens)


@pytest.mark.parametrize(("tokens", "fit"), [(200_000, Fit.YES), (200_001, Fit.NO)])
def test_it_fits_up_to_the_last_token(tokens: int, fit: Fit) -> None:
    known = Known(BOOK, {}, None)
    assert count([part(tokens)], ["claude-sonnet-4-5"], known, now=NOW).worst is fit


def test_the_worst_fit_of_all_models_counts() -> None:
    counted = count([part(300_000)], [MODEL, "claude-sonnet-4-5", "claude-mythos-5"], Known(BOOK, {}, None), now=NOW)
    assert [each.fit for each in counted.models] == [Fit.YES, Fit.NO, Fit.UNKNOWN]
    assert counted.worst is Fit.NO


def test_the_share_of_a_window_is_money_over_the_worth_of_a_percent() -> None:
    calibration = Calibration(FIVE_HOUR, 500_000_000, 400_000_000, 1_000_000_000, 9)
    known = Known(BOOK, {MODEL: Official(100_000)}, calibration)
    mine, foreign = count([part(1)], [MODEL, "gpt-4o"], known, now=NOW).models
    assert mine.share is not None
    assert (mine.share.low, mine.share.likely, mine.share.high) == (0.5, 1.0, 1.25)  # $0.50 of input
    assert foreign.share is None
    worthless = replace(calibration, low=0)
    assert count([part(1)], [MODEL], Known(BOOK, {}, worthless), now=NOW).models[0].share is None


def test_a_model_without_a_price_has_no_costs() -> None:
    (found,) = count([part(9)], ["nobody-s-model"], Known(BOOK, {}, None), now=NOW).models
    assert (found.costs, found.share, found.fit) == (None, None, Fit.UNKNOWN)


def test_many_files_are_asked_about_together_only() -> None:
    with count_stand_in() as api:
        client = CountClient(ApiKey(Secret(KEY)), api.url, now=NOW, sleep=lambda _: None)
        many = [read(b"hello")] * (MOST_ALONE + 1)
        assert ask(client, Sendable(many, Frame()), MODEL) == Official(7 + 5 * (MOST_ALONE + 1))
        assert len(api.asked) == 1


def test_requests_and_files_are_asked_about_apart() -> None:
    request = Request({"messages": [{"role": "user", "content": "why"}]})
    with count_stand_in() as api:
        client = CountClient(ApiKey(Secret(KEY)), api.url, now=NOW, sleep=lambda _: None)
        assert ask(client, Sendable([request, read(b"hello")], Frame()), MODEL) == Official(10 + 12, (10, 12))
        assert ask(client, Sendable([request], Frame()), MODEL) == Official(10)


def test_what_is_too_large_to_be_sent_is_not() -> None:
    large = Content("f", "text", 1 << 30, ("x",), 1)
    with count_stand_in() as api:
        client = CountClient(ApiKey(Secret(KEY)), api.url, now=NOW, sleep=lambda _: None)
        with pytest.raises(CountRefusedError, match="32 MB"):
            ask(client, Sendable([large, read(b"hello")], Frame()), MODEL)
        assert not api.asked
