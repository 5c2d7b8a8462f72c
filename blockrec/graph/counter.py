"""Counts the work of tensor code that runs on shapes alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from blockrec.ops.work import FORMULAS

MOVES = """_to_copy arange bernoulli cat clone constant_pad_nd copy embedding empty empty_strided eye fill flip full
gather index index_copy index_put index_select lift_fresh linspace masked_fill masked_select native_dropout nonzero
ones rand randn repeat repeat_interleave roll scalar_tensor scatter select_scatter slice_scatter stack tril triu where
zero zeros"""
UNWRITTEN = "_unsafe_view empty empty_strided lift_fresh"
_MOVES, _UNWRITTEN = frozenset(MOVES.split()), frozenset(UNWRITTEN.split())
"""Operators that place numbers but compute none; those whose result is nothing new in memory. See `_name`."""


class Counter(TorchDispatchMode):
    """Floating-point operations and written bytes of what runs inside.

    Matrix products count as torch counts them (a multiplication and an addition are 2), views and moves nothing, all
    else one operation an element of the largest tensor of floats that it takes or gives. How many places of a tensor
    are not zero cannot be told from its shape: all of them, then.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch gives no types
        self.flops = self.bytes = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """What runs inside is never compiled; to tell the compiler so, torch would import it."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        meta = func is torch.ops.aten.nonzero.default and args[0].is_meta
        out = _all_places(args[0]) if meta else func(*args, **kwargs)
        self.flops += _flops(func, args, kwargs, out)
        self.bytes += sum(x.numel() * x.element_size() for x in _written(func, out))
        return out


def _all_places(x: Tensor) -> Tensor:
    return x.new_empty((x.numel(), x.dim()), dtype=torch.int64)


_PRODUCTS: dict[str, Callable[[Any], int]] = {
    "mm": lambda args: args[0].shape[-1],
    "bmm": lambda args: args[0].shape[-1],
    "addmm": lambda args: args[1].shape[-1],
    "baddbmm": lambda args: args[1].shape[-1],
}
"""Matrix products → length of the sums."""


def _attention(query: Tensor, keys: Tensor, values: Tensor) -> int:
    """The two products of [..., t, d], [..., s, d] and [..., s, e]; torch counts those of GPUs only."""
    pairs: int = query.shape[:-1].numel() * keys.shape[-2]
    return 2 * pairs * (keys.shape[-1] + values.shape[-1])


def _as_torch_counts(func: Any, args: Any, kwargs: Any, out: Any) -> int:
    from torch.utils.flop_counter import flop_registry  # imports triton, which takes longer than all that is counted

    formula: Any = flop_registry.get(func._overloadpacket)
    return int(formula(*args, **kwargs, out_val=out)) if formula else 0


def _name(func: Any) -> str:
    """`copy_`, `new_zeros`, `zeros_like` → what they have in common with `copy`, `zeros`."""
    name: str = func._overloadpacket.__name__
    return name.rstrip("_").removesuffix("_like").removeprefix("new_")


def _flops(func: Any, args: Any, kwargs: Any, out: Any) -> int:
    name = func._overloadpacket.__name__
    if name in _PRODUCTS:
        terms: int = out.numel() * _PRODUCTS[name](args)
        return 2 * terms
    if func.namespace == "blockrec" and name in FORMULAS:
        return FORMULAS[name](*_shapes(args))
    if name.startswith("_scaled_dot_product"):
        return _attention(*args[:3])
    if "convolution" in name:
        return _as_torch_counts(func, args, kwargs, out)
    if _name(func) in _MOVES or not any(True for _ in _written(func, out)):
        return 0
    floats = (x.numel() for x in tree_leaves((args, kwargs, out)) if isinstance(x, Tensor) and x.is_floating_point())
    return max(floats, default=0)


def _shapes(args: Any) -> Iterator[Any]:
    """Of the tensors, and of the lists of tensors, among the arguments of an operator."""
    for x in args:
        if isinstance(x, Tensor):
            yield x.shape
        elif isinstance(x, list | tuple) and all(isinstance(part, Tensor) for part in x):
            yield [part.shape for part in x]


def _written(func: Any, out: Any) -> Iterator[Tensor]:
    """The tensors of a result that are new or changed in place: no views, and of a normalization not its statistics."""
    if _name(func) in _UNWRITTEN:
        return
    values = out if isinstance(out, tuple) else (out,)
    values = values[:1] if "norm" in _name(func) else values
    for value, declared in zip(values, func._schema.returns, strict=False):
        if declared.alias_info is None or declared.alias_info.is_write:
            yield from (x for x in tree_leaves(value) if isinstance(x, Tensor))
