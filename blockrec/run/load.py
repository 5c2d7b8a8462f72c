"""A finished run brought back: its document, its model with the weights of a checkpoint, data as it learned them.

The door for everything that works on runs: `eval`, `predict`, `bench`, warm starts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from blockrec.data import Dataset
from blockrec.data.encoding.derived import is_read
from blockrec.data.encoding.fits import Fits
from blockrec.data.encoding.vocabulary import Vocabulary
from blockrec.data.tree.grow import with_nodes
from blockrec.data.tree.nodes import Nodes
from blockrec.diagnostics import Diagnostics, Source, fail
from blockrec.graph.compile import Checked, build, check_document, with_sizes
from blockrec.graph.ir import Graph
from blockrec.graph.lower import Model
from blockrec.language.defaults import with_defaults
from blockrec.language.document import Document, load
from blockrec.language.features import Feature
from blockrec.language.schema.data import DATA
from blockrec.language.source import read_map
from blockrec.run.checkpoint import load_weights
from blockrec.run.checksums import step_of
from blockrec.run.evaluate import Task, tasks_of
from blockrec.run.find import find_checkpoint, find_run
from blockrec.run.log import Log
from blockrec.run.names import RESOLVED, VOCABULARIES
from blockrec.run.other_data import is_file, over_card, over_files
from blockrec.run.precision import set_precision
from blockrec.run.prepare import columns_read, open_data, pick_device
from blockrec.run.settings import Evaluate, eval_settings, train_settings


@dataclass(frozen=True)
class Loaded:
    """A run. path: its directory; checkpoint: the folder that the weights are from.

    own_data: whether the document names the data that the run was trained on. nodes: of the tree over its items.
    """

    path: Path
    checkpoint: Path
    document: Document
    checked: Checked
    model: Model
    tasks: Sequence[Task]
    device: torch.device
    evaluation: Evaluate
    own_data: bool
    nodes: Nodes | None = None

    @property
    def graph(self) -> Graph:
        """The checked graph, tables with the rows that they have."""
        return self.checked.graph

    @property
    def batch_size(self) -> int:
        """Samples a batch in evaluation."""
        return self.evaluation.batch_size or int(with_defaults(self.document.evaluated("data"), DATA)["batch_size"])

    @property
    def step(self) -> int:
        """After which step of the training the checkpoint was written."""
        return step_of(self.checkpoint.resolve())

    def dataset(self, log: Log, used: Collection[str] | None = None) -> Dataset:
        """The data of the document, encoded with what the run learned. Raises `BlockrecError`.

        used: names of features and labels to read; default: those of the model, and what its metrics group by.
        Data that did not change since the run are those that it prepared; others are prepared again.
        """
        report = Diagnostics()
        names = used if used is not None else columns_read(self.document, self.graph, self.tasks, report)
        dataset = self._opened(names, report, log)
        return dataset if self.nodes is None else with_nodes(dataset, self.nodes)

    def _opened(self, names: Collection[str], report: Diagnostics, log: Log) -> Dataset:
        if self.own_data:
            dataset = open_data(self.document, names, report, log)
            if _same(dataset, _fits(self.path, self.graph)):
                return dataset
            log.say("the data have changed since the run; they are encoded as the run did")
        return open_data(self.document, names, report, log, fitted=self.path / VOCABULARIES)


def load_run(
    path: str | Path,
    *,
    checkpoint: str | None = None,
    data: str | None = None,
    sets: Sequence[str] = (),
    imports: Iterable[str | Path] = (),
    device: str | None = None,
    runs_dir: str | Path = "runs",
) -> Loaded:
    """Read a run directory.

    path: of the directory, or the name of a model: its latest run in `runs_dir`. checkpoint: `best`, `last` or
    `step-N`; default the best, else the last. data: a card, or files of the form that the run's data have. sets: as
    for `run`, over the resolved file. device: before what the file says. Raises `BlockrecError`: E009 (no such run or
    checkpoint), E501 (vocabularies are missing), E703 (the weights do not fit, e.g. after `sets`).
    """
    run = find_run(path, runs_dir)
    folder = find_checkpoint(run, checkpoint)
    report = Diagnostics()
    document = _document(run, data, sets, report)
    report.raise_errors()
    assert document is not None
    checked = check_document(document, imports, report)
    report.raise_errors()
    sizes = {root: v.rows for root, v in _fits(run, checked.graph).vocabularies.items()}
    nodes = read_nodes(run)
    checked = with_sizes(checked, sizes if nodes is None else {**sizes, nodes.key: sizes[nodes.key] + nodes.tree.inner})
    train, evaluation = train_settings(document.evaluated("train")), eval_settings(document.evaluated("eval"))
    where = pick_device(device or train.device, None if device else document.evaluated("train").at.get("device"))
    with where, torch.random.fork_rng():
        model = build(checked).to(where)
    set_precision(model, train.precision, where, tf32=train.tf32, at=document.evaluated("train").at.get("precision"))
    load_weights(folder, model)
    own = data is None and not any(word.startswith(("data.", "features.", "data=", "features=")) for word in sets)
    tasks = tasks_of(checked.graph)
    return Loaded(run, folder, document, checked, model.eval(), tasks, where, evaluation, own, nodes)


def _document(run: Path, data: str | None, sets: Sequence[str], report: Diagnostics) -> Document | None:
    path = run / RESOLVED
    if data is None:
        return load(path, report, sets=sets)
    root = read_map(Source(str(path), path.read_text("utf-8")), report)
    if root is None:
        return None
    if is_file(data):
        return load(path, report, sets=[*over_files(root.section("data"), data), *sets])
    return load(over_card(root, data, report), report, sets=sets, data=data)


def _fits(run: Path, graph: Graph) -> Fits:
    report = Diagnostics()
    try:
        fits = Fits.load(run / VOCABULARIES, [*_learning(graph)], report)
    except (OSError, ValueError) as error:
        raise fail("E501", f"cannot read what `{run}` learned from its data: {error}") from error
    report.raise_errors()
    return fits


def vocabularies_of(run: Path, graph: Graph) -> Mapping[str, Vocabulary]:
    """Root feature → what a run learned of it. E501 for what cannot be read."""
    return _fits(run, graph).vocabularies


def read_nodes(run: Path) -> Nodes | None:
    """Of the tree over the items of a run; None if it has none. E501 for one that cannot be read."""
    try:
        return Nodes.load(run / VOCABULARIES)
    except (OSError, ValueError, KeyError) as error:
        raise fail("E501", f"cannot read the tree of `{run}`: {error}") from error


def _learning(graph: Graph) -> Iterable[Feature]:
    """The features that a model reads from columns."""
    used = set(graph.used_features())
    return (f for f in graph.features.values() if f.name in used and is_read(f))


def _same(dataset: Dataset, fits: Fits) -> bool:
    """Whether the data teach the same again."""
    learned = {root: dataset.values.get(root) for root in fits.vocabularies}
    numbers = {name: fit.to_json() for name, fit in dataset.fits.numbers.items()}
    return all(
        v is not None and v.values.equals(fits.vocabularies[root].values) for root, v in learned.items()
    ) and all(numbers.get(name) == fit.to_json() for name, fit in fits.numbers.items())
