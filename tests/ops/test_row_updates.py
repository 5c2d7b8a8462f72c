"""Updates of table rows: every backend means the reference, and only the rows that occur are touched."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from blockrec.ops import bind
from blockrec.ops.grouping import group
from blockrec.ops.lazy_adam import Options as Adam
from blockrec.ops.rowwise_adagrad import Options as Adagrad

OPTIONS = {"lazy_adam": Adam(1e-2, 0.9, 0.99, 1e-8, 0.1), "rowwise_adagrad": Adagrad(1e-2, 1e-8, 0.1)}
IDS = {
    "repeats": [3, 1, 3, 3, 0, 6, 1],
    "one id": [2, 2, 2],
    "one": [6],
    "none": [],
    "skewed": [5] * 900 + list(range(7)) * 3,
}
TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-12}


def state_of(op: str, weight: Tensor) -> list[Tensor]:
    height = weight.shape[0]
    if op == "rowwise_adagrad":
        return [weight, weight.new_zeros(height)]
    return [weight, torch.zeros_like(weight), torch.zeros_like(weight), torch.zeros(height, dtype=torch.int32)]


def updated(op: str, kernel: Any, batches: list[tuple[Tensor, Tensor]], weight: Tensor) -> list[Tensor]:
    state = state_of(op, weight.clone())
    for ids, gradients in batches:
        bind(op, kernel).call(*state, ids, gradients, OPTIONS[op])
    return state


def batches_of(ids: list[int], width: int, dtype: torch.dtype) -> list[tuple[Tensor, Tensor]]:
    """Three steps: these ids, one other id, these ids again."""
    lists = [ids, [4], ids]
    return [(torch.tensor(x, dtype=torch.int64), torch.randn(len(x), width, dtype=dtype)) for x in lists]


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("width", [1, 5])
@pytest.mark.parametrize("ids", IDS.values(), ids=list(IDS))
@pytest.mark.parametrize("op", OPTIONS)
def test_cpu_agrees_with_reference(op: str, ids: list[int], width: int, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    batches, weight = batches_of(ids, width, dtype), torch.randn(7, width, dtype=dtype)
    for found, wanted in zip(
        updated(op, "cpu", batches, weight), updated(op, "reference", batches, weight), strict=True
    ):
        torch.testing.assert_close(found, wanted, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize("kernel", ["cpu", "reference"])
@pytest.mark.parametrize("ids", IDS.values(), ids=list(IDS))
def test_sums_by_row_are_torchs(ids: list[int], kernel: Any) -> None:
    (places, gradients), *_ = batches_of(ids, 3, torch.float64)
    rows, sums = bind("sum_rows", kernel).call(places, gradients, 1 << 40)
    wanted = torch.sparse_coo_tensor(places[None], gradients, (1 << 40, 3), check_invariants=True).coalesce()
    assert torch.equal(rows, wanted.indices()[0]) and rows.dtype == torch.int64
    torch.testing.assert_close(sums, wanted.values())


@pytest.mark.parametrize("kernel", ["cpu", "reference"])
@pytest.mark.parametrize("op", OPTIONS)
def test_other_rows_keep_every_bit(op: str, kernel: str) -> None:
    weight = torch.randn(50, 3)
    state = updated(op, kernel, [(torch.tensor([7, 20, 7]), torch.randn(3, 3))], weight)
    others = torch.ones(50, dtype=torch.bool)
    others[[7, 20]] = False
    for found, before in zip(state, state_of(op, weight), strict=True):
        assert torch.equal(found[others], before[others])
        assert not torch.equal(found[~others], before[~others])


@pytest.mark.parametrize("op", OPTIONS)
def test_result_does_not_depend_on_threads(op: str) -> None:
    batches = [(torch.randint(0, 40, (2000,)), torch.randn(2000, 4))]
    weight, threads = torch.randn(40, 4), torch.get_num_threads()
    several = updated(op, "cpu", batches, weight)
    try:
        torch.set_num_threads(1)
        one = updated(op, "cpu", batches, weight)
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(a, b) for a, b in zip(several, one, strict=True))


@pytest.mark.parametrize("op", OPTIONS)
def test_strided_gradients(op: str) -> None:
    ids, wide, weight = torch.tensor([1, 2, 1]), torch.randn(3, 8), torch.randn(4, 4)
    views = updated(op, "cpu", [(ids, wide[:, ::2])], weight)
    copies = updated(op, "cpu", [(ids, wide[:, ::2].clone())], weight)
    assert all(torch.equal(a, b) for a, b in zip(views, copies, strict=True))


def test_lazy_adam_moves_a_row_as_if_trained_alone() -> None:
    """The row is touched in steps 1, 4 and 5 only; Adam on these three gradients ends at the same place."""
    torch.manual_seed(0)
    weight, gradients = torch.randn(9, 4, dtype=torch.float64), torch.randn(5, 4, dtype=torch.float64)
    batches = [(torch.tensor([3 if step in (0, 3, 4) else 8]), gradients[step : step + 1]) for step in range(5)]
    state = updated("lazy_adam", "cpu", batches, weight)
    alone = weight[3].clone().requires_grad_()
    adam = torch.optim.Adam([alone], 1e-2, (0.9, 0.99), 1e-8, 0.1)
    for step in (0, 3, 4):
        alone.grad = gradients[step].clone()
        adam.step()
    torch.testing.assert_close(state[0][3], alone.detach())


def test_rowwise_adagrad_against_a_loop() -> None:
    torch.manual_seed(0)
    batches, weight = batches_of(IDS["repeats"], 3, torch.float64), torch.randn(7, 3, dtype=torch.float64)
    found = updated("rowwise_adagrad", "cpu", batches, weight)
    rows, accumulator = weight.tolist(), [0.0] * 7
    for ids, gradients in batches:
        for row in set(ids.tolist()):
            places = [i for i, x in enumerate(ids.tolist()) if x == row]
            g = [sum(gradients[i, d].item() for i in places) + 0.1 * rows[row][d] for d in range(3)]
            accumulator[row] += sum(x * x for x in g) / 3
            rows[row] = [w - 1e-2 * x / (accumulator[row] ** 0.5 + 1e-8) for w, x in zip(rows[row], g, strict=True)]
    torch.testing.assert_close(found[0], torch.tensor(rows, dtype=torch.float64))
    torch.testing.assert_close(found[1], torch.tensor(accumulator, dtype=torch.float64))


@pytest.mark.parametrize("height", [1, 2, 50, 2048, 2049, 10**6, 2**31 + 7, 2**40])
@pytest.mark.parametrize("number", [0, 1, 500])
def test_occurrences_are_grouped_in_order(height: int, number: int) -> None:
    torch.manual_seed(0)
    ids = torch.randint(0, height, (number,)) if height > 50 else torch.randint(0, min(height, 20), (number,))
    ids = torch.cat([ids, ids[: number // 2]])
    groups = group(ids, height)
    ordered, places = ids.sort(stable=True)
    assert torch.equal(groups.ids.long(), ordered) and torch.equal(groups.places.long(), places)
    counts = torch.bincount(torch.unique(ordered, return_inverse=True)[1])
    assert torch.equal(groups.starts.diff(), counts) and groups.starts[0] == 0


@pytest.mark.parametrize("op", ["lazy_adam", "rowwise_adagrad", "sum_rows"])
def test_operators_are_registered_completely(op: str) -> None:
    (ids, gradients), *_ = batches_of(IDS["repeats"], 3, torch.float64)
    state = state_of(op, torch.randn(7, 3, dtype=torch.float64)) if op in OPTIONS else []
    options = OPTIONS.get(op, (7,))
    bind(op)
    torch.library.opcheck(getattr(torch.ops.blockrec, op).default, (*state, ids, gradients, *options))


@pytest.mark.parametrize("op", OPTIONS)
def test_tables_that_learn_are_updated_in_place(op: str) -> None:
    weight = torch.nn.Parameter(torch.ones(7, 3))
    with torch.no_grad():
        bind(op).call(*state_of(op, weight), torch.tensor([2]), torch.ones(1, 3), OPTIONS[op])
    assert not torch.equal(weight[2], torch.ones(3)) and torch.equal(weight[3], torch.ones(3))
