"""What a server remembers between scrapes: names that stay what they were, and counters that do not fall."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from tokentide.render.words import clean, project_names

FIRST_NAMES = 100
"""So many are named at the first scrape, the dearest; later ones have the rest of MOST_NAMES."""
MOST_NAMES = 200
LONGEST_NAME = 200
"""Characters of a label's value."""
NAMELESS = "(none)"


class Names:
    """Names for projects or models, bounded in number; each keeps its own for as long as the server runs.

    What comes after the last one has none: an `other` that takes up the rest would fall when one of these is named.
    """

    def __init__(
        self, name_all: Callable[[Iterable[str]], Mapping[str, str]], first: int = FIRST_NAMES, most: int = MOST_NAMES
    ) -> None:
        """`name_all` gives a name to each of some keys; `first` of them at the first scrape, `most` in all."""
        self._name_all, self._first, self._most = name_all, first, most
        self._names: dict[str, str] = {}
        self._taken: set[str] = set()
        self.left_out = 0
        """How many have no name."""

    def of(self, weights: Mapping[str, int]) -> Mapping[str, str]:
        """The names of those that have one, by key; while there are names, the weightiest new ones get theirs."""
        new = sorted((key for key in weights if key not in self._names), key=lambda key: (-weights[key], key))
        room = (self._most if self._names else self._first) - len(self._names)
        wanted = self._name_all([*self._names, *new[:room]])
        for key in new[:room]:
            self._names[key] = self._unique(label(wanted[key]))
        self.left_out = len(new[room:])
        return {key: self._names[key] for key in weights if key in self._names}

    def _unique(self, name: str) -> str:
        """The name, with a number where another has it already."""
        found, number = name, 1
        while found in self._taken:
            number += 1
            found = f"{name} ({number})"
        self._taken.add(found)
        return found


def label(text: str) -> str:
    """Text from data as the value of a label: what cannot be encoded or steers a screen is gone, and it ends."""
    return clean(text)[:LONGEST_NAME] or NAMELESS


def names_of_projects() -> Names:
    """Short names that tell folders apart."""
    return Names(project_names)


def names_as_they_are(first: int = FIRST_NAMES, most: int = MOST_NAMES) -> Names:
    """The keys themselves, such as ids of models."""
    return Names(lambda keys: {key: key for key in keys}, first, most)


class HighWater:
    """The highest value that each counter has had.

    A ledger that is corrected (a copy turns out to be an older response's, a price is revised) may say a little less
    than before; Prometheus would take that for a counter that began anew and count everything once more. The counter
    waits instead until usage has passed its mark. A ledger that holds less than half of the responses is another one:
    all counters begin anew.
    """

    def __init__(self) -> None:
        self._marks: dict[tuple[str, ...], float] = {}
        self._responses = 0

    def begin(self, responses: int) -> None:
        """Say, before the counters of a scrape, how many responses there are."""
        if 2 * responses < self._responses:
            self._marks.clear()
        self._responses = responses

    def at_least(self, key: tuple[str, ...], value: float) -> float:
        """The value, or the highest so far."""
        self._marks[key] = highest = max(value, self._marks.get(key, value))
        return highest
