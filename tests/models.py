"""The packaged models and their variants, and a model that has one of each."""

from __future__ import annotations

import os
from pathlib import Path

import yaml

from blockrec.language.files import packaged_models


def variants(name: str) -> list[str]:
    """Those that a model's file itself writes."""
    written = yaml.safe_load(packaged_models()[name].read_text("utf-8")).get("variants", {})
    return [variant for variant, patch in written.items() if patch is not None]


NAMES = [*packaged_models()]
EVERYTHING = os.path.relpath(Path(__file__).with_name("everything.yaml"))
MODELS = [*((name, variant) for name in NAMES for variant in ["", *variants(name)]), (EVERYTHING, "")]
"""(name, variant), `""` for the file as it is."""
