"""DARE, TWIN and DIN in plain torch, as the code published with the paper trains them (thuml/DARE).

Histories are padded on the left with id 0, whose rows are trained like others; every role makes its own lookups, each
with a gradient as large as its table; positions are looked up for every row; the two stages of the search compute
scores twice, and the second pools all T rows, though the weights of all but k are zero; Adam moves every row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import nll_loss

from blockrec.jagged import Jagged

Kind = Literal["dare", "twin", "din"]
MASKED, POSITIONS, SCORING, SHIFT = -(2.0**32) + 1, 2000, 36, 1e-8


@dataclass(frozen=True)
class Left:
    """A batch with histories padded on the left: item, category, click [b]; items, categories, places, valid [b, T].

    places: T for the oldest step, 1 for the newest.
    """

    item: Tensor
    category: Tensor
    click: Tensor
    items: Tensor
    categories: Tensor
    places: Tensor
    valid: Tensor


def padded_left(batch: Mapping[str, Tensor | Jagged], length: int) -> Left:
    """The padded form of a batch of the zoo's models."""
    steps = batch["behaviors.item"]
    assert isinstance(steps, Jagged)
    places = torch.arange(length, 0, -1).expand(steps.batch, -1)
    valid = places <= steps.lengths[:, None]

    def pad(name: str) -> Tensor:
        sequence = batch[name]
        assert isinstance(sequence, Jagged)
        return torch.zeros(valid.shape, dtype=torch.int64).masked_scatter(valid, sequence.values)

    item, category, click = (batch[name] for name in ("item", "category", "click"))
    assert isinstance(item, Tensor) and isinstance(category, Tensor) and isinstance(click, Tensor)
    histories = (pad("behaviors.item"), pad("behaviors.category"), places.contiguous(), valid)
    return Left(item, category, click, *histories)


class PublishedDARE(nn.Module):
    """`dare`: tables of attention and tables of representation; `twin`: one set; `din`: one set, no positions.

    The loss is that of the head over the k retrieved behaviours plus that of the auxiliary head over all.
    """

    def __init__(self, kind: Kind, items: int, categories: int, dim: int, k: int, places: int = POSITIONS) -> None:
        super().__init__()
        self.kind, self.k, self.dim = kind, k, dim
        rows = [items, categories] if kind == "din" else [items, categories, places]
        self.sets = nn.ModuleList(
            nn.ModuleList(nn.Embedding(n, dim) for n in rows) for _ in range(2 if kind == "dare" else 1)
        )
        width = dim * len(rows)
        if kind == "din":
            self.network = nn.Sequential(nn.Linear(4 * width, SCORING), nn.PReLU(init=0.1), nn.Linear(SCORING, 1))
        self.head, self.auxiliary = _head(3 * width, [200, 80]), _head(3 * width, [200])

    def forward(self, batch: Left) -> Tensor:
        """The loss, a scalar."""
        found, whole = self.interests(batch)
        target = self._target(-1, batch)
        label = 1 - batch.click.to(torch.int64)
        return _loss(self.head, target, found, label) + _loss(self.auxiliary, target, whole, label)

    def interests(self, batch: Left) -> tuple[Tensor, Tensor]:
        """[b, D] pooled over the k retrieved behaviours, and over all."""
        query, keys, values = self._target(0, batch), self._history(0, batch), self._history(-1, batch)
        scores = torch.where(batch.valid, self.scores(query, keys), MASKED)
        whole = _pooled(scores, values)
        kept = torch.zeros_like(batch.valid).scatter(1, scores.topk(self.k, 1).indices, True)
        found = _pooled(torch.where(kept, self.scores(query, keys), MASKED), values)
        return found, whole

    def search(self, batch: Left) -> Tensor:
        """[b, D] the first interest alone, as it is served: scores once, then the k retrieved rows."""
        scores = torch.where(batch.valid, self.scores(self._target(0, batch), self._history(0, batch)), MASKED)
        best = scores.topk(min(self.k, scores.shape[1]), 1)
        kept = [x.gather(1, best.indices) for x in self._ids(batch)]
        values = torch.cat([table(ids) for table, ids in zip(self.sets[-1], kept, strict=False)], -1)
        return _pooled(best.values, values)

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        """[b, D], [b, T, D] → [b, T]: content and position scaled apart, or the network of DIN."""
        if self.kind == "din":
            wide = query[:, None].expand_as(keys)
            scored: Tensor = self.network(torch.cat([wide, keys, wide - keys, wide * keys], -1))
            return scored.squeeze(-1) / keys.shape[-1]
        content = 2 * self.dim
        semantic = torch.matmul(keys[..., :content], query[:, :content, None]).squeeze(-1) / content**0.5
        return semantic + torch.matmul(keys[..., content:], query[:, content:, None]).squeeze(-1) / self.dim**0.5

    def _ids(self, batch: Left) -> list[Tensor]:
        return [batch.items, batch.categories, batch.places]

    def _history(self, role: int, batch: Left) -> Tensor:
        return torch.cat([table(ids) for table, ids in zip(self.sets[role], self._ids(batch), strict=False)], -1)

    def _target(self, role: int, batch: Left) -> Tensor:
        ids = [batch.item, batch.category, torch.zeros_like(batch.item)]
        return torch.cat([table(x) for table, x in zip(self.sets[role], ids, strict=False)], -1)


def _pooled(scores: Tensor, values: Tensor) -> Tensor:
    return torch.matmul(torch.softmax(scores, 1)[:, None], values).squeeze(1)


def _head(width: int, hidden: list[int]) -> nn.Sequential:
    widths = [width, *hidden]
    layers = [m for a, b in zip(widths, hidden, strict=False) for m in (nn.Linear(a, b), nn.PReLU())]
    return nn.Sequential(nn.BatchNorm1d(width), *layers, nn.Linear(hidden[-1], 2))


def _loss(head: nn.Sequential, target: Tensor, interest: Tensor, label: Tensor) -> Tensor:
    logits = head(torch.cat([target, interest, target * interest], -1))
    return nll_loss(torch.log(torch.softmax(logits, -1) + SHIFT), label)


def take_weights(model: PublishedDARE, state: Mapping[str, Tensor]) -> None:
    """The weights of the zoo's model, variant `paper`; its table of positions has as many rows as a history needs."""
    wanted = ("tables.", "nodes.score.", "nodes.head.", "nodes.dense_head.")
    buffers = ("running_mean", "running_var", "num_batches_tracked")
    found = [v for name in wanted for k, v in state.items() if k.startswith(name) and not k.endswith(buffers)]
    parameters = list(model.parameters())
    assert len(found) == len(parameters), (len(found), len(parameters))
    for parameter, value in zip(parameters, found, strict=True):
        assert parameter.shape[1:] == value.shape[1:], (parameter.shape, value.shape)
        parameter.data[: len(value)].copy_(value)
