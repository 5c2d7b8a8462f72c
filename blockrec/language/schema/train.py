"""The sections `train:` and `eval:`: every setting with its meaning and its default, which is written nowhere else."""

from __future__ import annotations

from typing import Any

from blockrec.language.schema.metrics import METRIC

Schema = dict[str, Any]

_DECAY: Schema = {
    "type": "number",
    "minimum": 0,
    "description": "L2 penalty: weight_decay · w is added to the gradient (of sparse rows: when touched).",
}


def _rate(default: float) -> Schema:
    return {"type": "number", "exclusiveMinimum": 0, "default": default, "description": "Learning rate."}


def _epsilon(default: float) -> Schema:
    return {"type": "number", "exclusiveMinimum": 0, "default": default, "description": "Keeps the division finite."}


_BETAS: Schema = {
    "type": "array",
    "items": {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
    "minItems": 2,
    "maxItems": 2,
    "default": [0.9, 0.999],
    "description": "Decay of the running mean of the gradient and of its square.",
}


def _options(description: str, **properties: Schema) -> Schema:
    return {
        "type": "object",
        "description": description,
        "additionalProperties": False,
        "properties": properties,
        "default": {},
    }


def _adam(description: str, decay: Schema) -> Schema:
    return _options(description, lr=_rate(1e-3), betas=_BETAS, eps=_epsilon(1e-8), weight_decay=decay)


def _one_of(description: str, default: str, **choices: Schema) -> Schema:
    """An optimizer is written as a mapping of one key, its name, to its options."""
    return {
        "type": "object",
        "description": description,
        "additionalProperties": False,
        "maxProperties": 1,
        "properties": choices,
        "default": {default: {}},
    }


_DENSE_CHOICES: dict[str, Schema] = {
    "adam": _adam("Adam; weight_decay is an L2 penalty.", {**_DECAY, "default": 0.0}),
    "adamw": _adam(
        "AdamW.",
        {
            "type": "number",
            "minimum": 0,
            "default": 0.01,
            "description": "Decoupled: w shrinks by lr · weight_decay · w a step.",
        },
    ),
}

_DENSE_CHOICES |= {
    "adagrad": _options(
        "Adagrad: the sum of g² of every weight.",
        lr=_rate(0.01),
        eps=_epsilon(1e-10),
        weight_decay={**_DECAY, "default": 0.0},
        initial={"type": "number", "minimum": 0, "default": 0.0, "description": "First value of the sum."},
    ),
    "sgd": _options(
        "Stochastic gradient descent.",
        lr=_rate(0.01),
        momentum={"type": "number", "minimum": 0, "exclusiveMaximum": 1, "default": 0.0, "description": "Momentum."},
        nesterov={"type": "boolean", "default": False, "description": "Nesterov's momentum."},
        weight_decay={**_DECAY, "default": 0.0},
    ),
}

_SPARSE_CHOICES: dict[str, Schema] = {
    "lazy_adam": _adam(
        "Adam on the rows that a step touches; each row counts its own steps, so it moves as if trained alone.",
        {**_DECAY, "default": 0.0},
    ),
    "rowwise_adagrad": _options(
        "Adagrad with one accumulator a row, the sum of mean(g²): the least memory and time.",
        lr=_rate(0.02),
        eps=_epsilon(1e-8),
        weight_decay={**_DECAY, "default": 0.0},
    ),
    "dense": _one_of(
        "Every row of every table moves at every step, as in most published code; the cost grows with the vocabulary.",
        "adam",
        **_DENSE_CHOICES,
    ),
}

INIT_KINDS: Schema = {
    "normal": {"type": "number", "minimum": 0, "description": "Standard deviation, mean 0."},
    "uniform": {"type": "number", "minimum": 0, "description": "From -bound to bound."},
    "constant": {"type": "number", "description": "The same value everywhere."},
}

_INIT: Schema = {
    "description": "How to draw the first values: {normal: std}, {uniform: bound}, {constant: value}, or `default`, "
    "which keeps the block's own.",
    "oneOf": [
        {"const": "default"},
        {
            "type": "object",
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
            "properties": INIT_KINDS,
        },
    ],
}

_OVERRIDE: Schema = {
    "type": "object",
    "description": "Other settings for some parameters.",
    "additionalProperties": False,
    "required": ["match"],
    "minProperties": 2,
    "properties": {
        "match": {
            "type": "string",
            "minLength": 1,
            "description": "Glob over parameter paths, e.g. `head.*`, `tables.*`, `*bias*` (`nodes.` may be left out).",
        },
        "lr": {"type": "number", "minimum": 0, "description": "Learning rate; 0 keeps the parameter as it is."},
        "weight_decay": _DECAY,
        "init": _INIT,
    },
}

_PERIOD: Schema = {"type": "string", "pattern": r"^[1-9][0-9]* (step|epoch)s?$"}

_SCHEDULE: Schema = _options(
    "How the learning rates change: a factor on all of them. Of `cosine`, `exponential`, `manual`, `plateau` one may "
    "be given; without one they stay.",
    warmup={
        "type": "integer",
        "minimum": 0,
        "default": 0,
        "description": "Steps over which the factor rises from 0 in a straight line.",
    },
    cosine={
        "type": "object",
        "description": "Half a cosine from 1 down to `to`.",
        "additionalProperties": False,
        "properties": {
            "to": {"type": "number", "minimum": 0, "default": 0.0, "description": "The last factor."},
            "steps": {"type": "integer", "minimum": 1, "description": "Its length. Default: to the end of the run."},
        },
    },
    exponential={
        "type": "object",
        "description": "Times `gamma` each time that `every` has passed.",
        "additionalProperties": False,
        "properties": {
            "gamma": {"type": "number", "exclusiveMinimum": 0, "default": 0.9, "description": "The factor."},
            "every": {**_PERIOD, "default": "1 epoch", "description": "e.g. `1 epoch` or `1000 steps`."},
        },
    },
    manual={
        "type": "object",
        "description": "The factor `factors[i]` from step `after[i]` on; 1 before.",
        "additionalProperties": False,
        "required": ["after", "factors"],
        "properties": {
            "after": {
                "type": "array",
                "items": {"type": "integer", "minimum": 1},
                "minItems": 1,
                "description": "Steps done, rising.",
            },
            "factors": {
                "type": "array",
                "items": {"type": "number", "minimum": 0},
                "minItems": 1,
                "description": "As many numbers.",
            },
        },
    },
    plateau={
        "type": "object",
        "description": "Times `factor` when the metric has not improved for more than `patience` measurements.",
        "additionalProperties": False,
        "properties": {
            "metric": {"type": "string", "description": "e.g. `valid/click/auc`. Default: the one that picks `best`."},
            "factor": {
                "type": "number",
                "exclusiveMinimum": 0,
                "exclusiveMaximum": 1,
                "default": 0.5,
                "description": "The factor.",
            },
            "patience": {"type": "integer", "minimum": 0, "default": 1, "description": "Measurements."},
            "least": {"type": "number", "minimum": 0, "default": 0.0, "description": "The factor does not fall below."},
        },
    },
)

_EARLY_STOP: Schema = {
    "type": "object",
    "description": "Stop when a metric has not improved for `patience` measurements. Without this key a run goes on "
    "to its end.",
    "additionalProperties": False,
    "properties": {
        "metric": {"type": "string", "description": "e.g. `valid/click/auc`. Default: the one that picks `best`."},
        "patience": {"type": "integer", "minimum": 1, "default": 3, "description": "Measurements."},
        "least": {"type": "number", "minimum": 0, "default": 0.0, "description": "What counts as an improvement."},
    },
}

_CHECKPOINT: Schema = _options(
    "Which states are kept, beside `best` and `last`.",
    every={**_PERIOD, "default": "1 epoch", "description": "How often `last` is written, e.g. `1000 steps`."},
    keep={
        "type": "integer",
        "minimum": 0,
        "default": 1,
        "description": "How many states before `last` stay, to go back to if it is damaged.",
    },
    best={
        "type": "string",
        "description": "The metric that picks `best`, e.g. `valid/click/auc`. Default: the first one of the first "
        "task, on `valid`.",
    },
)

TRAIN: Schema = {
    "type": "object",
    "description": "How the model is trained.",
    "additionalProperties": False,
    "default": {},
    "properties": {
        "epochs": {"type": "integer", "minimum": 1, "default": 1, "description": "Passes over the training data."},
        "steps": {
            "type": "integer",
            "minimum": 1,
            "description": "Batches to train on, over as many epochs as that takes; if given, `epochs` does not count.",
        },
        "optimizer": {
            "type": "object",
            "description": "Dense parameters and embedding tables are trained by different optimizers.",
            "x-help": "e.g. `optimizer: {dense: {adam: {lr: 0.001}}}`",
            "additionalProperties": False,
            "default": {},
            "properties": {
                "dense": _one_of("For all parameters but the tables.", "adam", **_DENSE_CHOICES),
                "sparse": _one_of(
                    "For the tables. The default moves a row like Adam, which most published recipes use, at a cost "
                    "independent of the vocabulary.",
                    "lazy_adam",
                    **_SPARSE_CHOICES,
                ),
            },
        },
        "overrides": {
            "type": "array",
            "items": _OVERRIDE,
            "default": [],
            "description": "In order; for each setting of a parameter the last override that matches it counts.",
        },
        "schedule": _SCHEDULE,
        "clip": {
            "type": "number",
            "exclusiveMinimum": 0,
            "description": "Longest norm of all gradients together, those of tables included; longer ones are scaled.",
        },
        "accumulate": {
            "type": "integer",
            "minimum": 1,
            "default": 1,
            "description": "Steps whose gradients are averaged for one move of the optimizers.",
        },
        "precision": {
            "enum": ["fp32", "bf16", "fp16"],
            "default": "fp32",
            "description": "Of products while training and measuring; weights, sums and optimizers stay 32-bit. fp16 "
            "scales the loss.",
        },
        "tf32": {
            "type": "boolean",
            "default": False,
            "description": "Let a GPU round the inputs of 32-bit products to 10 bits.",
        },
        "recompute": {
            "type": "array",
            "items": {"type": "string", "minLength": 1},
            "default": [],
            "description": "Globs over nodes whose inner values are computed again in the backward pass, not kept.",
        },
        "ema": {
            "type": "number",
            "exclusiveMinimum": 0,
            "exclusiveMaximum": 1,
            "description": "Decay of a running mean of the dense weights, which is what is measured and saved.",
        },
        "early_stop": _EARLY_STOP,
        "checkpoint": _CHECKPOINT,
        "seed": {
            "type": "integer",
            "minimum": 0,
            "default": 1,
            "description": "Of initial weights, shuffling and dropout.",
        },
        "device": {
            "enum": ["auto", "cpu", "cuda", "mps"],
            "default": "auto",
            "description": "`auto`: a CUDA GPU if there is one, else the CPU.",
        },
    },
}

EVAL: Schema = {
    "type": "object",
    "description": "When and how the model is measured. The first metric of the first task on `valid` picks the best "
    "checkpoint, which the test metrics are of.",
    "additionalProperties": False,
    "default": {},
    "properties": {
        "every": {
            "type": "string",
            "pattern": r"^[1-9][0-9]* (step|epoch)s?$",
            "default": "1 epoch",
            "description": "How often to measure on `valid`, e.g. `1 epoch` or `150 steps`; the end counts anyway.",
        },
        "metrics": {
            "type": "array",
            "items": METRIC,
            "description": "Of tasks that name none.",
        },
        "batch_size": {
            "type": "integer",
            "minimum": 1,
            "description": "Samples a batch while measuring; default: that of training.",
        },
        "train": {
            "type": "integer",
            "minimum": 0,
            "default": 0,
            "description": "So many samples of the training part, drawn once, are measured too, like those of `valid` "
            "(metrics `train/<task>/<metric>`); 0: none.",
        },
        "catalogue": {
            "type": "object",
            "description": "What metrics `over: catalogue` rank: the items of the training samples.",
            "additionalProperties": False,
            "required": ["items"],
            "properties": {
                "items": {
                    "type": "array",
                    "items": {"type": "string"},
                    "minItems": 1,
                    "description": "Features that belong to the item: another item brings its own values of all of "
                    "them. The first one tells items apart.",
                },
                "seen": {
                    "enum": ["keep", "drop"],
                    "default": "keep",
                    "description": "Whether items of the sample's history are ranked, or left out unless they are "
                    "what it asks for. The history is that of the sequences with a field `like` the item, without "
                    "`max_len`.",
                },
                "rows": {
                    "type": "integer",
                    "minimum": 1,
                    "description": "So many samples, drawn once, are measured; default: all whose label is above 0.",
                },
            },
        },
    },
}
