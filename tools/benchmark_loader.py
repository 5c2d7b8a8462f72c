"""The loader beside a DataLoader that makes one row at a time, and beside Parquet with histories written out.

    python -m tools.benchmark_loader [--lengths 50 200] [--rounds 5]

All three read the same samples of a generated log in the same shuffled order, and give the same batches (which is
checked): features of the sample, and the items and categories of its history, at most so many steps. A round is some
batches of each; the ratio is the median over the rounds. Bytes are those of all files that a way needs, for a sample.
"""

from __future__ import annotations

import argparse
import io
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from rich.console import Console
from torch import Tensor
from torch.utils.data import DataLoader

from blockrec.data.batching.batches import Split
from blockrec.data.batching.order import order_of
from blockrec.jagged import Jagged, offsets_of
from blockrec.run.log import Log
from blockrec.run.prepare import Wishes, prepare
from tools.large_log import write

EVENTS, USERS, BATCH = 5_000_000, 20_000, 1024
EXPANDED, SLOW, AT_ONCE = 128, 4, 16
"""Batches of a round: of the loader and of Parquet, of the slow way; and those that are read at once from Parquet."""
FLAT, STEPS = ("item", "category", "click"), ("behaviors.item", "behaviors.category")
Batch = Mapping[str, "Tensor | Jagged"]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--lengths", type=int, nargs="+", default=[50, 200])
    arguments.add_argument("--rounds", type=int, default=5)
    chosen = arguments.parse_args()
    print(f"{EVENTS:,} events of {USERS:,} users, every one a sample; batch {BATCH}, {torch.get_num_threads()} threads")
    print("| T | one row at a time, rows/s | Parquet, rows/s | blockrec, rows/s | ratios | bytes a sample on disk |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), EVENTS, USERS)
        for length in chosen.lengths:
            print(row(Path(folder), length, chosen.rounds), flush=True)


def row(folder: Path, length: int, rounds: int) -> str:
    """One line of the table."""
    ways = Ways(split_of(folder, length), folder / f"expanded-{length}.parquet", length)
    ways.write()
    ways.check()
    rates = [[ways.rate(batches, count) for batches, count in ways.all()] for _ in range(rounds + 1)][1:]
    slow, parquet, own = (statistics.median(rate) for rate in zip(*rates, strict=True))
    ratios = [statistics.median(r[2] / r[i] for r in rates) for i in (0, 1)]
    ours, theirs = ways.bytes_a_sample()
    shown = f"{ratios[0]:.0f}, {ratios[1]:.2f} | {ours:.0f}, written out {theirs:.0f}"
    return f"| {length} | {slow:,.0f} | {parquet:,.0f} | {own:,.0f} | {shown} |"


def split_of(folder: Path, length: int) -> Split:
    """The training samples."""
    sets = [f"features.behaviors.max_len={length}", "graph.head.hidden=[4]"]
    job = prepare(
        "din", Wishes(data=str(folder / "card.yaml"), variants=["classic"], sets=sets), Log(Console(file=io.StringIO()))
    )
    return job.dataset.splits["train"]


@dataclass
class Ways:
    """Three ways to the same batches."""

    split: Split
    path: Path
    length: int

    def all(self) -> list[tuple[Callable[[], Iterator[object]], int]]:
        """Each with the number of batches of a round."""
        return [(self.slow, SLOW), (self.parquet, EXPANDED), (self.own, EXPANDED)]

    def rate(self, batches: Callable[[], Iterator[object]], count: int) -> float:
        """Rows a second, from the first batch on: the start of an iterator is not counted."""
        running = batches()
        next(running)
        start = time.perf_counter()
        assert sum(1 for _ in islice(running, count)) == count
        return count * BATCH / (time.perf_counter() - start)

    def own(self) -> Iterator[Batch]:
        """By the loader."""
        return iter(self.split.batches(BATCH, seed=1, shuffle=True))

    def write(self) -> None:
        """The histories of all samples of a round written out, in shuffled order."""
        tables = [_expanded(batch) for batch in islice(self.own(), EXPANDED + 1)]
        pq.write_table(pa.concat_tables(tables), self.path, compression="zstd")

    def parquet(self) -> Iterator[Batch]:
        """From Parquet: some batches at a time, so that its own overhead does not count."""
        for read in pq.ParquetFile(self.path).iter_batches(AT_ONCE * BATCH):
            for start in range(0, len(read), BATCH):
                yield _of_lists(read.slice(start, BATCH))

    def slow(self) -> Iterator[dict[str, Tensor]]:
        """A row at a time, padded, by torch's DataLoader."""
        order = order_of(True, self.split.rows, (1, 0))(np.arange(BATCH * (SLOW + 1))) + self.split.first
        return iter(DataLoader(_Rows(self.split, self.length), BATCH, sampler=order.tolist()))  # type: ignore[arg-type]

    def check(self) -> None:
        """That all give the same first batches."""
        for own, read, made in islice(zip(self.own(), self.parquet(), self.slow(), strict=False), 2):
            for name in FLAT:
                assert torch.equal(torch.as_tensor(own[name]), torch.as_tensor(read[name])), name
                assert torch.equal(torch.as_tensor(own[name]), made[name]), name
            for name in STEPS:
                first, second = own[name], read[name]
                assert isinstance(first, Jagged) and isinstance(second, Jagged)
                assert torch.equal(first.values, second.values) and torch.equal(first.offsets, second.offsets), name
                valid = torch.arange(self.length)[None] < made["length"][:, None]
                assert torch.equal(first.values, made[name][valid]), name

    def bytes_a_sample(self) -> tuple[float, float]:
        """Of the columns that are mapped, and of Parquet."""
        gather = self.split.gather
        columns = [gather.columns[name] for name in (*FLAT, "behaviors/start", "behaviors/end")]
        mapped = sum(c.nbytes for c in [*columns, *(gather.steps[name] for name in STEPS)])
        return mapped / EVENTS, self.path.stat().st_size / (BATCH * (EXPANDED + 1))


@dataclass
class _Rows:
    """What one writes first: a sample by its number."""

    split: Split
    length: int

    def __len__(self) -> int:
        return self.split.rows

    def __getitem__(self, i: int) -> dict[str, Tensor]:
        gather = self.split.gather
        end = int(gather.columns["behaviors/end"][i])
        start = max(int(gather.columns["behaviors/start"][i]), end - self.length)
        found = {name: torch.tensor(gather.columns[name][i]) for name in FLAT}
        found = {name: value if value.is_floating_point() else value.long() for name, value in found.items()}
        for name in STEPS:
            padded = torch.zeros(self.length, dtype=torch.int64)
            padded[: end - start] = torch.from_numpy(gather.steps[name][start:end].astype(np.int64))
            found[name] = padded
        return {**found, "length": torch.tensor(end - start)}


def _of_lists(read: pa.RecordBatch) -> Batch:
    batch: dict[str, Tensor | Jagged] = {name: torch.from_numpy(read[name].to_numpy().copy()) for name in FLAT}
    offsets = read[STEPS[0]].offsets.to_numpy().astype(np.int64)
    first, last = offsets[0], offsets[-1]
    shape = (torch.from_numpy(offsets - first), int(np.diff(offsets).max()))
    for name in STEPS:
        batch[name] = Jagged(torch.from_numpy(read[name].values.to_numpy()[first:last].copy()), *shape)
    return batch


def _expanded(batch: Batch) -> pa.Table:
    columns: dict[str, pa.Array] = {}
    for name in FLAT:
        value = batch[name]
        assert isinstance(value, Tensor)
        columns[name] = pa.array(value.numpy())
    for name in STEPS:
        steps = batch[name]
        assert isinstance(steps, Jagged)
        lists = offsets_of(steps.lengths).to(torch.int32).numpy()
        columns[name] = pa.ListArray.from_arrays(pa.array(lists), pa.array(steps.values.numpy()))
    return pa.table(columns)


if __name__ == "__main__":
    main()
