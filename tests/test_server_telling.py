"""What a person is told of how a team server stands."""

from __future__ import annotations

import pytest

from tests.team_rows import NOON
from tokentide.server.board import Posted
from tokentide.server.status import ServerStatus
from tokentide.server.telling import status_lines


def told(status: ServerStatus) -> str:
    return "\n".join(status_lines(Posted(NOON, {}, status), NOON))


def test_records_that_are_too_old_are_not_called_unreadable_bodies() -> None:
    text = told(ServerStatus("1.0", NOON, refused_records=2030))
    assert "2,030 records left out, which could not be read or are older than what is kept" in text
    assert "log/*/refused" not in text


@pytest.mark.parametrize(("count", "words"), [(1, "1 body could"), (2, "2 bodies could")])
def test_bodies_that_could_not_be_read_are_where_it_says(count: int, words: str) -> None:
    text = told(ServerStatus("1.0", NOON, refused_bodies=count))
    assert f"{words} not be read: see log/*/refused" in text
    assert "left out" not in text
