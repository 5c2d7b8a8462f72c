"""One epoch of one toolkit, as it trains by itself, in a process that does nothing else."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from tools.peers import sizes
from tools.peers.rows import Rows

WARM_UP = 4
"""Steps that are not counted."""

Train = Callable[[int | None], float]
"""Train on so many batches, or on all of an epoch; gives the seconds that were waited for batches."""


@dataclass
class Watched:
    """A loader, or its first batches, that says how long it was waited for."""

    loader: Iterable[Any]
    most: int | None
    seconds: float = field(default=0.0, init=False)

    def __iter__(self) -> Iterator[Any]:
        start = time.perf_counter()
        for batch in islice(iter(self.loader), self.most):
            self.seconds += time.perf_counter() - start
            yield batch
            start = time.perf_counter()

    def __len__(self) -> int:
        whole = len(self.loader)  # type: ignore[arg-type]  # all loaders have a length
        return whole if self.most is None else min(whole, self.most)


@dataclass(frozen=True)
class Epoch:
    """seconds and cpu seconds (of all threads and child processes) of an epoch; loading: waiting for batches.

    peak: greatest resident memory in bytes. parameters: how many numbers are trained.
    """

    steps: int
    rows: int
    seconds: float
    cpu: float
    loading: float
    peak: int
    parameters: int


def report(start: Callable[[str, Rows, Path], tuple[Train, int]]) -> None:
    """The process: `python -m tools.peers.TOOLKIT model rows folder threads` prints an epoch as JSON.

    start: (model, rows, folder for files) → (train, number of parameters).
    """
    model, path, folder, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    torch.manual_seed(0)
    rows = Rows.load(Path(path))
    train, parameters = start(model, rows, Path(folder))
    train(WARM_UP)
    moment, cpu = time.perf_counter(), sum(os.times()[:4])
    loading = train(None)
    seconds, cpu = time.perf_counter() - moment, sum(os.times()[:4]) - cpu
    number = len(rows.user)
    print(json.dumps(asdict(Epoch(-(-number // sizes.BATCH), number, seconds, cpu, loading, peak(), parameters))))


def peak() -> int:
    """The greatest resident memory of this process so far."""
    status = Path("/proc/self/status").read_text("utf-8")
    return 1024 * int(re.search(r"VmHWM:\s*(\d+)", status)[1])  # type: ignore[index]  # Linux has that line


def size(model: torch.nn.Module) -> int:
    """How many numbers a model trains."""
    return sum(p.numel() for p in model.parameters())
