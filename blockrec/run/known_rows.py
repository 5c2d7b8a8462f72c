"""Which rows of two tables stand for the same value."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import torch
from torch import Tensor

from blockrec.data.arrow import one_chunk
from blockrec.data.encoding.vocabulary import UNSEEN, Inner, Vocabulary
from blockrec.data.tree.nodes import Nodes


def saved_vocabulary(folder: Path, root: str, weight: Tensor) -> Vocabulary | None:
    """What a run learned of a feature, whose table is `weight` [rows, d]; None if it learned nothing of it."""
    file = folder / f"{root}.parquet"
    if not file.is_file():
        return None
    values = one_chunk(pq.read_table(file, columns=["value"]).column("value"))
    nodes = Nodes.load(folder)
    inner = Inner(nodes.tree.inner, nodes.name) if nodes is not None and nodes.key == root else Inner()
    return Vocabulary(values, weight.shape[0] - 1 - len(values) - inner.rows, inner)


def known_rows(now: Vocabulary, before: Vocabulary) -> Tensor:
    """[now.rows] the row that a value had before; −1 if it had none.

    Cold rows are compared if they are as many, those of inner nodes if the trees are equal.
    """
    rows = torch.full((now.rows,), -1, dtype=torch.int64)
    rows[UNSEEN] = UNSEEN
    found = torch.from_numpy(Vocabulary(before.values).encode(now.values)).to(torch.int64)
    rows[1 : 1 + len(now.values)] = torch.where(found == UNSEEN, -1, found)
    if now.cold and now.cold == before.cold:
        rows[1 + len(now.values) :][: now.cold] = 1 + len(before.values) + torch.arange(now.cold)
    if now.inner.rows and now.inner == before.inner:
        rows[now.rows - now.inner.rows :] = torch.arange(before.rows - before.inner.rows, before.rows)
    return rows
