"""`looked_sum` on the GPU: the kernel of `segment_sum`, whose steps are rows of a table. Ids are not checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from blockrec.ops import products
from blockrec.ops.gpu import Build


def forward(weights: Tensor, tables: Sequence[Tensor], ids: Sequence[Tensor], offsets: Tensor) -> Tensor:
    """Sums [b, Σd]."""
    given = zip(tables, ids, strict=True)
    sums = [products.run(table, offsets, factors=weights, ids=own, sums=True)[1] for table, own in given]
    return torch.cat(sums, dim=1)


def builds() -> Iterator[Build]:
    yield from products.builds("looked_sum", reads="FACTORS IDS", writes="SUMS")
