"""What a running server tells other processes of its machine: how it stands, and where it listens."""

from __future__ import annotations

import os

import msgspec

from tokentide.locks import holder_of
from tokentide.private_files import write_private
from tokentide.server.folder import TeamFolder
from tokentide.server.status import ServerStatus


class Posted(msgspec.Struct, frozen=True):
    """One look at a server, with when and where."""

    at: int
    """µs UTC."""
    addresses: dict[str, str]
    """By way in: `pages`, `http`, `grpc`."""
    status: ServerStatus


def post(folder: TeamFolder, posted: Posted) -> None:
    """Tell others. Raises OSError."""
    write_private(folder.status, _encoder.encode(posted))


def posted_in(folder: TeamFolder) -> Posted | None:
    """What the server that runs told last; None where none runs, or it has told nothing yet."""
    if holder_of(folder.lock) is None or not os.path.exists(folder.status):
        return None
    with open(folder.status, "rb") as file:
        return _decoder.decode(file.read())


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Posted)
