"""Training speed of the zoo's DIN beside a hand-written torch DIN (padded, dense Adam), in one run.

    python -m tools.benchmark_din [--items 10000 100000 1000000] [--rounds 7]

Both train on the same batches of planted data (dim 16, T ≤ 50, mean 38, batch 1,024); a round is a few steps of one,
then of the other, and the ratio is the median over the rounds. Before timing, both give the same loss.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
from collections.abc import Callable, Mapping
from itertools import islice

import torch
from rich.console import Console
from torch import Tensor

from blockrec.jagged import Jagged, offsets_of
from blockrec.run.log import Log
from blockrec.run.prepare import Job, Wishes, prepare
from tools.plain_din import PlainDIN, padded

BATCH, STEPS, DIM, ATTENTION, HEAD = 1024, 6, 16, [64, 32], [128, 64]
Batch = Mapping[str, Tensor | Jagged]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--items", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    arguments.add_argument("--rounds", type=int, default=7)
    chosen = arguments.parse_args()
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, batch {BATCH}, dim {DIM}, T <= 50, mean 38")
    print("| items | plain torch rows/s | blockrec rows/s | ratio |\n|---|---|---|---|")
    for items in chosen.items:
        plain, own = measure(items, chosen.rounds)
        ratio = statistics.median(p / o for p, o in zip(plain, own, strict=True))
        rates = [f"{BATCH * STEPS / statistics.median(times):,.0f}" for times in (plain, own)]
        print(f"| {items:,} | {rates[0]} | {rates[1]} | {ratio:.2f} |", flush=True)


def measure(items: int, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds a round of the plain model and of blockrec's."""
    job = zoo_job(items)
    batches = [trimmed(b) for b in islice(job.dataset.splits["train"].batches(BATCH, seed=1, shuffle=True), STEPS)]
    plain = plain_copy(job, items)
    given = [padded(b) for b in batches]
    difference = float((plain(given[0]) - job.model(batches[0])["loss"]).abs().detach())
    assert difference < 1e-4, f"the two models differ by {difference}"
    optimizer = torch.optim.Adam(plain.parameters())
    steps = (lambda: plain_steps(plain, optimizer, given), lambda: own_steps(job, batches))
    timed = [[seconds(step) for step in steps] for _ in range(rounds + 1)][1:]
    return [t[0] for t in timed], [t[1] for t in timed]


def zoo_job(items: int) -> Job:
    planted = f"data.generate.planted_interests={{items: {items}, users: 4000}}"
    sets = [
        planted,
        f"features.item.vocab={items}",
        f"graph.head.hidden={HEAD}",
        f"graph.score.hidden={ATTENTION}",
        "graph.score.activation=relu",
    ]
    return prepare("din", Wishes(variants=["classic"], sets=sets), Log(Console(file=io.StringIO())))


def trimmed(batch: Batch) -> Batch:
    """Histories cut to their last 26 to 50 steps, so that lengths differ and have the mean 38."""
    first = batch["behaviors.item"]
    assert isinstance(first, Jagged)
    wanted = torch.randint(26, 51, (first.batch,), generator=torch.Generator().manual_seed(0))
    lengths = torch.minimum(first.lengths, wanted)
    place = torch.arange(first.values.shape[0]) - first.offsets[first.rows]
    keep = place >= (first.lengths - lengths)[first.rows]
    cut = Jagged(first.values[keep], offsets_of(lengths), first.max_length)
    return {k: cut.like(v.values[keep]) if isinstance(v, Jagged) else v for k, v in batch.items()}


def plain_copy(job: Job, items: int) -> PlainDIN:
    """The hand-written model with the weights of the zoo's."""
    state = job.model.state_dict()
    categories = state["tables.main.category.weight"].shape[0]
    plain = PlainDIN(items, categories, DIM, ATTENTION, HEAD)
    own = [
        v
        for k, v in state.items()
        if k.startswith(("tables", "nodes")) and "running" not in k and "num_batches" not in k
    ]
    for parameter, value in zip(plain.parameters(), own, strict=True):
        assert parameter.shape == value.shape, (parameter.shape, value.shape)
        parameter.data.copy_(value)
    return plain


def plain_steps(model: PlainDIN, optimizer: torch.optim.Optimizer, batches: list[object]) -> None:
    for batch in batches:
        optimizer.zero_grad()
        model(batch).backward()
        optimizer.step()


def own_steps(job: Job, batches: list[Batch]) -> None:
    for batch in batches:
        job.model(batch)["loss"].backward()
        job.optimizers.step()
        job.optimizers.zero_grad()


def seconds(function: Callable[[], None]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
