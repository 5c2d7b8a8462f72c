"""The sections of the page: each gives HTML, or nothing if the run has nothing for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blockrec.data.splits import NAMES
from blockrec.run.names import PICTURE
from blockrec.run.progress import duration
from blockrec.run.report.chart import line_chart
from blockrec.run.report.files import RunFiles, Series
from blockrec.run.report.scale import shown
from blockrec.run.report.shapes import band_chart, calibration_chart, ridges, share_bar
from blockrec.run.report.style import confined
from blockrec.run.report.tables import code, facts, figure, legend, more, table, tile
from blockrec.viz.writers.markup import element
from blockrec.words import counted, human

MOST_CHARTS, MOST_WATCHED = 24, 10
LARGEST_PICTURE = 80_000
"""Bytes: a larger picture of the model stays a file of its own."""
LAST_LINES, MOST_NODES = 200, 20
PASSES = ("forward", "backward")


def heading(run: RunFiles) -> Iterator[str]:
    """Name, state, key figures, what to know first."""
    kind, word = _state(run)
    yield element("h1", [element("span", [], f"state {kind}", text=word)], text=run.name)
    yield element("p", [], "muted", text=str(run.path))
    yield element("div", [*_tiles(run)], "tiles")
    if not run.finished and run.log:
        yield element("p", [], "warn", text="The run has no result. The end of its log:")
        yield element("pre", [], text="\n".join(run.log[-12:]))


def _state(run: RunFiles) -> tuple[str, str]:
    if not run.finished:
        return "bad", "not finished"
    if run.result.get("interrupted"):
        return "warn", "interrupted"
    return ("warn", "finished, with alarms") if run.result.get("alarms") else ("good", "finished")


def _tiles(run: RunFiles) -> Iterator[str]:
    result = run.result
    measured = result.get("metrics", {})
    goal = _short(result.get("picked_by") or "")
    ordered = sorted(measured, key=lambda path: _short(path) != goal)
    for path in [path for path in ordered if path.startswith("test/")][:4] or ordered[:4]:
        yield tile(f"{measured[path]:.4f}", path)
    if result:
        steps, planned = result["steps"], result["training"]["steps"]
        whole = f"steps, {counted(result['training']['epochs'], 'epoch')}"
        yield tile(f"{steps:,}", whole if steps == planned else f"of {planned:,} steps")
        yield tile(human(result["rows_per_second"]), "training samples a second")
        yield tile(duration(sum(result["seconds"].values())), "in all")
        yield tile(f"{result['peak_memory_bytes'] / 2**20:,.0f} MiB", "memory at most")
        yield tile(human(sum(result["parameters"].values())), "parameters")


def metrics(run: RunFiles) -> Iterator[str]:
    """A row a metric: valid at the best and the last checkpoint, test of the best."""
    result = run.result
    best, last = (result.get(name) or {} for name in ("best", "last"))
    test = {path: value for path, value in result.get("metrics", {}).items() if path.startswith("test/")}
    columns = {
        f"valid, best (step {best.get('step', 0):,})": best.get("metrics", {}),
        f"valid, last (step {last.get('step', 0):,})": last.get("metrics", {}),
        "test, of the best" if best else "test, last weights": test,
    }
    known = {title: {_short(path): v for path, v in values.items()} for title, values in columns.items() if values}
    names = dict.fromkeys(name for values in known.values() for name in values)
    if names:
        rows = [[name, *(_number(values.get(name)) for values in known.values())] for name in names]
        yield table(["metric", *known], rows, len(known))
    tested = [f"tested: {words}"] if (words := result.get("tested")) else []
    notes = [*tested, *result.get("undefined", []), *map(_alarm, result.get("alarms", []))]
    if notes:
        yield element("ul", [element("li", [], text=note) for note in notes], "notes")


def _short(path: str) -> str:
    return path.partition("/")[2]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _alarm(alarm: Mapping[str, Any]) -> str:
    where = f"{shown(alarm['value'])} on {alarm['split']} at step {alarm['step']:,}"
    return f"alarm: {alarm['watch']}: {alarm['warn']} ({where})"


def curves(run: RunFiles) -> Iterator[str]:
    """A chart a metric, a line a split."""
    chosen = [*run.curves.items()][:MOST_CHARTS]
    best = (run.result.get("best") or {}).get("step")
    yield element("div", [_curve(name, series, best) for name, series in chosen], "charts") if chosen else ""
    if len(run.curves) > MOST_CHARTS:
        yield element("p", [], "muted", text=f"{len(run.curves) - MOST_CHARTS} more are in metrics.jsonl.")


def _curve(name: str, series: Series, best: int | None) -> str:
    ordered = {split: series[split] for split in NAMES if split in series}
    keys = [(split, f"{split} {shown(points[-1][1])}") for split, points in ordered.items()]
    return figure(name, line_chart(ordered, name, best), legend(keys))


def calibration(run: RunFiles) -> Iterator[str]:
    """Observed rates over predictions, by task."""
    for task in dict.fromkeys(curve.task for curve in run.reliability):
        of_task = [curve for curve in run.reliability if curve.task == task]
        keys = [(c.split, f"{c.split}, step {c.step:,}") for c in of_task]
        caption = "Observed mean label over mean prediction, a dot a bin; its size tells how many samples it has."
        chart = calibration_chart(of_task, f"calibration of {task}")
        yield element("div", [figure(task, chart, legend(keys), caption=caption)], "charts")


def watched(run: RunFiles) -> Iterator[str]:
    """Of each value: mean, deviation and range over steps, and its histograms."""
    for name, statistics in [*run.watched.items()][:MOST_WATCHED]:
        split = "valid" if "valid" in statistics.get("mean", {}) else "train"
        over = {key: series[split] for key, series in statistics.items() if split in series}
        histograms = run.histograms.get(name, {}).get(split, [])
        parts = []
        if "mean" in over and "std" in over:
            caption = f"On {split}: mean, one standard deviation around it, minimum and maximum."
            parts.append(figure(f"{name} over steps", band_chart(over, name), caption=caption))
        if histograms:
            caption = f"Histograms on {split}, the step on the left; heights are square roots of counts."
            parts.append(figure(f"{name}, distribution", ridges(histograms, name), caption=caption))
        yield element("div", parts, "charts")
    if len(run.watched) > MOST_WATCHED:
        yield element("p", [], "muted", text=f"{len(run.watched) - MOST_WATCHED} more are in metrics.jsonl.")


def time(run: RunFiles) -> Iterator[str]:
    """Where the time went."""
    seconds = {name: value for name, value in run.result.get("seconds", {}).items() if value}
    if not seconds:
        return
    total = sum(seconds.values())
    keys = [(f"p{i}", f"{name} {value / total:.0%}") for i, (name, value) in enumerate(seconds.items())]
    yield share_bar(seconds, "shares of the time")
    yield legend(keys)
    yield from _nodes(run)


def _nodes(run: RunFiles) -> Iterator[str]:
    """The nodes that take longest, of a run that was profiled."""
    nodes = run.profile.get("nodes", [])
    total = sum(n["forward"] + n["backward"] for n in nodes)
    if not total:
        return
    ordered = sorted(nodes, key=lambda n: n["forward"] + n["backward"], reverse=True)
    rows = [
        [n["node"], n["block"], *(f"{n[k] * 1e3:.3f}" for k in PASSES), f"{(n['forward'] + n['backward']) / total:.0%}"]
        for n in ordered[:MOST_NODES]
    ]
    yield element("p", [], text=f"The {len(rows)} of {counted(len(nodes), 'node')} that take longest, one at a time:")
    yield table(["node", "block", "forward ms", "backward ms", "share"], rows, 3)


def model(run: RunFiles) -> Iterator[str]:
    """Its size and its picture."""
    counts = run.result.get("parameters")
    if counts:
        yield element("p", [], text=f"{counts['dense']:,} dense parameters, {counts['tables']:,} in tables.")
    if len(run.picture.encode()) > LARGEST_PICTURE:
        yield element("p", [element("a", [], text=PICTURE, href=PICTURE)], text="The picture is large: ")
    elif run.picture:
        yield element("div", [confined(run.picture, ".graph")], "graph")


def data(run: RunFiles) -> Iterator[str]:
    """What it was trained on."""
    about = {"card": run.result.get("data"), **run.data} if run.result.get("data") else dict(run.data)
    if "samples" not in about and run.result.get("samples"):
        about["samples"] = run.result["samples"]
    if about:
        yield facts(about)


def configuration(run: RunFiles) -> Iterator[str]:
    """The file as it was written, and with everything merged in."""
    if run.model:
        yield code(run.model)
    if run.resolved and run.resolved != run.model:
        yield more("with everything merged in (resolved.yaml)", code(run.resolved))


def environment(run: RunFiles) -> Iterator[str]:
    """Versions and machine, seed and device."""
    about = {key: run.result[key] for key in ("seed", "device", "optimizer") if key in run.result}
    if about or run.environment:
        yield more("versions, machine, seed", facts({**about, **run.environment}))


def log(run: RunFiles) -> Iterator[str]:
    """Its end."""
    if run.log:
        kept = run.log[-LAST_LINES:]
        title = f"the last {len(kept)} of {len(run.log)} lines" if len(kept) < len(run.log) else "all lines"
        yield more(title, element("pre", [], text="\n".join(kept)[-15_000:]))
