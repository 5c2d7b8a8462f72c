"""The smallest model and data that training can run on, made by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from blockrec.diagnostics import Source, Span
from blockrec.graph.ir import Edge, Graph, Sink
from blockrec.language.values import Map
from blockrec.run.batches import Batch
from blockrec.run.optimizers import Optimizers, build_optimizers
from blockrec.run.settings import Train, train_settings
from blockrec.run.updater import Updater, build_updater

SPAN = Span(Source("toy.yaml", ""), 0, 0, 1)


class Loss(nn.Module):
    """Binary cross entropy with the prediction that belongs to it."""

    def forward(self, logits: Tensor, label: Tensor) -> Tensor:
        return nn.functional.binary_cross_entropy_with_logits(logits.squeeze(-1), label)

    def predict(self, logits: Tensor) -> Tensor:
        return logits.squeeze(-1).sigmoid()


class Toy(nn.Module):
    """Logit of an item: one table of `items` rows, a batch norm, a linear layer. Paths as in a compiled model."""

    def __init__(self, items: int = 20, width: int = 4, dropout: float = 0.0) -> None:
        super().__init__()
        self.tables = nn.ModuleDict({"main": nn.ModuleDict({"item": nn.Embedding(items, width)})})
        layers = {"norm": nn.BatchNorm1d(width), "drop": nn.Dropout(dropout), "logit": nn.Linear(width, 1)}
        self.nodes = nn.ModuleDict({"head": nn.ModuleDict(layers)})
        self.tasks = nn.ModuleDict({"click": Loss()})
        edge = Edge("head", "out", SPAN)
        task = Sink("click", "task", edge, label="click", metrics=("auc", "logloss"), loss="tasks.click")
        self.graph_ir = Graph("toy", {}, {}, {}, (task,))

    def logits(self, batch: Batch) -> Tensor:
        value: Tensor = self.get_submodule("tables.main.item")(batch["item"])
        for path in ("norm", "drop", "logit"):
            value = self.get_submodule(f"nodes.head.{path}")(value)
        return value

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        logits = self.logits(batch)
        return {"click": logits, "loss": self.get_submodule("tasks.click")(logits, batch["click"])}

    def only(self, *_names: str) -> nn.Module:
        return Predictor(self)


class Predictor(nn.Module):
    def __init__(self, toy: Toy) -> None:
        super().__init__()
        self.toy = toy

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        return {"click": self.toy.logits(batch)}


@dataclass
class Samples:
    """A split: items, users, and clicks that depend on the item."""

    rows: int = 100
    items: int = 20
    seed: int = 0

    def columns(self) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(self.seed)
        item = torch.randint(0, self.items, (self.rows,), generator=generator)
        user = torch.randint(0, 7, (self.rows,), generator=generator)
        click = (torch.rand(self.rows, generator=generator) < (0.2 + 0.6 * (item % 2))).float()
        return {"item": item, "user": user, "click": click}

    def steps(self, batch_size: int) -> int:
        return -(-self.rows // batch_size)

    def batches(
        self, batch_size: int, *, seed: int = 0, epoch: int = 0, start: int = 0, shuffle: bool = False, **_: Any
    ) -> Iterator[Batch]:
        columns = self.columns()
        order = torch.arange(self.rows)
        if shuffle:
            order = torch.randperm(self.rows, generator=torch.Generator().manual_seed(1000 * seed + epoch))
        for first in range(start * batch_size, self.rows, batch_size):
            yield {name: column[order[first : first + batch_size]] for name, column in columns.items()}


def section(**values: Any) -> Map:
    """A section of a model file, without places."""
    return Map(SPAN, {key: (SPAN, value, SPAN) for key, value in values.items()})


def settings(**values: Any) -> Train:
    return train_settings(section(**values))


def optimizers(model: nn.Module, **values: Any) -> Optimizers:
    return build_optimizers(model, settings(**values))


def updater(model: nn.Module, *, steps: int = 100, per_epoch: int = 10, **values: Any) -> Updater:
    return build_updater(model, settings(**values), steps=steps, per_epoch=per_epoch)
