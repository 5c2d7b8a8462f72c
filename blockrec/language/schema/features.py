"""The sections `features:` and `labels:`."""

from __future__ import annotations

from blockrec.language.schema.parts import NAME, NAME_HELP, Schema, choice, closed, named, text, whole

KINDS = ("vocab", "like", "dense", "raw", "fields", "constant", "position")
RAW_TYPES = ("int64", "int32", "float64", "float32", "bool")

_FORMS: Schema = {
    "vocab": {
        "type": ["integer", "string"],
        "minimum": 1,
        "if": {"type": "string"},
        "then": {"enum": ["auto"], "x-help": "a whole number, or `auto`"},
        "description": "An id with this many rows in its table, or `auto`: as many as the training data has.",
    },
    "like": text("The same ids and the same tables as another feature."),
    "dense": whole("This many numbers."),
    "raw": choice("Passed through with this type, e.g. a time or a bit field.", *RAW_TYPES),
    "constant": {
        "type": "integer",
        "minimum": 0,
        "description": "The same id for every sample; `vocab` or `like` says of which table.",
    },
    "position": choice(
        "In a sequence: the place of a step as an id, counted from 1 at the oldest step (from_start) or the newest "
        "(from_end).",
        "from_start",
        "from_end",
    ),
    "column": text("Column of the data. Default: that of `like`, else the feature's name."),
    "default": {"type": ["number", "string"], "description": "Replaces a null."},
    "dim": whole("Width of its vectors, unless the `embed` node says otherwise."),
}

_FIELD: Schema = closed(
    "One value a step.",
    _FORMS,
    **{"x-new": KINDS},
)

_FEATURE: Schema = closed(
    "One value a sample, or with `fields` a sequence.",
    {
        **_FORMS,
        "fields": named("A sequence: its fields share one length.", _FIELD, minProperties=1),
        "max_len": whole("Longest sequence that is used."),
        "keep": choice("Which steps of a longer sequence are used; `last` are the newest.", "last", "first"),
    },
    **{"x-new": KINDS},
)

FEATURES: Schema = named("Inputs of the model.", _FEATURE)

_LABEL: Schema = closed(
    "One target.",
    {
        "column": text("Column of the data. Default: the label's name."),
        "at_least": {"type": "number", "description": "1 if the value is at least this, else 0."},
        "bit": {
            "type": "integer",
            "minimum": 0,
            "maximum": 63,
            "description": "1 if this bit of the value is set, else 0.",
        },
        "type": {
            "enum": ["binary", "float"],
            "default": "binary",
            "description": "0 or 1, or any number.",
        },
    },
)

LABELS: Schema = {
    **named("Targets: a list of columns, or a mapping.", _LABEL),
    "type": ["array", "object"],
    "items": {"type": "string", "pattern": NAME, "x-codes": {"pattern": "E109"}, "x-help": NAME_HELP},
}
