"""`runs/<name>/<time>-<hash>/`: everything that a run leaves behind."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Mapping
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

from blockrec.graph.ir import Graph
from blockrec.language.document import Document
from blockrec.run.stream import Stream
from blockrec.viz import svg

PACKAGES = ("torch", "numba", "numpy", "pyarrow", "torchmetrics", "triton", "safetensors")


@dataclass(frozen=True)
class RunDirectory:
    """Paths of a run directory, and how to write into it."""

    path: Path

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def picture(self) -> Path:
        return self.path / "graph.svg"

    @property
    def log(self) -> Path:
        return self.path / "log.txt"

    def write_json(self, name: str, value: Mapping[str, Any]) -> None:
        (self.path / name).write_text(json.dumps(value, indent=1) + "\n", "utf-8")

    def write_metric(self, *, step: int, epoch: int, split: str, task: str | None, metric: str, value: float) -> None:
        """A line of metrics.jsonl; `time` is in seconds since 1970."""
        self._write_line({"step": step, "epoch": epoch, "split": split, "task": task, "metric": metric, "value": value})
        if self.board is not None:
            self.board.add_scalar("/".join(filter(None, [split, task, metric])), value, step)
            self.board.flush()

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
        with (self.path / "metrics.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    @cached_property
    def board(self) -> Any:
        """The writer of the same curves into `tensorboard/`; None if TensorBoard is not installed."""
        if find_spec("tensorboard") is None:
            return None
        from torch.utils.tensorboard import SummaryWriter

        return SummaryWriter(str(self.path / "tensorboard"))


def new_directory(runs_dir: str | Path, document: Document, seed: int) -> Path:
    """Make `<runs_dir>/<name>/<time>-<hash>`, and let `latest` beside it point to it."""
    digest = sha256(f"{document.to_yaml()}\nseed: {seed}".encode()).hexdigest()[:6]
    parent = Path(runs_dir) / document.name
    path = _new(parent, f"{datetime.now().astimezone():%Y%m%d-%H%M%S}-{digest}")
    _link(parent / "latest", path)
    return path


def create_directory(document: Document, graph: Graph, model: Any, make: Callable[[], Path]) -> RunDirectory:
    """Fill the empty directory that `make` makes with what is known before training."""
    resolved, picture, original = document.to_yaml(), svg(graph), given(model, document)  # before anything is written
    directory = RunDirectory(make())
    (directory.path / "model.yaml").write_text(original, "utf-8")
    (directory.path / "resolved.yaml").write_text(resolved, "utf-8")
    directory.picture.write_text(picture, "utf-8")
    directory.write_json("env.json", environment())
    return directory


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


def _new(parent: Path, name: str) -> Path:
    """A folder that did not exist: of two runs that start in one second the later one is `<name>-2`."""
    parent.mkdir(parents=True, exist_ok=True)
    for number in range(1, 1000):
        path = parent / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir()
        except FileExistsError:
            continue
        return path
    raise FileExistsError(parent / name)


def _link(link: Path, target: Path) -> None:
    fresh = link.with_name(f".{link.name}.{target.name}")
    fresh.symlink_to(target.name, target_is_directory=True)
    fresh.replace(link)
