"""Measuring a model while it is trained: metrics, watched values, alarms, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass, field

from blockrec.run.batches import Split
from blockrec.run.catalogue import Ranker, ranker_of
from blockrec.run.directory import RunDirectory
from blockrec.run.evaluate import Scores, evaluate
from blockrec.run.goals import Goal, Patience, goal_of
from blockrec.run.interrupt import Interrupt
from blockrec.run.log import Log
from blockrec.run.loop import Loop, Step
from blockrec.run.prepare import Job
from blockrec.run.progress import Display
from blockrec.run.record import Record
from blockrec.run.result import Measured
from blockrec.run.tracked import Tracked
from blockrec.run.train_sample import TrainSample
from blockrec.run.watch import Look, Watched, look_at, watched_in

NOTHING = Scores({})


@dataclass
class Measuring:
    """goal: picks the best state; patience: stops early; slower: lowers the learning rates; ranker: ranks all items.

    None where nothing does.
    """

    job: Job
    directory: RunDirectory
    log: Log
    display: Display
    interrupt: Interrupt
    loop: Loop
    record: Record
    goal: Goal | None = field(init=False)
    patience: Patience | None = field(init=False)
    slower: Goal | None = field(init=False)
    watched: tuple[Watched, ...] = field(init=False)
    ranker: Ranker | None = field(init=False)

    def __post_init__(self) -> None:
        train, tasks = self.job.train, self.job.tasks
        self.watched = watched_in(self.job.graph)
        self.ranker = ranker_of(self.job.dataset, self.job.evaluation, self.log.say)
        for doubt in self.ranker.doubts(self.job.model, tasks) if self.ranker else ():
            self.log.say(doubt)
        self.goal = goal_of(tasks, train.checkpoint.best)
        stop = train.early_stop
        target = goal_of(tasks, stop.metric or train.checkpoint.best) if stop else None
        self.patience = Patience(target, stop.patience, stop.least) if stop and target else None
        plateau = self.job.updater.plateau
        self.slower = goal_of(tasks, plateau.metric or train.checkpoint.best) if plateau else None

    def measure(self, step: Step) -> bool | None:
        """Measure after a step: is this the best state yet? None if the user stopped it; then it has left no trace."""
        with self.job.updater.averaged(self.job.model):
            look = Look(self.watched)
            scores, trained = self._scores("valid", look), self._scores("train", Look(()))
            if scores is None or trained is None:
                return None
            mean = self.loop.losses.mean()
            self._write("train", step, {"loss": mean, "lr": self.job.updater.lr})
            if self.watched:
                self._note("train", step, look_at(self.job.model, self.loop.batch, self.watched))
        self._keep("train", step, trained)
        if scores is NOTHING:
            return False
        self._note("valid", step, look)
        self._keep("valid", step, scores)
        self.record.last = Measured(step.number, scores.metrics)
        self._show(step, mean, scores)
        return self._follow(scores)

    def test(self, step: Step) -> dict[str, float]:
        """Metrics of the weights that the model has now, those of the state after `step`, on `test`."""
        scores = self._scores("test", Look(()))
        if scores is None or scores is NOTHING:
            return {}
        self._keep("test", step, scores)
        return scores.metrics

    def _scores(self, split: str, look: Look) -> Scores | None:
        """Metrics on a split; None if the user stops it."""
        job = self.job
        samples: Split | None = job.dataset.splits.get(split)
        if split == "train":
            samples = TrainSample(job.dataset.splits[split], job.evaluation.train)
        if samples is None or not samples.rows or not (job.tasks or look.watched):
            return NOTHING
        stop = lambda: self.interrupt.requested  # noqa: E731 - a one-word question
        with self.loop.clock.time("eval"):
            return evaluate(
                job.model,
                Tracked(samples, split, self.log, bar=False),
                split,
                job.tasks,
                batch_size=job.eval_batch_size,
                device=job.device,
                stop=stop,
                look=look,
                ranker=self.ranker if split != "train" else None,
            )

    def _keep(self, split: str, step: Step, scores: Scores) -> None:
        for path, value in scores.metrics.items():
            _, task, metric = path.split("/", 2)
            self._write(split, step, {metric: value}, task)
        for path, details in scores.details.items():
            _, task, metric = path.split("/", 2)
            self.directory.write_details(
                step=step.number, epoch=step.epoch, split=split, task=task, metric=metric, details=details
            )
        for reason in scores.undefined:
            if reason not in self.record.undefined:
                self.record.undefined[reason] = None
                self.log.say(reason)

    def _write(self, split: str, step: Step, values: dict[str, float], task: str | None = None) -> None:
        for metric, value in values.items():
            self.directory.write_metric(
                step=step.number, epoch=step.epoch, split=split, task=task, metric=metric, value=value
            )

    def _note(self, split: str, step: Step, look: Look) -> None:
        """Write what was seen of watched values; alarms look at `valid`, or at `train` if there is no other split."""
        for watched in look.watched:
            stream = look.streams[watched.name]
            self.directory.write_watch(watched.name, stream, step=step.number, epoch=step.epoch, split=split)
        valid = self.job.dataset.splits.get("valid")
        if split == ("valid" if valid is not None and valid.rows else "train"):
            epochs = step.number / self.job.plan.per_epoch
            for raised in self.record.alarms.check(look, split, step=step.number, epochs=epochs):
                self.log.say(str(raised))

    def _show(self, step: Step, loss: float, scores: Scores) -> None:
        values = " ".join(f"{path} {value:.4f}" for path, value in scores.metrics.items())
        self.log.say(f"step {step.number:,} epoch {step.epoch} train/loss {loss:.4f} {values}")
        self.display.state.metric = next(iter(scores.metrics.items()), None)

    def _follow(self, scores: Scores) -> bool:
        """Count for early stopping and learning rates; is this the best state yet?"""
        if self.patience is not None:
            self.patience.observe(scores.metrics)
        self._slow_down(scores)
        if self.goal is None or self.goal.path not in scores.metrics:
            return False
        before = self.record.best.metrics[self.goal.path] if self.record.best else None
        if not self.goal.better(scores.metrics[self.goal.path], before):
            return False
        self.record.best = self.record.last
        return True

    def _slow_down(self, scores: Scores) -> None:
        plateau, goal = self.job.updater.plateau, self.slower
        if plateau is None or goal is None or goal.path not in scores.metrics:
            return
        if plateau.observe(scores.metrics[goal.path], goal.better):
            self.log.say(f"{goal.path} has not improved: learning rates times {plateau.factor:g} from now on")
