"""Sequences that every op has to cope with, and how to compare two backends of an op."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map

from blockrec.jagged import Jagged, offsets_of
from blockrec.ops import bind

LENGTHS = {
    "usual": [3, 0, 5, 1, 0, 2],
    "one sample": [4],
    "all empty": [0, 0, 0],
    "no samples": [],
    "long": [70, 1, 33],
}
DTYPES = [torch.float32, torch.float64]
TOLERANCE = {torch.float32: 2e-5, torch.float64: 1e-12}


def sequence(lengths: list[int], *width: int, dtype: torch.dtype = torch.float64, ties: bool = False) -> Jagged:
    """Random steps [b, t, *width]; `ties`: many of them equal."""
    values = torch.randn(sum(lengths), *width, dtype=dtype)
    values = (2 * values).round() if ties else values
    offsets = offsets_of(torch.tensor(lengths, dtype=torch.int64))
    return Jagged(values.requires_grad_(), offsets, max(lengths, default=0))


def strided(x: Tensor) -> Tensor:
    """The same numbers, not contiguous."""
    wide = torch.stack([x.detach(), torch.full_like(x, torch.nan)], dim=-1)
    return wide[..., 0].requires_grad_(x.requires_grad)


def tensors(arguments: tuple[Any, ...]) -> list[Tensor]:
    """The differentiable tensors among arguments."""
    plain = [x.values if isinstance(x, Jagged) else x for x in tree_leaves(arguments, is_leaf=_is_sequence)]
    return [x for x in plain if isinstance(x, Tensor) and x.requires_grad]


def changed(function: Callable[[Tensor], Tensor], arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Arguments with other tensors; of sequences, other values."""

    def change(x: Any) -> Any:
        if isinstance(x, Jagged):
            return x.like(function(x.values))
        return function(x) if isinstance(x, Tensor) else x

    found: tuple[Any, ...] = tree_map(change, arguments, is_leaf=_is_sequence)
    return found


def _is_sequence(x: Any) -> bool:
    return isinstance(x, Jagged)


def result(out: Any) -> Tensor:
    """The tensor that gradients flow from."""
    out = out[0] if isinstance(out, tuple) else out
    value: Tensor = out.values if isinstance(out, Jagged) else out
    return value


def outcome(function: Callable[..., Any], arguments: tuple[Any, ...], *, expanded: bool = False) -> list[Tensor]:
    """The output, and the gradient of every argument for a random cotangent (`expanded`: a constant with stride 0)."""
    out = result(function(*arguments))
    cotangent = torch.randn(out.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64).to(out.dtype)
    cotangent = out.new_ones(()).expand(out.shape) if expanded else cotangent
    return [out.detach(), *torch.autograd.grad(out, tensors(arguments), cotangent, materialize_grads=True)]


def assert_agree(op: str, arguments: tuple[Any, ...], *, expanded: bool = False) -> None:
    """The CPU kernel gives the value and the gradients of the reference."""
    wanted = outcome(bind(op, "reference").call, arguments, expanded=expanded)
    found = outcome(bind(op, "cpu").call, arguments, expanded=expanded)
    tolerance = TOLERANCE[found[0].dtype]
    for a, b in zip(found, wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)


def network(
    lengths: list[int], hidden: list[int], slopes: float | None = None, dtype: torch.dtype = torch.float64
) -> tuple[Any, ...]:
    """Random inputs of `target_score`; slopes: one number for all, or learned ones, of both signs."""
    weights = [torch.randn(out, width, dtype=dtype) for width, out in pairwise((20, *hidden, 1))]
    biases = [torch.randn(w.shape[0], dtype=dtype) for w in weights]
    learned = [torch.tensor([0.3 - layer], dtype=dtype) for layer in range(len(hidden))]
    for x in (*weights, *biases, *learned):
        x.requires_grad_()
    query, keys = torch.randn(len(lengths), 3, dtype=dtype).requires_grad_(), sequence(lengths, 5, dtype=dtype)
    return query, keys, weights, biases, learned if slopes is None else slopes


def arguments_of(op: str, lengths: list[int], dtype: torch.dtype) -> tuple[Any, ...]:
    """Random inputs of an op."""
    torch.manual_seed(0)

    def steps(*width: int) -> Jagged:
        return sequence(lengths, *width, dtype=dtype)

    def tensor(*shape: int) -> Tensor:
        return torch.randn(*shape, dtype=dtype, requires_grad=True)

    keys = steps(5)
    makers = {
        "segment_softmax": lambda: (steps(),),
        "segment_sum": lambda: (keys, keys.like(tensor(keys.values.shape[0]))),
        "segment_mean": lambda: (keys,),
        "segment_topk": lambda: (steps(), 2),
        "target_dot": lambda: (tensor(len(lengths), 5), keys),
        "target_linear": lambda: (tensor(len(lengths), 3), keys, tensor(4, 20), tensor(4)),
        "target_score": lambda: network(lengths, [4, 6], dtype=dtype),
    }
    return makers[op]()


OPS = ["segment_softmax", "segment_sum", "segment_mean", "segment_topk", "target_dot", "target_linear", "target_score"]
