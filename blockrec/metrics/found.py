"""What a measurement gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from blockrec.metrics.measure import Details


@dataclass(frozen=True)
class Found:
    """By name of the metric: its value, why it has none, and what is known beside it."""

    values: Mapping[str, float]
    undefined: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, Details] = field(default_factory=dict)

    def and_(self, other: Found) -> Found:
        """Both together."""
        return Found(
            {**self.values, **other.values},
            {**self.undefined, **other.undefined},
            {**self.details, **other.details},
        )
