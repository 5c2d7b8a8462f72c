"""The training loop: a generator of steps, so that whoever trains decides what happens between them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import torch
from torch import Tensor, nn

from blockrec.run.batches import Batch, Feed, moved, rows_in
from blockrec.run.clock import Clock
from blockrec.run.trace import not_finite, refused
from blockrec.run.updater import Updater

HELP = "a lower learning rate, or initial values of another scale"


@dataclass(frozen=True)
class Plan:
    """How far to train: `steps` batches, `per_epoch` of them an epoch."""

    steps: int
    per_epoch: int

    @classmethod
    def of(cls, per_epoch: int, *, epochs: int, steps: int | None) -> Plan:
        """`steps` wins over `epochs`."""
        return cls(steps or epochs * per_epoch, per_epoch)

    @property
    def epochs(self) -> int:
        """Epochs begun."""
        return math.ceil(self.steps / self.per_epoch)


@dataclass(frozen=True)
class Step:
    """A step done: counted from 1, its epoch from 1, its samples; the run's last one, its epoch's last one?

    settled: no gradients wait (`accumulate`), so the weights are those of this step, and it can be continued from.
    """

    number: int
    epoch: int
    rows: int
    ends_epoch: bool
    ends_run: bool
    settled: bool = True


@dataclass
class Losses:
    """Training losses, fetched from the device `window` at a time: a fetch waits for the device to catch up."""

    window: int
    pending: list[Tensor] = field(default_factory=list)
    latest: float | None = None
    total: float = 0.0
    count: int = 0

    def add(self, loss: Tensor) -> int | None:
        """Keep the loss of a step. Returns how many steps ago one was not finite (0: this one), None if all are."""
        self.pending.append(loss.detach())
        return self.fetch() if len(self.pending) >= self.window else None

    def fetch(self) -> int | None:
        """Read the pending losses; the result is that of `add`."""
        values = torch.stack(self.pending).tolist() if self.pending else []
        self.pending.clear()
        for age, value in zip(range(len(values) - 1, -1, -1), values, strict=True):
            self.latest = value
            if not math.isfinite(value):
                return age
            self.total, self.count = self.total + value, self.count + 1
        return None

    def mean(self) -> float:
        """The mean since the last call; NaN if there was no step."""
        self.fetch()
        total, self.total = self.total, 0.0
        number, self.count = self.count, 0
        return total / number if number else math.nan


@dataclass
class Loop:
    """Trains `model` on `feed`. Iterate over `steps()`; stopping the iteration stops the training.

    done: steps that an earlier run has made: training goes on after them. checkpoint: where the last
    good state is, to be named when training fails. batch: the latest one.
    """

    model: nn.Module
    updater: Updater
    feed: Feed
    plan: Plan
    device: torch.device
    clock: Clock = field(default_factory=Clock)
    done: int = 0
    checkpoint: Path | None = None
    batch: Batch = field(default_factory=dict, repr=False)
    losses: Losses = field(init=False)

    def __post_init__(self) -> None:
        self.losses = Losses(1 if self.device.type == "cpu" else 50)

    def steps(self) -> Iterator[Step]:
        """Train, and say so after every step."""
        self.model.train()
        first, start = divmod(self.done, self.plan.per_epoch)
        for epoch in count(first):
            batches = self.feed.batches(epoch, start if epoch == first else 0)
            for batch in self.clock.timed("data", (moved(batch, self.device) for batch in batches)):
                self.done, self.batch = self.done + 1, batch
                ends_epoch, ends_run = self.done % self.plan.per_epoch == 0, self.done == self.plan.steps
                settled = self._train_on(batch, last=ends_epoch or ends_run)
                yield Step(self.done, epoch + 1, rows_in(batch), ends_epoch, ends_run, settled)
                if ends_run:
                    return

    def _train_on(self, batch: Batch, *, last: bool) -> bool:
        time = self.clock.time
        try:
            with time("forward"):
                loss = self.model(batch)["loss"]
            with time("backward"):
                self.updater.backward(loss)
            self._check(loss, batch)
            with time("optimizer"):
                return self.updater.step(self.done, last=last)
        except (RuntimeError, ValueError, IndexError, MemoryError) as error:
            raise refused(self.model, batch, error) from error

    def check_losses(self) -> None:
        """Read the losses that are still on the device; E701 if one is not finite."""
        self._refuse(self.losses.fetch(), self.batch)

    def _check(self, loss: Tensor, batch: Batch) -> None:
        self._refuse(self.losses.add(loss), batch)

    def _refuse(self, age: int | None, batch: Batch) -> None:
        if age is not None:
            help = f"{HELP}; the last good state is in {self.checkpoint}" if self.checkpoint else HELP
            raise not_finite(self.model, batch, self._moment(self.done - age, batch), self.losses.latest or 0.0, help)

    def _moment(self, step: int, batch: Batch) -> str:
        """`step 7 (epoch 2, batch 3 of 4: 100 samples)`; of an earlier step than the last one the batch is gone."""
        epoch, place = divmod(step - 1, self.plan.per_epoch)
        size = f": {rows_in(batch):,} samples" if step == self.done else ""
        return f"step {step:,} (epoch {epoch + 1}, batch {place + 1:,} of {self.plan.per_epoch:,}{size})"
