"""Sequences of table rows that are read where they are used, instead of being copied side by side first."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from blockrec.jagged import Jagged
from blockrec.ops.reading import Reading


class LookedUp(Jagged):
    """[b, t, Σd]: for each step the rows of several tables, side by side; an ordinary sequence for who asks `values`.

    tables: as this forward pass reads them. ids: of each table.
    """

    tables: tuple[Reading, ...]
    ids: tuple[Tensor, ...]

    def __init__(self, tables: Sequence[Reading], ids: Sequence[Tensor], steps: Jagged) -> None:
        own = {"tables": tuple(tables), "ids": tuple(ids)}
        self.__dict__.update(own, offsets=steps.offsets, max_length=steps.max_length, rows=steps.rows)

    @property
    def dtype(self) -> torch.dtype:
        """Of the rows, without copying them."""
        return self.tables[0].weight.dtype

    @cached_property
    def values(self) -> Tensor:
        """The rows, copied side by side."""
        parts = [table.copied(ids) for table, ids in zip(self.tables, self.ids, strict=True)]
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=-1)

    def taken(self, index: Tensor, offsets: Tensor, max_length: int) -> LookedUp:
        chosen = {id(ids): ids.index_select(0, index) for ids in self.ids}
        steps = Jagged(index, offsets, max_length, self.rows.index_select(0, index))
        return LookedUp(self.tables, [chosen[id(ids)] for ids in self.ids], steps)

    def arguments(self) -> tuple[Any, ...]:
        """What the operators take: tables, ids, offsets, coefs and vectors (`Ports`)."""
        ports = [t.ports(ids, self.rows, self.batch) for t, ids in zip(self.tables, self.ids, strict=True)]
        coefs, vectors = [port.coefs for port in ports], [port.vectors for port in ports]
        return [t.weight for t in self.tables], list(self.ids), self.offsets, coefs, vectors


def looked_up(tables: Sequence[Reading], ids: Sequence[Jagged]) -> LookedUp:
    """The rows of tables for the steps of their ids, side by side."""
    return LookedUp(tables, [steps.values for steps in ids], ids[0])
