"""Rows of tables that are read where they are used: the same as copies of them, in values and all gradients."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from blockrec.jagged import Jagged, offsets_of, select
from blockrec.ops import bind
from blockrec.ops.looked_up import LookedUp
from blockrec.ops.looked_up import looked_up as read_up
from blockrec.ops.reading import Reading, read
from tests.ops.samples import DTYPES, LENGTHS, TOLERANCE

HEIGHTS, WIDTHS = (7, 4, 2), (3, 2, 1)
MORE = {**LENGTHS, "one very long": [1, 3000, 0, 2]}


def tables(dtype: torch.dtype, *, sparse: bool = False) -> list[nn.Embedding]:
    torch.manual_seed(0)
    return [nn.Embedding(h, w, sparse=sparse, dtype=dtype) for h, w in zip(HEIGHTS, WIDTHS, strict=True)]


def looked_up(learnt: list[nn.Embedding], ids: list[Jagged]) -> LookedUp:
    return read_up([Reading(table) for table in learnt], ids)


def columns(lengths: list[int], *, strided: bool = False) -> list[Jagged]:
    """Random ids of each table; strided: views at an offset."""
    offsets = offsets_of(torch.tensor(lengths, dtype=torch.int64))
    frame = Jagged(torch.zeros(sum(lengths)), offsets, max(lengths, default=0))
    g = torch.Generator().manual_seed(1)
    wide = [torch.randint(0, height, (sum(lengths) + 1, 2), generator=g) for height in HEIGHTS]
    return [frame.like(x[1:, 1] if strided else x[1:, 1].clone()) for x in wide]


def outcome(op: str, kernel: Any, rows: LookedUp, dtype: torch.dtype) -> list[Tensor]:
    """The result, and the gradients of the factor and of all tables."""
    g = torch.Generator().manual_seed(2)
    sizes = {"looked_dot": (rows.batch, sum(WIDTHS)), "looked_sum": (rows.rows.shape[0],)}
    factor = torch.randn(sizes[op], generator=g, dtype=dtype).requires_grad_()
    call = bind(op, kernel).call
    result = call(factor, rows).values if op == "looked_dot" else call(rows, rows.like(factor))
    wanted = [factor, *(reading.table.weight for reading in rows.tables)]
    found = torch.autograd.grad(result, wanted, torch.randn(result.shape, generator=g, dtype=dtype))
    return [result.detach(), *(x.to_dense() if x.is_sparse else x for x in found)]


OPS = pytest.mark.parametrize("op", ["looked_dot", "looked_sum"])


@OPS
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("lengths", MORE.values(), ids=list(MORE))
@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
def test_cpu_agrees_with_reference(op: str, lengths: list[int], dtype: torch.dtype, sparse: bool) -> None:
    rows = looked_up(tables(dtype, sparse=sparse), columns(lengths, strided=True))
    tolerance = TOLERANCE[dtype] * max(1, max(lengths, default=0) ** 0.5)
    for found, wanted in zip(outcome(op, "cpu", rows, dtype), outcome(op, "reference", rows, dtype), strict=True):
        torch.testing.assert_close(found, wanted, rtol=tolerance, atol=tolerance)


def test_a_sparse_gradient_has_one_entry_for_each_distinct_id() -> None:
    learnt, ids = tables(torch.float64, sparse=True), columns([5, 0, 9])
    query = torch.randn(3, sum(WIDTHS), dtype=torch.float64)
    bind("looked_dot", "cpu").call(query, looked_up(learnt, ids)).values.sum().backward()
    for table, own in zip(learnt, ids, strict=True):
        gradient = table.weight.grad
        assert gradient is not None
        torch.testing.assert_close(gradient._indices()[0], own.values.unique())


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
def test_a_table_gets_one_gradient_of_all_its_uses(sparse: bool) -> None:
    (table, *_), (ids, *_) = tables(torch.float64, sparse=sparse), columns([5, 0, 9])
    targets, more = torch.tensor([1, 1, 4]), ids.values[[0, 2, 9]]
    query = torch.randn(3, WIDTHS[0], dtype=torch.float64, requires_grad=True)

    def loss(copy: Any, dot: Any, pool: Any) -> Tensor:
        scores, chosen = dot(query), copy(targets)
        pooled = pool(scores)
        return (pooled * chosen).sin().sum() + copy(more).square().sum() + scores.values.square().sum()

    reading = Reading(table)
    rows = read_up([reading], [ids])
    dot, pool = bind("looked_dot", "cpu").call, bind("looked_sum", "cpu").call
    loss(lambda i: read(reading, i), lambda q: dot(q, rows), lambda w: pool(rows, w)).backward()
    found, own = table.weight.grad, query.grad
    assert found is not None and own is not None and found.is_sparse is sparse
    if sparse:
        torch.testing.assert_close(found._indices()[0], torch.cat([ids.values, targets]).unique())
    weight, asked = table.weight.detach().requires_grad_(), query.detach().requires_grad_()
    copies = ids.like(weight[ids.values])
    dot, pool = bind("target_dot", "reference").call, bind("segment_sum", "reference").call
    query = asked
    loss(lambda i: weight[i], lambda q: dot(q, copies), lambda w: pool(copies, w)).backward()
    torch.testing.assert_close([found.to_dense() if sparse else found, own], [weight.grad, asked.grad])
    assert reading.uses == []


def test_the_gradients_of_all_uses_are_summed_by_one_call() -> None:
    (table, *_), (ids, *_) = tables(torch.float64, sparse=True), columns([5, 0, 9])
    reading = Reading(table)
    scores = bind("looked_dot", "cpu").call(torch.randn(3, WIDTHS[0], dtype=torch.float64), read_up([reading], [ids]))
    with Calls() as calls:
        (scores.values.sum() + read(reading, torch.tensor([1, 2])).sum()).backward()
    assert [function.name() for function, _ in calls.seen] == ["blockrec::outer_rows"]


def test_a_table_that_does_not_learn_collects_nothing() -> None:
    learnt, ids = tables(torch.float64), columns([5, 0, 9])
    learnt[0].weight.requires_grad_(False)
    query = torch.randn(3, sum(WIDTHS), dtype=torch.float64)
    bind("looked_dot", "cpu").call(query, rows := looked_up(learnt, ids)).values.sum().backward()
    assert [table.weight.grad is None for table in learnt] == [True, False, False]
    with torch.no_grad():
        assert rows.tables[1].ports(ids[1].values, rows.rows, 3).coefs.grad_fn is None
        assert Reading(learnt[1]).token is None


def test_chosen_steps_are_those_of_the_copies() -> None:
    rows = looked_up(tables(torch.float64), columns([3, 0, 2]))
    index, offsets = torch.tensor([0, 2, 4]), offsets_of(torch.tensor([2, 0, 1]))
    torch.testing.assert_close(select(rows, index, offsets, 2).values, rows.values[index])


@OPS
def test_an_id_that_the_table_lacks_is_refused(op: str) -> None:
    for wrong in (-1, HEIGHTS[0]):
        ids = columns([3, 0, 2])
        ids[0].values[2] = wrong
        rows = looked_up(tables(torch.float64), ids)
        with pytest.raises(IndexError, match=f"the table has 7 rows, but there is the id {wrong}"):
            outcome(op, "cpu", rows, torch.float64)


def test_widths_that_disagree_are_refused() -> None:
    rows = looked_up(tables(torch.float64), columns([1]))
    with pytest.raises(ValueError, match="the query has width 5, the keys have 6"):
        bind("looked_dot", "cpu").call(torch.randn(1, 5, dtype=torch.float64), rows)


@OPS
def test_sums_are_of_32_bits_under_autocast(op: str) -> None:
    rows = looked_up(tables(torch.float32), columns([3, 0, 2]))
    half = torch.bfloat16
    with torch.autocast("cpu", half):
        query, weights = torch.ones(3, sum(WIDTHS), dtype=half), rows.like(torch.ones(5, dtype=half))
        call = bind(op, "cpu").call
        found = call(query, rows).values if op == "looked_dot" else call(rows, weights)
    assert found.dtype is torch.float32


@OPS
def test_result_does_not_depend_on_threads(op: str) -> None:
    threads = torch.get_num_threads()
    found = []
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            rows = looked_up(tables(torch.float32), columns([9000, 0, 7000, 900, 1]))
            found.append(outcome(op, "cpu", rows, torch.float32))
    finally:
        torch.set_num_threads(threads)
    torch.testing.assert_close(*found, rtol=1e-5, atol=1e-4)


class Calls(TorchDispatchMode):
    """Records the project's torch operators and the arguments they get."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[Any, tuple[Any, ...]]] = []

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function.namespace == "blockrec":
            self.seen.append((function, args))
        return function(*args, **(kwargs or {}))


@OPS
def test_operators_are_registered_completely(op: str) -> None:
    with Calls() as calls:
        outcome(op, "cpu", looked_up(tables(torch.float64), columns([3, 0, 2])), torch.float64)
    assert {function.name() for function, _ in calls.seen} >= {f"blockrec::{op}", "blockrec::outer_rows"}
    for function, arguments in calls.seen:
        learns = function.name() in ("blockrec::looked_dot", "blockrec::looked_sum") and bool(arguments[-1])
        torch.library.opcheck(function, tuple(_fresh(x, learns=learns) for x in arguments))


def _fresh(value: Any, *, learns: bool) -> Any:
    if isinstance(value, list | tuple):
        return [_fresh(x, learns=learns) for x in value]
    if not isinstance(value, Tensor):
        return value
    return value.detach().clone().requires_grad_(learns and value.is_floating_point())


def test_a_mean_copies_no_rows() -> None:
    learnt, ids = tables(torch.float32), columns([3, 0, 2])
    rows = looked_up(learnt, ids)
    found = bind("segment_mean", "cpu").call(rows)
    assert "values" not in rows.__dict__
    torch.testing.assert_close(found, bind("segment_mean", "reference").call(rows.like(rows.values)))
