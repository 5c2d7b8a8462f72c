"""One training from its first step, or from a checkpoint, to its result: keeps checkpoints, stops when asked to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from blockrec.run.checkpoint import Snapshot, load_weights, read_training, save_checkpoint
from blockrec.run.directory import RunDirectory
from blockrec.run.facts import facts, peak_memory
from blockrec.run.finite import check_weights
from blockrec.run.interrupt import Interrupt
from blockrec.run.log import Log
from blockrec.run.loop import Loop, Step
from blockrec.run.measuring import Measuring
from blockrec.run.prepare import Job
from blockrec.run.progress import Display
from blockrec.run.record import Record
from blockrec.run.result import Measured, RunResult
from blockrec.run.seed import random_state, set_random_state
from blockrec.run.settings import Period
from blockrec.run.watch import trained_part
from blockrec.run.weights import weights_of


@dataclass
class Session:
    """`begin()`, `train()`, then `result()`.

    due: whether a checkpoint has to be written at the next moment when no gradients wait.
    """

    job: Job
    directory: RunDirectory
    log: Log
    display: Display
    interrupt: Interrupt
    record: Record = field(default_factory=Record)
    due: bool = False
    loop: Loop = field(init=False)
    measuring: Measuring = field(init=False)

    def __post_init__(self) -> None:
        job = self.job
        self.loop = Loop(trained_part(job.model), job.updater, job.feed, job.plan, job.device)
        self.measuring = Measuring(job, self.directory, self.log, self.display, self.interrupt, self.loop, self.record)

    def train(self) -> None:
        """All steps of the plan, or until there is no use in more of them, or the user asks to stop.

        What is due, a measurement or a checkpoint, waits until no gradients do. The last step is always saved.
        """
        if self.record.due:
            self._settle(self._step_done())
        if self.loop.done >= self.job.plan.steps or self._exhausted:
            return
        for step in self.loop.steps():
            self.record.rows += step.rows
            self.display.update(step, self.loop.clock.training, self.loop.losses.latest)
            self.record.due |= step.ends_run or _falls(self.job.evaluation.every, step)
            self.due |= step.ends_run or _falls(self.job.train.checkpoint.every, step)
            if not step.settled:
                continue
            self._settle(step)
            if self.interrupt.requested or self._exhausted:
                return

    @property
    def _exhausted(self) -> bool:
        return self.measuring.patience is not None and self.measuring.patience.exhausted

    def _settle(self, step: Step) -> None:
        """Measure and save, if it is time."""
        best = None
        if self.record.due and not self.interrupt.requested:
            self.loop.check_losses()
            best = self.measuring.measure(step)
            self.record.due = best is None
        if best or self.due or self.interrupt.requested or self._exhausted:
            self._save(step, ["best", "last"] if best else ["last"])
            self.due = False

    def _save(self, step: Step, links: Iterable[str]) -> None:
        self.loop.check_losses()
        job, place = self.job, divmod(step.number, self.job.plan.per_epoch)
        with job.updater.averaged(job.model):
            weights = weights_of(job.model)
        check_weights(job.model, weights, step.number, self.loop.checkpoint)
        patience = self.measuring.patience
        state = {
            "step": step.number,
            "epoch": step.epoch,
            "loader": {"seed": job.seed, "epoch": place[0], "batch": place[1]},
            **self.record.to_json(),
            "early_stop": patience and patience.to_json(),
            "losses": {"total": self.loop.losses.total, "count": self.loop.losses.count},
            "seconds": dict(self.loop.clock.seconds),
            "metrics_bytes": self.directory.flush_metrics(),
        }
        training = {"updater": job.updater.state_dict(), "random": random_state(job.device)}
        snapshot = Snapshot(weights, training, state)
        with self.directory.writing(self.directory.checkpoints):
            save_checkpoint(self.directory.checkpoints, snapshot, links, job.train.checkpoint.states)
        self.loop.checkpoint = self.directory.checkpoints / "last"

    def begin(self, checkpoint: Path | None) -> None:
        """At the first step, or by becoming what the session was that wrote `checkpoint`."""
        if checkpoint is None:
            self.directory.cut_metrics(0)
            return
        job, loop = self.job, self.loop
        training, state = read_training(checkpoint)
        load_weights(checkpoint, job.model)
        job.updater.load_state_dict(training["updater"])
        self.record.load(state)
        if self.record.best is not None and not (self.directory.checkpoints / "best").is_dir():
            self.log.say(f"{'':<10} the best state, of step {self.record.best.step:,}, is lost: it is chosen anew")
            self.record.best = None
        if self.measuring.patience is not None and state["early_stop"] is not None:
            self.measuring.patience.load(state["early_stop"])
        loop.done, loop.checkpoint = state["step"], self.directory.checkpoints / "last"
        loop.losses.total, loop.losses.count = state["losses"]["total"], state["losses"]["count"]
        loop.clock.seconds.update(state["seconds"])
        self.display.state.rows = self.record.rows
        self.directory.cut_metrics(state["metrics_bytes"])
        set_random_state(training["random"], job.device)

    def _step_done(self) -> Step:
        """The step that was done last, with its batch, which watched values are seen on."""
        loop, per_epoch = self.loop, self.job.plan.per_epoch
        epoch, place = divmod(loop.done - 1, per_epoch)
        loop.batch = loop.batch or self.job.batch_at(epoch, place)
        return Step(loop.done, epoch + 1, 0, place + 1 == per_epoch, loop.done == self.job.plan.steps, True)

    def result(self) -> RunResult:
        """The best checkpoint (without valid samples: the last weights) on test, and all that was counted."""
        record, clock = self.record, self.loop.clock
        metrics: dict[str, float] = dict((record.best or record.last or Measured(0, {})).metrics)
        if not self.interrupt.requested:
            metrics |= self._test()
        return RunResult(
            name=self.job.document.name,
            metrics=metrics,
            best=record.best,
            last=record.last,
            steps=self.loop.done,
            rows=record.rows,
            rows_per_second=record.rows / clock.training if clock.training else 0.0,
            peak_memory_bytes=peak_memory(),
            seconds=dict(clock.seconds),
            directory=self.directory.path,
            interrupted=self.interrupt.requested,
            undefined=tuple(record.undefined),
            alarms=tuple(record.alarms.raised.values()),
            stopped=str(self.measuring.patience) if self._exhausted else "",
            tested=self._why_last() if any(path.startswith("test/") for path in metrics) else "",
            picked_by=self.measuring.goal.path if self.measuring.goal else None,
            facts=facts(self.job),
        )

    def _test(self) -> Mapping[str, float]:
        """Of the best state, else of the last one; with averaged weights where these are what is measured."""
        best = self.record.best
        if best is not None:
            load_weights(self.directory.checkpoints / "best", self.job.model)
            return self.measuring.test(self._at(best.step))
        with self.job.updater.averaged(self.job.model):
            return self.measuring.test(self._at(self.loop.done))

    def _why_last(self) -> str:
        """Why the last weights are tested; nothing if there are better ones."""
        if self.record.best is not None:
            return ""
        valid = self.job.dataset.splits.get("valid")
        why = "nothing measured on valid picks a best state" if valid and valid.rows else "there are no valid samples"
        return f"the weights of the last step: {why}"

    def _at(self, number: int) -> Step:
        return Step(number, -(-number // self.job.plan.per_epoch), 0, False, False, True)


def _falls(period: Period, step: Step) -> bool:
    """Does a period end with this step?"""
    if period.unit == "step":
        return step.number % period.count == 0
    return step.ends_epoch and step.epoch % period.count == 0
