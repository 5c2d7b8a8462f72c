"""How far training is: a bar on a terminal, else a line every 10 seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

from rich.progress import BarColumn, Progress, TextColumn

from blockrec.every import Every
from blockrec.run.log import Log
from blockrec.run.loop import Plan, Step
from blockrec.words import human


@dataclass
class State:
    """What the display knows: where training is, its speed, the latest loss and the latest validation metric."""

    plan: Plan
    step: int = 0
    epoch: int = 1
    rows: int = 0
    seconds: float = 0.0
    loss: float | None = None
    metric: tuple[str, float] | None = None

    def line(self) -> str:
        """`epoch 2/5 61% 1.2M rows/s loss 0.213 valid/click/auc 0.7312 eta 4m`."""
        within = self.step - (self.epoch - 1) * self.plan.per_epoch
        length = min(self.plan.per_epoch, self.plan.steps - (self.epoch - 1) * self.plan.per_epoch)
        parts = [f"epoch {self.epoch}/{self.plan.epochs} {within / length:.0%}"]
        if self.seconds > 0:
            parts.append(f"{human(self.rows / self.seconds)} rows/s")
        if self.loss is not None:
            parts.append(f"loss {self.loss:.4f}")
        if self.metric is not None:
            parts.append(f"{self.metric[0]} {self.metric[1]:.4f}")
        if self.step:
            parts.append(f"eta {duration(self.seconds / self.step * (self.plan.steps - self.step))}")
        return " ".join(parts)


class Display:
    """Shows a `State` while training; use as a context manager."""

    def __init__(self, log: Log, plan: Plan, now: Callable[[], float] = perf_counter) -> None:
        self.log, self.state, self.every = log, State(plan), Every(now=now)
        console = log.console
        self.bar = Progress(
            BarColumn(24), TextColumn("{task.description}", markup=False), console=console, transient=True
        )
        self.bar.disable = not console.is_terminal
        self.task = self.bar.add_task("", total=plan.steps)

    def __enter__(self) -> Display:  # noqa: PYI034 - Self needs Python 3.11
        self.bar.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.bar.stop()

    def update(self, step: Step, seconds: float, loss: float | None) -> None:
        """After a step; `seconds` of training so far."""
        state = self.state
        state.step, state.epoch, state.rows = step.number, step.epoch, state.rows + step.rows
        state.seconds, state.loss = seconds, loss
        if not self.bar.disable:
            self.bar.update(self.task, completed=step.number, description=state.line())
        elif self.every.due():
            self.log.say(state.line())


def duration(seconds: float) -> str:
    """Seconds as `48s`, `4m` or `2.5h`.

    >>> [duration(x) for x in (0.42, 48, 250, 9000)]
    ['0.4s', '48s', '4m', '2.5h']
    """
    if seconds < 10:
        return f"{seconds:.1f}s"
    if seconds < 120:
        return f"{seconds:.0f}s"
    return f"{seconds / 60:.0f}m" if seconds < 7200 else f"{seconds / 3600:.1f}h"
