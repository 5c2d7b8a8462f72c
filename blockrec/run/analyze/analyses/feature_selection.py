"""Which inputs a model with `variational_dropout` keeps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import torch

from blockrec.data.dataset import Dataset
from blockrec.graph.ir import Graph, Node
from blockrec.graph.lower import module_path
from blockrec.run.analyze.findings import Findings, Listing, Row
from blockrec.run.analyze.registry import analysis
from blockrec.run.analyze.subject import Subject
from blockrec.run.catalogue import ranker_of
from blockrec.run.evaluate import evaluate
from blockrec.run.measure import chosen_split
from blockrec.run.tracked import Tracked

BLOCK = "variational_dropout"


def _needs(subject: Subject) -> str | None:
    return None if selecting(subject.graph) else f"no node of it is a `{BLOCK}`"


@analysis("feature-selection", needs=_needs)
def feature_selection(
    subject: Subject,
    *,
    without: Literal["measure", "skip"] = "measure",
    split: Literal["train", "valid", "test"] = "test",
) -> Findings:
    """Which inputs does the model keep, and what do its metrics lose without each of them?

    Of every node `variational_dropout` the probability that its input is kept, and the features that the input is
    computed from. The metrics are those of the model as it is, and with one input dropped, without training again.

    Args:
        without: measure drops one input after the other; skip shows what is kept alone.
        split: the samples to measure.
    """
    nodes = selecting(subject.graph)
    kept = {name: 1 - float(torch.sigmoid(_logit(subject, node))) for name, node in nodes.items()}
    ranked = sorted(kept, key=lambda name: -kept[name])
    measured = _without(subject, ranked, split) if without == "measure" else {}
    whole = measured.pop("", {})
    rows: list[Row] = [
        [name, _input(nodes[name]), reads(subject.graph, nodes[name]), kept[name], *_losses(measured.get(name), whole)]
        for name in ranked
    ]
    header = ["node", "input", "features", "kept", *(f"{metric} without" for metric in whole)]
    title = f"inputs by how often they are kept; metrics on {split}" if whole else "inputs by how often they are kept"
    values = {f"kept/{name}": value for name, value in kept.items()}
    values |= {f"{metric}/without {name}": x for name, found in measured.items() for metric, x in found.items()}
    notes = ["as trained: " + ", ".join(f"{metric} {x:.4f}" for metric, x in whole.items())] if whole else []
    return Findings([Listing(title, header, rows)], (), values | whole, notes)


def selecting(graph: Graph) -> dict[str, Node]:
    """The nodes that drop inputs, by name."""
    return {name: node for name, node in graph.nodes.items() if node.block == BLOCK and not node.shares}


def reads(graph: Graph, node: Node) -> str:
    """The features that its input is computed from."""
    above = graph.ancestors({node.name})
    sources = {edge.source for name in above for _, edge in graph.nodes[name].edges()}
    return ", ".join(name for name in graph.features if name in sources)


def _input(node: Node) -> str:
    ((_, edge),) = node.edges()
    return edge.source if edge.output == "out" else f"{edge.source}.{edge.output}"


def _logit(subject: Subject, node: Node) -> torch.Tensor:
    return subject.model.get_parameter(f"{module_path(node, subject.graph)}.logit").detach()


def _losses(found: dict[str, float] | None, whole: dict[str, float]) -> list[float | None]:
    return [(found or {}).get(metric) for metric in whole]


def _without(subject: Subject, names: list[str], split: str) -> dict[str, dict[str, float]]:
    """Node → metric → value where its input is dropped; `""`: as trained."""
    loaded = subject.loaded
    dataset = loaded.dataset(subject.log)
    part = chosen_split(dataset, split)
    found = {"": _measured(subject, dataset, part, "as trained")}
    for name in names:
        with _dropped(_logit(subject, subject.graph.nodes[name])):
            found[name] = _measured(subject, dataset, part, f"without {name}")
    return found


def _measured(subject: Subject, dataset: Dataset, split: str, title: str) -> dict[str, float]:
    loaded = subject.loaded
    scores: Any = evaluate(
        loaded.model,
        Tracked(dataset.splits[split], title, subject.log),
        split,
        loaded.tasks,
        batch_size=loaded.batch_size,
        device=loaded.device,
        ranker=ranker_of(dataset, loaded.evaluation, subject.log.say),
    )
    return {path.split("/", 1)[1]: value for path, value in scores.metrics.items()}


@contextmanager
def _dropped(logit: torch.Tensor) -> Iterator[None]:
    before = logit.clone()
    logit.fill_(torch.inf)
    try:
        yield
    finally:
        logit.copy_(before)
