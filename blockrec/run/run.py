"""A run: from a model file and data to a trained, measured model and its directory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from blockrec.diagnostics import BlockrecError
from blockrec.run.directory import create_directory, new_directory
from blockrec.run.heap import keep_freed_memory
from blockrec.run.interrupt import interruptible
from blockrec.run.log import Log
from blockrec.run.prepare import Job, Wishes, prepare
from blockrec.run.progress import Display
from blockrec.run.result import RunResult
from blockrec.run.session import Session, dry_result
from blockrec.run.smoke import smoke_step
from blockrec.run.summary import say_beginning
from blockrec.run.weights import weights_of


def run(
    model: str | Path | Mapping[str, Any],
    *,
    variants: Sequence[str] = (),
    sets: Sequence[str] = (),
    data: str | None = None,
    imports: Iterable[str | Path] = (),
    epochs: int | None = None,
    steps: int | None = None,
    device: str | None = None,
    seed: int | None = None,
    runs_dir: str | Path = "runs",
    dry_run: bool = False,
    console: Console | None = None,
) -> RunResult:
    """Train a model, measure it, and leave everything in `<runs_dir>/<name>/<time>-<hash>/`.

    model: a path, the name of a packaged model, YAML text or a mapping. variants, sets, data, imports: as on the
    command line. epochs, steps, device, seed: before what the file says. dry_run: up to one batch, nothing is written.
    console: where progress goes; default stderr. Raises `BlockrecError` for a user's mistake (nothing is written then)
    and for a run that cannot go on (E701, E702).
    """
    log = Log(console)
    wishes = Wishes(variants, sets, data, imports, epochs, steps, device, seed)
    if dry_run:
        return dry_result(ready(model, wishes, log))
    return train(model, wishes, log, lambda job: new_directory(runs_dir, job.document, job.seed))


def ready(model: str | Path | Mapping[str, Any], wishes: Wishes, log: Log) -> Job:
    """All that training needs, tried on one batch."""
    keep_freed_memory()
    job = prepare(model, wishes, log)
    say_beginning(job, log)
    weights_of(job.model)
    smoke_step(job.model, job.first_batch())
    return job


def train(model: str | Path | Mapping[str, Any], wishes: Wishes, log: Log, place: Callable[[Job], Path]) -> RunResult:
    """A run in the empty directory that `place` makes."""
    job = ready(model, wishes, log)
    directory = create_directory(job.document, job.graph, model, lambda: place(job))
    log.write_to(directory.log)
    log.say(f"{'run':<10} {directory.path}")
    job.dataset.save_vocabularies(directory.path / "vocabularies")
    try:
        with interruptible(log.say) as interrupt, Display(log, job.plan) as display:
            session = Session(job, directory, log, display, interrupt)
            session.train()
            result = session.result()
    except BlockrecError as error:
        log.keep(str(error))
        raise
    directory.write_json("result.json", result.to_json())
    log.keep(str(result))
    return result
