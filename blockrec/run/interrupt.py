"""Ctrl-C: once to stop in order, twice to stop at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from blockrec.diagnostics import BlockrecError, fail
from blockrec.run.result import RunResult


@dataclass
class Interrupt:
    """Has the user asked to stop?"""

    requested: bool = False


def stopped(result: RunResult) -> BlockrecError:
    """E704 for a run that ended because it was asked to."""
    return fail("E704", f"interrupted after step {result.steps:,}", help=f"its state is in {result.state}")


@contextmanager
def interruptible(say: Callable[[str], None]) -> Iterator[Interrupt]:
    """The first SIGINT sets `requested`, the second raises `KeyboardInterrupt`. Only in the main thread."""
    interrupt = Interrupt()

    def asked(_signal: int, _frame: Any) -> None:
        if interrupt.requested:
            raise KeyboardInterrupt
        interrupt.requested = True
        say("stopping after this step; Ctrl-C again stops at once")

    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return
    before = signal.signal(signal.SIGINT, asked)
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, before)
