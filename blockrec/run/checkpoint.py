"""Checkpoints that are whole or absent: written beside, flushed to disk, then renamed.

`checkpoints/step-N` holds the files and their checksums; `best` and `last` are links to such folders, replaced in one
operation. A folder is taken away under another name, so that what is called `step-N` is complete at any moment.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from blockrec.diagnostics import fail
from blockrec.disk import point
from blockrec.run.checksums import check_files, step_of, write_checksums

WEIGHTS, TRAINING, STATE = "model.safetensors", "training.pt", "training.json"
FILES = (WEIGHTS, TRAINING, STATE)
"""Of a checkpoint, beside their checksums."""
LINKS = ("best", "last")


@dataclass(frozen=True)
class Snapshot:
    """A moment of a training.

    weights: by path, those that are measured. training: tensors and numbers without which it cannot go on (updater,
    random numbers). state: what people may want to read, as JSON: `step`, and `best`, the step of the best state yet.
    """

    weights: Mapping[str, Tensor]
    training: Mapping[str, Any]
    state: Mapping[str, Any]

    @property
    def step(self) -> int:
        return int(self.state["step"])


def save_checkpoint(folder: Path, snapshot: Snapshot, links: Iterable[str], keep: int = 0) -> Path:
    """Write `folder/step-N` and let `links` point to it; `keep` states before it stay, others that no link needs go.

    One that is there already is the state that this process began with, before a measurement that was still to come:
    going on from it comes to the same. Raises `OSError` if it cannot be written; then what was there before still is.
    """
    target = folder / f"step-{snapshot.step}"
    _clean(folder)
    if not target.exists():
        _write(folder / f".{target.name}.part", target, snapshot)
    for link in links:
        point(folder / link, target)
    _flush(folder)
    _remove_unused(folder, keep)
    return target


def load_weights(checkpoint: Path, model: nn.Module) -> None:
    """Read the weights of a checkpoint folder into the model; E703 if they are not the model's, E707 if damaged."""
    saved, own = read_weights(checkpoint), model.state_dict()
    wrong = sorted(saved.keys() ^ own.keys()) or sorted(k for k in own if own[k].shape != saved[k].shape)
    if wrong:
        names = ", ".join(f"`{name}`" for name in wrong[:3])
        raise fail("E703", f"{checkpoint} does not fit the model: {len(wrong)} weights differ, e.g. {names}")
    model.load_state_dict(saved)


def read_weights(checkpoint: Path) -> dict[str, Tensor]:
    """The weights of a checkpoint by path; E707 if the file is not as it was written."""
    check_files(checkpoint, WEIGHTS)
    return load_file(checkpoint / WEIGHTS)


def read_training(checkpoint: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """`training` and `state` of the snapshot; E707 if a file is not as it was written."""
    check_files(checkpoint, TRAINING, STATE)
    training: dict[str, Any] = torch.load(checkpoint / TRAINING, map_location="cpu", weights_only=True)
    return training, _state(checkpoint)


def go_back(folder: Path, target: Path) -> None:
    """Make `target` the last checkpoint: the links point to it and to the best one it knows, if that is still there.

    Newer ones are removed.
    """
    best = best_of(target)
    point(folder / "last", target)
    if best is None or not (folder / f"step-{best}").is_dir():
        (folder / "best").unlink(missing_ok=True)
    else:
        point(folder / "best", folder / f"step-{best}")
    _flush(folder)
    for step in [s for s in steps_in(folder) if step_of(s) > step_of(target)]:
        _remove(step)
    _clean(folder)


def best_of(checkpoint: Path) -> int | None:
    """The step of the best state that a checkpoint knows; None also for one that cannot be read."""
    try:
        return _state(checkpoint).get("best")
    except (OSError, ValueError):
        return None


def steps_in(folder: Path) -> list[Path]:
    """The checkpoints, oldest first."""
    return sorted(folder.glob("step-*"), key=step_of)


def _state(checkpoint: Path) -> dict[str, Any]:
    state: dict[str, Any] = json.loads((checkpoint / STATE).read_text("utf-8"))
    return state


def _write(part: Path, target: Path, snapshot: Snapshot) -> None:
    part.mkdir(parents=True)
    try:
        save_file(dict(snapshot.weights), part / WEIGHTS)
        _save_tensors(dict(snapshot.training), part / TRAINING)
        (part / STATE).write_text(json.dumps(dict(snapshot.state), indent=1), "utf-8")
        write_checksums(part)
        for file in (*part.iterdir(), part):
            _flush(file)
        part.rename(target)
        _flush(target.parent)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _save_tensors(value: dict[str, Any], path: Path) -> None:
    """As `torch.save`, which hides why the system refuses to write behind an error of its own."""
    try:
        with path.open("wb") as file:
            torch.save(value, file)
    except RuntimeError as error:
        if isinstance(error.__context__, OSError):
            raise error.__context__ from None
        raise


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_unused(folder: Path, keep: int) -> None:
    """What stays: what links point to, `keep` states before the last one, and the best that each of these knows."""
    linked = {(folder / link).resolve().name for link in LINKS if (folder / link).is_symlink()}
    steps = steps_in(folder)
    used = linked | {step.name for step in steps[-1 - keep :]}
    used |= {f"step-{best}" for name in used if (best := best_of(folder / name)) is not None}
    for step in steps:
        if step.name not in used:
            _remove(step)


def _remove(step: Path) -> None:
    """Its name goes first: a checkpoint is never there in part."""
    gone = step.with_name(f".{step.name}.gone")
    step.rename(gone)
    shutil.rmtree(gone)


def _clean(folder: Path) -> None:
    """Take away what a process that was killed has left."""
    for left in folder.glob(".*step-*"):
        if left.is_symlink():
            left.unlink()
        else:
            shutil.rmtree(left)
