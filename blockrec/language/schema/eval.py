"""The section `eval:`; every default is written here only."""

from __future__ import annotations

from blockrec.language.schema.metrics import METRIC
from blockrec.language.schema.parts import Schema

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
            "description": "What metrics `over: catalogue` and `over: tree` rank: the items of the training samples.",
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
                "beam": {
                    "type": "integer",
                    "minimum": 1,
                    "description": "How many nodes of each level `over: tree` opens; default: twice the largest k.",
                },
            },
        },
    },
}
