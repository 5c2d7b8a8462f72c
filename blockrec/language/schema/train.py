"""The section `train:`: every setting with its meaning and its default, which is written nowhere else."""

from __future__ import annotations

from blockrec.language.schema.optimizers import OPTIMIZER, OVERRIDE
from blockrec.language.schema.parts import Schema, options

_PERIOD: Schema = {"type": "string", "pattern": r"^[1-9][0-9]* (step|epoch)s?$"}

_SCHEDULE: Schema = options(
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

_CHECKPOINT: Schema = options(
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
        "optimizer": OPTIMIZER,
        "overrides": {
            "type": "array",
            "items": OVERRIDE,
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
