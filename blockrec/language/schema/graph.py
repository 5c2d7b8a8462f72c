"""The sections `graph:`, `blocks:`, `tasks:`, `losses:` and `outputs:`; parameters of nodes belong to their blocks."""

from __future__ import annotations

from blockrec.language.alarms import ALARM, ALARM_HELP
from blockrec.language.schema.metrics import METRIC
from blockrec.language.schema.parts import NAME, Schema, choice, closed, named, text

NODE_WORDS = ("block", "in", "repeat", "each", "share", "kernel", "doc")
KERNELS = ("auto", "reference", "cpu", "triton")
PORT_KINDS = ("vec", "seq", "ids", "any")
TASK_HELP = "{logits: NODE, loss: bce}"
NODE_HELP = "every node is `name: {block: ..., in: ...}`"

_SOURCE: Schema = {"type": ["string", "array"], "items": {"type": "string"}, "minItems": 1}

_INPUT: Schema = {
    **_SOURCE,
    "type": ["string", "array", "object"],
    "additionalProperties": {**_SOURCE, "description": "A node, a feature, or a list of them."},
    "description": "Where the inputs come from: one source, a list, or a source for each port.",
}

KERNEL: Schema = choice("Implementation to compute with; `auto` takes the fastest that can serve.", *KERNELS)

_TIMES: Schema = {
    "type": ["integer", "string"],
    "minimum": 1,
    "description": "How many; the index of each is `$i`.",
    "if": {"type": "string"},
    "then": {"pattern": "^[$]", "x-help": "a whole number, or an expression such as $layers"},
}

_REPEAT: Schema = {
    "type": ["integer", "string", "object"],
    "minimum": 1,
    "description": "A chain of so many: each takes what the one before gives. Or {times: N, share: true}: one set of "
    "weights for all.",
    "if": {"type": "object"},
    "then": closed(
        "A chain.",
        {
            "times": _TIMES,
            "share": {"type": "boolean", "default": False, "description": "One set of weights for all."},
        },
        required=["times"],
    ),
    "else": {key: _TIMES[key] for key in ("if", "then")},
}

_EACH: Schema = {
    "type": "object",
    "propertyNames": {"pattern": NAME, "x-codes": {"pattern": "E109"}, "x-help": "the name of the variable"},
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": {
        "type": ["array", "integer", "string"],
        "minItems": 1,
        "minimum": 1,
        "if": {"type": "string"},
        "then": {"pattern": "^[$]", "x-help": "a list of names, a whole number, or an expression such as $tasks"},
        "description": "A list of keys, or a whole number: 0, 1, … below it.",
    },
    "x-help": "e.g. `each: {task: [click, buy]}`",
    "description": "Parallel nodes, one a value: {task: [click, buy]} makes `node.click` and `node.buy`; `$task` is "
    "the value. `node.*` are all of them.",
}

_DOC: Schema = {"type": "string", "description": "What it is for."}
_BLOCK: Schema = text("Block or composite; `blockrec blocks` lists them.")

_NODE: Schema = {
    "type": "object",
    "description": "One use of a block.",
    "if": {"required": ["share"]},
    "else": {"required": ["block"], "x-codes": {"required": "E102"}, "x-help": NODE_HELP},
    "properties": {
        "block": _BLOCK,
        "in": _INPUT,
        "repeat": _REPEAT,
        "each": _EACH,
        "share": text("Instead of `block`: the block, parameters and weights of this node."),
        "kernel": KERNEL,
        "doc": _DOC,
    },
    "x-codes": {"type": "E101"},
    "x-help": NODE_HELP,
    "x-new": ["block", "share"],
}

GRAPH: Schema = named(
    "Nodes by name; their order does not matter.",
    _NODE,
    **{"x-help": "e.g. `graph: {logit: {block: linear, in: x, out: 1}}`"},
)

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
            "doc": _DOC,
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

_BESIDE: Schema = {
    "type": "object",
    "additionalProperties": {**_SOURCE, "description": "A node, a feature or a label."},
    "description": "Inputs of the loss besides logits, label and weights, by port: `{session: user}` of `jrc`.",
}

_WEIGHT: Schema = {"type": "number", "description": "Factor of this loss in the total.", "default": 1.0}

TASKS: Schema = named(
    "What the model predicts.",
    closed(
        "One prediction.",
        {
            "logits": text("Node that computes it."),
            "loss": {
                "type": ["string", "object"],
                "required": ["block"],
                "properties": {"block": text("Loss block."), "in": _BESIDE},
                "description": "Loss block, or `{block: ..., <its parameters>}`.",
            },
            "label": text("Default: the label with the task's name."),
            "weight": _WEIGHT,
            "sample_weight": text("Label or raw feature by which each row counts in the loss: Σ w·loss / Σ w."),
            "mask": text("Label or raw feature that is 0 for rows that count neither in the loss nor in the metrics."),
            "metrics": {
                "type": "array",
                "items": METRIC,
                "description": "Measured on every split: see docs/metrics.md, and `blockrec explain METRIC`.",
            },
        },
        required=["logits", "loss"],
        **{"x-new": ["logits"], "x-help": TASK_HELP},
    ),
    **{"x-help": f"e.g. `tasks: {{click: {TASK_HELP}}}`"},
)

LOSSES: Schema = named(
    "Further losses, which may read labels.",
    {
        "type": "object",
        "description": "A loss block.",
        "required": ["block"],
        "properties": {"block": _BLOCK, "in": _INPUT, "kernel": KERNEL, "doc": _DOC, "weight": _WEIGHT},
        "x-codes": {"required": "E102", "type": "E101"},
        "x-help": "every loss is `name: {block: ..., in: {...}}`",
        "x-new": ["block"],
    },
)

OUTPUTS: Schema = named(
    "What prediction and export emit besides the tasks: name → node.",
    text("A node or its output."),
    **{"x-help": "e.g. `outputs: {user_vector: NODE}`"},
)

WATCH: Schema = named(
    "Values whose mean, std, min, median, max and histogram are logged at every evaluation: name → node or output.",
    {
        **closed(
            "A node or its output, or a mapping with an alarm.",
            {
                "node": text("A node or its output."),
                "warn": {
                    "type": "string",
                    "pattern": ALARM,
                    "x-help": ALARM_HELP,
                    "description": "Warn once this holds, e.g. `std < 0.01 after 1 epoch`.",
                },
            },
            required=["node"],
        ),
        "type": ["string", "object"],
        "minLength": 1,
    },
)
