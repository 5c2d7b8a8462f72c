"""Parts of sequences."""

from __future__ import annotations

from torch import Tensor

from blockrec.jagged import Jagged, offsets_of, places, select


def kept_steps(x: Jagged, kept: Tensor, most: int | None = None) -> tuple[Jagged, Tensor]:
    """The steps where kept [Σt] is true, at most `most` of each sample, and their index into the flat steps."""
    longest = x.max_length if most is None else min(most, x.max_length)
    index = places(kept, x.batch * longest)
    lengths = x.lengths.new_zeros(x.batch).index_add(0, x.rows, kept.to(x.lengths.dtype))
    return select(x, index, offsets_of(lengths), longest), index
