"""Forms: written like blocks, but expanded by the compiler."""

from __future__ import annotations

from blockrec.language.schema.parts import NAME, NAME_HELP
from blockrec.signature import Port, Signature

EMBED = "embed"
LOOKUP = "lookup"
CONCAT = "concat"
STACK = "stack"

FORMS: dict[str, Signature] = {
    EMBED: Signature(
        ports=(Port("features", "int", ("...",), variadic=True),),
        outputs=(Port("out", "float", ("...", "{sum(dim)}")),),
        schema={
            "type": "object",
            "additionalProperties": False,
            "required": [],
            "properties": {
                "dim": {
                    "type": ["integer", "object"],
                    "minimum": 1,
                    "additionalProperties": {"type": "integer", "minimum": 1},
                    "description": "Width of one vector, or a width a feature; default: the feature's `dim`.",
                    "examples": [16],
                },
                "table": {
                    "type": "string",
                    "pattern": NAME,
                    "x-help": NAME_HELP,
                    "description": "Name of the weights: same table and feature, same weights.",
                },
                "stack": {
                    "type": "boolean",
                    "description": "Keep the features apart: [b, features, dim] instead of [b, Σdim].",
                },
            },
        },
        defaults={"dim": None, "table": "main", "stack": False},
        doc=(
            "Vectors of id features: one row of a table each, side by side.\n\n"
            "Weights are keyed by (table, feature): two nodes that name the same table share them, another `table:`\n"
            "gives the feature a second, independent vector. Fields of a sequence give one vector a step."
        ),
    )
}

LOOKUP_SIGNATURE = Signature(
    ports=(Port("ids", "int", ("...",)),),
    outputs=(Port("out", "float", ("...", "{dim}")),),
    doc="Rows of one table, as `embed` makes them.",
)

POOLED_SIGNATURE = Signature(
    ports=(Port("ids", "int", ("b", "list"), jagged=True),),
    outputs=(Port("out", "float", ("b", "{dim}")),),
    doc="The sum or mean of rows of one table, as `embed` makes it of a feature with `pool`.",
)
