"""`sweep:` read into points: what each run of a sweep changes, as patches with places."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

from blockrec.diagnostics import Diagnostics, Span, did_you_mean
from blockrec.language.metrics import metric_names
from blockrec.language.validate import holds_unknown
from blockrec.language.values import List, Map

MAX_POINTS = 10_000
BASE, VARIANT = "base", "variant"
SPLITS = ("valid", "test")


@dataclass(frozen=True)
class Setting:
    """One value of a point: `path` as written, with the places of path and value."""

    path: str
    value: Any
    path_at: Span
    at: Span

    def patch(self) -> Map:
        """The value inside one mapping for each part of the path."""
        parts = self.path.split(".")
        value, at = self.value, self.at
        for depth in reversed(range(len(parts))):
            key_at = self.path_at.inside(sum(len(part) + 1 for part in parts[:depth]), len(parts[depth]))
            value, at = Map(key_at, {parts[depth]: (key_at, value, at)}), key_at
        patch: Map = value
        return patch


@dataclass(frozen=True)
class Point:
    """What one point changes, merged after the variants of the command and before `--set`. number: counted from 1."""

    number: int
    settings: tuple[Setting, ...]

    def to_json(self) -> dict[str, Any]:
        """Path → value."""
        return {setting.path: setting.value for setting in self.settings}

    def variants(self) -> list[tuple[str, Span]] | None:
        """The variants to apply instead of those that the command names, each with its place; None if it sets none.

        `base` is among them; it applies nothing, unless the file has a variant of that name.
        """
        chosen = next((s for s in self.settings if s.path == VARIANT), None)
        if chosen is None:
            return None
        words = chosen.value if isinstance(chosen.value, list) else str(chosen.value).split(",")
        return [(str(word).strip(), chosen.at) for word in words]

    def patches(self) -> list[Map]:
        """What else it changes, in the order of the file."""
        return [setting.patch() for setting in self.settings if setting.path != VARIANT]


@dataclass(frozen=True)
class Sweep:
    """metric: `<split>/<task>/<metric>`, mode: None leaves them to the model. seeds: empty means `train.seed`."""

    points: tuple[Point, ...]
    metric: str | None = None
    mode: Literal["max", "min"] | None = None
    seeds: tuple[int, ...] = ()
    jobs: int = 1


def read_sweep(section: Map, tasks: Map, report: Diagnostics) -> Sweep | None:
    """The points of a valid section, in an order that only the file decides; None after a mistake in it.

    The product of `grid` (its last path runs fastest), `zip` and `random`, the earlier ones running slower; a section
    without any of them has one point, the model itself.
    """
    if holds_unknown(section):
        return None
    clean = [_check_metric(section, tasks, report), _check_paths(section, report), _check_zip(section, report)]
    clean += [_check_ranges(section, report), _check_count(section, report)]
    if not all(clean):
        return None
    parts = [_grid(section.section("grid")), _zip(section.section("zip")), _random(section.section("random"))]
    combined = product(*(part or [()] for part in parts))
    points = (Point(number, tuple(s for part in parts for s in part)) for number, parts in enumerate(combined, 1))
    seeds = section.get("seeds", ())
    seeds = tuple(range(1, seeds + 1)) if isinstance(seeds, int) else tuple(seeds)
    return Sweep(tuple(points), section.get("metric"), section.get("mode"), seeds, section.get("jobs", 1))


Part = list[tuple[Setting, ...]]


def _settings(values: Map) -> list[list[Setting]]:
    """For each path, a setting for each of its values."""
    return [
        [Setting(path, value, values.keys_at[path], at) for value, at in zip(listed, listed.at, strict=True)]
        for path, listed in values.items()
        if isinstance(listed, List)
    ]


def _grid(values: Map) -> Part:
    return list(product(*_settings(values))) if values else []


def _zip(values: Map) -> Part:
    return list(zip(*_settings(values), strict=True))


def _random(values: Map) -> Part:
    """Drawn one trial after the other, so that more trials leave the earlier ones as they are."""
    draw = random.Random(values.get("seed", 0))  # noqa: S311 - reproducible on purpose
    paths = values.without("trials", "seed").entries().items()
    return [
        tuple(Setting(path, _drawn(how, draw), path_at, at) for path, (path_at, how, at) in paths)
        for _ in range(values.get("trials", 0))
    ]


def _drawn(how: Mapping[str, Any], draw: random.Random) -> Any:
    ((kind, given),) = how.items()
    if kind == "choice":
        return draw.choice(given)
    low, high = given
    if kind == "int":
        return draw.randint(low, high)
    part = draw.random()
    value = low * (1 - part) + high * part if kind == "uniform" else low ** (1 - part) * high**part
    return min(max(float(f"{value:.6g}"), low), high)


def _check_metric(section: Map, tasks: Map, report: Diagnostics) -> bool:
    if "metric" not in section:
        return True
    known = [
        f"{split}/{task}/{name}"
        for split in SPLITS
        for task, spec in tasks.items()
        for name in metric_names(spec.get("metrics") if isinstance(spec, Map) else None)
    ]
    if section["metric"] in known:
        return True
    help = did_you_mean(section["metric"], known, f"metrics of the tasks: {', '.join(known) or 'none'}")
    return _refuse("E107", f"no task has the metric `{section['metric']}`", section.at["metric"], report, help)


def _check_paths(section: Map, report: Diagnostics) -> bool:
    """Each path once; not what `seeds` is for, nor the sweep itself."""
    seen: dict[str, Span] = {}
    clean = True
    for kind in ("grid", "zip", "random"):
        for path, at in (
            section.section(kind).without(*(("trials", "seed") if kind == "random" else ())).keys_at.items()
        ):
            if path in seen:
                clean = _refuse("E201", f"`{path}` is swept twice", at, report, notes=[(seen[path], "here too")])
            elif path == "train.seed":
                clean = _refuse("E110", "`train.seed` is not swept by its path", at, report, "use `seeds`")
            elif path.split(".")[0] == "sweep" or not all(part.strip() for part in path.split(".")):
                clean = _refuse("E110", f"`{path}` is no path of a setting", at, report, "e.g. `params.dim`")
            seen[path] = at
    return clean


def _check_zip(section: Map, report: Diagnostics) -> bool:
    lists = section.section("zip")
    first = next(iter(lists), "")
    for path, values in lists.items():
        if len(values) != len(lists[first]):
            message = f"`zip` pairs {len(values)} values of `{path}` with {len(lists[first])} of `{first}`"
            notes = [(lists.at[first], f"{len(lists[first])} values")]
            return _refuse("E101", message, lists.at[path], report, "give each path as many, or use `grid`", notes)
    return True


def _check_ranges(section: Map, report: Diagnostics) -> bool:
    clean = True
    for path, how in section.section("random").without("trials", "seed").items():
        kind, bounds = next(iter(how.items()))
        if kind != "choice" and not all(abs(x) <= sys.float_info.max for x in bounds):
            clean = _refuse("E106", f"`{kind}` of `{path}` has no bounds", how.at[kind], report, "e.g. [1e-4, 1e-2]")
        elif kind != "choice" and bounds[0] > bounds[1]:
            message = f"`{kind}` of `{path}` goes from {bounds[0]} to {bounds[1]}"
            clean = _refuse("E106", message, how.at[kind], report, f"[{bounds[1]}, {bounds[0]}]")
    return clean


def _check_count(section: Map, report: Diagnostics) -> bool:
    zipped = section.section("zip")
    sizes = [len(values) for values in section.section("grid").values()]
    sizes += [len(zipped[next(iter(zipped))])] if zipped else []
    count = math.prod(sizes) * section.section("random").get("trials", 1)
    if count <= MAX_POINTS:
        return True
    shown = f"{count:,}" if count < 10**12 else "more than 10¹²"
    message = f"the sweep has {shown} points; at most {MAX_POINTS:,} are possible"
    return _refuse("E106", message, section.span, report, "draw some of them: `random: {trials: 100, ...}`")


def _refuse(
    code: str, message: str, at: Span, report: Diagnostics, help: str = "", notes: Sequence[tuple[Span, str]] = ()
) -> bool:
    report.error(code, message, at, help=help, notes=notes)
    return False


def tried(points: Sequence[Point]) -> Iterator[str]:
    """Every path that some point sets, in order."""
    return iter(dict.fromkeys(setting.path for point in points for setting in point.settings))
