"""Checkpoints that are whole or absent: written beside, flushed to disk, then renamed.

`checkpoints/step-N` holds the files, `best` and `last` are links to such folders, replaced in one operation.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from blockrec.diagnostics import fail
from blockrec.run.updater import Updater
from blockrec.run.weights import weights_of

WEIGHTS, OPTIMIZER, STATE = "model.safetensors", "optimizer.pt", "training.json"
LINKS = ("best", "last")


def save_checkpoint(
    folder: Path, model: nn.Module, updater: Updater, state: Mapping[str, Any], links: Iterable[str]
) -> Path:
    """Write `folder/step-<state["step"]>` and let `links` point to it; steps that nothing points to are removed."""
    target = folder / f"step-{state['step']}"
    if not target.exists():
        _write(folder / f".{target.name}.part", target, model, updater, state)
    for link in links:
        _point(folder / link, target)
    _remove_unused(folder)
    return target


def load_weights(checkpoint: Path, model: nn.Module) -> None:
    """Read the weights of a checkpoint folder into the model; E703 if they are not the model's."""
    saved, own = load_file(checkpoint / WEIGHTS), model.state_dict()
    wrong = sorted(saved.keys() ^ own.keys()) or sorted(k for k in own if own[k].shape != saved[k].shape)
    if wrong:
        names = ", ".join(f"`{name}`" for name in wrong[:3])
        raise fail("E703", f"{checkpoint} does not fit the model: {len(wrong)} weights differ, e.g. {names}")
    model.load_state_dict(saved)


def load_optimizers(checkpoint: Path, updater: Updater) -> dict[str, Any]:
    """Read the state of the updater; returns the state of the training."""
    updater.load_state_dict(torch.load(checkpoint / OPTIMIZER, map_location="cpu", weights_only=True))
    state: dict[str, Any] = json.loads((checkpoint / STATE).read_text("utf-8"))
    return state


def _write(part: Path, target: Path, model: nn.Module, updater: Updater, state: Mapping[str, Any]) -> None:
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        save_file(weights_of(model), part / WEIGHTS)
        torch.save(updater.state_dict(), part / OPTIMIZER)
        (part / STATE).write_text(json.dumps(dict(state), indent=1), "utf-8")
        for file in (*part.iterdir(), part):
            _flush(file)
        part.rename(target)
        _flush(target.parent)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _point(link: Path, target: Path) -> None:
    fresh = link.with_name(f".{link.name}.link")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target.name, target_is_directory=True)
    fresh.replace(link)


def _remove_unused(folder: Path) -> None:
    used = {(folder / link).resolve() for link in LINKS if (folder / link).is_symlink()}
    for step in folder.glob("step-*"):
        if step.resolve() not in used:
            shutil.rmtree(step)
