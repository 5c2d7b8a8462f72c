"""Where items stand in a tree: by a feature, at random, or as a file says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from blockrec.data.arrow import Array, Column, array_of, one_chunk
from blockrec.data.tree.plan import TreePlan
from blockrec.data.tree.tree import Index, Tree, depth_of, even_places
from blockrec.diagnostics import fail

Encode = Callable[[Column], Array]


def even_tree(order: Index, branching: int) -> Tree:
    """Items in an order [m] over the leaves of a tree, as evenly as can be."""
    places = np.empty(len(order), np.int64)
    places[order] = even_places(len(order), branching)
    return Tree(branching, depth_of(len(order), branching), places)


def sorted_tree(values: Array | None, items: int, branching: int) -> Tree:
    """Items side by side that have equal values, in a random order among each other; all in one without values."""
    shuffled = np.random.default_rng(0).permutation(items)
    order = shuffled if values is None else shuffled[np.argsort(values[shuffled], kind="stable")]
    return even_tree(order, branching)


def tree_from(plan: TreePlan, rows: Index, encode: Encode) -> Tree:
    """The tree of `plan.file` over the items with these rows. E501 for a file that is no tree, or lacks items.

    encode: from ids as the data have them to rows.
    """
    assert plan.file is not None
    values, codes, written = _read(plan)
    if plan.branching and written and plan.branching != written:
        help = "leave `branching` out"
        raise fail("E501", f"`{plan.file}` has a tree with {written} children a node", plan.at, help=help)
    branching = plan.branching or written or 2
    depth, places = level_places(codes, branching)
    if len(np.unique(places)) < len(places):
        raise fail("E501", f"in `{plan.file}` two items have one leaf, or one stands above another", plan.at)
    own = encode(values)
    order = np.argsort(own, kind="stable")
    found = np.minimum(np.searchsorted(own[order], rows), len(own) - 1) if len(own) else np.zeros(len(rows), np.int64)
    known = own[order][found] == rows if len(own) else np.zeros(len(rows), bool)
    if not known.all():
        lacking = f"{int((~known).sum()):,} of {len(rows):,} items of the training samples"
        raise fail("E501", f"`{plan.file}` lacks {lacking}", plan.at, help="make it anew with `blockrec tree`")
    return Tree(branching, depth, places[order][found])


def _read(plan: TreePlan) -> tuple[Column, Index, int | None]:
    try:
        table = pq.read_table(plan.file)
        values, codes = one_chunk(table.column("item")), table.column("code").cast(pa.int64())
    except (pa.ArrowInvalid, KeyError) as error:
        help = "a Parquet file with the columns `item` and `code`"
        raise fail("E501", f"`{plan.file}` is no tree: {error}", plan.at, help=help) from error
    if codes.null_count or (len(codes) and array_of(codes).min() < 1):
        raise fail("E501", f"`{plan.file}` has codes that are no nodes below the root", plan.at)
    written = (table.schema.metadata or {}).get(b"branching")
    return values, array_of(codes), int(written) if written else None


def level_places(codes: Index, branching: int) -> tuple[int, Index]:
    """Leaves by codes (root 0, children of c from branching·c + 1 on) → the deepest level, and their places on it.

    Leaves that are higher become their own first descendants.

    >>> level_places(np.array([1, 5, 6]), 2)
    (2, array([0, 2, 3]))
    """
    level, place, first, size = np.zeros_like(codes), np.zeros_like(codes), 0, 1
    deepest = 0
    while len(codes) and first <= codes.max():
        here = (codes >= first) & (codes < first + size)
        level[here], place[here] = deepest, codes[here] - first
        first, size, deepest = first + size, size * branching, deepest + 1
    depth = max(deepest - 1, 1)
    return depth, place * branching ** (depth - level)
