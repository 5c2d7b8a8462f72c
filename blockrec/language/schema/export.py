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
    },
}
