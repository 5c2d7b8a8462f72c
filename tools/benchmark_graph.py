"""Step time of a compiled graph beside the same modules called by hand, in one run.

    python -m tools.benchmark_graph [--batch 256] [--rounds 31]

The hand-written forward pass of DARE calls the very modules of the compiled model, so that only the graph differs.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
from collections.abc import Callable, Mapping

import torch
from rich.console import Console
from torch import Tensor, nn

from blockrec.jagged import Jagged
from blockrec.run.log import Log
from blockrec.run.prepare import Wishes, prepare

Batch = Mapping[str, Tensor | Jagged]


class ByHand(nn.Module):
    """DARE's forward pass as one would write it in Python."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: Batch) -> Tensor:
        """The loss, a scalar."""
        nodes, tables = self.model.nodes, self.model.tables
        attention, representation = tables.attention, tables.representation
        item, category, now = batch["item"], batch["category"], batch["now"]
        items, categories, positions = (batch[f"behaviors.{f}"] for f in ("item", "category", "position"))
        query = torch.cat([attention.item(item), attention.category(category)], -1)
        keys = items.like(torch.cat([attention.item(items.values), attention.category(categories.values)], -1))
        keys_position = items.like(attention.behaviors.position(positions.values))
        target = torch.cat(
            [representation.item(item), representation.category(category), representation.behaviors.position(now)], -1
        )
        parts = [
            representation.item(items.values),
            representation.category(categories.values),
            representation.behaviors.position(positions.values),
        ]
        values = items.like(torch.cat(parts, -1))
        score = nodes.score(query, keys, attention.behaviors.position(now), keys_position)
        main = self._head(nodes.head, target, nodes.search(score, values).out)
        dense = self._head(nodes.dense_head, target, nodes.dense(score, values).out)
        click = batch["click"]
        return self.model.tasks.click(main, click) + self.model.losses.auxiliary(dense, click)

    def _head(self, head: nn.Module, target: Tensor, interest: Tensor) -> Tensor:
        features = torch.cat([target, interest, head.product(target, interest)], -1)
        logit: Tensor = head.logit(head.mlp(head.norm(features)))
        return logit


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--batch", type=int, nargs="+", default=[64, 1024])
    arguments.add_argument("--rounds", type=int, default=31)
    chosen = arguments.parse_args()
    print("| batch | compiled graph, ms a step | by hand | ratio |\n|---|---|---|---|")
    for size in chosen.batch:
        graph, hand = measure(size, chosen.rounds)
        ratio = statistics.median(g / h for g, h in zip(graph, hand, strict=True))
        times = [f"{statistics.median(t) * 1e3:.2f}" for t in (graph, hand)]
        print(f"| {size} | {times[0]} | {times[1]} | {ratio:.3f} |", flush=True)


def measure(size: int, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds a step, forward and backward, of the compiled graph and of the hand-written pass."""
    job = prepare("dare", Wishes(sets=[f"data.batch_size={size}"]), Log(Console(file=io.StringIO())))
    batch, hand = job.first_batch(), ByHand(job.model)
    assert torch.equal(job.model(batch)["loss"], hand(batch))

    def graph_step() -> None:
        job.model(batch)["loss"].backward()
        job.optimizers.zero_grad()

    def hand_step() -> None:
        hand(batch).backward()
        job.optimizers.zero_grad()

    timed = [_both((graph_step, hand_step), max(1, 2048 // size)) for _ in range(rounds + 2)][2:]
    return [t[0] for t in timed], [t[1] for t in timed]


def _both(steps: tuple[Callable[[], None], Callable[[], None]], repeat: int) -> list[float]:
    """Seconds a step of each, in the order a b b a, so that a drift of the machine meets both alike."""
    times = [0.0, 0.0]
    for which in (0, 1, 1, 0):
        start = time.perf_counter()
        for _ in range(repeat):
            steps[which]()
        times[which] += (time.perf_counter() - start) / (2 * repeat)
    return times


if __name__ == "__main__":
    main()
