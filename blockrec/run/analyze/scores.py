"""The scores that a model gives to the steps of histories."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blockrec.run.analyze.attention import listening
from blockrec.run.analyze.subject import Subject, whole
from blockrec.run.batches import Batch


def scores_of(subject: Subject, batch: Batch, steps: int) -> dict[str, NDArray[np.float64]]:
    """Of each node that scores all `steps` of the batch's histories, [Σt]; of several heads the mean.

    A node that scores steps that an earlier search retrieved, or clusters of steps, is left out.
    """
    with listening(subject.model) as heard:
        subject.model(batch)
        found = {node: whole(scores.values) for node, scores in heard.items() if len(scores.values) == steps}
    return {node: (x if x.dim() == 1 else x.flatten(1).mean(1)).numpy() for node, x in found.items()}
