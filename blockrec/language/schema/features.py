"""The sections `features:` and `labels:`."""

from __future__ import annotations

from blockrec.language.schema.optimizers import INIT_KINDS
from blockrec.language.schema.parts import NAME, NAME_HELP, Schema, choice, closed, named, text, whole

KINDS = ("vocab", "hash", "buckets", "like", "dense", "raw", "fields", "constant", "position", "calendar")
RAW_TYPES = ("int64", "int32", "float64", "float32", "bool")
CALENDAR = r"^(hour|weekday|day|minutes_since\([a-z][a-z0-9_]*\))$"

MOST_ROWS = 2**40
"""Of a table: no machine holds more."""

_TABLES: Schema = {
    "vocab": {
        "type": ["integer", "string"],
        "minimum": 1,
        "maximum": MOST_ROWS,
        "if": {"type": "string"},
        "then": {
            "pattern": r"^auto$|[./\\]",
            "x-codes": {"pattern": "E107"},
            "x-help": "a whole number, `auto`, or a file such as `words.txt`",
        },
        "examples": ["auto"],
        "description": "An id. A number: the rows of its table, and ids are rows. `auto`: a row for each value of the "
        "training data. A text file with a dot in its name: a row for each line. Row 0 is then for other values.",
    },
    "hash": {
        **whole("An id, text or a whole number, hashed into so many rows; the same everywhere and always."),
        "maximum": MOST_ROWS,
    },
    "buckets": {
        "type": ["integer", "array"],
        "minimum": 2,
        "items": {"type": "number"},
        "minItems": 1,
        "description": "A number as an id: so many buckets, equally full of training data, or a list of edges (an edge "
        "opens the bucket above it). Row 0 is for null.",
    },
    "like": text("The same ids and the same tables as another feature."),
}

_NUMBERS: Schema = {
    "dense": whole("This many numbers."),
    "raw": choice("Passed through with this type, e.g. a time or a bit field.", *RAW_TYPES),
}

_SOURCES: Schema = {
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
    "calendar": {
        "type": "string",
        "pattern": CALENDAR,
        "examples": ["hour", "weekday", "day"],
        "x-codes": {"pattern": "E107"},
        "x-help": "`hour`, `weekday`, `day`, or `minutes_since(FEATURE)`",
        "description": "From a time: `hour` (24 rows), `weekday` (7, Monday is 0), `day` of the month (31, the 1st is "
        "0), or `minutes_since(FEATURE)`, a number: from that time to the sample, of a field: from the step's.",
    },
}

_OPTIONS: Schema = {
    "column": text(
        "Column of the data. Default: that of `like` (not of a list), else the feature's name; of `calendar`: the time."
    ),
    "default": {
        "type": ["number", "string"],
        "description": "Replaces a null; of `calendar`: the result of a missing time; of `pool`: a null in a list.",
    },
    "dim": whole("Width of its vectors, unless the `embed` node says otherwise."),
    "norm": choice(
        "Of `dense`: log(1 + x); (x − mean) / deviation; (x − min) / (max − min), all of the training data.",
        "log1p",
        "zscore",
        "minmax",
    ),
    "tz": text("Time zone of `calendar`, e.g. `Europe/Berlin`. Default: UTC."),
    "unit": choice(
        "Of times that are plain numbers (since 1970). Default: us. A timestamp column has its own.",
        "s",
        "ms",
        "us",
        "ns",
    ),
    "cold": whole("Of `vocab: auto` or a file: rows that values without a row of their own are hashed into."),
    "init": {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
        "properties": INIT_KINDS,
        "description": "First values of its tables: {normal: std}, {uniform: bound} or {constant: value}. "
        "Default: {normal: 0.01}.",
    },
}

VALUE: Schema = {**_TABLES, **_NUMBERS, **_SOURCES, **_OPTIONS}
"""Keys of one value a sample or a step."""

_FIELD: Schema = closed("One value a step.", VALUE, **{"x-new": KINDS})

_FEATURE: Schema = closed(
    "One value a sample, or with `fields` a sequence.",
    {
        **VALUE,
        "pool": choice(
            "A list a sample: its vectors are added up, or their mean; an empty list gives 0.", "sum", "mean"
        ),
        "fields": named(
            "A sequence: its fields share one length.",
            _FIELD,
            minProperties=1,
            **{"x-help": "e.g. `fields: {item: {like: item}}`"},
        ),
        "max_len": whole("Longest sequence, or list of `pool`, that is used."),
        "keep": choice("Which steps of a longer one are used; `last` are the newest.", "last", "first"),
    },
    **{"x-new": KINDS, "x-help": "e.g. {vocab: 1000}"},
)

FEATURES: Schema = named("Inputs of the model.", _FEATURE)

_LABEL: Schema = closed(
    "One target.",
    {
        "column": text(
            "Column of the data; `SEQUENCE.COLUMN` is one label a step of a sequence. Default: the label's name."
        ),
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
        "classes": {
            "type": "integer",
            "minimum": 2,
            "description": "Instead: the number of one of so many classes, from 0 on; for the loss `softmax`.",
        },
    },
)

LABELS: Schema = {
    **named("Targets: a list of columns, or a mapping.", _LABEL),
    "type": ["array", "object"],
    "items": {"type": "string", "pattern": NAME, "x-codes": {"pattern": "E109"}, "x-help": NAME_HELP},
}
