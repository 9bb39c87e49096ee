"""The Messages API: what files are, what is sent, what every answer means; against a stand-in on loopback."""

from __future__ import annotations

import base64
import io
import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.count_stand_in import FRAME, KEY, PAGE, PICTURE, CountStandIn, Trouble, count_stand_in
from tokentide.errors import UsageError
from tokentide.sources.messages_api.client import LONGEST_WAIT_SECONDS, TRIES, CountClient, CountRefusedError
from tokentide.sources.messages_api.content import (
    MOST_PIECES,
    MOST_REQUEST_BYTES,
    PIECE_BYTES,
    Content,
    UnreadableError,
    content_of,
    read_content,
)
from tokentide.sources.messages_api.keys import ApiKey, find_key, messages_base
from tokentide.sources.messages_api.media import (
    GIF,
    JPEG,
    PNG,
    TEXT,
    UNKNOWN,
    WEBP,
    image_size,
    media_of,
    pdf_pages,
)
from tokentide.sources.messages_api.requests import Frame, Request, messages_in, of_files, tools_in, whole_request
from tokentide.transport import Secret

MODEL = "claude-opus-4-8"
NOW = 1_773_316_800_000_000


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\0\0\0"


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + width.to_bytes(2, "little") + height.to_bytes(2, "little") + b"\0\0\0"


def jpeg(width: int, height: int) -> bytes:
    """With a thumbnail's own frame inside a segment before the real one, and fill bytes."""
    inner = b"Exif\0\0\xff\xd8\xff\xc0\0\x11\x08\0\x10\0\x10\x03"
    frame = b"\xff\xff\xc2\0\x11\x08" + height.to_bytes(2, "big") + width.to_bytes(2, "big") + b"\x03" + bytes(9)
    return b"\xff\xd8\xff\xe1" + (len(inner) + 2).to_bytes(2, "big") + inner + frame + b"\xff\xd9"


def webp(kind: bytes, body: bytes) -> bytes:
    return b"RIFF\x40\0\0\0WEBP" + kind + b"\x20\0\0\0" + body + bytes(20)


def pdf(pages: int, *, packed: bool = False) -> bytes:
    inner = b"<< /Type /Pages /Count %d >>" % pages + b"<< /Type /Page /Parent 1 0 R >>" * pages
    if not packed:
        return b"%PDF-1.4\n" + inner + b"\n%%EOF"
    return (
        b"%PDF-1.7\n1 0 obj << /Type /ObjStm /N 3 /Filter /FlateDecode >>\nstream\n"
        + zlib.compress(inner)
        + b"\nendstream"
    )


def read(data: bytes, name: str = "f") -> Content:
    return content_of(name, io.BytesIO(data))


@pytest.fixture
def api() -> Iterator[CountStandIn]:
    with count_stand_in() as server:
        yield server


def client_of(api: CountStandIn, sleeps: list[float] | None = None) -> CountClient:
    noted = [] if sleeps is None else sleeps
    return CountClient(ApiKey(Secret(KEY)), api.url, now=NOW, sleep=noted.append)


def body_of(*contents: Content, frame: Frame | None = None) -> bytes:
    request = of_files(contents, frame)
    assert request is not None
    return request.body(MODEL)


@pytest.mark.parametrize(
    ("data", "media", "size"),
    [
        (png(640, 480), PNG, (640, 480)),
        (gif(12, 34), GIF, (12, 34)),
        (jpeg(1920, 1080), JPEG, (1920, 1080)),
        (webp(b"VP8X", bytes(4) + b"\x7f\x02\0\xdf\x01\0"), WEBP, (640, 480)),
        (webp(b"VP8L", b"\x2f" + ((639) | (479 << 14)).to_bytes(4, "little")), WEBP, (640, 480)),
        (webp(b"VP8 ", bytes(6) + b"\x80\x02\xe0\x01"), WEBP, (640, 480)),
    ],
    ids=["png", "gif", "jpeg", "webp extended", "webp lossless", "webp lossy"],
)
def test_a_picture_tells_its_size_in_its_header(data: bytes, media: str, size: tuple[int, int]) -> None:
    assert media_of(data) == media
    assert image_size(data, media) == size
    found = read(data)
    assert (found.media, found.width, found.height, found.data) == (media, *size, data)


@pytest.mark.parametrize("media", [PNG, GIF, JPEG, WEBP])
@given(data=st.binary(max_size=200))
def test_a_damaged_picture_has_no_size_and_does_no_harm(media: str, data: bytes) -> None:
    head = {PNG: png(1, 1)[:16], GIF: b"GIF89a", JPEG: b"\xff\xd8\xff", WEBP: webp(b"VP8X", b"")[:16]}[media]
    size = image_size(head + data, media)
    assert size is None or min(size) > 0


def test_a_picture_without_a_header_is_said_to_be_damaged() -> None:
    with pytest.raises(UnreadableError, match=r"x\.png: is damaged"):
        read(png(640, 480)[:20], "x.png")


@pytest.mark.parametrize("packed", [False, True])
def test_a_pdf_has_as_many_pages_as_it_says(packed: bool) -> None:
    assert pdf_pages(pdf(7, packed=packed)) == 7
    assert read(b"\n" + pdf(7, packed=packed)).pages == 7


def test_a_pdf_that_hides_its_pages_is_not_guessed_at() -> None:
    with pytest.raises(UnreadableError, match="no page found"):
        read(b"%PDF-1.7\n/Encrypt 5 0 R")


def test_streams_that_unpack_to_more_than_anybody_has_are_cut() -> None:
    bomb = zlib.compress(bytes(40 << 20))
    stream = b"/ObjStm >> stream\n" + bomb + b"\nendstream "
    assert pdf_pages(b"%PDF-1.7 " + stream * 50 + pdf(2)) == 2


def test_an_object_stream_that_is_no_zip_is_passed_over() -> None:
    assert pdf_pages(b"%PDF-1.7 /ObjStm >> stream\nnonsense" + pdf(2)) == 2


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04" + bytes(40), "ZIP archive or an office document"),
        (b"\x7fELF" + bytes(40), "a program"),
        (b"\x1f\x8b\x08\0" + bytes(40), "compressed"),
        (b"SQLite format 3\x00" + bytes(40), "a database"),
        (b"abc\0def", "binary"),
        (bytes(range(1, 32)) * 10, "binary"),
    ],
)
def test_what_is_no_text_is_named(data: bytes, words: str) -> None:
    assert media_of(data) == UNKNOWN
    with pytest.raises(UnreadableError, match=f"it.bin: is .*{words}"):
        read(data, "it.bin")


def test_binary_data_far_into_a_text_is_found() -> None:
    with pytest.raises(UnreadableError, match="binary data after 163,840 bytes"):
        read(b"word " * (PIECE_BYTES * 2) + b"\0")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("naïve".encode(), "naïve"),
        ("naïve".encode("utf-8-sig"), "naïve"),
        ("naïve 😀".encode("utf-16"), "naïve 😀"),
        (("naïve " * 9).encode("cp1252"), "naïve " * 9),
        (b"\x1b[31mred\x1b[0m\n", "\x1b[31mred\x1b[0m\n"),
    ],
    ids=["utf-8", "bom", "utf-16", "western", "colours"],
)
def test_text_is_read_in_the_encodings_that_people_have(data: bytes, text: str) -> None:
    found = read(data)
    assert (found.media, found.samples) == (TEXT, (text,))


def test_an_empty_file_is_an_empty_text() -> None:
    found = read(b"")
    assert (found.media, found.size_bytes, found.data) == (TEXT, 0, b"")


@given(length=st.integers(1, 3 * MOST_PIECES), cut=st.integers(0, PIECE_BYTES))
def test_of_a_long_text_a_bounded_sample_is_kept_from_all_over(length: int, cut: int) -> None:
    found = read(b"\xc3\xa4" * (PIECE_BYTES // 2) * length + b"a" * cut)
    assert found.size_bytes == PIECE_BYTES * length + cut
    assert found.sampled_bytes <= (MOST_PIECES + 1) * PIECE_BYTES
    assert (len(found.samples) == 1) == (found.sampled_bytes == found.size_bytes)
    assert "\N{REPLACEMENT CHARACTER}" not in "".join(found.samples)


def test_more_than_the_api_takes_is_measured_and_not_kept() -> None:
    class Endless(io.RawIOBase):
        left = MOST_REQUEST_BYTES + PIECE_BYTES

        def read(self, size: int = -1) -> bytes:
            taken = min(size, self.left)
            self.left -= taken
            return b"word " * (taken // 5) + b"x" * (taken % 5)

    told: list[int] = []
    found = content_of("f", Endless(), told.append)  # type: ignore[arg-type]
    assert (found.size_bytes, found.data) == (MOST_REQUEST_BYTES + PIECE_BYTES, None)
    assert told[-1] == found.size_bytes
    assert of_files([found]) is None


@pytest.mark.parametrize(("name", "reason"), [("absent", "cannot be read"), (".", "is a folder"), ("a\0b", "no name")])
def test_what_cannot_be_read_is_named(name: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnreadableError, match=reason):
        read_content(name, io.BytesIO())


def test_a_pipe_is_read_to_its_end() -> None:
    source, sink = os.pipe()
    os.write(sink, b"words in a pipe")
    os.close(sink)
    with os.fdopen(source, "rb") as pipe:
        assert content_of("-", pipe).samples == ("words in a pipe",)


def test_files_become_blocks_of_one_message(api: CountStandIn) -> None:
    contents = [read(b"hello"), read(png(8, 8)), read(pdf(2)), read(b" \n"), read(b"")]
    frame = Frame("be brief", [{"name": "ls", "input_schema": {}}])
    told = client_of(api).count(body_of(*contents, frame=frame))
    sent = api.asked[0].body
    assert [block["type"] for block in sent["messages"][0]["content"]] == ["text", "image", "document"]
    image = sent["messages"][0]["content"][1]["source"]
    assert (image["media_type"], base64.b64decode(image["data"])) == (PNG, png(8, 8))
    assert (sent["system"], sent["tools"], sent["model"]) == ("be brief", [{"name": "ls", "input_schema": {}}], MODEL)
    assert told == FRAME + 5 + PICTURE + PAGE + 8 + len(json.dumps(sent["tools"]))


def test_nothing_but_white_space_is_nothing_to_ask_about() -> None:
    assert of_files([read(b" \n"), read(b"")]) is None


def test_a_whole_request_is_sent_without_what_has_no_tokens(api: CountStandIn) -> None:
    saved = {"model": "claude-haiku-4-5", "max_tokens": 9, "stream": True, "system": "s", "mcp_servers": [{"url": "u"}]}
    saved["messages"] = [{"role": "user", "content": "hello"}]
    request = whole_request(read(json.dumps(saved).encode()))
    assert request is not None
    assert (request.model, request.left_out) == ("claude-haiku-4-5", ("mcp_servers",))
    assert client_of(api).count(request.body(MODEL)) == FRAME + 6
    assert api.asked[0].body.keys() == {"model", "messages", "system"}


@pytest.mark.parametrize("text", ["[]", "{}", '{"messages": "no"}', '{"messages": [', "{" * 100_000, "plain"])
def test_any_other_json_is_text(text: str) -> None:
    assert whole_request(read(text.encode())) is None


def test_a_request_of_any_depth_is_sent_or_refused() -> None:
    deep: object = "x"
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(UnreadableError, match="nested too deeply"):
        Request({"messages": deep}).body(MODEL)


def test_messages_and_tools_may_be_lists_alone() -> None:
    listed = [{"role": "user", "content": "x"}]
    assert messages_in(read(json.dumps(listed).encode())).members == {"messages": listed}
    assert tools_in(read(b'{"tools": [{"name": "ls"}]}')) == [{"name": "ls"}]
    assert tools_in(read(b'[{"name": "ls"}]')) == [{"name": "ls"}]


@pytest.mark.parametrize("text", ["[]", "[1]", "nonsense", '{"a": 1}', "[" * 100_000])
def test_a_file_of_tools_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UnreadableError, match="JSON"):
        tools_in(read(text.encode()))


@pytest.mark.parametrize(
    ("trouble", "words", "ends_all"),
    [
        (Trouble(401, message=f"invalid x-api-key {KEY}"), "key …5kLm from .* is not accepted", True),
        (Trouble(403), "may not count", True),
        (Trouble(404, message="model: claude-x"), "does not know the model.*claude-x", False),
        (Trouble(413), "too large", False),
        (Trouble(429, {"retry-after": "90"}), "asked too often.*left alone for 90 s", True),
        (Trouble(500), "it fails", True),
        (Trouble(529), "overloaded", True),
        (Trouble(418), "it refused", True),
        (Trouble(307, {"location": "http://127.0.0.1:1/"}), "redirect", True),
        (Trouble(200, body=b"<html>"), "no count", True),
        (Trouble(200, body=b'{"input_tokens": -4}'), "no count", True),
        (Trouble(200, body=b'{"input_tokens": "many"}'), "no count", True),
        (Trouble(200, body=b"[" * 100_000), "no count", True),
        (Trouble(200, body=b"x" * (2 << 20)), "more than", True),
        (Trouble(400, body=b"\xff\xfe"), "did not understand", False),
    ],
)
def test_every_answer_that_is_no_count_says_what_it_means(
    api: CountStandIn, trouble: Trouble, words: str, ends_all: bool
) -> None:
    api.troubles.append(trouble)
    with pytest.raises(CountRefusedError, match=words) as caught:
        client_of(api).count(body_of(read(b"hello")))
    assert caught.value.ends_all is ends_all
    assert KEY not in str(caught.value)


def test_steering_characters_of_a_server_do_not_reach_the_message(api: CountStandIn) -> None:
    api.troubles.append(Trouble(400, message="\x1b[2Jgone\u202e"))
    with pytest.raises(CountRefusedError) as caught:
        client_of(api).count(body_of(read(b"hello")))
    assert str(caught.value).isprintable()


def test_a_server_that_is_busy_for_a_moment_is_asked_again(api: CountStandIn) -> None:
    api.troubles.append(Trouble(429, {"retry-after": "3"}, times=2))
    sleeps: list[float] = []
    client = client_of(api, sleeps)
    assert client.count(body_of(read(b"hello"))) == FRAME + 5
    assert (sleeps, client.requests) == ([3, 3], 3)


def test_no_server_is_asked_for_ever_or_waited_for_long(api: CountStandIn) -> None:
    api.troubles.append(Trouble(503))
    sleeps: list[float] = []
    with pytest.raises(CountRefusedError):
        client_of(api, sleeps).count(body_of(read(b"hello")))
    assert (len(api.asked), sleeps) == (TRIES, [1] * (TRIES - 1))
    assert max(sleeps) < LONGEST_WAIT_SECONDS


def test_nobody_there_is_said() -> None:
    client = CountClient(ApiKey(Secret(KEY)), "http://127.0.0.1:9", now=NOW, sleep=lambda _: None)
    with pytest.raises(CountRefusedError, match=r"127.0.0.1 could not be asked: no connection"):
        client.count(body_of(read(b"hello")))


def test_more_than_32_mb_is_not_even_sent(api: CountStandIn) -> None:
    with pytest.raises(CountRefusedError, match="takes 32 MB at most"):
        client_of(api).count(b" " * (MOST_REQUEST_BYTES + 1))
    assert not api.asked


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("sk-ant-admin01-x", "an Admin key"),
        ("sk-ant-oat01-x", "a subscription's login token"),
        ("sk-ant-sid01-x", "a browser session"),
        ("sk-ant api", "cut or mistyped"),
        ("schlüssel", "cut or mistyped"),
    ],
)
def test_a_key_of_another_kind_is_refused_without_being_shown(value: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        find_key({"ANTHROPIC_API_KEY": value})
    assert value not in str(caught.value)


def test_a_key_is_found_and_shown_by_its_last_four_characters() -> None:
    assert find_key({}) is None
    assert find_key({"ANTHROPIC_API_KEY": " "}) is None
    found = find_key({"ANTHROPIC_API_KEY": KEY})
    assert found is not None
    assert (found.label, KEY in repr(found)) == ("key …5kLm from $ANTHROPIC_API_KEY", False)


@pytest.mark.parametrize(
    "base", ["https://gateway.example/anthropic/", "http://127.0.0.1:80", "http://localhost:8080", "http://[::1]:1"]
)
def test_text_goes_to_an_encrypted_address_or_this_machine(base: str) -> None:
    assert messages_base({"ANTHROPIC_BASE_URL": base}) == base.rstrip("/")


@pytest.mark.parametrize(
    "base",
    [
        "http://gateway.example",
        "http://127.0.0.1.evil.example",
        "https://user:pw@gateway.example",
        "ftp://127.0.0.1",
        "https://",
        "gateway.example",
        "https://[",
        "https://a.example/?x=1",
        "http://localhost@evil.example/",
    ],
)
def test_text_goes_nowhere_else(base: str) -> None:
    with pytest.raises(UsageError, match="must begin with https://"):
        messages_base({"ANTHROPIC_BASE_URL": base})


def test_without_a_gateway_it_goes_to_the_vendor() -> None:
    assert messages_base({}) == "https://api.anthropic.com"
