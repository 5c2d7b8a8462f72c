"""The section `data: {tree}` as a checked value."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from blockrec.data.settings import setting
from blockrec.data.sources.paths import locate
from blockrec.diagnostics import Diagnostics, Span
from blockrec.language.features import AUTO, Column, Features
from blockrec.language.schema.tree import ENDING, is_leaves
from blockrec.language.values import Map

TREE = "tree"


@dataclass(frozen=True)
class TreePlan:
    """items: features of an item, the first of which tells items apart. by: one of them, None for a random order.

    file: where leaves are, instead of `by`. branching: None is that of the file. negatives: for levels from 1 on; the
    last number holds for those below. draw: how. share, favour: of the inner levels, which are kept for a sample.
    """

    items: tuple[str, ...]
    label: str
    branching: int | None
    by: str | None
    file: Path | None
    negatives: tuple[int, ...]
    draw: Literal["uniform", "popularity"]
    share: float
    favour: Literal["uniform", "arithmetic", "reciprocal"]
    at: Span = field(repr=False)

    @property
    def key(self) -> str:
        """The feature that tells items apart."""
        return self.items[0]


def read_tree(section: Map, features: Features, report: Diagnostics) -> TreePlan | None:
    """None if `data` has no tree, or after E101, E208, E209 and E501."""
    if TREE not in section:
        return None
    tree, at = section.section(TREE), section.at[TREE]
    names = [str(name) for name in tree["items"]]
    _check(section, names, features, report)
    file = locate(tree, "by", None, "`blockrec tree` writes one", report) if is_leaves(tree.get("by")) else ()
    if report.failed:
        return None
    values = {key: setting(section, TREE, key) for key in ("branching", "by", "draw", "label")}
    negatives = setting(section, TREE, "negatives")
    return TreePlan(
        items=tuple(names),
        label=values["label"],
        branching=values["branching"] or (None if file else 2),
        by=None if file else values["by"],
        file=file[0] if file else None,
        negatives=tuple(negatives) if isinstance(negatives, list) else (negatives,),
        draw=values["draw"],
        share=float(setting(section, TREE, "levels", "share")),
        favour=setting(section, TREE, "levels", "favour"),
        at=at,
    )


def _check(section: Map, names: list[str], features: Features, report: Diagnostics) -> None:
    tree, key = section.section(TREE), features.features.get(names[0])
    if key is not None and (
        key.vocab != AUTO or key.root != key.name or key.pool or not isinstance(key.source, Column)
    ):
        message = f"a tree over `{key.name}` adds rows to its table, whose size has to follow from the data"
        report.error("E208", message, tree.at["items"], help=f"features: {{{key.name}: {{vocab: auto}}}}")
    for name in names:
        feature = features.features.get(name)
        if feature is None or feature.sequence is not None:
            report.error("E208", f"`{name}` is no feature of a sample", tree.at["items"])
        elif feature.pool:
            message = f"`{name}` is a list, of which an inner node of the tree has no usual value"
            report.error("E208", message, tree.at["items"], help="leave it out")
    if "by" in tree and tree["by"] not in names and not is_leaves(tree.get("by")):
        help = f"one of {', '.join(names)}, or a file of leaves: NAME{ENDING}"
        report.error("E208", f"`by` is none of the features in `items`: `{tree['by']}`", tree.at["by"], help=help)
    label = setting(section, TREE, "label")
    if label not in features.labels or features.labels[label].sequence is not None:
        report.error(
            "E209", f"`{label}` is no label of samples", tree.at.get("label", tree.span), help=_labels(features)
        )


def _labels(features: Features) -> str:
    known = [label.name for label in features.labels.values() if label.sequence is None]
    return f"labels: {', '.join(known)}" if known else ""
