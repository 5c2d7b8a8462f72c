"""The card of rows without users, items and times, over a file in the published format."""

from __future__ import annotations

import random
from pathlib import Path

from blockrec.data import open_dataset
from blockrec.diagnostics import Diagnostics
from tests.data.cards.opened import document

MODEL = """
blockrec: 1
name: small
graph:
  vector: {block: embed, in: [i1, i13, c1, c26], dim: 4}
  logit: {block: linear, in: vector, out: 1}
tasks: {click: {logits: logit, loss: bce}}
"""
ROWS = 1000


def line(number: int, rng: random.Random) -> str:
    """No header; tabs; counts, of which some are negative and many are missing; eight hexadecimal digits."""
    numbers = ["" if rng.random() < 0.3 else str(rng.randrange(-2, 500)) for _ in range(13)]
    words = ["" if rng.random() < 0.2 else f"{(n * 2654435761 + rng.randrange(5)) % 2**32:08x}" for n in range(25)]
    # All digits, as a number would be, and 10^8 as floats write it: neither is one.
    last = "68fd1e64" if number % 3 else "00012345" if number % 2 else "1e000008"
    return "\t".join([str(int(number % 4 == 0)), *numbers, *words, last])


def test_criteo(tmp_path: Path) -> None:
    rng = random.Random(0)
    (tmp_path / "train.txt").write_text("\n".join(line(n, rng) for n in range(ROWS)) + "\n")
    found, report = document("criteo", f"data.root={tmp_path}", model=MODEL), Diagnostics()
    used = [*found.features.features, *found.features.labels]
    dataset = open_dataset(found.evaluated("data"), found.features, used, report, cache=tmp_path / "cache")
    assert dataset is not None, str(report)
    counts = {name: split.rows for name, split in dataset.splits.items()}
    assert sum(counts.values()) == ROWS and counts["valid"] == counts["test"] == ROWS // 10
    (batch,) = dataset.splits["train"].batches(ROWS)
    assert len(batch["c26"].unique()) == 3  # type: ignore[union-attr]
    assert 0.2 < (batch["i1"] == 0).float().mean() < 0.4, "a missing number has row 0"  # type: ignore[union-attr]
    assert len(batch["i1"].unique()) == 51  # type: ignore[union-attr]
    assert 0.2 < batch["click"].mean() < 0.3  # type: ignore[union-attr]
