"""Durations of steps and of their parts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import torch

from blockrec.run.batches import moved, rows_in
from blockrec.run.bench.result import Steps
from blockrec.run.clock import Clock, synchronise
from blockrec.run.loop import Loop
from blockrec.run.modes import measuring
from blockrec.run.prepare import Job
from blockrec.run.watch import trained_part

PARTS = ("data", "forward", "backward", "optimizer")
PREDICTED = 20
"""Batches whose predictions are timed."""


class SyncedClock(Clock):
    """Waits for the device at the end of each part, so that a part's time is that of its work."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self.device = device

    @contextmanager
    def time(self, part: str) -> Iterator[None]:
        with super().time(part):
            yield
            synchronise(self.device)


class Training:
    """A training that is taken a step at a time; each leaves the seconds of its parts."""

    def __init__(self, job: Job) -> None:
        self.clock = SyncedClock(job.device)
        self.loop = Loop(trained_part(job.model), job.updater, job.feed, job.plan, job.device, clock=self.clock)
        self.steps = self.loop.steps()
        self.seconds: list[dict[str, float]] = []
        self.rows: list[int] = []

    def steps_done(self, number: int) -> None:
        """Train on the next batches."""
        for _ in range(number):
            before = dict(self.clock.seconds)
            self.rows.append(next(self.steps).rows)
            self.seconds.append({part: self.clock.seconds[part] - before.get(part, 0.0) for part in PARTS})

    def measured(self, skipped: int) -> Steps:
        """The durations of all steps but the first ones."""
        return Steps(tuple(self.seconds[skipped:]), sum(self.rows[skipped:]))


def predictions_a_second(job: Job) -> float:
    """Samples a second through the part that predicts, in evaluation mode, data not counted."""
    model: Any = job.model
    keys = [sink.key for sink in job.graph.sinks if sink.kind in ("task", "output")] or ["loss"]
    part = model.only(*keys)
    rows, seconds = 0, 0.0
    with measuring(model, part):
        for number, batch in enumerate(job.feed.batches(0)):
            if number > PREDICTED:
                break
            here = moved(batch, job.device)
            started = perf_counter()
            part(here)
            synchronise(job.device)
            if number:  # the first one warms up
                rows, seconds = rows + rows_in(batch), seconds + perf_counter() - started
    return rows / seconds if seconds else 0.0
