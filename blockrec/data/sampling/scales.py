"""Numbers of negatives are scaled as those of the samples in the same column: one tower reads both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from blockrec.data.sampling.plan import is_drawn
from blockrec.language.features import Feature

Value = TypeVar("Value")


def scales_of_negatives(features: Iterable[Feature], scales: Mapping[str, Value]) -> dict[str, Value]:
    """Field of negatives → the scale of the feature of samples that reads the same column in the same way."""
    known = [*features]
    of_samples = {(f.source, f.norm): scales[f.name] for f in known if f.name in scales and f.sequence is None}
    drawn = [f for f in known if is_drawn(f.sequence) and (f.source, f.norm) in of_samples]
    return {f.name: of_samples[f.source, f.norm] for f in drawn}
