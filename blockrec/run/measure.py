"""The metrics of a finished run, on its own data or on others."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from blockrec.data import Dataset
from blockrec.diagnostics import Diagnostic, fail
from blockrec.metrics.measure import Details
from blockrec.run.catalogue import ranker_of
from blockrec.run.evaluate import evaluate
from blockrec.run.load import Loaded, load_run
from blockrec.run.log import Log
from blockrec.run.names import RESULT
from blockrec.run.reworded import reworded
from blockrec.run.tables import aligned
from blockrec.run.tracked import Tracked


@dataclass(frozen=True)
class Evaluated:
    """metrics: `<split>/<task>/<metric>` → value. undefined: what has none, and why. data: card or files.

    details: what is known beside a value, e.g. the reliability curve of a calibration error.
    """

    run: Path
    checkpoint: str
    step: int
    data: str
    split: str
    rows: int
    metrics: Mapping[str, float]
    undefined: Sequence[str] = ()
    details: Mapping[str, Details] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        about = {"run": str(self.run), "checkpoint": self.checkpoint, "step": self.step, "data": self.data}
        measured = {"split": self.split, "rows": self.rows, "metrics": dict(self.metrics)}
        return {**about, **measured, "undefined": list(self.undefined), "details": dict(self.details)}

    def __str__(self) -> str:
        """A metric a line, after what was measured on what."""
        head = f"{self.run}, {self.checkpoint} (step {self.step:,}): {self.split} of {self.data}, {self.rows:,} samples"
        rows = [[path.split("/", 1)[1], f"{value:.4f}"] for path, value in self.metrics.items()]
        return "\n".join([head, "", aligned(["metric", "value"], rows), *self.undefined])


def evaluate_run(
    path: str | Path,
    *,
    checkpoint: str | None = None,
    data: str | None = None,
    split: str | None = None,
    sets: Sequence[str] = (),
    imports: Iterable[str | Path] = (),
    batch_size: int | None = None,
    device: str | None = None,
    runs_dir: str | Path = "runs",
    console: Console | None = None,
) -> Evaluated:
    """Measure a run again: all metrics of its file, or those that `sets` name.

    split: `train`, `valid` or `test`; default `test`, else `valid` if there is no test sample. The others: see
    `load_run`. Raises `BlockrecError`, E501 for a split without samples.
    """
    log = Log(console)
    loaded = load_run(
        path, checkpoint=checkpoint, data=data, sets=sets, imports=imports, device=device, runs_dir=runs_dir
    )
    if not loaded.tasks:
        help = "write them: --set tasks.TASK.metrics=[auc]"
        raise fail("E706", "no task of the model has a metric", help=help)
    with reworded(lambda d: _pointing_to_predict(d, loaded)):
        dataset = loaded.dataset(log)
    name = chosen_split(dataset, split)
    scores = evaluate(
        loaded.model,
        Tracked(dataset.splits[name], name, log),
        name,
        loaded.tasks,
        batch_size=batch_size or loaded.batch_size,
        device=loaded.device,
        ranker=ranker_of(dataset, loaded.evaluation, log.say) if dataset.splits["train"].rows else None,
    )
    assert scores is not None
    return Evaluated(
        run=loaded.path,
        checkpoint=loaded.checkpoint.name,
        step=loaded.step,
        data=data or _trained_on(loaded.path) or "its own data",
        split=name,
        rows=dataset.splits[name].rows,
        metrics=scores.metrics,
        undefined=scores.undefined,
        details=scores.details,
    )


def _pointing_to_predict(mistake: Diagnostic, loaded: Loaded) -> Diagnostic:
    """Rows without labels have predictions, but no metrics."""
    if mistake.code != "E502" or mistake.at not in [label.span for label in loaded.document.features.labels.values()]:
        return mistake
    way = f"rows without labels are for `blockrec predict {loaded.path} --data FILE --out SCORES.parquet`"
    return replace(mistake, help="; ".join(filter(None, [mistake.help, way])))


def _trained_on(run: Path) -> str | None:
    """The card that a finished run was trained on, if it was one."""
    try:
        found = json.loads((run / RESULT).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found.get("data") if isinstance(found, dict) else None


def chosen_split(dataset: Dataset, name: str | None) -> str:
    """The split to work on; E501 if it has no samples."""
    sizes = {split: found.rows for split, found in dataset.splits.items()}
    found = name or next((split for split in ("test", "valid") if sizes.get(split)), "test")
    if not sizes.get(found):
        there = ", ".join(f"`{split}` has {rows:,}" for split, rows in sizes.items() if rows)
        raise fail("E501", f"there are no samples `{found}`", help=there)
    return found
