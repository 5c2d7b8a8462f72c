"""What a run says at its start and at its end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from blockrec.graph.facts_text import kernel_lines
from blockrec.graph.size import in_full
from blockrec.run.log import Log
from blockrec.run.prepare import Job
from blockrec.run.progress import duration
from blockrec.run.result import RunResult
from blockrec.run.sparse import RowOptimizer
from blockrec.run.training_words import exactness, moves
from blockrec.words import counted, human

PARTS = ("data", "forward", "backward", "optimizer", "eval")


def say_beginning(job: Job, log: Log) -> None:
    """Model, device, optimizers, kernels, data."""
    for title, text in beginning(job):
        log.say(f"{title:<10} {text}")


def beginning(job: Job) -> Iterator[tuple[str, str]]:
    """(what, its description)."""
    yield "model", f"{job.graph.name}: {in_full(job.graph)}"
    if job.warnings:
        yield "warnings", f"{counted(job.warnings, 'warning')}, above"
    yield "device", ", ".join([str(job.device), *exactness(job.train), f"seed {job.seed}"])
    yield "optimizer", f"dense parameters: {job.train.dense}"
    if job.graph.tables():
        yield "", f"tables: {job.train.sparse}, {_how(job)}"
    if job.train.overrides:
        yield "", f"overrides: {', '.join(override.match for override in job.train.overrides)}"
    if rules := ", ".join(moves(job.train)):
        yield "", rules
    if recomputed := [name for name, node in job.graph.nodes.items() if node.recompute]:
        yield "recomputed", ", ".join(recomputed)
    lines = list(kernel_lines(job.kernels)) or ["torch only"]
    yield from zip(["kernels", *[""] * len(lines)], lines, strict=False)
    rows = ", ".join(f"{name} {split.rows:,}" for name, split in job.dataset.splits.items())
    yield "data", f"{job.document.card or job.document.name}: {rows} samples"
    for title, value in job.dataset.describe().items():
        if title != "samples" and value != {}:
            yield "", f"{title}: {_plain(value)}"
    plan = job.plan
    steps, epochs = f"{plan.steps:,} step{'s' * (plan.steps > 1)}", counted(plan.epochs, "epoch")
    yield "training", f"{steps} of {job.feed}, {epochs}"
    if job.train.schedule.warmup > plan.steps:
        warmup = counted(job.train.schedule.warmup, "step")
        yield "warning", f"the warm-up takes {warmup}: the run ends before its learning rates are reached"


def _how(job: Job) -> str:
    part = job.optimizers.parts.get("sparse")
    return "only the rows that a step touches" if isinstance(part, RowOptimizer) else "every row at every step"


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(item)}" for key, item in value.items())
    return f"{value:,.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def ending(result: RunResult) -> str:
    """The report: metrics, speed, where the time went, memory, files, what to do next."""
    lines = [
        *_metrics(result),
        *result.undefined,
        *map(str, result.alarms),
        *([f"tested     {result.tested}"] if result.tested else []),
        *([f"stopped    after step {result.steps:,}: {result.stopped}"] if result.stopped else []),
        *_speed(result),
        *([f"\n{result.profile}\n"] if result.profile else []),
        *_files(result),
    ]
    return "\n".join(lines) or f"{result.name}: data, model and one batch are fine"


def _metrics(result: RunResult) -> Iterator[str]:
    """One row a metric: valid at the best and at the last checkpoint, test of the best."""
    names = [path.split("/", 1)[1] for path in result.metrics]
    columns = {
        f"valid, best (step {result.best.step})" if result.best else "": dict(result.best.metrics)
        if result.best
        else {},
        f"valid, last (step {result.last.step})" if result.last else "": dict(result.last.metrics)
        if result.last
        else {},
        "test, of the best" if result.best else "test, last weights": {
            k: v for k, v in result.metrics.items() if k.startswith("test/")
        },
    }
    shown = {title: {k.split("/", 1)[1]: v for k, v in values.items()} for title, values in columns.items() if values}
    if not shown:
        return
    width = max(map(len, names), default=0)
    yield "  ".join([" " * width, *shown])
    for name in dict.fromkeys(names):
        cells = [f"{values[name]:.4f}" if name in values else "–" for values in shown.values()]
        yield "  ".join([name.ljust(width), *(c.rjust(len(t)) for c, t in zip(cells, shown, strict=True))])


def _speed(result: RunResult) -> Iterator[str]:
    if not result.steps:
        return
    total = sum(result.seconds.values())
    split = ", ".join(f"{part} {result.seconds[part] / total:.0%}" for part in PARTS if part in result.seconds)
    yield f"speed      {human(result.rows_per_second)} rows/s, {result.steps:,} steps in {duration(total)}: {split}"
    yield f"memory     {result.peak_memory_bytes / 2**20:,.0f} MiB at most"


def _files(result: RunResult) -> Iterator[str]:
    if result.directory is None:
        return
    yield f"picture    {result.directory / 'graph.svg'}"
    yield f"report     {result.directory / 'report.html'}"
    yield f"next       blockrec predict {result.directory} --out predictions.parquet"
    yield f"           blockrec viz {result.directory / 'resolved.yaml'}"
    yield f"run        {result.directory}"
