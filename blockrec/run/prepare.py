"""Document, data and model of a run, brought together; a user's mistake ends here, before anything is written."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from blockrec.data import Dataset, open_dataset
from blockrec.data.tree.grow import grown
from blockrec.data.tree.plan import TREE, read_tree
from blockrec.diagnostics import Diagnostics, Span, did_you_mean, fail, render
from blockrec.graph.compile import Checked, build, check_document, with_sizes
from blockrec.graph.facts import facts
from blockrec.graph.ir import Graph
from blockrec.graph.kernels import Choice, choices
from blockrec.graph.lower import Model
from blockrec.language.defaults import with_defaults
from blockrec.language.document import Document, load
from blockrec.language.schema.data import DATA
from blockrec.language.sweep import Point
from blockrec.language.values import Map
from blockrec.run.batches import Batch, Rows, moved
from blockrec.run.catalogue import ranked_columns
from blockrec.run.evaluate import Task, tasks_of
from blockrec.run.log import Log
from blockrec.run.loop import Plan
from blockrec.run.names import DATA as DATA_FILE
from blockrec.run.names import VOCABULARIES
from blockrec.run.optimizers import Optimizers
from blockrec.run.overrides import initialise, report_unmatched
from blockrec.run.precision import set_precision
from blockrec.run.seed import seed_everything
from blockrec.run.settings import Evaluate, Train, eval_settings, run_length, train_settings
from blockrec.run.updater import Updater, build_updater

DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True)
class Wishes:
    """What the caller says beside the file, before which it goes: None leaves it to the file.

    point: of the file's sweep, which goes after the variants and before `sets`. profile: time the nodes at the end.
    """

    variants: Sequence[str] = ()
    sets: Sequence[str] = ()
    data: str | None = None
    imports: Iterable[str | Path] = ()
    epochs: int | None = None
    steps: int | None = None
    device: str | None = None
    seed: int | None = None
    point: Point | None = None
    profile: bool = False


@dataclass(frozen=True)
class Job:
    """All that training needs. kernels: which ops are bound to what; warnings: how many there were.

    profile: whether to time the nodes at the end.
    """

    document: Document
    graph: Graph
    dataset: Dataset
    model: nn.Module
    updater: Updater
    tasks: Sequence[Task]
    train: Train
    evaluation: Evaluate
    feed: Rows
    plan: Plan
    device: torch.device
    seed: int
    kernels: Sequence[Choice]
    warnings: int
    profile: bool = False

    @property
    def optimizers(self) -> Optimizers:
        return self.updater.optimizers

    @property
    def eval_batch_size(self) -> int:
        return self.evaluation.batch_size or self.feed.batch_size

    def first_batch(self) -> Batch:
        """The batch that training starts with."""
        return self.batch_at(0, 0)

    def batch_at(self, epoch: int, place: int) -> Batch:
        """A batch of an epoch, both counted from 0."""
        return moved(next(iter(self.feed.batches(epoch, place))), self.device)

    def save_data(self, folder: Path) -> None:
        """Write what the data are, and what they taught: `data.json` and `vocabularies`."""
        self.dataset.save_vocabularies(folder / VOCABULARIES)
        (folder / DATA_FILE).write_text(json.dumps(self.dataset.describe(), indent=1) + "\n", "utf-8")


def prepare(source: str | Path | Mapping[str, Any], wishes: Wishes, log: Log) -> Job:
    """Read, check, open the data, build the model. Raises `BlockrecError` with all mistakes of the first bad stage."""
    report = Diagnostics()
    document = load(source, report, variants=wishes.variants, sets=wishes.sets, data=wishes.data, point=wishes.point)
    report.raise_errors()
    assert document is not None
    checked = check_document(document, wishes.imports, report)
    report.raise_errors()
    section = document.evaluated("train")
    train, evaluation = train_settings(section), eval_settings(document.evaluated("eval"))
    epochs, steps = run_length(train, epochs=wishes.epochs, steps=wishes.steps)
    device = pick_device(wishes.device or train.device, None if wishes.device else section.at.get("device"))
    seed = train.seed if wishes.seed is None else wishes.seed
    tasks = tasks_of(checked.graph)
    _check_task(checked.graph)
    dataset = open_data(document, columns_read(document, checked.graph, tasks, report), report, log)
    if not dataset.splits["train"].rows:
        help = "see `where`, `samples` and `split`"
        raise fail("E501", "there are no training samples", document.evaluated("data").span, help=help)
    for warning in report.warnings:
        log.say(render(warning))
    dataset = _with_tree(dataset, document)
    checked = with_sizes(checked, dataset.vocabularies)
    seed_everything(seed)
    model, kernels = _model(checked, train, device, section)
    values = with_defaults(document.evaluated("data"), DATA)
    feed = Rows.of(dataset.trained or dataset.splits["train"], values, seed)
    plan = Plan.of(feed.per_epoch, epochs=epochs, steps=steps)
    updater = build_updater(model, train, steps=plan.steps, per_epoch=plan.per_epoch)
    return Job(
        document,
        checked.graph,
        dataset,
        model,
        updater,
        tasks,
        train,
        evaluation,
        feed,
        plan,
        device,
        seed,
        kernels,
        len(report.warnings),
        wishes.profile,
    )


def _with_tree(dataset: Dataset, document: Document) -> Dataset:
    """The dataset with the tree that the document asks for, if it does; raises after errors."""
    report = Diagnostics()
    plan = read_tree(document.evaluated("data"), document.features, report)
    report.raise_errors()
    return grown(dataset, plan) if plan is not None else dataset


def _model(checked: Checked, train: Train, device: torch.device, section: Map) -> tuple[Model, tuple[Choice, ...]]:
    """The model on its device with its initial values, and its kernels. section: `train`, to mark what is wrong."""
    with device:
        model = build(checked).to(device)
        kernels = tuple(choices(facts(checked).kernels))
    set_precision(model, train.precision, device, tf32=train.tf32, at=section.at.get("precision"))
    problems = Diagnostics()
    report_unmatched(train.overrides, model, problems)
    problems.raise_errors()
    initialise(model, train.overrides)
    return model, kernels


def read_document(source: str | Path | Mapping[str, Any], wishes: Wishes) -> Document:
    """The merged document alone, without a look at its graph and its data. Raises `BlockrecError`."""
    report = Diagnostics()
    document = load(source, report, variants=wishes.variants, sets=wishes.sets, data=wishes.data)
    report.raise_errors()
    assert document is not None
    return document


def pick_device(name: str, at: Span | None = None) -> torch.device:
    """`auto` is a CUDA GPU if there is one, else the CPU; E706 for a device that this machine does not have."""
    if name not in DEVICES:
        help = did_you_mean(name, DEVICES, f"one of {', '.join(DEVICES)}")
        raise fail("E706", f"unknown device `{name}`", at, help=help)
    present = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return torch.device("cuda" if present["cuda"] else "cpu")
    if not present[name]:
        raise fail("E706", f"torch finds no `{name}` device here", at, help="`device: auto` takes what there is")
    return torch.device(name)


def _check_task(graph: Graph) -> None:
    if not any(sink.kind in ("task", "loss") for sink in graph.sinks):
        raise fail(
            "E706", "the model has no task and no loss to train", help="tasks: {click: {logits: NODE, loss: bce}}"
        )


def columns_read(document: Document, graph: Graph, tasks: Sequence[Task], report: Diagnostics) -> list[str]:
    """Features and labels that a model reads, and the columns that its metrics group by; raises after errors."""
    groups = {by: column for task in tasks for by, column in task.groups.items()}
    _check_groups(groups, document, report)
    report.raise_errors()
    others = {*groups.values()} | ranked_columns(eval_settings(document.evaluated("eval")), document.features)
    others |= {*document.features.features} & {document.evaluated("data").section(TREE).get("by")}
    return [*graph.used_features(), *sorted(others - set(graph.used_features()))]


def open_data(
    document: Document, used: Collection[str], report: Diagnostics, log: Log, fitted: Path | None = None
) -> Dataset:
    """The dataset of a document; raises after errors. used, fitted: see `open_dataset`."""
    section = document.evaluated("data")
    dataset = open_dataset(section, document.features, used, report, progress=log.say, fitted=fitted)
    report.raise_errors()
    assert dataset is not None
    return dataset


def _check_groups(groups: Iterable[str], document: Document, report: Diagnostics) -> None:
    """A group is one value a sample; whether the data have a column that is no feature, only they know."""
    features, sequences = document.features.features, document.features.sequences
    for name in sorted(groups):
        feature = features.get(name)
        if name in sequences or (feature is not None and (feature.axis is not None or feature.width > 1)):
            message = f"a metric groups by `{name}`, which has several values a sample"
            report.error("E208", message, _metric_place(document, name), help="group by a feature of the sample")


def _metric_place(document: Document, name: str) -> Any:
    """Where a metric says `by: name`."""
    for task in document.evaluated("tasks").values():
        for word in (task.get("metrics") or []) if isinstance(task, Map) else []:
            options = next(iter(word.values())) if isinstance(word, Map) else None
            if isinstance(options, Map) and options.get("by") == name:
                return options.at["by"]
    return None
