"""DIN as one writes it by hand in torch: padded histories, one concat, dense gradients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from blockrec.jagged import Jagged


@dataclass(frozen=True)
class Padded:
    """A batch with histories padded on the right: [b], [b], [b, T], [b, T], validity [b, T], labels [b]."""

    item: Tensor
    category: Tensor
    items: Tensor
    categories: Tensor
    valid: Tensor
    click: Tensor


def padded(batch: Mapping[str, Tensor | Jagged]) -> Padded:
    """The padded form of a batch of the zoo's DIN."""
    steps = batch["behaviors.item"]
    assert isinstance(steps, Jagged)
    valid = torch.arange(int(steps.lengths.max()))[None] < steps.lengths[:, None]

    def pad(name: str) -> Tensor:
        sequence = batch[name]
        assert isinstance(sequence, Jagged)
        return torch.zeros(valid.shape, dtype=torch.int64).masked_scatter(valid, sequence.values)

    single = {name: batch[name] for name in ("item", "category", "click")}
    return Padded(
        single["item"], single["category"], pad("behaviors.item"), pad("behaviors.category"), valid, single["click"]
    )  # type: ignore[arg-type]  # these three are tensors


class PlainDIN(nn.Module):
    """Target attention over the whole history and a head with target-aware representation: zoo `din`, `classic`."""

    def __init__(self, items: int, categories: int, dim: int, attention: list[int], head: list[int]) -> None:
        super().__init__()
        self.item, self.category = nn.Embedding(items, dim), nn.Embedding(categories, dim)
        width = 2 * dim
        self.score = nn.Sequential(*_layers(4 * width, attention, nn.ReLU), nn.Linear(attention[-1], 1))
        self.head = nn.Sequential(
            nn.BatchNorm1d(3 * width), *_layers(3 * width, head, nn.PReLU), nn.Linear(head[-1], 1)
        )

    def forward(self, batch: Padded) -> Tensor:
        """The loss, a scalar."""
        target = torch.cat([self.item(batch.item), self.category(batch.category)], -1)
        keys = torch.cat([self.item(batch.items), self.category(batch.categories)], -1)
        query = target[:, None].expand_as(keys)
        scores = self.score(torch.cat([query, keys, query - keys, query * keys], -1)).squeeze(-1)
        weights = torch.softmax(scores.masked_fill(~batch.valid, -1e9), 1)
        interest = (weights[..., None] * keys).sum(1)
        logits = self.head(torch.cat([target, interest, target * interest], -1)).squeeze(-1)
        return binary_cross_entropy_with_logits(logits, batch.click)


def _layers(width: int, hidden: list[int], activation: type[nn.Module]) -> list[nn.Module]:
    widths = [width, *hidden]
    return [m for a, b in zip(widths, hidden, strict=False) for m in (nn.Linear(a, b), activation())]
