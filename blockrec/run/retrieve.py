"""The best items of a finished run for each sample, written to Parquet batch by batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from errno import ENOENT
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from rich.console import Console

from blockrec import __version__
from blockrec.data import Split
from blockrec.data.batching.catalogue import Catalogue
from blockrec.data.dataset import Dataset
from blockrec.diagnostics import fail
from blockrec.every import Every
from blockrec.language.features import Listed
from blockrec.run.beam import Reached
from blockrec.run.catalogue import line, ranked_columns
from blockrec.run.columns import Columns, by_row
from blockrec.run.finders import Finder, chunks, finder_of
from blockrec.run.load import Loaded, load_run
from blockrec.run.log import Log
from blockrec.run.measure import chosen_split
from blockrec.run.predict import Predicted, of_the_option, raw_columns, written
from blockrec.run.reworded import reworded
from blockrec.run.settings import Ranked


def retrieve(
    path: str | Path,
    out: str | Path,
    *,
    k: int = 50,
    beam: int | None = None,
    exact: bool = False,
    seen: str | None = None,
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
    """Write the `k` best items for each sample to the Parquet file `out`, whole or not at all.

    A row a sample: what the model reads of it, as `predict` writes it, but for its own item; `items`, ids as they are
    in the data, the best first; and `scores`, predictions of the first task that has a metric, of two towers their
    similarities. Items are those of the training samples. A run over a tree searches it, opening `beam` nodes of each
    level (default: as the file says, or 2 · k); others score every item, as does `exact`.
    seen: `drop` leaves out items of the history; default: as `eval.catalogue` says. The others: see `predict`.
    Raises `BlockrecError`: E706 if the file does not say what an item is, or predicts nothing.
    """
    if not Path(out).parent.is_dir():
        raise FileNotFoundError(ENOENT, "there is no folder", str(Path(out).parent))
    log = Log(console)
    loaded = load_run(
        path, checkpoint=checkpoint, data=data, sets=sets, imports=imports, device=device, runs_dir=runs_dir
    )
    settings, raw = _settings(loaded, beam, seen), raw_columns(keep, loaded)
    if not loaded.tasks:
        help = "write one with a metric: --set tasks.TASK.metrics=[auc]"
        raise fail("E706", "no task of the model has a metric, and so none tells what is best", help=help)
    task = loaded.tasks[0]
    read = [*loaded.model.only(task.name).graph_ir.used_features()]
    more = ranked_columns(replace(loaded.evaluation, catalogue=settings), loaded.document.features)
    with reworded(lambda d: of_the_option(d, raw)):
        dataset = loaded.dataset(log, list(dict.fromkeys([*read, *more, *_plain(keep, raw), *raw])))
    name = chosen_split(dataset, split)
    finder, measuring = finder_of(loaded, dataset, task, settings, k, exact=exact, size=batch_size or loaded.batch_size)
    shown = [n for n in dict.fromkeys([*read, *_plain(keep, raw)]) if n not in settings.items or n in keep]
    columns = Columns.of(loaded.document.features, shown, dataset, raw, False)
    log.say(f"the best {k:,} of {len(finder.catalogue):,} items: {finder.how}")
    ids = _ids(loaded, dataset, finder.catalogue)
    about = {"run": str(loaded.path), "step": str(loaded.step), "blockrec": __version__, "retrieval": finder.how}
    with measuring:
        tables = _tables(dataset.splits[name], name, finder, columns, ids, k, settings.drop_seen, log)
        return written(Path(out), tables, about)


def _settings(loaded: Loaded, beam: int | None, seen: str | None) -> Ranked:
    known = loaded.evaluation.catalogue
    if known is None and loaded.nodes is not None:
        known = Ranked((loaded.nodes.key, *(n for n in loaded.nodes.columns if n != loaded.nodes.key)), False, None)
    if known is None:
        help = "--set eval.catalogue.items=[item, category], the feature that tells items apart before the others"
        raise fail("E706", "the file does not say which features belong to an item", help=help)
    return replace(known, drop_seen=seen == "drop" if seen else known.drop_seen, beam=beam or known.beam)


def _plain(keep: Sequence[str], raw: dict[str, str]) -> list[str]:
    return [name for name in keep if name not in raw.values()]


def _ids(loaded: Loaded, dataset: Dataset, catalogue: Catalogue) -> Any:
    """What the data call each item of the catalogue."""
    feature = loaded.document.features.features[catalogue.key]
    rows = pa.array(np.asarray(catalogue.ids, np.int64))
    if not isinstance(feature.ids, Listed):
        return rows
    return by_row(dataset.values[feature.root].values, dataset.values[feature.root].cold).take(rows)


def _tables(
    split: Split, name: str, finder: Finder, columns: Columns, ids: Any, k: int, drop_seen: bool, log: Log
) -> Iterator[Any]:
    every, done = Every(), 0
    for rows in chunks(split.first, split.rows, finder.at_a_time):
        found = finder.find(rows, k, drop_seen=drop_seen)
        yield columns.table(name, split.gather.batch(rows), _lists(found, len(rows), ids))
        done += len(rows)
        if every.due():
            log.say(line(name, done, split.rows, every.elapsed))


def _lists(found: Reached, rows: int, ids: Any) -> dict[str, Any]:
    offsets = pa.array(np.searchsorted(found.owner, np.arange(rows + 1)))
    items, scores = ids.take(pa.array(found.items)), pa.array(found.scores.astype(np.float32))
    return {name: pa.LargeListArray.from_arrays(offsets, x) for name, x in (("items", items), ("scores", scores))}
