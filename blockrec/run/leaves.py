"""`blockrec tree RUN`: the items of a run at the leaves of a tree, those with near vectors side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from errno import ENOENT
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from blockrec.data.encoding.vocabulary import Vocabulary
from blockrec.data.tree.leaves import even_tree
from blockrec.data.tree.nodes import table_of
from blockrec.diagnostics import did_you_mean, fail
from blockrec.every import Every
from blockrec.language.schema.tree import ENDING
from blockrec.run.clustered import clustered_order
from blockrec.run.load import Loaded, load_run, vocabularies_of
from blockrec.run.log import Log


@dataclass(frozen=True)
class Planted:
    """What was written: a tree over so many items. table: path of the vectors."""

    out: str
    items: int
    branching: int
    depth: int
    table: str

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    def __str__(self) -> str:
        size = f"{self.items:,} items by {self.table}, {self.branching} children a node, depth {self.depth}"
        return f"{self.out}: {size}\nnext: blockrec run MODEL --set data.tree.by={self.out}"


def write_leaves(
    path: str | Path,
    out: str | Path,
    *,
    item: str | None = None,
    table: str = "main",
    branching: int = 2,
    checkpoint: str | None = None,
    imports: Iterable[str | Path] = (),
    runs_dir: str | Path = "runs",
    log: Log | None = None,
) -> Planted:
    """Write the items that a run knows, at the leaves of a tree, to the Parquet file `out`, for `data.tree.by`.

    A row an item: its id as the data have it, and the code of its leaf (the root is 0, the i-th child of c is
    branching · c + i + 1). item: the feature whose vectors are clustered; default: that of the run's own tree or
    catalogue. table: where they are. The others: see `load_run`. Raises `BlockrecError`: E706 for what has no vectors.
    """
    log, file = log or Log(), Path(out)
    if not file.parent.is_dir():
        raise FileNotFoundError(ENOENT, "there is no folder", str(file.parent))
    if file.suffix != ENDING:
        raise fail("E706", f"`{out}` is no Parquet file", help=f"--out {file.stem}{ENDING}")
    loaded = load_run(path, checkpoint=checkpoint, imports=imports, device="cpu", runs_dir=runs_dir)
    name, weights = _vectors(loaded, item, table)
    values = _vocabulary(loaded, name).values
    every = Every()

    def seen(items: int) -> None:
        if every.due():
            log.say(f"{items:,} of {len(values):,} items have their leaf")

    order = clustered_order(weights[1 : 1 + len(values)], branching, seen)
    tree = even_tree(order, branching)
    part = file.with_name(f".{file.name}.part")
    try:
        pq.write_table(table_of(values, tree), part)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return Planted(str(out), len(values), branching, tree.depth, f"{table}.{name}")


def _vectors(loaded: Loaded, item: str | None, table: str) -> tuple[str, Any]:
    """The feature, and the rows [rows, d] of its table."""
    catalogue = loaded.evaluation.catalogue
    name = item or (loaded.nodes.key if loaded.nodes is not None else catalogue.items[0] if catalogue else "item")
    feature = loaded.graph.features.get(name)
    state = loaded.model.state_dict()
    key = f"tables.{table}.{feature.root if feature is not None else name}.weight"
    if key not in state:
        tables = sorted({".".join(key.split(".")[1:3]) for key in state if key.startswith("tables.")})
        help = did_you_mean(f"{table}.{name}", tables, f"tables: {', '.join(tables)}; see --item and --table")
        raise fail("E706", f"the model has no table `{table}.{name}`", help=help)
    return key.split(".")[2], state[key].double().numpy().astype(np.float64)


def _vocabulary(loaded: Loaded, root: str) -> Vocabulary:
    known = vocabularies_of(loaded.path, loaded.graph)
    if root not in known or not len(known[root].values):
        message = f"the ids of `{root}` are rows of its table, and no values that the training data taught"
        raise fail("E706", message, help=f"features: {{{root}: {{vocab: auto}}}}")
    return known[root]
