"""One thread that computes the next items while the current one is used."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class _Raised:
    error: BaseException


class _End:
    """No more items."""


class _Pump(threading.Thread, Generic[T]):
    def __init__(self, items: Iterator[T], ahead: int) -> None:
        super().__init__(daemon=True, name="blockrec-prefetch")
        self.items = items
        self.ready: queue.Queue[T | _Raised | _End] = queue.Queue(ahead)
        self.stopped = threading.Event()

    def run(self) -> None:
        try:
            for item in self.items:
                self.ready.put(item)
                if self.stopped.is_set():
                    return
            self.ready.put(_End())
        except BaseException as error:
            self.ready.put(_Raised(error))

    def stop(self) -> None:
        """Make room for at most one more item, after which the thread sees that it is stopped, and wait for it."""
        self.stopped.set()
        while self.is_alive():
            try:
                self.ready.get_nowait()
            except queue.Empty:
                self.join(0.01)


def prefetched(items: Iterator[T], ahead: int = 2) -> Iterator[T]:
    """The same items, computed up to `ahead` before they are asked for.

    An exception of `items` is raised here, in its place. The thread ends with the iterator: at the end, at a
    `break`, or when the iterator is closed or forgotten.
    """
    pump = _Pump(items, ahead)
    pump.start()
    try:
        while True:
            item = pump.ready.get()
            if isinstance(item, _End):
                return
            if isinstance(item, _Raised):
                raise item.error
            yield item
    finally:
        pump.stop()
