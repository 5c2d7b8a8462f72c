"""The section `data: {tree}`: the tree of items that retrieval goes down; every default is written here only."""

from __future__ import annotations

from blockrec.language.schema.parts import Schema, choice, closed, names, number, text, whole

ENDING = ".parquet"


def is_leaves(by: object) -> bool:
    """Whether `data.tree.by` names a file with the leaves of a tree, and no feature."""
    return isinstance(by, str) and by.endswith(ENDING)


TREE: Schema = closed(
    "A tree over the items of the training samples, which retrieval goes down. Training takes the positive samples: "
    "each is repeated with the nodes above its item in place of the item, label 1, and with other nodes beside each of "
    "them, label 0. The table of items has a row more for each inner node.",
    {
        "items": names(
            "Features that belong to the item. The first one tells items apart and has `vocab: auto`; of the others "
            "an inner node has the value that most of its items have, of numbers the mean."
        ),
        "label": text("Label that says which samples are positive.", default="click"),
        "branching": whole("Children of a node, at most. Default: 2, or what a file says.", minimum=2),
        "by": text(
            "Where items stand: one of `items`, whose equal values are then side by side, or a Parquet file of leaves, "
            "as `blockrec tree` writes it. Default: in a random order."
        ),
        "negatives": {
            "type": ["integer", "array"],
            "minimum": 0,
            "items": {"type": "integer", "minimum": 0},
            "minItems": 1,
            "default": 4,
            "description": "Nodes beside each node above the item and beside the item itself, of the same level; a "
            "list says it for each level, the first one below the root, and its last number for those that are left.",
        },
        "draw": {
            **choice("Nodes of a level all alike, or as often as their items occur.", "uniform", "popularity"),
            "default": "uniform",
        },
        "levels": closed(
            "Of the inner levels those that a sample is repeated for, drawn anew in every epoch.",
            {
                "share": {**number("Share of the inner levels.", 1), "maximum": 1},
                "favour": {
                    **choice(
                        "All alike, with odds ∝ level (the root is 0), or ∝ 1 / (levels that are below it).",
                        "uniform",
                        "arithmetic",
                        "reciprocal",
                    ),
                    "default": "uniform",
                },
            },
            default={},
        ),
    },
    required=["items"],
)
