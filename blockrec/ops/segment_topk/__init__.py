"""The k best steps of each sample."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.library import custom_op

from blockrec.jagged import Jagged, offsets_of, select
from blockrec.ops.serving import serve_gpu, sum_in_32_bits


def segment_topk(scores: Jagged, k: int) -> tuple[Jagged, Tensor]:
    """Scores [b, t] → (those of the k best steps, in the order of the steps; index into the flat steps).

    A sample with fewer than k steps keeps them all. Of equal scores the later, that is more recent, step is retrieved.
    Gradients reach the retrieved scores; the choice itself has none.
    """
    index = _forward(scores.values, scores.offsets, k)
    return select(scores, index, offsets_of(scores.lengths.clamp(max=k)), min(k, scores.max_length)), index


@custom_op("blockrec::segment_topk", mutates_args=(), device_types="cpu")
def _forward(scores: Tensor, offsets: Tensor, k: int) -> Tensor:
    from blockrec.ops.segment_topk import cpu

    return cpu.forward(scores, offsets, k)


@_forward.register_fake
def _(_scores: Tensor, offsets: Tensor, _k: int) -> Tensor:
    return offsets.new_empty(torch.library.get_ctx().new_dynamic_size())


sum_in_32_bits(_forward)
serve_gpu("segment_topk", forward=_forward)
