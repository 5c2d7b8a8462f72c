"""What the vectors that a head receives say about the label."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, Literal

import numpy as np
from torch import Tensor, nn

from blockrec.diagnostics import did_you_mean, fail
from blockrec.graph.ir import Graph
from blockrec.graph.lower import module_path
from blockrec.run.analyze.clusters import Floats, Ints, k_means, shared_information
from blockrec.run.analyze.findings import Findings, Lines, Listing, Row
from blockrec.run.analyze.registry import analysis
from blockrec.run.analyze.subject import Subject, whole


def _needs(subject: Subject) -> str | None:
    return None if any(s.kind == "task" and s.label for s in subject.graph.sinks) else "it has no task with a label"


@analysis("representation", needs=_needs)
def representation(
    subject: Subject,
    *,
    node: str = "",
    task: str = "",
    clusters: list[int] = [2, 5, 10, 20, 30, 50],
    seeds: int = 5,
    split: Literal["train", "valid", "test"] = "test",
    rows: int = 10_000,
) -> Findings:
    """How much do clusters of the vectors that the head receives tell about the label?

    The vectors of samples are clustered (k-means, k-means++), and the mutual information between cluster and label is
    measured, and normalised by the mean of both entropies (NMI), as the DARE paper measures how well representations
    separate. The more clusters, the more they tell, also by chance: the table shows what clusters tell of labels
    in a random order, too.

    Args:
        node: whose output; default: what the tower of the task's logits receives.
        task: whose label; default: the first one's.
        clusters: numbers of clusters.
        seeds: so many clusterings of each number; mean and standard deviation are shown.
        split: the samples.
        rows: so many samples of it.
    """
    sink = _task(subject.graph, task)
    node = node or tower_input(subject.graph, sink.edge.source)
    vectors, labels = _collected(subject, node, sink.label, split, rows)
    table: list[Row] = []
    points: dict[str, list[tuple[float, float]]] = {"NMI": [], "NMI, labels in random order": []}
    for number in [n for n in clusters if n <= len(vectors)]:
        found = np.array([_told(vectors, labels, number, seed) for seed in range(seeds)])
        mean, std = found.mean(0), found.std(0, ddof=1) if seeds > 1 else np.zeros(3)
        table.append([number, mean[0], mean[1], std[1], mean[2]])
        points["NMI"].append((number, mean[1]))
        points["NMI, labels in random order"].append((number, mean[2]))
        subject.log.say(f"{number:,} clusters: NMI {mean[1]:.4f}")
    header = ["clusters", "MI (nats)", "NMI", "± over seeds", "NMI, labels in random order"]
    title = f"clusters of `{node}` ({vectors.shape[1]} wide) against {sink.label}, {len(vectors):,} samples of {split}"
    values = {f"{name}@{row[0]}": float(row[i] or 0) for row in table for i, name in ((1, "mi"), (2, "nmi"))}
    return Findings([Listing(title, header, table)], [Lines("NMI of clusters and label", "clusters", points)], values)


def _told(vectors: Floats, labels: Ints, number: int, seed: int) -> tuple[float, float, float]:
    rng = np.random.default_rng(seed)
    found = k_means(vectors, number, rng)
    return *shared_information(found, labels), shared_information(found, rng.permutation(labels))[1]


def tower_input(graph: Graph, name: str) -> str:
    """Up from the logits as long as a node has one input: the node that joins several."""
    node = graph.nodes[name]
    while len(sources := [edge for _, edge in node.edges()]) == 1 and sources[0].source in graph.nodes:
        node = graph.nodes[sources[0].source]
    return node.name


def _task(graph: Graph, name: str) -> Any:
    tasks = {s.name: s for s in graph.sinks if s.kind == "task" and s.label}
    if name and name not in tasks:
        raise fail("E207", f"the model has no task `{name}`", help=did_you_mean(name, tasks, ", ".join(tasks)))
    return tasks[name] if name else next(iter(tasks.values()))


def _collected(subject: Subject, name: str, label: str, split: str, rows: int) -> tuple[Floats, Ints]:
    """[n, d] the output of a node, [n] labels."""
    nodes = {n.name: n for n in subject.graph.nodes.values() if n.role == "node"}
    if name not in nodes:
        raise fail("E207", f"the model has no node `{name}`", help=did_you_mean(name, nodes, "see `blockrec viz`"))
    module = subject.model.get_submodule(module_path(nodes[name], subject.graph))
    vectors: list[Floats] = []
    labels: list[Floats] = []

    def hear(_module: nn.Module, _args: Any, out: Any) -> None:
        value = getattr(out, "out", out)
        if nodes[name].lifted or not isinstance(value, Tensor) or value.dim() != 2:
            raise fail("E709", f"the output of `{name}` is not a vector a sample", help="--with node=NODE")
        vectors.append(whole(value).numpy())

    with ExitStack() as stack:
        stack.callback(module.register_forward_hook(hear).remove)
        for batch in subject.passed(subject.split(subject.dataset(), split), "collecting", rows):
            subject.model(batch)
            labels.append(whole(_flat(batch[label])).numpy())
    return np.concatenate(vectors), (np.concatenate(labels) > 0.5).astype(np.int64)


def _flat(value: Any) -> Tensor:
    found: Tensor = value.values if hasattr(value, "offsets") else value
    return found.reshape(-1)
