"""Ages that cannot be told: a step without a time, or one after its sample."""

from __future__ import annotations

from collections.abc import Callable

from blockrec.data.arrow import Array
from blockrec.data.encoding.calendar import MISSING
from blockrec.data.encoding.derived import Place
from blockrec.diagnostics import Diagnostics
from blockrec.language.features import Buckets, Feature


def are_told(
    feature: Feature, since: Array, place: Place, has_negative: Callable[[], bool], report: Diagnostics
) -> bool:
    """Whether the ages of a feature can be told; E503 if not. since: [steps] the times from which they count."""
    missing = since == MISSING
    if missing.any() and not isinstance(feature.ids, Buckets) and getattr(feature.source, "default", 0) is None:
        message = f"`{feature.name}` has no time to count from in {place(int(missing.argmax()))}"
        report.error("E503", message, feature.span, help="write `default:` for such rows")
        return False
    if feature.norm == "log1p" and has_negative():
        message = f"`{feature.name}` counts from a time after the sample: below 0, which has no `log1p`"
        report.error("E503", message, feature.span, help="`norm: zscore` and `norm: minmax` take any number")
        return False
    return True
