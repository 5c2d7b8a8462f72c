"""The lookup of a feature that holds a list a sample."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import embedding_bag

from blockrec.jagged import Jagged


def pooled(table: nn.Embedding, ids: Jagged, how: str) -> Tensor:
    """[b, dim]: the `sum` or `mean` of the rows of each sample's ids, zeros for an empty list.

    One op without the vectors of single ids; gradients are sparse if the table's are.
    """
    return embedding_bag(ids.values, table.weight, ids.offsets, mode=how, sparse=table.sparse, include_last_offset=True)
