"""How many behaviours a search has to retrieve."""

from __future__ import annotations

from typing import Literal

from torch import nn

from blockrec.graph.lower import module_path
from blockrec.run.analyze.findings import Findings
from blockrec.run.analyze.registry import analysis
from blockrec.run.analyze.subject import Subject
from blockrec.run.analyze.sweep import Measured, measured, no_metrics, swept
from blockrec.run.measure import chosen_split


def _needs(subject: Subject) -> str | None:
    return no_metrics(subject) or (None if searches(subject) else "no node of it has a parameter `k`")


@analysis("k", needs=_needs)
def k(
    subject: Subject,
    *,
    ks: list[int] = [1, 2, 5, 10, 20, 50, 100],
    split: Literal["train", "valid", "test"] = "test",
) -> Findings:
    """How do the metrics of the trained model change with the number of behaviours that it retrieves?

    All searches of the model retrieve so many, without training again.

    Args:
        ks: numbers of behaviours.
        split: the samples to measure.
    """
    dataset = subject.loaded.dataset(subject.log)
    part = dataset.splits[chosen_split(dataset, split)]
    found = searches(subject)

    def measure(number: int) -> Measured:
        for module in found.values():
            module.k = number  # type: ignore[assignment]
        return measured(subject, part, split, f"k {number}")

    trained = ", ".join(f"`{name}` with {module.k}" for name, module in found.items())
    return swept("k", ks, f"metrics on {split}; trained: {trained}", measure)


def searches(subject: Subject) -> dict[str, nn.Module]:
    """The nodes that retrieve `k` steps, with their modules."""
    nodes = [n for n in subject.graph.nodes.values() if n.role == "node" and "k" in n.params]
    modules = {n.name: subject.model.get_submodule(module_path(n, subject.graph)) for n in nodes}
    return {name: module for name, module in modules.items() if isinstance(getattr(module, "k", None), int)}
