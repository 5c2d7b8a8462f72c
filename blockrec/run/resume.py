"""`--resume`: a run goes on in its own directory, from a checkpoint, as if it had never stopped."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from blockrec.diagnostics import fail
from blockrec.disk import replace_text
from blockrec.run.begun import Begun
from blockrec.run.checkpoint import FILES, best_of, go_back, steps_in
from blockrec.run.checksums import check_files, damage, step_of
from blockrec.run.directory import RunDirectory, environment
from blockrec.run.find import find_run, own_checkpoint
from blockrec.run.lock import held
from blockrec.run.log import Log
from blockrec.run.names import BEGUN, CHECKPOINTS, RESOLVED
from blockrec.run.prepare import Wishes, read_document
from blockrec.run.ready import ready
from blockrec.run.result import RunResult
from blockrec.run.same import check_data, check_document, environment_changes
from blockrec.run.training import carry_out
from blockrec.run.warm import warm_start

NEWEST = "last"
ModelSource = str | Path | Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """A run and the checkpoint to go on from; None: it was stopped before the first one. named: by the user."""

    run: Path
    checkpoint: Path | None
    named: bool = False

    @property
    def step(self) -> int:
        return step_of(self.checkpoint) if self.checkpoint else 0


def resume(
    model: ModelSource | None, word: str | Path, wishes: Wishes, log: Log, runs_dir: str | Path = "runs"
) -> RunResult:
    """Go on with the run that `word` names: a run directory, one of its checkpoints, a model's name, or `last`.

    model: what is to be trained; None for the run's own document. Its graph and its data have to be the run's (E703);
    settings of `train` and `eval` may be others. Raises `BlockrecError`, E009 if there is no such run, E707 if the
    checkpoint is damaged.
    """
    place = find_place(word, _name(model, wishes), Path(runs_dir))
    run, begun = place.run, Begun.read(place.run)
    _check_whole(place)
    source = model if model is not None else run / RESOLVED
    changes = check_document(source, wishes, run)
    job = ready(source, begun.merged(wishes), log)
    check_data(job, run)
    with held(run):
        if place.checkpoint is not None:
            go_back(run / CHECKPOINTS, place.checkpoint)
        elif begun.warm_start is not None:
            warm_start(job, begun.warm_start, log, runs_dir)
        directory = RunDirectory(run, place.step)
        log.write_to(directory.log)
        log.say(f"{'resumed':<10} {run} after step {place.step:,}")
        for change in [*changes, *environment_changes(run, environment())]:
            log.say(f"{'':<10} {change}")
        replace_text(run / RESOLVED, job.document.to_yaml())
        said = {name: getattr(begun.merged(wishes), name) for name in ("epochs", "steps", "device")}
        directory.write_json(BEGUN, replace(begun, **said).to_json())
        return carry_out(job, directory, log, place.checkpoint)


def find_place(word: str | Path, name: str | None, runs_dir: Path) -> Place:
    """What `--resume WORD` means for a model of that name; E009 if there is nothing to go on with."""
    own = own_checkpoint(word)
    if own is not None:
        return Place(own.parents[1], own.parent / own.resolve().name, named=True)
    run = find_run(_latest(name, runs_dir) if str(word) == NEWEST else word, runs_dir)
    return Place(run, _newest(run / CHECKPOINTS))


def _latest(name: str | None, runs_dir: Path) -> Path:
    """The run that began last: of a model, or of all."""
    links = [runs_dir / name / "latest"] if name is not None else [*runs_dir.glob("*/latest")]
    runs = [link.parent / link.resolve().name for link in links if link.is_dir()]
    if not runs:
        of = f" of `{name}`" if name else ""
        help = "name its directory: `--resume DIR`; without `--resume` a run begins"
        raise fail("E009", f"there is no run{of} in `{runs_dir}`", help=help)
    return max(runs, key=lambda run: run.name)


def _newest(folder: Path) -> Path | None:
    """What `last` points to; without that link the newest state."""
    last = folder / "last"
    if last.is_symlink():
        return folder / last.readlink()
    return next(reversed(steps_in(folder)), None)


def _check_whole(place: Place) -> None:
    """The checkpoint and the best one that it knows are as they were written; E707.

    A damaged best state, which is only tested at the end, is given up if the user has named the checkpoint.
    """
    if place.checkpoint is None:
        return
    check_files(place.checkpoint, *FILES)
    best = best_of(place.checkpoint)
    wrong = "" if best is None else damage(place.checkpoint.with_name(f"step-{best}"))
    if wrong and not place.named:
        help = f"`blockrec run --resume {place.checkpoint}` goes on without it, and the best state is chosen anew"
        raise fail("E707", f"the best state of `{place.run}`, `step-{best}`, is damaged: {wrong}", help=help)
    if wrong:
        shutil.rmtree(place.checkpoint.with_name(f"step-{best}"), ignore_errors=True)


def _name(model: ModelSource | None, wishes: Wishes) -> str | None:
    return read_document(model, wishes).name if model is not None else None
