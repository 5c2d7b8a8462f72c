"""Where steps lie in a history: vectors that are added to them or put beside them."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from blockrec.blocks.search.steps import kept_steps
from blockrec.jagged import Jagged, first_steps, steps_of

Position = Literal["none", "sinusoid", "learned"]
Count = Literal["end", "start"]


class Places(nn.Module):
    """One vector for each place, fixed sinusoids or learned ones that begin as those, added to steps or beside them.

    Of a history the newest `most` steps are kept, which lie at the places … most − 1, or with `count: start` the first
    ones, at 0 …. A target that follows the history lies at `most`.
    """

    table: Tensor

    def __init__(self, position: Position, count: Count, most: int, width: int, beside: int, *, appended: bool) -> None:
        super().__init__()
        self.position, self.count, self.most, self.beside, self.appended = position, count, most, beside, appended
        table = sinusoids(most + appended, beside or width)
        if position == "sinusoid":
            self.register_buffer("table", table, persistent=False)
        elif position == "learned":
            self.table = nn.Parameter(table)

    def kept(self, x: Jagged) -> Jagged:
        """The steps of histories that have places."""
        if x.max_length <= self.most:
            return x
        if self.count == "start":
            return first_steps(x, self.most)[0]
        return kept_steps(x, x.lengths[x.rows] - steps_of(x) <= self.most, self.most)[0]

    def forward(self, x: Jagged) -> tuple[Jagged, Tensor]:
        """Steps with what says where they lie, and their places [Σt]; the last step is the target if it is appended."""
        place = self._place(x)
        if self.position == "none":
            return x, place
        vectors = self.table.index_select(0, place)
        placed = torch.cat([x.values, vectors], dim=1) if self.beside else x.values + vectors
        return x.like(placed), place

    def _place(self, x: Jagged) -> Tensor:
        steps, lengths = steps_of(x), x.lengths[x.rows] - int(self.appended)
        if self.count == "end":
            return self.most - lengths + steps
        return torch.where(steps == lengths, self.most, steps) if self.appended else steps


def sinusoids(rows: int, width: int) -> Tensor:
    """[rows, width]: sin(t / 10000^(2i / width)) in column 2i, cos of the same in column 2i + 1."""
    columns = torch.arange(width)
    angles = torch.arange(rows).unsqueeze(1) / 10_000 ** ((columns - columns % 2) / width)
    return torch.where(columns % 2 == 0, angles.sin(), angles.cos())
