"""Predictions of a finished run for samples of any size, written to Parquet batch by batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from errno import ENOENT
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console

from blockrec import __version__
from blockrec.data import Split
from blockrec.data.needs import KEPT, group_column
from blockrec.data.splits import NAMES
from blockrec.diagnostics import Diagnostic, Source, Span, fail
from blockrec.graph.ir import Graph
from blockrec.graph.lower import own_path
from blockrec.language.features import Column, Listed
from blockrec.run.batches import Batch, moved
from blockrec.run.columns import Columns, column_of, is_told
from blockrec.run.load import Loaded, load_run
from blockrec.run.log import Log
from blockrec.run.measure import chosen_split
from blockrec.run.modes import measuring
from blockrec.run.reworded import reworded
from blockrec.run.tracked import Tracked

ALL = "all"
GROUP = 1 << 16


@dataclass(frozen=True)
class Predicted:
    """What was written: a file of `rows` rows with these columns."""

    out: Path
    rows: int
    columns: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"out": str(self.out), "rows": self.rows, "columns": dict(self.columns)}

    def __str__(self) -> str:
        columns = ", ".join(f"{name} ({kind})" for name, kind in self.columns.items())
        return f"{self.out}: {self.rows:,} rows of {columns}"


@dataclass(frozen=True)
class Predictor:
    """The part of a run's model that gives predictions and outputs: it reads no label."""

    loaded: Loaded
    losses: Mapping[str, str]
    part: Any

    @classmethod
    def of(cls, loaded: Loaded) -> Predictor:
        """Raises E706 if the model gives nothing to write."""
        sinks = [sink for sink in loaded.graph.sinks if sink.kind in ("task", "output")]
        if not sinks:
            raise fail("E706", "the model has no task and no output to write", help="outputs: {NAME: NODE}")
        losses = {sink.name: sink.loss or f"tasks.{sink.name}" for sink in sinks if sink.kind == "task"}
        return cls(loaded, losses, loaded.model.only(*(sink.key for sink in sinks)))

    @property
    def graph(self) -> Graph:
        return self.part.graph_ir  # type: ignore[no-any-return]

    def results(self, batch: Batch) -> dict[str, Any]:
        """Predictions of tasks and values of outputs, by name."""
        found: dict[str, Any] = {}
        for name, value in self.part(moved(batch, self.loaded.device)).items():
            loss: Any = self.loaded.model.get_submodule(own_path(self.losses[name])) if name in self.losses else None
            found[name] = column_of(value, loss.predict if loss is not None else None)
        return found


def predict(
    path: str | Path,
    out: str | Path,
    *,
    data: str | None = None,
    split: str | None = None,
    keep: Sequence[str] = (),
    checkpoint: str | None = None,
    sets: Sequence[str] = (),
    imports: Iterable[str | Path] = (),
    batch_size: int | None = None,
    device: str | None = None,
    runs_dir: str | Path = "runs",
    console: Console | None = None,
) -> Predicted:
    """Write the predictions of a run to the Parquet file `out`, whole or not at all.

    A row a sample, in the order of the data: the values of the sample that the model reads, as far as they can be told
    from what it reads (ids of vocabularies as they are in the data, null for those that the training did not know;
    hashes and buckets are left out), a prediction a task, and the model's outputs; sequences are lists. keep:
    what else to write: labels (as `<label>_label`), features of the sample and columns of the data, e.g. the id of a
    user that the model does not read; ids are those of the data, also such as the training did not know.
    split: `train`, `valid`, `test` or `all` (then a column `split`, unless there is one alone); default: `all` of other
    data, else as `evaluate_run`. The others: see `load_run`. Raises `BlockrecError`.
    """
    if not Path(out).parent.is_dir():
        raise FileNotFoundError(ENOENT, "there is no folder", str(Path(out).parent))
    log = Log(console)
    loaded = load_run(
        path, checkpoint=checkpoint, data=data, sets=sets, imports=imports, device=device, runs_dir=runs_dir
    )
    raw = raw_columns(keep, loaded)
    predictor = Predictor.of(loaded)
    names = list(dict.fromkeys([*predictor.graph.used_features(), *(n for n in keep if n not in raw.values()), *raw]))
    with reworded(lambda d: of_the_option(d, raw)):
        dataset = loaded.dataset(log, names)
    chosen = ALL if split is None and not loaded.own_data else split
    parts = [n for n in NAMES if dataset.splits[n].rows] if chosen == ALL else [chosen_split(dataset, chosen)]
    columns = Columns.of(loaded.document.features, names, dataset, raw, len(parts) > 1)
    about = {"run": str(loaded.path), "step": str(loaded.step), "blockrec": __version__}
    tables = _tables(predictor, columns, [dataset.splits[n] for n in parts], batch_size or loaded.batch_size, log)
    return written(Path(out), tables, about)


def raw_columns(keep: Sequence[str], loaded: Loaded) -> dict[str, str]:
    """Column, as `used` has it, → what is to be kept as the data have it: neither a number that is told nor a label."""
    declared = loaded.document.features
    numbers = {f.name for f in declared.features.values() if is_told(f) and not isinstance(f.ids, Listed)}
    return {
        f"{KEPT}{_column(name, loaded)}": name for name in keep if name not in numbers and name not in declared.labels
    }


def of_the_option(mistake: Diagnostic, raw: Mapping[str, str]) -> Diagnostic:
    """With the word after `--keep` as its place, if it is about a column that is only read to be kept."""
    words = [word for name, word in raw.items() if f"`{group_column(name)}`" in mistake.message]
    if mistake.at is not None or not words:
        return mistake
    return replace(mistake, at=Span(Source("--keep", words[0]), 0, 0, max(1, len(words[0]))))


def _column(word: str, loaded: Loaded) -> str:
    """The column of a feature, or the one that has this name."""
    feature = loaded.document.features.features.get(word)
    return feature.source.name if feature is not None and isinstance(feature.source, Column) else word


def _tables(predictor: Predictor, columns: Columns, splits: Sequence[Split], size: int, log: Log) -> Iterator[Any]:
    """An Arrow table a batch."""
    with measuring(predictor.loaded.model, predictor.part):
        for split in splits:
            for batch in Tracked(split, split.name, log).batches(size):
                yield columns.table(split.name, batch, predictor.results(batch))


def written(out: Path, tables: Iterator[Any], about: Mapping[str, str]) -> Predicted:
    """Write tables [≥ 1] of one schema to a Parquet file, whole or not at all. about: its metadata."""
    part = out.with_name(f".{out.name}.part")
    groups = _row_groups(tables)
    first = next(groups)
    schema = first.schema.with_metadata(about)
    rows = 0
    try:
        with pq.ParquetWriter(part, schema, compression="zstd") as writer:
            for group in chain([first], groups):
                writer.write_table(group.cast(schema))
                rows += len(group)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return Predicted(out, rows, {field.name: str(field.type) for field in schema})


def _row_groups(tables: Iterator[Any]) -> Iterator[Any]:
    """Tables of at least `GROUP` rows, but for the last one: a file of many small parts is slow to read."""
    waiting: list[Any] = []
    rows = 0
    for table in tables:
        waiting.append(table)
        rows += len(table)
        if rows >= GROUP:
            yield pa.concat_tables(waiting)
            waiting, rows = [], 0
    if waiting:
        yield pa.concat_tables(waiting)
