"""The metrics that steer a training: which one picks the best state, stops early, lowers the learning rates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blockrec.diagnostics import fail
from blockrec.run.evaluate import Task
from blockrec.run.prepare import Job

SPLIT = "valid"


@dataclass(frozen=True)
class Goal:
    """A metric by its path `valid/<task>/<metric>`, and which way is better."""

    path: str
    higher: bool

    def better(self, value: float, than: float | None, least: float = 0.0) -> bool:
        """Is `value` an improvement by more than `least`? NaN never is."""
        if math.isnan(value):
            return False
        return than is None or (value - than if self.higher else than - value) > least


def goal_of(tasks: Sequence[Task], path: str | None) -> Goal | None:
    """The metric of that path; None stands for the first one of the first task. None if no task has it."""
    goals = [
        Goal(f"{SPLIT}/{task.name}/{metric.name}", metric.higher_is_better) for task in tasks for metric in task.metrics
    ]
    return next((goal for goal in goals if path in (None, goal.path)), None)


@dataclass
class Patience:
    """Counts measurements without an improvement. best: the value to beat; bad: how many did not."""

    goal: Goal
    patience: int
    least: float
    best: float | None = None
    bad: int = 0

    def observe(self, metrics: Mapping[str, float]) -> None:
        """Count a measurement; one in which the metric is not defined does not count."""
        value = metrics.get(self.goal.path)
        if value is None:
            return
        if self.goal.better(value, self.best, self.least):
            self.best, self.bad = value, 0
        else:
            self.bad += 1

    @property
    def exhausted(self) -> bool:
        """Is it time to stop?"""
        return self.bad >= self.patience

    def __str__(self) -> str:
        times = f"{self.bad} measurement{'s' * (self.bad > 1)}"
        return f"{self.goal.path} has not improved on {self.best or math.nan:.4f} for {times}"

    def to_json(self) -> dict[str, Any]:
        return {"best": self.best, "bad": self.bad}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on counting where `to_json` was taken."""
        self.best, self.bad = state["best"], state["bad"]


def check_goals(job: Job) -> None:
    """E706 for a rule that follows a metric, or a best state picked by one, where nothing is measured."""
    rules = {"early_stop": job.train.early_stop, "schedule.plateau": job.updater.plateau}
    valid = job.dataset.splits.get(SPLIT)
    best = job.train.checkpoint.best
    empty = valid is None or not valid.rows
    if best is not None and empty:
        message = f"`train.checkpoint.best` is a metric on `{SPLIT}`, which has no samples"
        raise fail("E706", message, help="see `data.split`, or leave it out: the last weights are tested then")
    for name, rule in rules.items():
        if rule is None:
            continue
        if goal_of(job.tasks, rule.metric or best) is None:
            help = "tasks: {click: {..., metrics: [auc]}}"
            raise fail("E706", f"`train.{name}` follows a metric, but no task has one", help=help)
        if empty:
            message = f"`train.{name}` follows a metric on `{SPLIT}`, which has no samples"
            raise fail("E706", message, help="see `data.split`, or leave the rule out")
