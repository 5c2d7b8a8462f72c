"""The gradients of table rows, one for each row."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.library import custom_op

from blockrec.ops.serving import serve_gpu


def sum_rows(ids: Tensor, gradients: Tensor, height: int) -> tuple[Tensor, Tensor]:
    """Ids [n], all below `height`, gradients [n, d] → the distinct ids [u] ascending and their sums [u, d].

    No autograd.
    """
    found: tuple[Tensor, Tensor] = _forward(ids, gradients, height)
    return found


@custom_op("blockrec::sum_rows", mutates_args=(), device_types="cpu")
def _forward(ids: Tensor, gradients: Tensor, height: int) -> tuple[Tensor, Tensor]:
    from blockrec.ops.sum_rows import cpu

    return cpu.forward(ids, gradients, height)


@_forward.register_fake
def _(ids: Tensor, gradients: Tensor, _height: int) -> tuple[Tensor, Tensor]:
    distinct = torch.library.get_ctx().new_dynamic_size()
    return ids.new_empty(distinct), gradients.new_empty(distinct, gradients.shape[1])


serve_gpu("sum_rows", forward=_forward)
