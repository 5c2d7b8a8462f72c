"""A tree over the items of a dataset, which then has rows for its nodes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from blockrec.data.batching.catalogue import Catalogue
from blockrec.data.dataset import Dataset
from blockrec.data.encoding.fits import Fits
from blockrec.data.encoding.vocabulary import Inner, Vocabulary
from blockrec.data.tree.expand import expanded
from blockrec.data.tree.leaves import sorted_tree, tree_from
from blockrec.data.tree.nodes import Nodes, nodes_of
from blockrec.data.tree.plan import TreePlan
from blockrec.diagnostics import fail


def grown(dataset: Dataset, plan: TreePlan) -> Dataset:
    """The dataset with the tree of `plan`, its training samples expanded. Raises E208, E209 and E501."""
    train = dataset.splits["train"]
    read = {f.name for f in train.gather.features}
    if plan.key not in read:
        raise fail("E208", f"the model does not read `{plan.key}`, whose table a tree adds rows to", plan.at)
    nodes = _nodes(dataset, plan)
    found = with_nodes(dataset, nodes)
    return replace(found, trained=expanded(train, nodes, plan))


def with_nodes(dataset: Dataset, nodes: Nodes) -> Dataset:
    """The dataset with rows for the inner nodes."""
    fits = dataset.fits
    known = fits.vocabularies[nodes.key]
    vocabulary = Vocabulary(known.values, known.cold, Inner(nodes.tree.inner, nodes.name))
    fits = Fits({**fits.vocabularies, nodes.key: vocabulary}, fits.numbers, fits.key)
    sizes = {**dataset.vocabularies, nodes.key: vocabulary.rows}
    return replace(dataset, fits=fits, vocabularies=sizes, nodes=nodes)


def _nodes(dataset: Dataset, plan: TreePlan) -> Nodes:
    train = dataset.splits["train"]
    read = {f.name for f in train.gather.features}
    catalogue = Catalogue.of(train, plan.items, read)
    items = {name: value.numpy() for name, value in catalogue.own.batch(catalogue.rows).items()}  # type: ignore[union-attr]
    vocabulary = dataset.values[plan.key]
    if plan.file is not None:
        tree = tree_from(plan, catalogue.ids, vocabulary.encode)
    else:
        tree = sorted_tree(items[plan.by] if plan.by else None, len(catalogue), plan.branching or 2)
    samples = train.gather.columns[plan.key][train.first : train.first + train.rows]
    weights = np.bincount(catalogue.places(samples), minlength=len(catalogue))
    return nodes_of(plan.key, tree, catalogue.ids.astype(np.int64), vocabulary.rows, items, weights)
