"""Histories of thousands of steps beside short and empty ones, in every model of the zoo."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

import blockrec
from blockrec.graph.ir import Graph
from blockrec.jagged import Jagged, offsets_of
from blockrec.language.files import packaged_models

LENGTHS = [10_000, 0, 3, 2_000]
SIZES = {"user": 40, "item": 60, "category": 9}


def batch_of(graph: Graph) -> dict[str, Tensor | Jagged]:
    """Random ids; positions count from the end."""
    g = torch.Generator().manual_seed(1)
    frame = Jagged(torch.zeros(sum(LENGTHS)), offsets_of(torch.tensor(LENGTHS)), max(LENGTHS))
    batch: dict[str, Tensor | Jagged] = {}
    for name in graph.used_features():
        if name in graph.labels:
            batch[name] = torch.tensor([1.0, 0, 1, 0])
        elif name == "behaviors.position":
            batch[name] = frame.like(torch.cat([torch.arange(n, 0, -1) for n in LENGTHS]))
        else:
            vocab = graph.features[name].vocab
            assert isinstance(vocab, int)
            sequence = graph.features[name].sequence
            ids = torch.randint(0, vocab, (sum(LENGTHS) if sequence else len(LENGTHS),), generator=g)
            batch[name] = frame.like(ids) if sequence else ids
    return batch


@pytest.mark.parametrize("name", packaged_models())
def test_long_histories(name: str) -> None:
    torch.manual_seed(0)
    model = blockrec.compile(name, sets=["features.behaviors.max_len=10000"], vocabularies=SIZES)
    batch = batch_of(model.graph_ir)
    result = model(batch)
    result["loss"].backward()
    assert all(x.isfinite().all() for x in result.values())
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


@pytest.mark.parametrize("name", packaged_models())
def test_a_long_history_makes_no_difference_to_other_samples(name: str) -> None:
    torch.manual_seed(0)
    model = blockrec.compile(name, sets=["features.behaviors.max_len=10000"], vocabularies=SIZES).eval()
    batch = batch_of(model.graph_ir)
    with torch.no_grad():
        whole = model(batch)["click"]
        torch.testing.assert_close(model({k: last_rows(x) for k, x in batch.items()})["click"], whole[1:])


def last_rows(x: Tensor | Jagged) -> Tensor | Jagged:
    """All samples but the first."""
    if isinstance(x, Tensor):
        return x[1:]
    return Jagged(x.values[LENGTHS[0] :], offsets_of(torch.tensor(LENGTHS[1:])), max(LENGTHS[1:]))
