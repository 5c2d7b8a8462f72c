"""Histories of thousands of steps beside short and empty ones, in every model of the zoo."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

import blockrec
from blockrec.graph.ir import Graph
from blockrec.jagged import Jagged, offsets_of
from blockrec.language.files import packaged_models
from tests.zoo.test_zoo import SIZES

LENGTHS = [10_000, 0, 3, 2_000]


def batch_of(graph: Graph, lengths: list[int] = LENGTHS) -> dict[str, Tensor | Jagged]:
    """Random ids; positions count from the end."""
    g = torch.Generator().manual_seed(1)
    frame = Jagged(torch.zeros(sum(lengths)), offsets_of(torch.tensor(lengths)), max(LENGTHS))
    batch: dict[str, Tensor | Jagged] = {}
    for name in graph.used_features():
        if name in graph.labels:
            batch[name] = (torch.arange(len(lengths)) % 2).float()
        elif name == "behaviors.position":
            batch[name] = frame.like(torch.cat([torch.arange(n, 0, -1) for n in lengths]))
        else:
            feature = graph.features[name]
            count = sum(lengths) if feature.sequence else len(lengths)
            if feature.kind == "dense":
                values = torch.randn(count, feature.width, generator=g)
            else:
                assert isinstance(feature.vocab, int)
                values = torch.randint(0, feature.vocab, (count,), generator=g)
            batch[name] = frame.like(values) if feature.sequence else values
    return batch


@pytest.mark.parametrize("name", packaged_models())
def test_long_histories(name: str) -> None:
    torch.manual_seed(0)
    model = blockrec.compile(name, sets=["features.behaviors.max_len=10000"], vocabularies=SIZES)
    batch = batch_of(model.graph_ir)
    result = model(batch)
    result["loss"].backward()
    assert all((x.values if isinstance(x, Jagged) else x).isfinite().all() for x in result.values())
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


@pytest.mark.parametrize("name", packaged_models())
def test_a_long_history_makes_no_difference_to_other_samples(name: str) -> None:
    torch.manual_seed(0)
    model = blockrec.compile(name, sets=["features.behaviors.max_len=10000"], vocabularies=SIZES).eval()
    batch = batch_of(model.graph_ir)
    with torch.no_grad():
        whole = model(batch)["click"]
        torch.testing.assert_close(model({k: last_rows(x) for k, x in batch.items()})["click"], whole[1:])


SEARCHES = [("din", ()), ("sim", ()), ("eta", ()), ("twin", ("hard",)), ("twin_v2", ())]


@pytest.mark.parametrize(("name", "variants"), SEARCHES)
def test_an_exported_search_reads_histories_of_other_lengths(name: str, variants: tuple[str, ...]) -> None:
    model = blockrec.compile(name, variants=variants, vocabularies=SIZES).eval().only("click")
    small, large = (
        {k: x for k, x in batch_of(model.graph_ir, lengths).items() if k not in model.graph_ir.labels}
        for lengths in ([5, 2, 0], [50, 0, 1, 30, 7])
    )
    auto = torch.export.Dim.AUTO
    shapes = {
        k: {0: auto} if isinstance(x, Tensor) else [{0: auto}, {0: auto}, None, {0: auto}] for k, x in small.items()
    }
    exported = torch.export.export(model, (small,), dynamic_shapes=(shapes,)).module()
    torch.testing.assert_close(exported(large)["click"], model(large)["click"])


def last_rows(x: Tensor | Jagged) -> Tensor | Jagged:
    """All samples but the first."""
    if isinstance(x, Tensor):
        return x[1:]
    return Jagged(x.values[LENGTHS[0] :], offsets_of(torch.tensor(LENGTHS[1:])), max(LENGTHS[1:]))
