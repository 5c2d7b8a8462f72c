"""Groups of steps."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from blockrec.annotations import Range
from blockrec.jagged import Jagged, offsets_of, places
from blockrec.registry import block


@block("cluster")
class Cluster(nn.Module):
    """Group the steps of each history that have one id: out_t = the number of the group of step t in its history.

    Groups are in the order of their ids. The output `log_size` has one entry a group, the logarithm of its number of
    steps: a term of its score, so that a softmax over groups weighs a group as its steps together. `cluster_mean` gives
    their vectors. TWIN-V2 (Si et al., CIKM 2024) attends to groups of similar behaviours in this way. Nothing is
    learned.

    Args:
        largest: larger groups are cut, in order of time, into groups of at most so many steps; default: none is.
    """

    class Out(NamedTuple):
        out: Int[Jagged, "b t"]
        log_size: Float[Jagged, "b c"]

    one: Tensor

    def __init__(self, *, largest: Annotated[int, Range(1)] | None = None) -> None:
        super().__init__()
        self.largest = largest
        self.register_buffer("one", torch.ones(()), persistent=False)  # of the dtype of the model

    def forward(self, group: Int[Jagged, "b t"]) -> Out:
        order = group.values.argsort(stable=True)
        order = order[group.rows[order].argsort(stable=True)]
        first = self._first(group.values[order], group.rows[order])
        starts = places(first, first.shape[0])
        rows = group.rows[order][starts]
        offsets = offsets_of(torch.zeros_like(group.lengths).index_add(0, rows, torch.ones_like(rows)))
        groups = first.cumsum(0) - 1
        number = torch.empty_like(order).index_copy(0, order, groups) - offsets[group.rows]
        sizes = self.one.new_zeros(starts.shape[0]).index_add(0, groups, self.one.expand(groups.shape[0]))
        return self.Out(group.like(number), Jagged(sizes.log(), offsets, group.max_length, rows))

    def _first(self, ids: Tensor, rows: Tensor) -> Tensor:
        """[Σt] bool: where a group begins, of steps in the order of groups."""
        first = torch.ones_like(ids, dtype=torch.bool)
        first[1:] = (ids.diff() != 0) | (rows.diff() != 0)
        if self.largest is None:
            return first
        place = torch.arange(ids.shape[0], device=ids.device)
        begun = torch.where(first, place, 0).cummax(0).values
        return (place - begun) % self.largest == 0
