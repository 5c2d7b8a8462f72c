"""Learning rates over a run: `train.schedule` as a factor on all of them, a function of the steps done."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import Any

from blockrec.run.settings import Choice, Period, Schedule

Better = Callable[[float, float | None], bool]
Shape = Callable[[int], float]


def shape_of(schedule: Schedule, *, steps: int, per_epoch: int) -> Shape:
    """The factor at the step that comes after so many steps done; `steps` is the length of the run."""
    warmup = schedule.warmup
    shape = _kind(schedule.kind, max(1, steps - warmup), per_epoch)
    begun = warmup if schedule.kind and schedule.kind.name == "cosine" else 0
    return lambda done: min(1.0, (done + 1) / warmup if warmup else 1.0) * shape(max(0, done - begun))


def _kind(kind: Choice | None, length: int, per_epoch: int) -> Shape:
    if kind is None or kind.name == "plateau":
        return lambda _: 1.0
    options = kind.options
    if kind.name == "cosine":
        return _cosine(options["to"], options.get("steps", length))
    if kind.name == "exponential":
        every = Period.of(options["every"])
        period = every.count * (per_epoch if every.unit == "epoch" else 1)
        return lambda done: float(options["gamma"] ** (done // period))
    factors = [1.0, *options["factors"]]
    return lambda done: float(factors[bisect_right(options["after"], done)])


def _cosine(to: float, length: int) -> Shape:
    """Loshchilov & Hutter, "SGDR", ICLR 2017, eq. 5, without restarts."""
    return lambda done: to + (1 - to) * (1 + math.cos(math.pi * min(done, length) / length)) / 2


class Plateau:
    """Lowers the learning rates when measurements of a metric stop improving.

    metric: its path, None for the one that picks the best checkpoint. factor: on all learning rates, now.
    """

    def __init__(self, *, factor: float, patience: int, least: float, metric: str | None = None) -> None:
        self.metric, self.times, self.patience, self.least = metric, factor, patience, least
        self.factor, self.bad = 1.0, 0
        self.best: float | None = None

    def observe(self, value: float, better: Better) -> bool:
        """Count a measurement. better(value, best so far) says if it improves. True if the learning rates fall."""
        if better(value, self.best):
            self.best, self.bad = value, 0
            return False
        self.bad += 1
        if self.bad <= self.patience:
            return False
        before, self.bad = self.factor, 0
        self.factor = max(self.factor * self.times, self.least)
        return self.factor < before

    def state_dict(self) -> dict[str, Any]:
        return {"factor": self.factor, "bad": self.bad, "best": self.best}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.factor, self.bad, self.best = state["factor"], state["bad"], state["best"]


def plateau_of(schedule: Schedule) -> Plateau | None:
    """The rule that follows a metric, if the schedule has one."""
    kind = schedule.kind
    return Plateau(**kind.options) if kind is not None and kind.name == "plateau" else None
