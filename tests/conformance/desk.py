"""Lays a case out on a machine, runs the command line in this process, and reads its answer back into rows."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.conformance.case import Block, Case, Line, Row, Tokens, line, one, plain
from tests.conftest import Machine, as_bytes
from tokentide import clock, locations
from tokentide.cli.main import main, run
from tokentide.cli.terminal import Terminal

MINUS_ZERO = re.compile(r"-0(\.0*)?([eE][-+]?\d+)?(?![.\d])")
MOST_USD = 10**15
"""Above it nothing is rounded: the digits of a decimal do not reach."""
_NAMES = {"daily": "date", "weekly": "week", "monthly": "month"}


class Answer(NamedTuple):
    """What a call ended with."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Desk:
    """A machine with a case on it, and the command line to ask."""

    machine: Machine
    case: Case

    def ask(self, *words: str) -> Answer:
        """Run the command line in this process, in an environment that holds nothing of the developer's own."""
        out, err = io.StringIO(), io.StringIO()
        with self.surroundings(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                if self.case.now:
                    code = run(list(words), Terminal(os.environ, micros(self.case.now), out, err))
                else:
                    code = main(words)
            except SystemExit as end:
                code = int(end.code or 0)
        return Answer(int(code), out.getvalue(), err.getvalue())

    def json(self, report: str, *words: str) -> dict[str, Any]:
        """The JSON that a report of the case prints; money as decimals."""
        answer = self.ask(report, *words, *self.case.options)
        assert answer.code == 0, answer.err
        assert not MINUS_ZERO.search(re.sub(r'"[^"]*"', "", answer.out)), answer.out
        found: dict[str, Any] = json.loads(answer.out, parse_float=Decimal)
        return found

    def rows(self, report: str) -> tuple[Row, ...]:
        """A report's rows, in its order."""
        return rows_of(report, self.json(report, "--ccusage-json"))

    @contextlib.contextmanager
    def surroundings(self) -> Iterator[None]:
        """The environment of the case's machine, and nothing else; afterwards the one before."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "environ", environment(self.machine, self.case))
            yield


def environment(machine: Machine, case: Case) -> dict[str, str]:
    """The variables of a machine with those of the case."""
    return {**machine._environ(), **{name: value.format(home=machine.home) for name, value in case.environ.items()}}


def lay_out(machine: Machine, case: Case, seed: Path | None = None) -> Desk:
    """Write the case's files and links. A seed, see `seed_at`, saves making a ledger and looking up prices."""
    machine.home.mkdir(parents=True, exist_ok=True)
    for name, lines in case.files.items():
        write(machine, name, lines, case.final_newline)
    for name, target in case.links.items():
        link = _place(machine, name)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(_place(machine, target))
    if seed is not None:
        shutil.copytree(seed, machine.ledger.parent)
    return Desk(machine, case)


def seed_at(folder: Path, models: Iterable[str]) -> Path:
    """Make a data folder with an empty ledger and the prices of these models."""
    lines = tuple(line(id=model, requestId=model, model=model) for model in models)
    priced = lay_out(Machine(folder / "priced"), Case(id="", files=one(*lines)))
    assert priced.ask("model").code == 0
    seed = folder / "empty" / "data"
    seed.mkdir(parents=True)
    with priced.surroundings():
        shutil.copy(locations.price_cache_path(), seed)
    assert lay_out(Machine(folder / "empty"), Case(id="", files={})).ask("model").code == 0
    return seed


def write(machine: Machine, name: str, lines: Sequence[Line], final_newline: bytes = b"\n") -> None:
    """Write one of a case's files, with these of its lines."""
    path = _place(machine, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\n".join(map(as_bytes, lines)) + (final_newline if lines else b""))


def _place(machine: Machine, name: str) -> Path:
    """Where a file of a case lies."""
    return machine.home / name[2:] if name.startswith("~/") else machine.claude / "projects" / name


def micros(text: str) -> int:
    """RFC 3339 as µs since 1970."""
    return int(datetime.fromisoformat(text).timestamp() * clock.SECOND_US)


def rows_of(report: str, data: Mapping[str, Any]) -> tuple[Row, ...]:
    """Rows from ccusage's JSON, ours or the peer's own; a block's breakdown by model is not in it."""
    if report == "block":
        return tuple(_block_row(item) for item in data["blocks"] if not item["isGap"])
    items = data["sessions" if report == "session" else report]
    return tuple(_row(report, item) for item in items)


def blocks_of(data: Mapping[str, Any]) -> tuple[Block, ...]:
    """Blocks and gaps from ccusage's JSON, ours or the peer's own."""
    return tuple(_block(item) for item in data["blocks"])


def _row(report: str, item: Mapping[str, Any]) -> Row:
    parts = item["modelBreakdowns"]
    assert sorted(part["modelName"] for part in parts) == sorted(item["modelsUsed"])
    key = f"{item['projectPath']}/{item['sessionId']}" if report == "session" else item[_NAMES[report]]
    return Row(
        key,
        _tokens(item, "cacheCreationTokens", "cacheReadTokens"),
        money(item["totalCost"]),
        tuple(sorted(item["modelsUsed"])),
        tuple(sorted(part["modelName"] for part in parts if part.get("missingPricing"))),
    )


def _block_row(item: Mapping[str, Any]) -> Row:
    tokens = _tokens(item["tokenCounts"], "cacheCreationInputTokens", "cacheReadInputTokens")
    assert sum(tokens) == item["totalTokens"]
    return Row(item["startTime"], tokens, money(item["costUSD"]), tuple(sorted(item["models"])))


def _block(item: Mapping[str, Any]) -> Block:
    assert item["id"] == ("gap-" if item["isGap"] else "") + item["startTime"]
    assert item["isGap"] is (item["entries"] == 0)
    burn, ahead, limit = item["burnRate"], item["projection"], item.get("tokenLimitStatus")
    return Block(
        item["startTime"],
        item["endTime"],
        item["entries"],
        item["totalTokens"],
        money(item["costUSD"]),
        burn
        and (
            _short(burn["tokensPerMinute"]),
            _short(burn["tokensPerMinuteForIndicator"]),
            _short(burn["costPerHour"], 3),
        ),
        ahead and (ahead["totalTokens"], money(ahead["totalCost"]), ahead["remainingMinutes"]),
        limit and (limit["limit"], limit["projectedUsage"], _short(limit["percentUsed"], 1), limit["status"]),
    )


def _tokens(item: Mapping[str, Any], write: str, read: str) -> Tokens:
    found = (item["inputTokens"], item["outputTokens"], item[write], item[read])
    assert all(type(count) is int for count in found)
    return found


def money(usd: Decimal | float) -> str:
    """Money as the cases write it; binary fractions of the peer are rounded to nano-USD."""
    exact = usd if isinstance(usd, Decimal) else Decimal(usd)
    return plain(exact if abs(exact) > MOST_USD or exact == round(exact, 9) else round(exact, 9))


def _short(number: Decimal | float, digits: int = 2) -> str:
    return plain(round(Decimal(number), digits))
