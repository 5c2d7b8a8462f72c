"""Sequences of table rows that are read where they are used, instead of being copied side by side first."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.library import custom_op
from torch.nn.functional import embedding

from blockrec.jagged import Jagged


class Ids:
    """The ids of a sequence [b, t], which several tables may be read by: they are grouped once for all of them."""

    def __init__(self, steps: Jagged) -> None:
        self.steps = steps
        self._groups: dict[int, tuple[Tensor, Tensor]] = {}

    def groups(self, height: int) -> tuple[Tensor, Tensor]:
        """See `group_ids`."""
        if height not in self._groups:
            self._groups[height] = group_ids(self.steps.values, height)
        return self._groups[height]


class LookedUp(Jagged):
    """[b, t, Σd]: for each step the rows of several tables, side by side; an ordinary sequence for who asks `values`.

    tables: [v, d] each. ids: of each table. sparse: whether their gradients are.
    """

    tables: tuple[Tensor, ...]
    ids: tuple[Ids, ...]
    sparse: bool

    def __init__(self, tables: Sequence[Tensor], ids: Sequence[Ids], *, sparse: bool) -> None:
        steps = ids[0].steps
        own = {"tables": tuple(tables), "ids": tuple(ids), "sparse": sparse}
        self.__dict__.update(own, offsets=steps.offsets, max_length=steps.max_length, rows=steps.rows)

    @cached_property
    def values(self) -> Tensor:
        """The rows, copied side by side."""
        parts = [embedding(i.steps.values, w, sparse=self.sparse) for w, i in zip(self.tables, self.ids, strict=True)]
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=-1)

    def taken(self, index: Tensor, offsets: Tensor, max_length: int) -> LookedUp:
        chosen = {id(i): Ids(i.steps.taken(index, offsets, max_length)) for i in self.ids}
        return LookedUp(self.tables, [chosen[id(i)] for i in self.ids], sparse=self.sparse)

    def arguments(self) -> tuple[Any, ...]:
        """What the operators take: tables, ids, offsets, rows, groups (places, starts) if a table learns, `sparse`."""
        learns = torch.is_grad_enabled() and any(table.requires_grad for table in self.tables)
        pairs = zip(self.tables, self.ids, strict=True)
        groups = [ids.groups(table.shape[0]) for table, ids in pairs] if learns else []
        values, places, starts = [i.steps.values for i in self.ids], [p for p, _ in groups], [s for _, s in groups]
        return list(self.tables), values, self.offsets, self.rows, places, starts, self.sparse


def looked_up(tables: Sequence[nn.Embedding], ids: Sequence[Ids]) -> LookedUp:
    """The rows of tables for the steps of their ids, side by side."""
    return LookedUp([t.weight for t in tables], ids, sparse=all(t.sparse for t in tables))


@custom_op("blockrec::group_ids", mutates_args=(), device_types="cpu")
def group_ids(ids: Tensor, height: int) -> tuple[Tensor, Tensor]:
    """Ids [n] → the places [n] of equal ids one after another, and where each distinct id starts among them [u + 1]."""
    from blockrec.ops.grouping import group

    found = group(ids, height)
    return found.places, found.starts


@group_ids.register_fake
def _(ids: Tensor, height: int) -> tuple[Tensor, Tensor]:
    short = ids.new_empty(ids.shape[0], dtype=torch.int32 if height <= torch.iinfo(torch.int32).max else torch.int64)
    return short, ids.new_empty(torch.library.get_ctx().new_dynamic_size(), dtype=torch.int64)
