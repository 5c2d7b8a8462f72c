"""What `train:` changes about a step, in words; nothing for what it leaves as it is."""

from __future__ import annotations

from collections.abc import Iterator

from blockrec.run.settings import Train
from blockrec.words import counted


def exactness(train: Train) -> Iterator[str]:
    """How products are rounded."""
    if train.precision != "fp32":
        yield f"products in {train.precision}"
    if train.tf32:
        yield "32-bit products rounded to TF32"


def moves(train: Train) -> Iterator[str]:
    """What happens around the optimizers."""
    if train.schedule.warmup:
        yield f"warm-up over {counted(train.schedule.warmup, 'step')}"
    if train.schedule.kind is not None:
        yield f"then {train.schedule.kind}" if train.schedule.warmup else str(train.schedule.kind)
    if train.accumulate > 1:
        yield f"a move every {train.accumulate} steps"
    if train.clip is not None:
        yield f"gradients no longer than {train.clip:g}"
    if train.ema is not None:
        yield f"running means of the dense weights, decay {train.ema:g}"
