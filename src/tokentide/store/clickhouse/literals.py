"""Values as ClickHouse literals: the one place where text from outside becomes part of a statement.

Old servers know no parameters, so that values are written; every text goes through `literal`, whatever it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tokentide.errors import StoreError
from tokentide.store.team.dialect import Value

MOST, LEAST = 2**63 - 1, -(2**63)
_ESCAPES = str.maketrans({"\\": "\\\\", "'": "\\'", "\0": "\\0", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b"})


def literal(value: Value) -> str:
    """A text or a whole number of 64 bits, as it is written in a statement. Raises StoreError for anything else."""
    if type(value) is str:
        try:
            value.encode()
        except UnicodeEncodeError:
            raise StoreError("the team store: a text holds half a character, which cannot be asked for") from None
        return f"'{value.translate(_ESCAPES)}'"
    if type(value) is int and LEAST <= value <= MOST:
        return str(value) if value >= 0 else f"toInt64('{value}')"
    raise StoreError(f"the team store: a {type(value).__name__} cannot be asked for")


def bound(statement: str, values: Sequence[Value]) -> str:
    """The statement with a literal in place of each `?`. Raises StoreError where they do not match in number."""
    pieces = statement.split("?")
    if len(pieces) != len(values) + 1:
        raise StoreError(f"the team store: {len(pieces) - 1} values are asked for, {len(values)} are there")
    return "".join(_woven(pieces, map(literal, values)))


def _woven(pieces: Sequence[str], literals: Iterable[str]) -> Iterable[str]:
    yield pieces[0]
    for text, piece in zip(literals, pieces[1:], strict=True):
        yield text
        yield piece
