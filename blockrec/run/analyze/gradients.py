"""Gradients of tables in two parts: what comes through attention, and the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from blockrec.graph.lower import Model
from blockrec.run.analyze.attention import Cuts
from blockrec.run.batches import Batch
from blockrec.run.gradients import by_row
from blockrec.run.optimizers import tables_of
from blockrec.run.updater import Updater


@dataclass(frozen=True)
class Part:
    """The rows of a table with a gradient that is not 0, sorted, and the gradient [n, d]."""

    rows: NDArray[np.int64]
    values: NDArray[np.float64]

    @property
    def norms(self) -> NDArray[np.float64]:
        """[n] Euclidean norms."""
        found: NDArray[np.float64] = np.sqrt(np.square(self.values).sum(1))
        return found


@dataclass(frozen=True)
class Parts:
    """Of a table. attention or rest has no rows where nothing comes that way."""

    attention: Part
    rest: Part


def split_gradients(model: Model, cuts: Cuts, batch: Batch, updater: Updater) -> Mapping[str, Parts]:
    """A forward and a backward pass: every parameter has its gradient; returned are the two parts for each table."""
    tables = {path: parameter for path, parameter in model.named_parameters() if path in tables_of(model)}
    waiting = {path: _taken(table) for path, table in tables.items()}
    with cuts.open(model):
        loss = model(batch)["loss"]
    scale = updater.scale.scale if updater.scale else 1.0
    cuts.backward_rest(loss * scale)
    rest = {path: _taken(table) for path, table in tables.items()}
    cuts.backward_attention()
    attention = {path: _taken(table) for path, table in tables.items()}
    for path, table in tables.items():
        found = [g for g in (waiting[path], rest[path], attention[path]) if g is not None]
        table.grad = sum(found[1:], found[0]) if found else None
    return {path: Parts(_part(attention[path], scale), _part(rest[path], scale)) for path in tables}


def _taken(parameter: nn.Parameter) -> Tensor | None:
    gradient, parameter.grad = parameter.grad, None
    return gradient


def _part(gradient: Tensor | None, scale: float) -> Part:
    if gradient is None:
        return Part(np.zeros(0, np.int64), np.zeros((0, 1)))
    if gradient.is_sparse:
        gradient = by_row(gradient)
        rows, values = gradient._indices()[0], gradient._values()
    else:
        rows, values = torch.arange(len(gradient), device=gradient.device), gradient
    kept = values.ne(0).any(1)
    return Part(rows[kept].cpu().numpy(), values[kept].cpu().double().numpy() / scale)
