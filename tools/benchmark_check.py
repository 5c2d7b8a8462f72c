"""Time of `blockrec check`: the zoo's files from the command line, and generated graphs of growing size.

    python -m tools.benchmark_check [--nodes 1000 2000 5000 10000] [--shape chain wide ...] [--rounds 3]

Generated graphs are checked in one process, after start-up. Times are the best of the rounds.
"""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator

from blockrec.cli.main import COLLECT
from blockrec.graph.compile import check_model

HEAD = "blockrec: 1\nname: generated\nfeatures:\n  price: {dense: 8}\n  item: {vocab: 1000, dim: 8}\nlabels: [click]\n"
TAIL = "  logit: {block: linear, in: end, out: 1}\ntasks: {click: {logits: logit, loss: bce}}\n"
SHAPES: dict[str, Callable[[int], str]] = {}
ZOO = ("din", "twin", "dare")


def shape(make: Callable[[int], str]) -> Callable[[int], str]:
    """Enrol a function: number of nodes → text of a model with about so many."""
    SHAPES[make.__name__] = make
    return make


def model(nodes: list[str], more: str = "") -> str:
    """A model of these lines of its graph, the last of which defines `end`."""
    return "".join([HEAD, more, "graph:\n", *(f"  {node}\n" for node in nodes), TAIL])


@shape
def chain(n: int) -> str:
    """Every node reads the one before."""
    nodes = [f"n{i}: {{block: linear, in: {f'n{i - 1}' if i else 'price'}, out: 8}}" for i in range(n - 1)]
    return model([*nodes, f"end: {{block: linear, in: n{n - 2}, out: 8}}"])


@shape
def wide(n: int) -> str:
    """One node reads all others."""
    nodes = [f"n{i}: {{block: linear, in: price, out: 8}}" for i in range(n - 1)]
    return model([*nodes, f"end: {{block: add, in: [{', '.join(f'n{i}' for i in range(n - 1))}]}}"])


@shape
def ladder(n: int) -> str:
    """Diamonds, one on top of the other: 2^(n/3) paths."""
    nodes, top = [], "price"
    for i in range(n // 3):
        nodes += [f"l{i}: {{block: linear, in: {top}, out: 8}}", f"r{i}: {{block: mlp, in: {top}, hidden: [8]}}"]
        nodes.append(f"{'end' if i == n // 3 - 1 else f'b{i}'}: {{block: add, in: [l{i}, r{i}]}}")
        top = f"b{i}"
    return model(nodes)


@shape
def sizes(n: int) -> str:
    """A chain in which no two blocks have the same parameters."""
    nodes = [f"n{i}: {{block: linear, in: {f'n{i - 1}' if i else 'price'}, out: {i % 997 + 1}}}" for i in range(n - 1)]
    return model([*nodes, f"end: {{block: linear, in: n{n - 2}, out: 8}}"])


@shape
def embeds(n: int) -> str:
    """A feature with a table for each node."""
    more = "".join(f"  f{i}: {{vocab: 100}}\n" for i in range(n - 1))
    nodes = [f"n{i}: {{block: embed, in: f{i}, dim: 8}}" for i in range(n - 1)]
    text = model([*nodes, f"end: {{block: concat, in: [{', '.join(f'n{i}' for i in range(n - 1))}]}}"])
    return text.replace("labels:", f"{more}labels:")


@shape
def composites(n: int) -> str:
    """Many uses of a block of three nodes."""
    spec = "{a: {block: linear, in: x, out: 8}, b: {block: mlp, in: a, hidden: [8]}, c: {block: add, in: [x, b]}}"
    more = f"blocks:\n  small:\n    in: {{x: vec}}\n    graph: {spec}\n    out: c\n"
    uses = max(1, n // 3)
    nodes = [f"n{i}: {{block: small, in: {f'n{i - 1}' if i else 'price'}}}" for i in range(uses)]
    return model([*nodes, f"end: {{block: linear, in: n{uses - 1}, out: 8}}"], more)


@shape
def repeat(n: int) -> str:
    """One node, n times."""
    return model([f"end: {{block: linear, in: price, out: 8, repeat: {n - 1}}}"])


@shape
def each(n: int) -> str:
    """One node for each of n values."""
    nodes = [f"n: {{block: linear, in: price, out: 8, each: {{k: {n - 1}}}}}", "end: {block: add, in: n.*}"]
    return model(nodes)


def seconds(text: str, rounds: int) -> float:
    """The best time of a check that finds nothing wrong."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        found, report = check_model(text)
        times.append(time.perf_counter() - start)
        assert found is not None, str(report)[:2000]
    return min(times)


def generated(names: list[str], counts: list[int], rounds: int) -> Iterator[str]:
    """Lines of the table of generated graphs."""
    yield f"| shape | {' | '.join(f'{n:,} nodes' for n in counts)} | most ÷ least, times its size |"
    yield f"|{'---|' * (len(counts) + 2)}"
    for name in names:
        seconds(SHAPES[name](counts[0]), 1)
        times = [seconds(SHAPES[name](n), rounds) for n in counts]
        growth = times[-1] / times[0] / (counts[-1] / counts[0])
        yield f"| {name} | {' | '.join(f'{t:.2f} s' for t in times)} | {growth:.2f} |"


def command(arguments: list[str], rounds: int, folder: str) -> float:
    """The best wall time of `blockrec` in a process of its own, whose cache is `folder`."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        run = [sys.executable, "-m", "blockrec", *arguments]
        subprocess.run(run, check=True, capture_output=True, env={**os.environ, "BLOCKREC_CACHE": folder})
        times.append(time.perf_counter() - start)
    return min(times)


def commands(rounds: int) -> Iterator[str]:
    """Lines of the table of commands."""
    yield "| command | nothing cached | cached |\n|---|---|---|"
    yield f"| `blockrec --help` | | {command(['--help'], rounds, ''):.2f} s |"
    for name in ZOO:
        cold, warm = zip(*(once_cold(["check", name]) for _ in range(rounds)), strict=True)
        yield f"| `blockrec check {name}` | {min(cold):.2f} s | {min(warm):.2f} s |"


def once_cold(arguments: list[str]) -> tuple[float, float]:
    """Wall times with an empty cache, and with what that run has left in it."""
    with tempfile.TemporaryDirectory() as folder:
        return command(arguments, 1, folder), command(arguments, 2, folder)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--nodes", type=int, nargs="+", default=[1000, 2000, 5000, 10000])
    arguments.add_argument("--shape", nargs="+", choices=SHAPES, default=[*SHAPES])
    arguments.add_argument("--rounds", type=int, default=3)
    chosen = arguments.parse_args()
    gc.set_threshold(*COLLECT)
    for line in commands(chosen.rounds):
        print(line, flush=True)
    print()
    for line in generated(chosen.shape, chosen.nodes, chosen.rounds):
        print(line, flush=True)


if __name__ == "__main__":
    main()
