"""A table in one forward pass: whoever reads it leaves its part of the gradient, summed once for each distinct id.

The gradient of a row is a sum of coefficients times vectors of samples, whether the row was copied (coefficient 1),
multiplied by the sample's vector, or weighed and pooled. So what a use leaves is [n] coefficients and [b, d] vectors,
not [n, d], and a table has one gradient in a step, with one entry for each distinct id, however often it is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import embedding

from blockrec.jagged import Jagged


class Ports(NamedTuple):
    """Where an operator leaves its part of a table's gradient: as the gradients of these two, which hold nothing.

    coefs [n]; vectors [b, d]: step t gives its row coefs[t] · vectors[sample of t].
    """

    coefs: Tensor
    vectors: Tensor


class Use(NamedTuple):
    """One part of a gradient: row ids[t] gets coefs[t] · vectors[rows[t]]."""

    ids: Tensor
    rows: Tensor
    coefs: Tensor
    vectors: Tensor


class Reading:
    """A table [v, d] as one forward pass reads it. weight: without autograd."""

    def __init__(self, table: nn.Embedding) -> None:
        self.table, self.weight = table, table.weight.detach()
        self.uses: list[Use] = []
        learns = torch.is_grad_enabled() and table.weight.requires_grad
        self.token: Tensor | None = apply(_Collected, table.weight, self) if learns else None

    def ports(self, ids: Tensor, rows: Tensor, samples: int) -> Ports:
        """For an operator on the rows `ids` [n] and vectors of `samples` samples."""
        if self.token is None or not torch.is_grad_enabled():
            return self.empty(ids, samples)
        return Ports(*apply(_Left, self.token, self, ids, rows, samples))

    def empty(self, ids: Tensor, samples: int) -> Ports:
        """Ports of the right shapes."""
        nothing = self.weight.new_zeros(())
        return Ports(nothing.expand(ids.shape[0]), nothing.expand(samples, self.weight.shape[1]))

    def copied(self, ids: Tensor) -> Tensor:
        """[n, d], the rows `ids` [n]."""
        copies: Tensor = apply(_Copied, self.token, self, ids) if self.token is not None else self.rows(ids)
        return copies

    def rows(self, ids: Tensor) -> Tensor:
        """[n, d], without autograd."""
        return embedding(ids, self.weight)

    def gradient(self) -> Tensor:
        """[v, d] of all uses so far, which it forgets; sparse and coalesced, or dense, as the table wants it."""
        from blockrec.ops.outer_rows import outer_rows

        uses, self.uses = self.uses, []
        whole = uses[0] if len(uses) == 1 else joined(uses)
        coefs, vectors = (x.to(self.weight.dtype) for x in (whole.coefs, whole.vectors))
        height, sparse = self.weight.shape[0], self.table.sparse
        return outer_rows(coefs, vectors, whole.rows, whole.ids, height, sparse=sparse)


def read(reading: Reading, ids: Tensor | Jagged) -> Tensor | Jagged:
    """The table's row for each id [b] or [b, t], copied."""
    return ids.like(reading.copied(ids.values)) if isinstance(ids, Jagged) else reading.copied(ids)


def joined(uses: Sequence[Use]) -> Use:
    """The uses one after another, as one."""
    shifts = accumulate((len(use.vectors) for use in uses[:-1]), initial=0)
    rows = [use.rows + shift if shift else use.rows for use, shift in zip(uses, shifts, strict=True)]
    ids, _, coefs, vectors = zip(*uses, strict=True)
    return Use(torch.cat(ids), torch.cat(rows), torch.cat(coefs), torch.cat(vectors))


def apply(function: type[torch.autograd.Function], *inputs: Any) -> Any:
    """A function with a gradient of its own; torch declares no types for it."""
    return function.apply(*inputs)  # type: ignore[no-untyped-call]


class _Collected(torch.autograd.Function):
    """The table's end of a pass: its backward runs when all uses have left their parts."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, reading: Reading) -> Tensor:
        ctx.reading = reading
        return weight.new_empty(0)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, _token: Tensor) -> tuple[Tensor, None]:
        return ctx.reading.gradient(), None


class _Left(torch.autograd.Function):
    """Ports, whose gradients become a use."""

    @staticmethod
    def forward(ctx: Any, _token: Tensor, reading: Reading, ids: Tensor, rows: Tensor, samples: int) -> Ports:
        ctx.reading, ctx.ids, ctx.rows = reading, ids, rows
        return reading.empty(ids, samples)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, coefs: Tensor, vectors: Tensor) -> tuple[Tensor, None, None, None, None]:
        ctx.reading.uses.append(Use(ctx.ids, ctx.rows, coefs, vectors))
        return coefs.new_empty(0), None, None, None, None


class _Copied(torch.autograd.Function):
    """Copies of rows, whose gradients become a use with coefficients of 1."""

    @staticmethod
    def forward(ctx: Any, _token: Tensor, reading: Reading, ids: Tensor) -> Tensor:
        ctx.reading, ctx.ids = reading, ids
        return reading.rows(ids)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        rows = torch.arange(grad.shape[0], device=grad.device)
        ctx.reading.uses.append(Use(ctx.ids, rows, grad.new_ones(grad.shape[0]), grad))
        return grad.new_empty(0), None, None
