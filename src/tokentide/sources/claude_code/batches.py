"""Reads a group of transcripts into one batch; the work of one process."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import msgspec

from tokentide.model.batch import Batch, ProblemNote
from tokentide.model.files import FileState
from tokentide.model.limits import Account
from tokentide.model.usage import Place
from tokentide.sources.claude_code.parser import Harvest
from tokentide.sources.claude_code.paths import FoundFile, printable
from tokentide.sources.claude_code.reader import TranscriptReader


class Task(msgspec.Struct, frozen=True, array_like=True):
    """One file to read."""

    found: FoundFile
    account: Account
    known: FileState | None = None


def read_batch(tasks: Sequence[Task]) -> Batch:
    """Read the files; one that cannot be opened is a problem of the batch and is tried again next time."""
    harvest = Harvest()
    reader = TranscriptReader(harvest)
    batch = Batch(
        places=harvest.places,
        titles=harvest.titles,
        agent_types=harvest.agent_types,
        problems=harvest.problems,
        refusals=harvest.refusals,
    )
    for task in tasks:
        first_place = len(harvest.places)
        try:
            state = reader.read(task.found, task.account, task.known)
        except OSError as error:
            batch.problems.append(ProblemNote(task.found.key, 0, f"file cannot be read: {error.strerror}"))
            continue
        batch.files.append(state)
        harvest.agent_types.update(_sidecar_types(task.found.path, harvest.places[first_place:]))
    batch.records = list(harvest.records.values())
    return batch


def _sidecar_types(path: str, places: Sequence[Place]) -> Iterable[tuple[str, str]]:
    """The kind of sub-agent that `agent-….meta.json` beside the transcript names; since 2.1.207."""
    name = os.path.basename(path)
    if not name.startswith("agent-"):
        return
    try:
        with open(path.removesuffix(".jsonl") + ".meta.json", "rb") as file:
            kind = msgspec.json.decode(file.read(1 << 16), type=_Sidecar).agent_type
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return
    if kind:
        yield printable(name).removeprefix("agent-").removesuffix(".jsonl"), kind
        yield from ((place.agent_id, kind) for place in places if place.agent_id)


class _Sidecar(msgspec.Struct, rename="camel"):
    agent_type: str | None = None


def encode_batch(batch: Batch) -> bytes:
    """A batch as bytes, to send to another process."""
    return msgspec.msgpack.encode(batch)


def decode_batch(data: bytes) -> Batch:
    """The reverse of `encode_batch`."""
    return msgspec.msgpack.decode(data, type=Batch)
