"""`runs/<name>/<time>-<hash>/`: everything that a run leaves behind."""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
import yaml

from blockrec.disk import point, replace_text
from blockrec.graph.ir import Graph
from blockrec.language.document import Document
from blockrec.metrics.measure import Details
from blockrec.run.files import writing
from blockrec.run.names import BEGUN, BOARD, CHECKPOINTS, ENVIRONMENT, LOG, METRICS, MODEL, PICTURE, RESOLVED
from blockrec.run.stream import Stream
from blockrec.viz import svg

PACKAGES = ("torch", "numba", "numpy", "pyarrow", "torchmetrics", "triton", "safetensors")


@dataclass(frozen=True)
class RunDirectory:
    """Paths of a run directory, and how to write into it; E708 where that fails.

    begins: the step that this process goes on after.
    """

    path: Path
    begins: int = 0

    @property
    def checkpoints(self) -> Path:
        return self.path / CHECKPOINTS

    @property
    def log(self) -> Path:
        return self.path / LOG

    @property
    def metrics(self) -> Path:
        return self.path / METRICS

    def writing(self, file: Path) -> AbstractContextManager[None]:
        """What the body cannot write, `file` or something in that folder, is E708."""
        return writing(file, self.path)

    def write_json(self, name: str, value: Mapping[str, Any]) -> None:
        with self.writing(self.path / name):
            replace_text(self.path / name, json.dumps(value, indent=1) + "\n")

    def flush_metrics(self) -> int:
        """See to it that all lines of metrics.jsonl are on the disk; returns its length in bytes."""
        if not self.metrics.is_file():
            return 0
        with self.writing(self.metrics), self.metrics.open("rb") as file:
            os.fsync(file.fileno())
            return file.seek(0, os.SEEK_END)

    def cut_metrics(self, length: int) -> None:
        """Forget the lines that were written after `flush_metrics` returned `length`."""
        with self.writing(self.metrics):
            if self.metrics.is_file() and self.metrics.stat().st_size > length:
                os.truncate(self.metrics, length)

    def write_metric(self, *, step: int, epoch: int, split: str, task: str | None, metric: str, value: float) -> None:
        """A line of metrics.jsonl; `time` is in seconds since 1970."""
        self._write_line({"step": step, "epoch": epoch, "split": split, "task": task, "metric": metric, "value": value})
        if self.board is not None:
            with self.writing(self.path / BOARD):
                self.board.add_scalar("/".join(filter(None, [split, task, metric])), value, step)
                self.board.flush()

    def write_details(self, *, step: int, epoch: int, split: str, task: str, metric: str, details: Details) -> None:
        """A line of metrics.jsonl for what is known beside the value of a metric, e.g. its reliability curve."""
        self._write_line({"step": step, "epoch": epoch, "split": split, "task": task, "metric": metric, **details})

    def write_watch(self, watch: str, stream: Stream, *, step: int, epoch: int, split: str) -> None:
        """A line for each statistic of a watched value, and one for its histogram."""
        for name, value in stream.statistics().items():
            self.write_metric(
                step=step, epoch=epoch, split=split, task=None, metric=f"watch.{watch}.{name}", value=value
            )
        edges, counts = stream.histogram()
        if counts:
            histogram = {"edges": edges, "counts": counts}
            self._write_line({"step": step, "epoch": epoch, "split": split, "watch": watch, "histogram": histogram})
            if self.board is not None:
                self.board.add_histogram(f"{split}/watch.{watch}", stream.sample, step)

    def _write_line(self, line: dict[str, Any]) -> None:
        line["time"] = datetime.now(timezone.utc).timestamp()
        with self.writing(self.metrics), self.metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    @cached_property
    def board(self) -> Any:
        """The writer of the same curves into `tensorboard/`; None if TensorBoard is not installed."""
        if find_spec("tensorboard") is None:
            return None
        from torch.utils.tensorboard import SummaryWriter

        return SummaryWriter(str(self.path / BOARD), purge_step=self.begins + 1 if self.begins else None)


def new_directory(runs_dir: str | Path, document: Document, seed: int) -> Path:
    """The path `<runs_dir>/<name>/<time>-<hash>` of a run that begins now; nobody else gets it."""
    digest = sha256(f"{document.to_yaml()}\nseed: {seed}".encode()).hexdigest()[:6]
    parent = Path(runs_dir) / document.name
    with writing(parent, parent):
        return _claimed(parent, f"{datetime.now().astimezone():%Y%m%d-%H%M%S}-{digest}")


def create_directory(path: Path, files: Mapping[str, str], fill: Callable[[Path], None]) -> RunDirectory:
    """Make the run directory `path` out of texts by name and of what `fill` writes; it is there whole or not at all."""
    part = _part(path)
    try:
        with writing(path, path):
            part.mkdir(parents=True, exist_ok=True)
            for name, text in files.items():
                (part / name).write_text(text, "utf-8")
            fill(part)
            part.rename(path)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return RunDirectory(path)


def known_before(document: Document, graph: Graph, model: Any, begun: Mapping[str, Any]) -> dict[str, str]:
    """The files of a run that are written before training. begun: what `--resume` has to know beside the document."""
    return {
        MODEL: given(model, document),
        RESOLVED: document.to_yaml(),
        PICTURE: svg(graph),
        ENVIRONMENT: json.dumps(environment(), indent=1) + "\n",
        BEGUN: json.dumps(begun, indent=1) + "\n",
    }


def given(model: Any, document: Document) -> str:
    """The model file as the user wrote it; a mapping as YAML."""
    if isinstance(model, Mapping):
        return yaml.safe_dump(dict(model), sort_keys=False, allow_unicode=True)
    return document.root.span.source.text


def environment() -> dict[str, Any]:
    """Versions and machine: what a result may depend on besides the model file."""
    return {
        "blockrec": _version("blockrec"),
        "python": platform.python_version(),
        **{name: found for name in PACKAGES if (found := _version(name))},
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _claimed(parent: Path, name: str) -> Path:
    """A path that nothing has: of two runs that start in one second the later one is `<name>-2`."""
    parent.mkdir(parents=True, exist_ok=True)
    for number in range(1, 1000):
        path = parent / (name if number == 1 else f"{name}-{number}")
        try:
            _part(path).mkdir()
        except FileExistsError:
            continue
        if not path.exists():
            return path
        _part(path).rmdir()
    raise FileExistsError(parent / name)


def _part(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


def link_latest(path: Path) -> None:
    """Let `latest` beside a run point to it."""
    link = path.with_name("latest")
    with writing(link, path):
        point(link, path)
