"""Ctrl+C waits while something may not be disturbed, and comes afterwards."""

from __future__ import annotations

import signal
import threading

import pytest

from tokentide.interrupts import interrupts_held


def test_an_interrupt_during_the_work_comes_after_it() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), interrupts_held():  # noqa: PT012 - what stands in the block is the test
        signal.raise_signal(signal.SIGINT)
        done.append("the work")
    assert done == ["the work"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_without_an_interrupt_nothing_comes_and_the_handler_is_back() -> None:
    with interrupts_held():
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_another_thread_leaves_the_handler_alone() -> None:
    handlers = []

    def work() -> None:
        with interrupts_held():
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert handlers == [signal.default_int_handler]
