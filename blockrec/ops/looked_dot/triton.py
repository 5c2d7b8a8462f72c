"""`looked_dot` on the GPU: the kernel of `target_dot`, whose steps are rows of a table. Ids are not checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from blockrec.ops import products
from blockrec.ops.gpu import Build


def forward(query: Tensor, tables: Sequence[Tensor], ids: Sequence[Tensor], offsets: Tensor) -> Tensor:
    """Scores [Σt]."""
    parts = torch.split(query, [table.shape[1] for table in tables], dim=1)
    given = zip(tables, parts, ids, strict=True)
    dots = [products.run(table, offsets, vectors=part, ids=own, dots=True)[0] for table, part, own in given]
    return torch.stack(dots).sum(0).to(query.dtype)


def builds() -> Iterator[Build]:
    yield from products.builds("looked_dot", reads="VECTORS IDS", writes="DOTS")
