"""One training from its first step to its result: measures, keeps checkpoints, stops when asked to."""

from __future__ import annotations

import resource
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from blockrec.graph.size import counts
from blockrec.run.checkpoint import load_weights, save_checkpoint
from blockrec.run.directory import RunDirectory
from blockrec.run.evaluate import Scores, evaluate
from blockrec.run.interrupt import Interrupt
from blockrec.run.log import Log
from blockrec.run.loop import Loop, Step
from blockrec.run.prepare import Job
from blockrec.run.progress import Display
from blockrec.run.result import Measured, RunResult
from blockrec.run.watch import Alarms, Look, look_at, trained_part, watched_in


@dataclass
class Session:
    """`train()`, then `result()`."""

    job: Job
    directory: RunDirectory
    log: Log
    display: Display
    interrupt: Interrupt
    best: Measured | None = None
    last: Measured | None = None
    rows: int = 0
    undefined: dict[str, None] = field(default_factory=dict)
    alarms: Alarms = field(default_factory=Alarms)
    loop: Loop = field(init=False)

    def __post_init__(self) -> None:
        job = self.job
        self.watched = watched_in(job.graph)
        self.loop = Loop(trained_part(job.model), job.updater, job.feed, job.plan, job.device)

    def train(self) -> None:
        """All steps of the plan, or until the user asks to stop; then the checkpoint `last` is of the last step."""
        saved = 0
        step = None
        for step in self.loop.steps():
            self.rows += step.rows
            self.display.update(step, self.loop.clock.training, self.loop.losses.latest)
            if self._measures_after(step) and not self.interrupt.requested:
                with self.job.updater.averaged(self.job.model):
                    self._measure(step)
            if step.ends_epoch or step.ends_run:
                self._save(step, "last")
                saved = step.number
            if self.interrupt.requested:
                break
        if step is not None and saved != step.number:
            self._save(step, "last")

    def _measures_after(self, step: Step) -> bool:
        every = self.job.evaluation.every
        if step.ends_run:
            return True
        if every.unit == "step":
            return step.number % every.count == 0
        return step.ends_epoch and step.epoch % every.count == 0

    def _measure(self, step: Step) -> None:
        mean = self.loop.losses.mean()
        self.directory.write_metric(
            step=step.number, epoch=step.epoch, split="train", task=None, metric="loss", value=mean
        )
        self.directory.write_metric(
            step=step.number, epoch=step.epoch, split="train", task=None, metric="lr", value=self.job.updater.lr
        )
        if self.watched:
            self._note("train", step, look_at(self.job.model, self.loop.batch, self.watched))
        scores = self._evaluate("valid", step)
        if scores is None:
            return
        self.last = Measured(step.number, scores.metrics)
        self._show(step, mean, scores)
        if self._is_best(scores):
            self.best = self.last
            self._save(step, "best")

    def _evaluate(self, split: str, step: Step) -> Scores | None:
        """Metrics on a split, written to metrics.jsonl; None if there is nothing to measure or the user stops it."""
        job = self.job
        samples = job.dataset.splits.get(split)
        look = Look(self.watched if split == "valid" else ())
        if samples is None or not samples.rows or not (job.tasks or look.watched):
            return None
        stop = lambda: self.interrupt.requested  # noqa: E731 - a one-word question
        with self.loop.clock.time("eval"):
            scores = evaluate(
                job.model,
                samples,
                split,
                job.tasks,
                batch_size=job.eval_batch_size,
                device=job.device,
                stop=stop,
                look=look,
            )
        if scores is not None:
            self._note(split, step, look)
            for path, value in scores.metrics.items():
                _, task, metric = path.split("/")
                self.directory.write_metric(
                    step=step.number, epoch=step.epoch, split=split, task=task, metric=metric, value=value
                )
            for reason in scores.undefined:
                if reason not in self.undefined:
                    self.undefined[reason] = None
                    self.log.say(reason)
        return scores

    def _note(self, split: str, step: Step, look: Look) -> None:
        """Write what was seen of watched values; alarms look at `valid`, or at `train` if there is no other split."""
        for watched in look.watched:
            stream = look.streams[watched.name]
            self.directory.write_watch(watched.name, stream, step=step.number, epoch=step.epoch, split=split)
        valid = self.job.dataset.splits.get("valid")
        if split == ("valid" if valid is not None and valid.rows else "train"):
            epochs = step.number / self.job.plan.per_epoch
            for raised in self.alarms.check(look, split, step=step.number, epochs=epochs):
                self.log.say(str(raised))

    def _show(self, step: Step, loss: float, scores: Scores) -> None:
        values = " ".join(f"{path} {value:.4f}" for path, value in scores.metrics.items())
        self.log.say(f"step {step.number:,} epoch {step.epoch} train/loss {loss:.4f} {values}")
        self.display.state.metric = next(iter(scores.metrics.items()), None)

    def _is_best(self, scores: Scores) -> bool:
        if not self.job.tasks:
            return False
        task = self.job.tasks[0]
        path = f"valid/{task.name}/{task.metrics[0].name}"
        if path not in scores.metrics:
            return False
        before = self.best.metrics[path] if self.best else None
        return task.metrics[0].better(scores.metrics[path], before)

    def _save(self, step: Step, link: str) -> None:
        measured = {
            k: m and {"step": m.step, "metrics": dict(m.metrics)} for k, m in (("best", self.best), ("last", self.last))
        }
        state = {"step": step.number, "epoch": step.epoch, "seed": self.job.seed, "measured": measured}
        with self.job.updater.averaged(self.job.model):
            save_checkpoint(self.directory.checkpoints, self.job.model, self.job.updater, state, [link])
        self.loop.checkpoint = self.directory.checkpoints / link

    def result(self) -> RunResult:
        """The best checkpoint (without valid samples: the last weights) on test, and all that was counted."""
        metrics: dict[str, float] = dict((self.best or self.last or Measured(0, {})).metrics)
        if not self.interrupt.requested:
            metrics |= self._test()
        clock = self.loop.clock
        return RunResult(
            name=self.job.document.name,
            metrics=metrics,
            best=self.best,
            last=self.last,
            steps=self.loop.done,
            rows=self.rows,
            rows_per_second=self.rows / clock.training if clock.training else 0.0,
            peak_memory_bytes=peak_memory(),
            seconds=dict(clock.seconds),
            directory=self.directory.path,
            interrupted=self.interrupt.requested,
            undefined=tuple(self.undefined),
            alarms=tuple(self.alarms.raised.values()),
            facts=facts(self.job),
        )

    def _test(self) -> Mapping[str, float]:
        if self.best is not None:
            load_weights(self.directory.checkpoints / "best", self.job.model)
        number = self.best.step if self.best else self.loop.done
        epoch = -(-number // self.job.plan.per_epoch)
        scores = self._evaluate("test", Step(number, epoch, 0, False, False))
        return scores.metrics if scores else {}


def dry_result(job: Job) -> RunResult:
    """Of a run that stops before the first step."""
    return RunResult(job.document.name, {}, None, None, 0, 0, 0.0, peak_memory(), {}, None, facts=facts(job))


def facts(job: Job) -> dict[str, Any]:
    """What distinguishes this run from others of the same model."""
    sizes = counts(job.graph)
    return {
        "seed": job.seed,
        "device": str(job.device),
        "optimizer": {
            "dense": str(job.train.dense),
            "sparse": str(job.train.sparse),
            "tables_dense": job.train.tables_dense,
        },
        "data": job.document.card,
        "training": {"steps": job.plan.steps, "epochs": job.plan.epochs, "batch_size": job.feed.batch_size},
        "parameters": {"dense": sizes["dense"], "tables": sizes["sparse"]},
        "samples": {name: split.rows for name, split in job.dataset.splits.items()},
    }


def peak_memory() -> int:
    """Bytes of main memory that the process held at most, or of the GPU if that is more."""
    unit = 1 if sys.platform == "darwin" else 1024
    gpu = torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0
    return max(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit, gpu)
