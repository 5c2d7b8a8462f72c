"""The sections `graph:`, `blocks:`, `tasks:`, `losses:` and `outputs:`; parameters of nodes belong to their blocks."""

from __future__ import annotations

from blockrec.language.schema.parts import Schema, choice, closed, named, text

NODE_WORDS = ("block", "in", "kernel", "doc")
KERNELS = ("auto", "reference", "cpu", "triton")
PORT_KINDS = ("vec", "seq", "ids", "any")
NODE_HELP = "every node is `name: {block: ..., in: ...}`"

_SOURCE: Schema = {"type": ["string", "array"], "items": {"type": "string"}, "minItems": 1}

_INPUT: Schema = {
    **_SOURCE,
    "type": ["string", "array", "object"],
    "additionalProperties": {**_SOURCE, "description": "A node, a feature, or a list of them."},
    "description": "Where the inputs come from: one source, a list, or a source for each port.",
}

KERNEL: Schema = choice("Implementation to compute with; `auto` takes the fastest that can serve.", *KERNELS)

_NODE: Schema = {
    "type": "object",
    "description": "One use of a block.",
    "required": ["block"],
    "properties": {
        "block": text("Block or composite; `blockrec blocks` lists them."),
        "in": _INPUT,
        "kernel": KERNEL,
        "doc": {"type": "string", "description": "What it is for."},
    },
    "x-codes": {"required": "E102", "type": "E101"},
    "x-help": NODE_HELP,
    "x-new": ["block"],
}

GRAPH: Schema = named("Nodes by name; their order does not matter.", _NODE)

_OUT: Schema = {
    "type": ["string", "object"],
    "additionalProperties": {"type": "string"},
    "minProperties": 1,
    "description": "The node that is the result, or results by name.",
}

BLOCKS: Schema = named(
    "Composites: blocks made of nodes.",
    closed(
        "A block made of nodes.",
        {
            "doc": {"type": "string", "description": "What it is for."},
            "params": named("Parameters with defaults; `required` has none.", {"x-new": []}),
            "in": named(
                "Inputs: vec [b, ·], seq (a sequence of vectors), ids (a feature), any.", choice("", *PORT_KINDS)
            ),
            "graph": GRAPH,
            "out": _OUT,
        },
        required=["in", "graph", "out"],
        **{"x-new": ["graph"]},
    ),
)

_NAMED_METRICS = {
    "auc": closed("Area under the ROC curve.", {}),
    "logloss": closed("Mean binary cross entropy.", {}),
    "gauc": closed(
        "AUC within groups, weighted by their size.",
        {"by": text("Feature or column that makes the groups.")},
        required=["by"],
    ),
}

_METRIC: Schema = {
    **closed("A metric by name, or a mapping of its name to its settings.", _NAMED_METRICS),
    "type": ["string", "object"],
    "minProperties": 1,
    "maxProperties": 1,
    "if": {"type": "string"},
    "then": {"enum": ["auc", "logloss"], "x-help": "e.g. [auc, logloss, {gauc: {by: user}}]"},
}

TASKS: Schema = named(
    "What the model predicts.",
    closed(
        "One prediction.",
        {
            "logits": text("Node that computes it."),
            "loss": {
                "type": ["string", "object"],
                "required": ["block"],
                "properties": {"block": text("Loss block.")},
                "description": "Loss block, or `{block: ..., <its parameters>}`.",
            },
            "label": text("Default: the label with the task's name."),
            "weight": {"type": "number", "description": "Factor of this loss in the total.", "default": 1.0},
            "metrics": {"type": "array", "items": _METRIC, "description": "Measured on every split."},
        },
        required=["logits", "loss"],
        **{"x-new": ["logits"]},
    ),
)

LOSSES: Schema = named(
    "Further losses, which may read labels.",
    {
        **_NODE,
        "description": "A loss block.",
        "properties": {
            **_NODE["properties"],
            "weight": {"type": "number", "description": "Factor of this loss in the total.", "default": 1.0},
        },
        "x-help": "every loss is `name: {block: ..., in: {...}}`",
    },
)

OUTPUTS: Schema = named(
    "What prediction and export emit besides the tasks: name → node.", text("A node or its output.")
)
