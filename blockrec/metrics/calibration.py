"""How far predicted probabilities are from observed rates."""

from __future__ import annotations

import numpy as np

from blockrec.metrics.measure import Array, Details, Numbers
from blockrec.metrics.sums import Summed


def ece(bins: int) -> Summed:
    """Expected calibration error: Σ over bins of (rows in it / rows) · |mean prediction − mean label|.

    Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, of the positive class; bins of equal width: bin
    i holds predictions in [i/bins, (i+1)/bins), the last one 1 as well. Details: the reliability curve.
    """

    def sums(scores: Numbers, labels: Numbers, starts: Array) -> Numbers:
        groups = len(starts)
        owner = np.repeat(np.arange(groups), np.diff(np.append(starts, len(scores))))
        cell = owner * bins + np.clip((scores * bins).astype(np.int64), 0, bins - 1)
        weights = (None, scores, labels)
        found = [np.bincount(cell, w, groups * bins).reshape(groups, bins).T for w in weights]
        return np.concatenate(found).astype(np.float64)  # [3 · bins, groups]: rows, Σ prediction, Σ label of each bin

    def value(sums: Numbers, rows: Array) -> Numbers:
        _, predicted, observed = np.split(sums, 3)
        found: Numbers = np.abs(predicted - observed).sum(axis=0) / rows
        return found

    return Summed(sums, value, details=reliability)


def reliability(sums: Numbers) -> Details:
    """The curve behind an ECE: rows, mean prediction and mean label of each bin that has rows; of all rows."""
    counts, predicted, observed = (part[:, 0] for part in np.split(sums, 3))
    filled = counts > 0
    rows = counts[filled]
    return {
        "rows": int(counts.sum()),
        "mean_prediction": float(predicted.sum() / counts.sum()),
        "mean_label": float(observed.sum() / counts.sum()),
        "reliability": {
            "bins": len(counts),
            "counts": rows.astype(int).tolist(),
            "predicted": (predicted[filled] / rows).tolist(),
            "observed": (observed[filled] / rows).tolist(),
        },
    }
