"""A packaged card over a folder of hand-made files, as a model that reads all it offers would open it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from blockrec.data import Dataset, open_dataset
from blockrec.diagnostics import Diagnostics
from blockrec.jagged import Jagged
from blockrec.language.document import Document, load

MODEL = """
blockrec: 1
name: small
graph:
  vector: {block: embed, in: [user, item, category], dim: 4}
  logit: {block: linear, in: vector, out: 1}
tasks: {click: {logits: logit, loss: bce}}
"""


def document(card: str, *sets: str, model: str = MODEL) -> Document:
    """The small model, or another one, over a card."""
    report = Diagnostics()
    found = load(model, report, data=card, sets=sets)
    assert found is not None and not report.failed, str(report)
    return found


COMMON = (
    "user",
    "item",
    "category",
    "behaviors.item",
    "behaviors.category",
    "behaviors.position",
    "behaviors.time",
    "click",
)
"""What cards offer, so that models of the zoo run on them."""
LACKS = {"taobao_ad": {"behaviors.item"}, "criteo": {*COMMON} - {"click"}}
"""Cards whose data do not have all of it."""


@dataclass(frozen=True)
class Opened:
    """A dataset, whose rows are given as the values of the files instead of rows of tables."""

    dataset: Dataset
    roots: dict[str, str]

    def rows(self, part: str, *names: str) -> list[tuple[Any, ...]]:
        """The values of some features and labels of each sample of a part; None for what is in no table."""
        split = self.dataset.splits[part]
        if not split.rows:
            return []
        (batch,) = split.batches(10_000)
        columns = [self._values(name, batch[name]) for name in names]
        return list(zip(*columns, strict=True))

    def _values(self, name: str, column: Any) -> list[Any]:
        if isinstance(column, Jagged):
            steps = self._values(name, column.values)
            return [tuple(steps[a:b]) for a, b in pairwise(column.offsets.tolist())]
        vocabulary = self.dataset.values.get(self.roots.get(name, ""))
        if vocabulary is None:
            return list(column.tolist())
        words = [None, *vocabulary.values.to_pylist()]
        return [words[row] for row in column.tolist()]


def agree(found: tuple[Any, ...], expected: tuple[Any, ...]) -> bool:
    """Whether values are those expected, the first ones in any case; one that no training sample saw has no row."""
    seen = len(expected) // 3
    return (
        len(found) == len(expected)
        and found[:seen] == expected[:seen]
        and all(a in (b, None) for a, b in zip(found, expected, strict=True))
    )


def opened(card: str, root: Path, *sets: str, model: str = MODEL) -> Opened:
    """The dataset with everything that the card declares."""
    found, report = document(card, f"data.root={root}", *sets, model=model), Diagnostics()
    features = found.features
    used = [*features.features, *features.labels]
    dataset = open_dataset(found.evaluated("data"), features, used, report, cache=root / "cache")
    assert dataset is not None, str(report)
    return Opened(dataset, {name: feature.root for name, feature in features.features.items()})
