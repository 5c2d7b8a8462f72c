"""The optimizers of tables against torch's own, and what a step touches."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from blockrec.run.sparse import LazyAdam, RowwiseAdagrad

Kind = type[LazyAdam] | type[RowwiseAdagrad]
KINDS: list[Kind] = [LazyAdam, RowwiseAdagrad]


def table(rows: int = 6, width: int = 3, *, sparse: bool = True) -> nn.Embedding:
    torch.manual_seed(0)
    return nn.Embedding(rows, width, sparse=sparse, dtype=torch.float64)


def train(embedding: nn.Embedding, optimizer: torch.optim.Optimizer, steps: list[list[int]]) -> None:
    """Two lookups a step, as models do."""
    for ids in steps:
        optimizer.zero_grad()
        first, second = embedding(torch.tensor(ids)), embedding(torch.tensor(ids[::-1]))
        (first.square().sum() + (second - 1).pow(3).sum()).backward()
        optimizer.step()


def test_lazy_adam_that_touches_every_row_is_adam() -> None:
    ours, torchs = table(), table(sparse=False)
    steps = [[0, 1, 2, 3, 4, 5, 5, 0], [5, 4, 3, 2, 1, 0], [0, 1, 2, 3, 4, 5]]
    train(ours, LazyAdam([ours.weight], 0.01, betas=(0.8, 0.9), weight_decay=0.1), steps)
    train(torchs, torch.optim.Adam(torchs.parameters(), 0.01, betas=(0.8, 0.9), weight_decay=0.1), steps)
    torch.testing.assert_close(ours.weight, torchs.weight)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_no_batch_holds_keep_every_bit(kind: Kind) -> None:
    embedding = table()
    before = embedding.weight.detach().clone()
    train(embedding, kind([embedding.weight]), [[1, 4, 4], [4]])
    assert torch.equal(embedding.weight[[0, 2, 3, 5]], before[[0, 2, 3, 5]])
    assert (embedding.weight[[1, 4]] != before[[1, 4]]).all()


@pytest.mark.parametrize("kind", KINDS)
def test_state_round_trip_continues_the_same_way(kind: Kind) -> None:
    first, second = [[1, 4, 4], [4, 2]], [[4, 1, 3]]
    straight, broken, resumed = table(), table(), table()
    train(straight, kind([straight.weight]), first + second)
    optimizer = kind([broken.weight])
    train(broken, optimizer, first)
    resumed.load_state_dict(broken.state_dict())
    fresh = kind([resumed.weight])
    fresh.load_state_dict(optimizer.state_dict())
    train(resumed, fresh, second)
    assert torch.equal(resumed.weight, straight.weight)
    found, wanted = fresh.state[resumed.weight], optimizer.state[broken.weight]
    assert {k: v.dtype for k, v in found.items()} == {k: v.dtype for k, v in wanted.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_each_group_has_its_own_rate(kind: Kind) -> None:
    still, moving = table(), table()
    groups: list[dict[str, Any]] = [{"params": [still.weight], "lr": 0.0}, {"params": [moving.weight]}]
    optimizer = kind(groups)
    (still(torch.tensor([1])).sum() + moving(torch.tensor([1])).sum()).backward()
    optimizer.step()
    assert torch.equal(still.weight, table().weight) and not torch.equal(moving.weight, table().weight)


@pytest.mark.parametrize("kind", KINDS)
def test_dense_gradients_are_refused(kind: Kind) -> None:
    embedding = table(sparse=False)
    with pytest.raises(TypeError, match="sparse=True"):
        train(embedding, kind([embedding.weight]), [[1]])


class Largest(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch gives it no types
    """The most numbers that any tensor made inside holds, apart from `known` ones."""

    def __init__(self, known: list[Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.known = {tensor.untyped_storage().data_ptr() for tensor in known}
        self.numbers = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = function(*args, **(kwargs or {}))
        for tensor in made if isinstance(made, tuple | list) else [made]:
            if isinstance(tensor, Tensor) and not tensor.is_sparse and not self._is_table(tensor):
                self.numbers = max(self.numbers, tensor.numel())
        return made

    def _is_table(self, tensor: Tensor) -> bool:
        """A view of a parameter or of its state: nothing new."""
        return tensor.numel() > 0 and tensor.untyped_storage().data_ptr() in self.known


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_makes_nothing_of_the_size_of_the_table(kind: Kind) -> None:
    embedding = table(rows=5000)
    optimizer = kind([embedding.weight])
    train(embedding, optimizer, [[1, 2]])
    known = [embedding.weight, *optimizer.state[embedding.weight].values()]
    with Largest(known) as largest:
        train(embedding, optimizer, [[7, 8, 9]])
    assert 0 < largest.numbers < 100
    assert embedding.weight.grad is not None and embedding.weight.grad._values().shape[0] <= 6
