"""Ctrl-C, and SIGTERM, which a scheduler sends: once to stop in order, twice to stop at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from blockrec.diagnostics import BlockrecError, fail
from blockrec.run.result import RunResult

SIGNALS = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}


@dataclass
class Interrupt:
    """Has anyone asked to stop?"""

    requested: bool = False


def stopped(result: RunResult) -> BlockrecError:
    """E704 for a run that ended because it was asked to."""
    help = f"`blockrec run --resume {result.directory}` goes on from there"
    return fail("E704", f"interrupted after step {result.steps:,}, whose state is in {result.state}", help=help)


@contextmanager
def interruptible(say: Callable[[str], None]) -> Iterator[Interrupt]:
    """The first signal sets `requested`, the second raises `KeyboardInterrupt`. Only in the main thread."""
    interrupt = Interrupt()

    def asked(number: int, _frame: Any) -> None:
        if interrupt.requested:
            raise KeyboardInterrupt
        interrupt.requested = True
        say(f"{SIGNALS[signal.Signals(number)]}: stopping after this step; once more stops at once")

    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return
    before = {number: signal.signal(number, asked) for number in SIGNALS}
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
