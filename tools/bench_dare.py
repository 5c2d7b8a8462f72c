"""Training speed of the zoo's DARE, TWIN and DIN beside torch code written as the published one, in one run.

    python -m tools.bench_dare [--items 100000 1000000 4068791] [--threads 2 1] [--models dare twin din] [--steps 5]
    python -m tools.bench_dare --search [--lengths 200 2000 10000] [--dims 16 64]

T = 200, batch 2,048, k 20, dim 16, 10,000 categories; ids are drawn with probability ∝ 1 / rank, histories are full, so
that none of the gain comes from padding. Both train on the same batches, in processes of their own that take turns;
before timing, both give the same loss. Peak memory is the greatest resident memory of the process.
With `--search` the first interest is computed for inference, from ids to the pooled vector; a time is the best of
several. `--sparse rowwise_adagrad` moves tables with one number of state a row instead of Adam's two a weight.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise, product
from pathlib import Path
from typing import Any

import numba
import numpy as np
import torch
from rich.console import Console
from torch import Tensor

import blockrec
from blockrec.jagged import Jagged, offsets_of
from blockrec.run.heap import keep_freed_memory
from blockrec.run.log import Log
from blockrec.run.prepare import Job, Wishes, prepare
from tools.experiment import table
from tools.published_dare import PublishedDARE, padded_left, take_weights

BATCH, LENGTH, K, DIM, CATEGORIES = 2048, 200, 20, 16, 10_000
MODELS, PARTS = ("dare", "twin", "din"), ("forward", "backward", "update")
SEARCHED = 1_000_000
Batch = Mapping[str, "Tensor | Jagged"]
SPARSE = ("lazy_adam", "rowwise_adagrad")
PLANTED = "data.generate.planted_interests={users: 300, items: 200, categories: 20}"


@dataclass(frozen=True)
class Timed:
    """Seconds of each part and of all processors, a list a step; the greatest resident memory in bytes."""

    parts: list[list[float]]
    cpu: list[float]
    peak: int

    @property
    def step(self) -> float:
        """Median seconds of a step."""
        return statistics.median(map(sum, self.parts))

    def shares(self) -> str:
        """`20 / 50 / 30`: per cent of the time in each part."""
        sums = [sum(step[i] for step in self.parts) for i in range(len(PARTS))]
        return " / ".join(f"{100 * part / sum(sums):.0f}" for part in sums)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--items", type=int, nargs="+", default=[100_000, 1_000_000, 4_068_791])
    arguments.add_argument("--threads", type=int, nargs="+", default=[2, 1])
    arguments.add_argument("--models", nargs="+", choices=MODELS, default=MODELS)
    arguments.add_argument("--steps", type=int, default=5, help="timed steps of a process")
    arguments.add_argument("--rounds", type=int, default=2, help="processes of each")
    arguments.add_argument("--sparse", choices=SPARSE, default=SPARSE[0], help="blockrec's optimizer of tables")
    arguments.add_argument("--dims", type=int, nargs="+", default=[16, 64], help="of a field, for the search")
    arguments.add_argument("--search", action="store_true", help="the search alone, for inference")
    arguments.add_argument("--lengths", type=int, nargs="+", default=[200, 2000, 10_000])
    chosen = arguments.parse_args()
    sizes = f"dim {DIM}, k {K}, {CATEGORIES:,} categories"
    print(f"torch {torch.__version__}, {sizes}; memory copies at {copy_speed():.1f} GB/s")
    if chosen.search:
        print(search_table(chosen.dims, chosen.lengths, chosen.threads, chosen.rounds))
        return
    for model in chosen.models:
        check_same(model)
    cases = [(m, n, t) for t in chosen.threads for n in chosen.items for m in chosen.models]
    print(table(HEADER, (row(*case, chosen.sparse, chosen.steps, chosen.rounds) for case in cases)))


HEADER = (
    *("model", "items", "threads", "published rows/s", "blockrec rows/s", "ratio", "of CPU time"),
    *("published MiB", "blockrec MiB", f"published {' / '.join(PARTS)} %", "blockrec %"),
)


def row(model: str, items: int, threads: int, sparse: str, steps: int, rounds: int) -> list[str]:
    """One line of the table; the ratio is the median over the rounds."""
    pairs = [[alone(f, model, items, threads, sparse, steps) for f in (published, own)] for _ in range(rounds)]
    rates = [BATCH / statistics.median(pair[i].step for pair in pairs) for i in (0, 1)]
    ratio = statistics.median(theirs.step / ours.step for theirs, ours in pairs)
    cpu = statistics.median(statistics.median(theirs.cpu) / statistics.median(ours.cpu) for theirs, ours in pairs)
    memory = [f"{max(pair[i].peak for pair in pairs) / 2**20:,.0f}" for i in (0, 1)]
    shares = [timed.shares() for timed in pairs[-1]]
    print(f"{model}, {items:,} items, {threads} threads: {ratio:.1f} times", file=sys.stderr)
    return [
        model,
        f"{items:,}",
        str(threads),
        *(f"{r:,.0f}" for r in rates),
        f"{ratio:.1f}",
        f"{cpu:.1f}",
        *memory,
        *shares,
    ]


def alone(function: Callable[..., Any], *arguments: Any) -> Any:
    """The result of a function in a process of its own, so that peak memory is its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def published(model: str, items: int, threads: int, _: str, steps: int) -> Timed:
    """Steps of the published form."""
    _start(threads)
    network = PublishedDARE(model, items, CATEGORIES, DIM, K)  # type: ignore[arg-type]  # one of MODELS
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    batches = (padded_left(batch, LENGTH) for batch in drawn(items, LENGTH, BATCH))
    return timed(network, (optimizer.step, optimizer.zero_grad), batches, steps)


def own(model: str, items: int, threads: int, sparse: str, steps: int) -> Timed:
    """Steps of the zoo's model."""
    _start(threads)
    job = zoo_job(model, items, f"train.optimizer.sparse={{dense: null, {sparse}: {{lr: 0.01}}}}")
    keep_freed_memory()
    optimize = (job.optimizers.step, job.optimizers.zero_grad)
    return timed(lambda batch: job.model(batch)["loss"], optimize, drawn(items, LENGTH, BATCH), steps)


def timed(
    loss_of: Callable[[Any], Tensor], optimize: Sequence[Callable[[], Any]], batches: Iterator[Any], steps: int
) -> Timed:
    """Steps after two that are not counted."""
    parts, cpu = [], []
    for batch in islice(batches, steps + 2):
        before, moments = time.process_time(), [time.perf_counter()]
        loss = loss_of(batch)
        moments.append(time.perf_counter())
        loss.backward()
        moments.append(time.perf_counter())
        for part in optimize:
            part()
        moments.append(time.perf_counter())
        cpu.append(time.process_time() - before)
        parts.append([b - a for a, b in pairwise(moments)])
    return Timed(parts[2:], cpu[2:], _peak())


def zoo_job(model: str, items: int, *more: str) -> Job:
    """The zoo's model with the published recipe."""
    sizes = [f"features.item.vocab={items}", f"features.category.vocab={CATEGORIES}"]
    sets = [PLANTED, *sizes, f"features.behaviors.max_len={LENGTH}", *more]
    return prepare(model, Wishes(variants=["paper"], sets=sets), Log(Console(file=io.StringIO())))


def drawn(items: int, length: int, batch: int) -> Iterator[Batch]:
    """Batches without end, the same every time."""
    rng = np.random.default_rng(0)
    category_of = rng.integers(1, CATEGORIES, items)

    def ids(size: int) -> Any:
        return np.minimum((items ** rng.random(size)).astype(np.int64), items - 1)

    offsets = offsets_of(torch.full((batch,), length))
    while True:
        target, history = ids(batch), ids(batch * length)
        steps = Jagged(torch.from_numpy(history), offsets, length)
        yield {
            "item": torch.from_numpy(target),
            "category": torch.from_numpy(category_of[target]),
            "click": torch.from_numpy((rng.random(batch) < 1 / 3).astype(np.float32)),
            "now": torch.zeros(batch, dtype=torch.int64),
            "behaviors.item": steps,
            "behaviors.category": steps.like(torch.from_numpy(category_of[history])),
            "behaviors.position": steps.like(torch.arange(length, 0, -1).repeat(batch)),
        }


def search_table(dims: Sequence[int], lengths: Sequence[int], threads: Sequence[int], rounds: int) -> str:
    """Milliseconds of a search: plain torch, blockrec, and blockrec with attention half as wide."""
    header = ["dim", "T", "batch", "threads", "padded torch ms", "blockrec ms", "ratio", "half the width ms", "of full"]
    rows = []
    for count, dim, length in product(threads, dims, lengths):
        ways = [alone(searched, way, dim, length, count, rounds) for way in ("padded", "full", "half")]
        padded, full, half = (1000 * seconds for seconds in ways)
        times = [f"{padded:.1f}", f"{full:.1f}", f"{padded / full:.1f}", f"{half:.1f}", f"{half / full:.2f}"]
        rows.append([str(dim), f"{length:,}", str(searches(length)), str(count), *times])
    return table(header, rows)


def searches(length: int) -> int:
    """Samples of a batch: about as many steps in each."""
    return max(1, BATCH * LENGTH // length)


def searched(way: str, dim: int, length: int, threads: int, rounds: int) -> float:
    """Least seconds of DARE's search without gradients, after one that is not counted."""
    _start(threads)
    batch = next(drawn(SEARCHED, length, searches(length)))
    if way == "padded":
        network = PublishedDARE("dare", SEARCHED, CATEGORIES, dim, K, places=length + 1).eval()
        given: Any = padded_left(batch, length)
        run: Callable[[Any], Any] = network.search
    else:
        given, run = batch, zoo_search(length, dim, dim // 2 if way == "half" else dim)
    with torch.no_grad():
        return min([_seconds(lambda: run(given)) for _ in range(5 * rounds + 1)][1:])


def zoo_search(length: int, dim: int, attention: int) -> Callable[[Any], Any]:
    """DARE up to its first interest."""
    sets = [
        *(f"features.item.vocab={SEARCHED}", f"features.category.vocab={CATEGORIES}"),
        *(f"features.behaviors.max_len={length}", "outputs.interest=search"),
        *(f"params.attention_dim={attention}", f"params.representation_dim={dim}"),
    ]
    return blockrec.compile("dare", sets=sets).eval().only("interest")


def copy_speed() -> float:
    """GB/s that a copy of 512 MB moves, read and written bytes counted once."""
    source, to = torch.ones(2**27), torch.empty(2**27)
    return source.nbytes / min(_seconds(lambda: to.copy_(source)) for _ in range(4)) / 1e9


def both(model: str, items: int = 1000) -> tuple[list[Tensor], list[Tensor]]:
    """Loss and gradients of the item tables, published and own, with the same weights.

    One batch with histories of different lengths, all of more than k steps; weights large enough to matter.
    """
    job = zoo_job(model, items)
    generator = torch.Generator().manual_seed(0)
    for parameter in job.model.parameters():
        parameter.data.normal_(0, 0.2, generator=generator)
    network = PublishedDARE(model, items, CATEGORIES, DIM, K)  # type: ignore[arg-type]  # one of MODELS
    take_weights(network, job.model.state_dict())
    batch = shortened(next(drawn(items, LENGTH, 64)))
    losses = network(padded_left(batch, LENGTH)), job.model(batch)["loss"]
    for loss in losses:
        loss.backward()
    own = [p for name, p in job.model.named_parameters() if name.startswith("tables.") and ".item." in name]
    theirs = [tables[0].weight for tables in network.sets]  # type: ignore[index]  # lists of tables
    found = [[loss.detach(), *(_dense(p.grad) for p in ps)] for loss, ps in zip(losses, (theirs, own), strict=True)]
    return found[0], found[1]


def check_same(model: str) -> None:
    """Both compute the same."""
    for theirs, own in zip(*both(model), strict=True):
        torch.testing.assert_close(own, theirs, rtol=1e-3, atol=1e-5)


def _dense(gradient: Tensor) -> Tensor:
    return gradient.to_dense() if gradient.is_sparse else gradient


def shortened(batch: Batch) -> Batch:
    """Histories cut to their newest steps, at least k."""
    first = batch["behaviors.item"]
    assert isinstance(first, Jagged)
    lengths = torch.arange(first.batch) * 7 % (LENGTH - K) + K + 1
    keep = torch.arange(LENGTH).repeat(first.batch) >= (LENGTH - lengths)[first.rows]
    cut = Jagged(first.values[keep], offsets_of(lengths), LENGTH)
    return {k: cut.like(v.values[keep]) if isinstance(v, Jagged) else v for k, v in batch.items()}


def _start(threads: int) -> None:
    torch.set_num_threads(threads)
    numba.set_num_threads(threads)
    torch.manual_seed(0)


def _peak() -> int:
    """The greatest resident memory of this process; `getrusage` would count that of the one that started it."""
    status = Path("/proc/self/status").read_text("utf-8")
    return 1024 * int(re.search(r"VmHWM:\s*(\d+)", status)[1])  # type: ignore[index]  # Linux has that line


def _seconds(function: Callable[[], Any]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
