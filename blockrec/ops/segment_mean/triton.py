"""`segment_mean` on the GPU: the kernel of `segment_sum`, every step weighted by 1 / length."""

from blockrec.ops.segment_sum.triton import backward, forward

__all__ = ["backward", "forward"]
