"""Truths of a run's data."""

from __future__ import annotations

from blockrec.data import Dataset
from blockrec.diagnostics import fail
from blockrec.run.analyze.kinds import Kind
from blockrec.run.analyze.subject import Subject
from blockrec.run.analyze.truth import Bounds, Information, Planted, Truth


def truth_of(subject: Subject, dataset: Dataset, kind: Kind, name: str, bounds: Bounds) -> Truth:
    """`planted`, `mi`, or `auto`; E709 if it is not known."""
    planted = planted_of(subject, dataset, kind) if name != "mi" else None
    if planted is not None:
        return planted
    if name == "planted":
        raise fail("E709", f"the data were not generated with a truth about `{kind.root}`", help="--with truth=mi")
    return information_of(subject, dataset, kind, bounds)


def planted_of(subject: Subject, dataset: Dataset, kind: Kind) -> Planted | None:
    """None for data that were not generated with a truth about this kind."""
    return Planted.of(dataset, subject.loaded.document.evaluated("data"), kind)


def information_of(subject: Subject, dataset: Dataset, kind: Kind, bounds: Bounds) -> Information:
    """Counted over the training samples, with the label of the first task."""
    label = next(s.label for s in subject.graph.sinks if s.kind == "task" and s.label)
    rows = subject.graph.features[kind.root].vocab
    assert isinstance(rows, int)
    sequence = kind.behaviour.partition(".")[0]
    longest = int(dataset.describe()["history"][sequence]["max"])
    batches = subject.passed(subject.split(dataset, "train"), "counting")
    return Information.counted(batches, kind, label, rows, longest, bounds)
