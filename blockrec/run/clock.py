"""Where the time of a run goes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TypeVar

import torch

Item = TypeVar("Item")


class Clock:
    """Seconds a part: data, forward, backward, optimizer, eval. On a GPU these are the seconds of the host."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def time(self, part: str) -> Iterator[None]:
        """Count the body as `part`."""
        started = perf_counter()
        try:
            yield
        finally:
            self.seconds[part] += perf_counter() - started

    def timed(self, part: str, items: Iterable[Item]) -> Iterator[Item]:
        """The same items; waiting for them counts as `part`."""
        iterator = iter(items)
        while True:
            with self.time(part):
                item = next(iterator, None)
            if item is None:
                return
            yield item

    @property
    def training(self) -> float:
        """Seconds of everything but evaluation."""
        return sum(seconds for part, seconds in self.seconds.items() if part != "eval")


def synchronise(device: torch.device) -> None:
    """Wait until the device has done what it was told."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)
