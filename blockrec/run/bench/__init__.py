"""How fast a model trains and predicts on this machine, and where the time and the memory go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from blockrec.language.files import packaged_models
from blockrec.run.bench.memory import memory_of
from blockrec.run.bench.result import Bench
from blockrec.run.bench.timing import Training, predictions_a_second
from blockrec.run.checkpoint import load_weights
from blockrec.run.find import find_checkpoint, seek_run
from blockrec.run.heap import keep_freed_memory
from blockrec.run.log import Log
from blockrec.run.names import RESOLVED
from blockrec.run.prepare import Job, Wishes, prepare
from blockrec.run.profile import profile_job

__all__ = ["Bench", "bench"]

WARM = 3
"""Steps before any is counted: the first ones compile kernels and fill the allocator."""


def bench(
    model: str | Path | Mapping[str, Any],
    *,
    steps: int = 30,
    reference: bool = True,
    variants: Sequence[str] = (),
    sets: Sequence[str] = (),
    data: str | None = None,
    imports: Sequence[str | Path] = (),
    device: str | None = None,
    console: Console | None = None,
) -> Bench:
    """Train for `steps` steps on the model's own batches, and measure. Nothing is written.

    model: as for `run`, or a run by its directory or name, whose best weights it then has. reference: train a second
    copy with the reference kernels, step by step in turn with the first one, so that both meet the same machine. The
    others: as for `run`. Raises `BlockrecError`.
    """
    keep_freed_memory()
    log = Log(console)
    run = _run_directory(model)
    wishes = Wishes(variants, sets, data, imports, steps=WARM + steps, device=device)
    job = _job(model, run, wishes, log)
    trainings = [Training(job)]
    trainings[0].steps_done(WARM)
    memory = memory_of(job)
    plain = _reference(model, run, wishes, job) if reference else None
    if plain is not None:
        trainings.append(Training(plain))
        trainings[1].steps_done(WARM)
    log.say(f"training {steps} steps of {job.feed.batch_size:,} samples{', twice' if plain else ''}")
    for _ in range(steps):
        for training in trainings:
            training.steps_done(1)
    return Bench(
        name=job.document.name,
        data=job.document.card or job.document.name,
        device=str(job.device),
        threads=torch.get_num_threads(),
        precision=job.train.precision,
        batch_size=job.feed.batch_size,
        steps=trainings[0].measured(WARM),
        reference=trainings[1].measured(WARM) if plain else None,
        predicts=predictions_a_second(job),
        memory=memory,
        kernels={f"{c.node} {c.op}": c.bound for c in job.kernels},
        nodes=profile_job(job, log),
    )


def _run_directory(model: Any) -> Path | None:
    if not isinstance(model, str | Path) or "\n" in str(model):
        return None
    return None if Path(model).is_file() or str(model) in packaged_models() else seek_run(model)


def _job(model: Any, run: Path | None, wishes: Wishes, log: Log) -> Job:
    job = prepare(run / RESOLVED if run else model, wishes, log)
    if run:
        load_weights(find_checkpoint(run), job.model)
    return job


def _reference(model: Any, run: Path | None, wishes: Wishes, job: Job) -> Job | None:
    """The same with reference kernels; None if it has no others anyway."""
    if all(choice.bound == "reference" for choice in job.kernels):
        return None
    quiet = Log(Console(quiet=True))
    return _job(model, run, replace(wishes, sets=[*wishes.sets, "kernels=reference"]), quiet)
