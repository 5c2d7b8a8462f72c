"""A model file and a dataset card as a whole."""

from __future__ import annotations

from functools import cache

from blockrec.language.schema.data import DATA
from blockrec.language.schema.eval import EVAL
from blockrec.language.schema.export import EXPORT
from blockrec.language.schema.features import FEATURES, LABELS
from blockrec.language.schema.graph import BLOCKS, GRAPH, KERNEL, LOSSES, OUTPUTS, TASKS, WATCH
from blockrec.language.schema.parts import NAME, NAME_HELP, Schema, closed, named, text
from blockrec.language.schema.sweep import SWEEP
from blockrec.language.schema.train import TRAIN

VERSION = 1
"""Of the language; a file begins with it."""

_VERSION: Schema = {
    "const": VERSION,
    "description": "Version of the language.",
    "x-codes": {"const": "E010"},
    "x-help": f"begin the file with `blockrec: {VERSION}`",
}
_DOC: Schema = {"type": "string", "description": "What it is."}
_INPUTS: Schema = {
    "features": {**FEATURES, "x-help": "e.g. `features: {item: {vocab: 1000}}`, or `dataset: NAME`"},
    "labels": LABELS,
    "data": DATA,
}


@cache
def model_schema() -> Schema:
    """Of a merged model file, expressions evaluated; in `graph` and `blocks` only the words that all nodes share."""
    return closed(
        "A model.",
        {
            "blockrec": _VERSION,
            "name": {
                "type": "string",
                "pattern": NAME,
                "x-codes": {"pattern": "E109"},
                "x-help": NAME_HELP,
                "description": "Its name.",
            },
            "doc": _DOC,
            "dataset": text("Dataset card that this file lies over: a packaged one or a file."),
            "extends": text("Model that this file is a patch of: a file beside it, or a packaged one."),
            "imports": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Python modules, .py files with blocks, and .yaml files with composites.",
            },
            "params": named("Values for `$name` and `$(…)`.", {"x-new": []}, **{"x-help": "e.g. `params: {dim: 16}`"}),
            **_INPUTS,
            "blocks": BLOCKS,
            "graph": GRAPH,
            "tasks": TASKS,
            "losses": LOSSES,
            "outputs": OUTPUTS,
            "watch": WATCH,
            "train": TRAIN,
            "eval": EVAL,
            "export": EXPORT,
            "kernels": {**KERNEL, "default": "auto"},
            "fuse": {
                "type": "boolean",
                "default": True,
                "description": "Read rows of tables where they are used, without copies; results are the same.",
            },
            "variants": named("Patches of this file by name.", {"type": "object"}),
            "sweep": SWEEP,
        },
        required=["blockrec", "features", "graph"],
    )


@cache
def library_schema() -> Schema:
    """Of a file of composites."""
    imports = {**model_schema()["properties"]["imports"], "description": "What its composites are made of."}
    return closed("Composites.", {"blockrec": _VERSION, "doc": _DOC, "imports": imports, "blocks": BLOCKS})


@cache
def card_schema() -> Schema:
    """Of a dataset card."""
    licence = text("Terms of the data.")
    return closed(
        "A dataset.", {"blockrec": _VERSION, "name": text("Its name."), "doc": _DOC, "licence": licence, **_INPUTS}
    )
