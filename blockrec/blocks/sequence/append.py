"""One step more at the end of a history."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from blockrec.jagged import Jagged, offsets_of, steps_of
from blockrec.registry import block


@block("append")
class Append(nn.Module):
    """Put the vector of its sample behind the steps of each history: out = [x_1, …, x_T, last], e.g. the target."""

    def forward(self, x: Float[Jagged, "b t d"], last: Float[Tensor, "b d"]) -> Float[Jagged, "b s d"]:
        return appended(x, last)


def appended(x: Jagged, last: Tensor) -> Jagged:
    """See `Append`."""
    offsets = offsets_of(x.lengths + 1)
    places = torch.cat([offsets[x.rows] + steps_of(x), offsets[1:] - 1])
    values = torch.cat([x.values, last])
    return Jagged(torch.empty_like(values).index_copy(0, places, values), offsets, x.max_length + 1)
