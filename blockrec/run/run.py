"""A run: from a model file and data to a trained, measured model and its directory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from blockrec.diagnostics import fail
from blockrec.run.begun import Begun
from blockrec.run.directory import create_directory, known_before, link_latest, new_directory
from blockrec.run.facts import dry_result
from blockrec.run.files import check_takes_files
from blockrec.run.lock import held
from blockrec.run.log import Log
from blockrec.run.prepare import Job, Wishes
from blockrec.run.profile import profiled
from blockrec.run.ready import ready
from blockrec.run.result import RunResult
from blockrec.run.resume import resume as go_on
from blockrec.run.synthetic import check_wish
from blockrec.run.synthetic import synthetic as on_generated_data
from blockrec.run.training import carry_out
from blockrec.run.warm import warm_start as take_weights


def run(
    model: str | Path | Mapping[str, Any] | None = None,
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
    synthetic: bool = False,
    profile: bool = False,
    dry_run: bool = False,
    resume: str | Path | None = None,
    warm_start: str | Path | None = None,
    console: Console | None = None,
) -> RunResult:
    """Train a model, measure it, and leave everything in `<runs_dir>/<name>/<time>-<hash>/`.

    model: a path, the name of a packaged model, YAML text or a mapping; may be left out to resume a run as it is.
    variants, sets, data, imports: as on the command line. epochs, steps, device, seed: before what the file says.
    synthetic: on generated data, whatever the file says. profile: time each node at the end. dry_run: up to one
    batch, nothing is written. resume: a run to go on with, in its own directory: the directory, one of its
    checkpoints, a model's name, or `last`. warm_start: a run whose weights, where they fit, come before the first
    step. console: where progress goes; default stderr.
    Raises `BlockrecError` for a user's mistake (nothing is written then) and for a run that cannot go on (E501, E701,
    E702, E705, E707, E708).
    """
    log = Log(console)
    wishes = Wishes(variants, sets, data, imports, epochs, steps, device, seed, profile=profile)
    if synthetic:
        check_wish(data, resumed=resume is not None)
    if resume is not None:
        if dry_run or warm_start is not None:
            other = "a dry run" if dry_run else "a warm start"
            raise fail("E706", f"a run that is resumed cannot be {other}", help="leave one of the two out")
        return go_on(model, resume, wishes, log, runs_dir)
    if model is None:
        raise fail("E706", "there is no model to run", help="name a model file, or `--resume` a run")
    if synthetic:
        wishes = on_generated_data(model, wishes, log)
    if dry_run:
        job = ready(model, wishes, log)
        return profiled(dry_result(job), job, log)
    check_takes_files(Path(runs_dir))
    return train(
        model,
        wishes,
        log,
        lambda job: new_directory(runs_dir, job.document, job.seed),
        warm_start=warm_start,
        runs_dir=runs_dir,
        settled=link_latest,
    )


def train(
    model: str | Path | Mapping[str, Any],
    wishes: Wishes,
    log: Log,
    place: Callable[[Job], Path],
    *,
    warm_start: str | Path | None = None,
    runs_dir: str | Path = "runs",
    settled: Callable[[Path], None] = lambda _: None,
) -> RunResult:
    """A run in a new directory, whose path `place` says; `settled` is called when it is there."""
    job = ready(model, wishes, log)
    source = take_weights(job, warm_start, log, runs_dir) if warm_start is not None else None
    begun = Begun.of(wishes, job.seed, source)
    files = known_before(job.document, job.graph, model, begun.to_json())
    directory = create_directory(place(job), files, job.save_data)
    settled(directory.path)
    with held(directory.path):
        log.write_to(directory.log)
        log.say(f"{'run':<10} {directory.path}")
        return carry_out(job, directory, log)
