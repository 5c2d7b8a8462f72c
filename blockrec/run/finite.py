"""No state is saved that training cannot recover from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from blockrec.diagnostics import fail
from blockrec.run.trace import place_of

HELP = "a lower learning rate, or `train.clip`"


def check_weights(model: nn.Module, weights: Mapping[str, Tensor], step: int, checkpoint: Path | None) -> None:
    """E701 if a weight is not finite: the loss of a step may be finite when its gradient is not."""
    wrong = [path for path, value in weights.items() if not _is_finite(value)]
    if wrong:
        more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        help = f"{HELP}; the last good state is in {checkpoint}" if checkpoint else HELP
        message = f"weights are not finite after step {step}: `{wrong[0]}`{more}"
        raise fail("E701", message, place_of(model, wrong[0].rpartition(".")[0]), help=help)


def _is_finite(value: Tensor) -> bool:
    """A sum is finite only if all are, and is quick; but finite values may have one that is not."""
    return bool(value.sum().isfinite()) or bool(value.isfinite().all())
