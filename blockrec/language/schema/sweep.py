"""The section `sweep:`: which settings to try, with which seeds, and by what to compare."""

from __future__ import annotations

from blockrec.language.schema.parts import Schema, choice, closed, text, whole

PATH_HELP = "e.g. `params.top_k: [5, 10, 20]`, or `variant: [base, NAME]`"


def _values(description: str, **more: object) -> Schema:
    return {"type": "array", "minItems": 1, "description": description, "x-help": PATH_HELP, **more}


def _pair(description: str, **item: object) -> Schema:
    return {"type": "array", "items": item, "minItems": 2, "maxItems": 2, "description": description}


_DISTRIBUTION = closed(
    "What to draw from: one of these.",
    {
        "uniform": _pair("A number between these two.", type="number"),
        "loguniform": _pair(
            "A number between these two whose logarithm is uniform.", type="number", exclusiveMinimum=0
        ),
        "int": _pair("A whole number from the first to the second.", type="integer"),
        "choice": _values("One of these."),
    },
    minProperties=1,
    maxProperties=1,
    **{"x-help": "e.g. {loguniform: [1e-4, 1e-2]}, {uniform: [0, 0.5]}, {int: [1, 8]} or {choice: [relu, gelu]}"},
)

SWEEP = closed(
    "Runs to compare. Several of `grid`, `zip` and `random` are combined: each point of one with each of the others.",
    {
        "metric": text(
            "What to compare by: SPLIT/TASK/METRIC. Default: the first metric of the first task on `valid`."
        ),
        "mode": choice("Whether more or less of it is better; default: as the metric is meant.", "max", "min"),
        "grid": {
            "type": "object",
            "description": "Path → values; every combination is a point. `variant` is a path too, `base` is none.",
            "minProperties": 1,
            "additionalProperties": _values("Values to try.", uniqueItems=True),
        },
        "zip": {
            "type": "object",
            "description": "Path → values, as many for each path: the first of all, the second of all, and so on.",
            "minProperties": 1,
            "additionalProperties": _values("Values to try, in step with those of the other paths."),
        },
        "random": {
            "type": "object",
            "description": "Path → what to draw from.",
            "required": ["trials"],
            "properties": {
                "trials": whole("How many points to draw."),
                "seed": {**whole("Of the draws.", minimum=0), "default": 0},
            },
            "additionalProperties": _DISTRIBUTION,
        },
        "seeds": {
            "type": ["integer", "array"],
            "minimum": 1,
            "items": {"type": "integer", "minimum": 0},
            "minItems": 1,
            "uniqueItems": True,
            "description": "Each point is trained with each of them; N is short for 1 … N. Default: `train.seed`.",
        },
        "jobs": {**whole("How many runs at a time; from 2 on each in a process of its own."), "default": 1},
    },
)
