"""Optimizers of `train:`, and what `overrides` may say of single parameters."""

from __future__ import annotations

from blockrec.language.schema.parts import Schema, options

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


def _adam(description: str, decay: Schema) -> Schema:
    return options(description, lr=_rate(1e-3), betas=_BETAS, eps=_epsilon(1e-8), weight_decay=decay)


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
    "adagrad": options(
        "Adagrad: the sum of g² of every weight.",
        lr=_rate(0.01),
        eps=_epsilon(1e-10),
        weight_decay={**_DECAY, "default": 0.0},
        initial={"type": "number", "minimum": 0, "default": 0.0, "description": "First value of the sum."},
    ),
    "sgd": options(
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
    "rowwise_adagrad": options(
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

OVERRIDE: Schema = {
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

OPTIMIZER: Schema = {
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
}
