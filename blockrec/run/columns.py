"""Batches and results as Arrow columns: ids as they are in the data, vectors and sequences as lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from blockrec.data import Dataset
from blockrec.data.encoding.derived import is_read
from blockrec.jagged import Jagged
from blockrec.language.features import Feature, Features, Listed
from blockrec.run.batches import Batch
from blockrec.run.task import values_of


@dataclass(frozen=True)
class Columns:
    """What is written of a sample. vocabularies: root feature → row of its table → value, null for shared rows.

    raw: column whose values are kept → what it is written as. kept: its values.
    """

    features: tuple[Feature, ...]
    labels: tuple[str, ...]
    vocabularies: Mapping[str, Any]
    raw: Mapping[str, str]
    kept: Mapping[str, Any]
    with_split: bool

    @classmethod
    def of(
        cls, declared: Features, names: Sequence[str], dataset: Dataset, raw: Mapping[str, str], with_split: bool
    ) -> Columns:
        """names: of features and labels that batches have."""
        features = [declared.features[name] for name in names if name in declared.features]
        shown = tuple(f for f in features if is_told(f))
        roots = {f.root for f in shown if isinstance(f.ids, Listed)}
        known = {root: by_row(dataset.values[root].values, dataset.values[root].cold) for root in roots}
        labels = tuple(x.name for x in declared.labels.values() if x.name in names)
        return cls(shown, labels, known, raw, dataset.kept, with_split)

    def table(self, split: str, batch: Batch, results: Mapping[str, Any]) -> Any:
        """A `pyarrow.Table` of one batch."""
        found = {f.name: self._feature(f, batch[f.name]) for f in self.features}
        found |= {word: _taken(self.kept[name], values_of(batch[name]).numpy()) for name, word in self.raw.items()}
        if self.with_split:
            rows = len(next(iter(results.values())))
            found = {"split": pa.array([split] * rows), **found}
        found |= {f"{name}_label": column_of(batch[name]) for name in self.labels}
        for name, values in results.items():
            found[name if name not in found else f"{name}_prediction"] = values
        return pa.table(found)

    def _feature(self, feature: Feature, value: Any) -> Any:
        if not isinstance(feature.ids, Listed):
            return column_of(value)
        return self.vocabularies[feature.root].take(pa.array(value.numpy()))


def _taken(values: Any, places: np.ndarray[Any, Any]) -> Any:
    """Values by their places, null for −1."""
    return values.take(pa.array(places, mask=places < 0))


def is_told(feature: Feature) -> bool:
    """Whether what a batch has of it is what the data have: one value a sample, neither hashed nor scaled."""
    if feature.sequence is not None or feature.pool or not is_read(feature):
        return False
    if feature.kind == "id":
        return feature.ids is None or isinstance(feature.ids, Listed)
    return feature.norm is None


def by_row(values: Any, cold: int) -> Any:
    """The value of each row of a table, null for shared ones."""
    return pa.concat_arrays([pa.nulls(1, values.type), values, pa.nulls(cold, values.type)])


def column_of(value: Tensor | Jagged, predict: Callable[[Tensor], Tensor] | None = None) -> Any:
    """[b] or [b, 1] as numbers, [b, d] as lists of d, a sequence as lists; `predict` is applied to the values."""
    if isinstance(value, Jagged):
        inner = column_of(value.values, predict)
        return pa.LargeListArray.from_arrays(pa.array(value.offsets.cpu().numpy()), inner)
    return _nested(_array(predict(value) if predict else value))


def _array(value: Tensor) -> np.ndarray[Any, Any]:
    value = value.detach()
    if value.dtype in (torch.bfloat16, torch.float16):
        value = value.float()
    return value.reshape(len(value), *[n for n in value.shape[1:] if n != 1]).cpu().numpy()


def _nested(values: np.ndarray[Any, Any]) -> Any:
    flat = pa.array(values.reshape(-1))
    for size in reversed(values.shape[1:]):
        flat = pa.FixedSizeListArray.from_arrays(flat, size)
    return flat
