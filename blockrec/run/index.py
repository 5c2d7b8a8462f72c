"""Vectors of all items of a catalogue, searched for those nearest to queries: exactly, or by faiss."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from blockrec.diagnostics import fail
from blockrec.metrics.measure import Array
from blockrec.ops.nearness import Nearness, as_item, as_query

ITEMS, NOTES, FAISS = "items.parquet", "index.json", "index.faiss"
VECTOR = "vector"
EXACT = "exact"


@dataclass(frozen=True)
class Index:
    """vectors: [i, d] as the item tower gives them. ids: [i] what is known of each item, as an Arrow table.

    kind: `exact`, or a word of faiss's index factory; search_settings: of faiss. built: the index of faiss.
    """

    vectors: Array
    ids: Any
    nearness: Nearness
    temperature: float
    kind: str = EXACT
    search_settings: str = ""
    built: Any = None

    @classmethod
    def of(
        cls,
        vectors: Array,
        ids: Any,
        nearness: Nearness,
        temperature: float,
        kind: str = EXACT,
        search_settings: str = "",
    ) -> Index:
        """Raises `BlockrecError`: E706 where faiss is missing or does not take `kind` or its settings."""
        built = None if kind == EXACT else _built(vectors, nearness, kind, search_settings)
        return cls(vectors, ids, nearness, temperature, kind, search_settings, built)

    def __len__(self) -> int:
        return len(self.vectors)

    @property
    def columns(self) -> list[str]:
        """What is known of an item."""
        return list(self.ids.column_names)

    def search(self, queries: Array, k: int) -> tuple[Array, Array]:
        """[n, d] → the places of the k items of highest score [n, k], best first, and their scores; −1 where an
        approximate search found fewer."""
        queries, k = np.ascontiguousarray(queries, np.float32), min(k, len(self))
        if self.built is None:
            prepared = as_query(torch.from_numpy(queries), self.nearness)
            best, places = (prepared @ as_item(torch.from_numpy(self.vectors), self.nearness).T).topk(k, dim=1)
            return places.numpy(), best.numpy() / self.temperature
        found, places = self.built.search(_as_faiss(queries, self.nearness), k)
        return places, (-found if self.nearness == "euclid" else found) / self.temperature

    def write(self, folder: Path) -> None:
        """Into a new folder."""
        folder.mkdir(parents=True)
        flat = pa.array(self.vectors.reshape(-1))
        vectors = pa.FixedSizeListArray.from_arrays(flat, self.vectors.shape[1])
        pq.write_table(self.ids.append_column(VECTOR, vectors), folder / ITEMS)
        (folder / NOTES).write_text(json.dumps(self.about, indent=1) + "\n", "utf-8")
        if self.built is not None:
            _faiss().write_index(self.built, str(folder / FAISS))

    @property
    def about(self) -> Mapping[str, Any]:
        """Plain data."""
        size = {"items": len(self), "width": self.vectors.shape[1]}
        how = {"similarity": self.nearness, "temperature": self.temperature}
        return {**size, **how, "kind": self.kind, "search": self.search_settings}

    @classmethod
    def open(cls, folder: str | Path) -> Index:
        """What `write` wrote."""
        folder = Path(folder)
        notes = json.loads((folder / NOTES).read_text("utf-8"))
        table = pq.read_table(folder / ITEMS)
        flat = table.column(VECTOR).combine_chunks().flatten().to_numpy(zero_copy_only=False, writable=True)
        built = None
        if notes["kind"] != EXACT:
            built = _faiss().read_index(str(folder / FAISS))
            _set(built, notes["search"])
        return cls(
            flat.reshape(len(table), -1),
            table.drop_columns([VECTOR]),
            notes["similarity"],
            notes["temperature"],
            notes["kind"],
            notes["search"],
            built,
        )


def _as_faiss(vectors: Array, nearness: Nearness) -> Array:
    """Vectors whose inner products, or distances, are the similarities; of queries as of items, as graphs need it."""
    return vectors if nearness != "cosine" else as_item(torch.from_numpy(vectors), nearness).numpy()


def _built(vectors: Array, nearness: Nearness, kind: str, settings: str) -> Any:
    faiss = _faiss()
    metric = faiss.METRIC_L2 if nearness == "euclid" else faiss.METRIC_INNER_PRODUCT
    try:
        index = faiss.index_factory(vectors.shape[1], kind, metric)
        index.train(_as_faiss(vectors, nearness))
        index.add(_as_faiss(vectors, nearness))
        _set(index, settings)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1].rpartition(": ")[2]
        raise fail("E706", f"faiss cannot make the index `{kind}` of {len(vectors):,} vectors: {reason}") from error
    return index


def _set(index: Any, settings: str) -> None:
    if settings:
        _faiss().ParameterSpace().set_index_parameters(index, settings)


def _faiss() -> Any:
    try:
        import faiss
    except ImportError as error:
        help = "pip install -c constraints.txt 'blockrec[ann]', or `kind: exact`"
        raise fail("E706", "an approximate index needs faiss, which is not installed", help=help) from error
    return faiss
