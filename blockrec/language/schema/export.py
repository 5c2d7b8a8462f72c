"""The section `export:`: what leaves training."""

from __future__ import annotations

from blockrec.language.schema.parts import Schema

FORMATS = ("safetensors",)

EXPORT: Schema = {
    "type": "object",
    "description": "What `blockrec export` writes of a run.",
    "additionalProperties": False,
    "default": {},
    "properties": {
        "formats": {
            "type": "array",
            "items": {"enum": list(FORMATS)},
            "minItems": 1,
            "default": ["safetensors"],
            "description": "`safetensors`: weights by parameter path, read without Python code and by rows.",
        },
        "towers": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "Outputs each of which is exported alone as well: `towers/NAME` in the folder is a run of "
            "what computes it, and no more.",
        },
        "index": {
            "type": "object",
            "description": "Vectors of all items, to retrieve from: `index` in the folder. For a task whose logits are "
            "the similarity of a query and an item that know nothing of each other.",
            "additionalProperties": False,
            "properties": {
                "task": {"type": "string", "description": "Default: the first such task."},
                "kind": {
                    "type": "string",
                    "default": "exact",
                    "description": "`exact`: the vectors alone. Or what faiss makes of them, in the words of its index "
                    "factory, e.g. `HNSW32` or `IVF256,Flat` (needs the extra `ann`).",
                },
                "search": {
                    "type": "string",
                    "default": "",
                    "description": "Settings of faiss for searching, e.g. `efSearch=64` or `nprobe=8`.",
                },
            },
        },
    },
}
