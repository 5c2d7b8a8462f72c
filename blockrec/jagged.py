"""Sequences of different lengths without padding: the one sequence value of blockrec."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Jagged:
    """The steps of all samples, one after another.

    values: [Σt, ...], the steps of sample 0, then those of sample 1, ...
    offsets: [b + 1] int64, sample i owns `values[offsets[i]:offsets[i + 1]]`; empty samples are legal.
    max_length: a Python int, an upper bound of the lengths (from the loader, so no device sync is needed).
    rows: [Σt] int64, the sample that each step belongs to; computed once and carried along.
    """

    values: Tensor
    offsets: Tensor
    max_length: int
    rows: Tensor = None  # type: ignore[assignment]  # filled below, so that users need not give it

    def __post_init__(self) -> None:
        if self.rows is None:
            object.__setattr__(self, "rows", rows_of(self.offsets, self.values.shape[0]))  # type: ignore[unreachable]

    @classmethod
    def from_lists(cls, lists: list[list[float]], dtype: torch.dtype | None = None) -> Jagged:
        """From Python lists: for tests and examples, not for a hot path."""
        lengths = torch.tensor([len(x) for x in lists], dtype=torch.int64)
        values = torch.tensor([v for x in lists for v in x], dtype=dtype)
        return cls(values, offsets_of(lengths), max(map(len, lists), default=0))

    @property
    def batch(self) -> int:
        """Number of samples b."""
        return self.offsets.shape[0] - 1

    @property
    def lengths(self) -> Tensor:
        """[b] number of steps of each sample."""
        return self.offsets.diff()

    @property
    def dtype(self) -> torch.dtype:
        """Of the values."""
        return self.values.dtype

    def like(self, values: Tensor) -> Jagged:
        """The same lengths with other values [Σt, ...]."""
        return Jagged(values, self.offsets, self.max_length, self.rows)

    def taken(self, index: Tensor, offsets: Tensor, max_length: int) -> Jagged:
        """See `select`."""
        return Jagged(self.values.index_select(0, index), offsets, max_length, self.rows.index_select(0, index))

    def to(self, device: torch.device | str, non_blocking: bool = False) -> Jagged:
        """The same sequence on another device."""
        parts = (self.values, self.offsets, self.rows)
        values, offsets, rows = (x.to(device, non_blocking=non_blocking) for x in parts)
        return Jagged(values, offsets, self.max_length, rows)


def rows(function: Callable[..., Any], *inputs: Tensor | Jagged | None) -> Any:
    """Apply a row-wise function to the steps of sequences: the values of jagged inputs go in, jagged outputs come out.

    All jagged inputs have the same lengths; of a NamedTuple every field is rewrapped.
    """
    first = next(x for x in inputs if isinstance(x, Jagged))
    out = function(*(x.values if isinstance(x, Jagged) else x for x in inputs))
    return out._make(map(first.like, out)) if hasattr(out, "_make") else first.like(out)


def select(x: Jagged, index: Tensor, offsets: Tensor, max_length: int) -> Jagged:
    """The steps `index` [Σs] of the flat steps, sample by sample; sample i gets index[offsets[i]:offsets[i + 1]]."""
    return x.taken(index, offsets, max_length)


def first_steps(x: Jagged, most: int) -> tuple[Jagged, Tensor]:
    """The first `most` steps of each sample, and their index into the flat steps."""
    index = places(steps_of(x) < most, x.batch * min(most, x.max_length))
    return select(x, index, offsets_of(x.lengths.clamp(max=most)), min(most, x.max_length)), index


def places(kept: Tensor, most: int) -> Tensor:
    """[Σt] bool → index of the steps that are kept; where only shapes are computed, of `most` steps."""
    if kept.is_meta:
        return kept.new_zeros(min(most, kept.shape[0]), dtype=torch.int64)
    return kept.nonzero().squeeze(1)


def padded(x: Jagged, width: int, place: Tensor | None = None) -> Tensor:
    """[b, t, ...] → [b, width, ...] with zeros where there is no step; steps lie at `place` [Σt], default in order."""
    place = steps_of(x) if place is None else place
    inner = x.values.shape[1:]
    flat = x.values.new_zeros(x.batch * width, *inner)
    return flat.index_copy(0, x.rows * width + place, x.values).view(x.batch, width, *inner)


def unpadded(x: Tensor, like: Jagged) -> Jagged:
    """[b, t, ...] → the steps that `like` has."""
    return like.like(x.flatten(0, 1).index_select(0, like.rows * x.shape[1] + steps_of(like)))


def steps_of(x: Jagged) -> Tensor:
    """[Σt] the number of each step in its sample, from 0."""
    return torch.arange(x.rows.shape[0], device=x.rows.device) - x.offsets[x.rows]


def offsets_of(lengths: Tensor) -> Tensor:
    """[b] lengths → [b + 1] offsets."""
    return torch.nn.functional.pad(lengths.cumsum(0), (1, 0))


def rows_of(offsets: Tensor, steps: int) -> Tensor:
    """[b + 1] offsets → [steps] index of the sample that owns each step."""
    samples = torch.arange(offsets.shape[0] - 1, device=offsets.device)
    return torch.repeat_interleave(samples, offsets.diff(), output_size=steps)


torch.export.register_dataclass(Jagged, serialized_type_name="blockrec.Jagged")
