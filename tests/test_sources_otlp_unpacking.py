"""Content encodings: what is undone, within which bound, and what is refused."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentide.sources.otlp.faults import BadBodyError, TooLongError
from tokentide.sources.otlp.unpacking import MOST_MEMBERS, unpacked

ZIPPED = gzip.compress(b"data", mtime=0)
"""Of no instant: tests bear it in their names, which every process has to know alike."""


def bare(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


@given(st.binary(max_size=2_000))
def test_every_encoding_is_undone(data: bytes) -> None:
    assert unpacked(data, "") == unpacked(data, " Identity ") == data
    assert unpacked(gzip.compress(data), "gzip") == unpacked(gzip.compress(data), "X-GZIP") == data
    assert unpacked(zlib.compress(data), "deflate") == unpacked(bare(data), "deflate") == data


def test_gzip_may_have_several_members_and_padding() -> None:
    assert unpacked(gzip.compress(b"one") + gzip.compress(b"two") + b"\0" * 9, "gzip") == b"onetwo"


@pytest.mark.parametrize("encoding", ["", "gzip", "deflate"])
def test_a_body_is_unpacked_no_further_than_it_may_be_long(encoding: str) -> None:
    packs: dict[str, Callable[[bytes], bytes]] = {"": bytes, "gzip": gzip.compress, "deflate": zlib.compress}
    pack = packs[encoding]
    assert len(unpacked(pack(b"x" * 1_000), encoding, 1_000)) == 1_000
    with pytest.raises(TooLongError):
        unpacked(pack(b"x" * 1_001), encoding, 1_000)


def test_a_bomb_of_several_members_is_stopped() -> None:
    with pytest.raises(TooLongError):
        unpacked(gzip.compress(b"x" * 600) * 2, "gzip", 1_000)


def test_members_without_end_are_refused_at_once() -> None:
    assert unpacked(gzip.compress(b"x") * MOST_MEMBERS, "gzip") == b"x" * MOST_MEMBERS
    with pytest.raises(BadBodyError, match="members"):
        unpacked(gzip.compress(b"") * 400_000, "gzip")


@pytest.mark.parametrize("body", [b"", b"x", ZIPPED[:-1], ZIPPED[:5], ZIPPED + b"more"])
def test_damaged_data_is_a_bad_body(body: bytes) -> None:
    with pytest.raises(BadBodyError):
        unpacked(body, "gzip")


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip"])
def test_other_encodings_are_refused(encoding: str) -> None:
    with pytest.raises(BadBodyError, match="content encoding"):
        unpacked(b"", encoding)
