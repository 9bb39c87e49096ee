"""The last few things that were reckoned, while they are true: scrolling and typing ask for many parts of one."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """Things by what they are of, and the state that they were made in; from any thread."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._things: OrderedDict[Hashable, tuple[object, T]] = OrderedDict()

    def of(self, state: object, key: Hashable, make: Callable[[], T]) -> T:
        """The thing, made if none is kept of this very state; those of other states go, and the oldest too many.

        States are told apart by what they are, not by what they are equal to.
        """
        with self._lock:
            kept = self._things.get(key)
        if kept is not None and kept[0] is state:
            return kept[1]
        made = make()
        with self._lock:
            still = [(name, each) for name, each in self._things.items() if each[0] is state and name != key]
            self._things = OrderedDict([*still, (key, (state, made))][-self._most :])
        return made
