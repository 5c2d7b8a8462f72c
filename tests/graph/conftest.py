"""A small model to patch, and batches for it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from blockrec.diagnostics import Diagnostics
from blockrec.graph.compile import check
from blockrec.graph.ir import Graph
from blockrec.jagged import Jagged, offsets_of

FEATURES = """
features:
  item: {vocab: 30}
  category: {vocab: 7}
  user: {vocab: 11}
  price: {dense: 2}
  behaviors: {max_len: 6, fields: {item: {like: item}, category: {like: category}, gap: {dense: 1}}}
  views: {max_len: 4, fields: {item: {like: item}}}
labels: [click]
"""


def model_text(graph: str, rest: str = "") -> str:
    """A document with the features above and the given lines of `graph:`; `rest` holds further sections."""
    return f"blockrec: 1\nname: small{FEATURES}graph:\n{graph}\n{rest}"


@pytest.fixture
def checked() -> Any:
    """check(graph lines, further sections) → (graph or None, diagnostics)."""

    def run(graph: str, rest: str = "", **options: Any) -> tuple[Graph | None, Diagnostics]:
        _, found, report = check(model_text(graph, rest), **options)
        return found, report

    return run


@pytest.fixture
def codes(checked: Any) -> Any:
    """codes(graph lines, further sections) → [(code, text under the caret), …] of the errors."""

    def run(graph: str, rest: str = "", **options: Any) -> list[tuple[str, str]]:
        _, report = checked(graph, rest, **options)
        return [(d.code, caret(d)) for d in report.errors]

    return run


def caret(diagnostic: Any) -> str:
    at = diagnostic.at
    return at.source.lines[at.line][at.column : at.column + at.length] if at else ""


def batch_of(samples: int = 5, seed: int = 0) -> dict[str, Tensor | Jagged]:
    """Random values for the features above; sample 1 has no behaviour."""
    g = torch.Generator().manual_seed(seed)
    lengths = torch.randint(0, 7, (samples,), generator=g)
    lengths[1] = 0
    steps = int(lengths.sum())
    items = Jagged(torch.randint(0, 30, (steps,), generator=g), offsets_of(lengths), 6)
    return {
        "item": torch.randint(0, 30, (samples,), generator=g),
        "category": torch.randint(0, 7, (samples,), generator=g),
        "user": torch.randint(0, 11, (samples,), generator=g),
        "price": torch.randn(samples, 2, generator=g),
        "behaviors.item": items,
        "behaviors.category": items.like(torch.randint(0, 7, (steps,), generator=g)),
        "behaviors.gap": items.like(torch.randn(steps, 1, generator=g)),
        "views.item": Jagged.from_lists([[1, 2]] * samples),
        "click": torch.randint(0, 2, (samples,), generator=g).float(),
    }
