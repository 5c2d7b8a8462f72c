"""The logarithm of a sum of powers, over numbers of several shapes that belong to one row."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from blockrec.jagged import Jagged


def log_sum_exp(first: Tensor, wide: Sequence[Tensor], long: Sequence[Jagged]) -> Tensor:
    """[b] log(e^first + Σ e^wide + Σ e^long) of rows: first [b], each of wide [b, ·], each of long [b, ·] jagged.

    Entries may be −∞ but for those of `first`.
    """
    largest = torch.cat([first[:, None], *wide], dim=1).detach().amax(dim=1)
    for x in long:
        largest = largest.scatter_reduce(0, x.rows, x.values.detach(), "amax")
    total = torch.exp(first - largest)
    for y in wide:
        total = total + torch.exp(y - largest[:, None]).sum(dim=1)
    for x in long:
        total = total.index_add(0, x.rows, torch.exp(x.values - largest[x.rows]))
    return total.log() + largest
