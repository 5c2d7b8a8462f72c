"""What is said now and then while long work goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter

SECONDS = 10.0


@dataclass
class Every:
    """Due once so many seconds have gone by since the last time, or since it began.

    now: the clock, in seconds. began, last: what it said then.
    """

    seconds: float = SECONDS
    now: Callable[[], float] = perf_counter
    began: float = field(init=False)
    last: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.last = self.now()

    def due(self) -> bool:
        """Whether it is time; then the next time is counted from here."""
        now = self.now()
        if now - self.last < self.seconds:
            return False
        self.last = now
        return True

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return self.now() - self.began
