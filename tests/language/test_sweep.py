"""Sweeps as values: which points there are, what each changes, and every mistake at its place."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blockrec.diagnostics import Diagnostics
from blockrec.graph.compile import check, check_model
from blockrec.graph.sweep import check_points
from blockrec.language.document import Document, load
from blockrec.language.sweep import Point, Sweep, tried

MODEL = """\
blockrec: 1
name: little
params: {dim: 4, width: 8}
features: {item: {vocab: 10}, user: {vocab: 5}}
labels: [click]
graph:
  x: {block: embed, in: [item, user], dim: $dim}
  deep: {block: mlp, in: x, hidden: [$width]}
  logit: {block: linear, in: deep, out: 1}
tasks: {click: {logits: logit, loss: bce, metrics: [auc, {gauc: {by: user}}, {gauc: {by: item}}]}}
train: {epochs: 3}
variants:
  wide: {params: {width: 64}}
  deeper: {graph: {deep: {hidden: [16, 16]}}}
"""


def read(sweep: dict[str, Any], *sets: str) -> tuple[Document, Diagnostics]:
    import yaml

    report = Diagnostics()
    document = load(MODEL + yaml.safe_dump({"sweep": sweep}, sort_keys=False), report, sets=sets)
    assert document is not None
    return document, report


def swept(sweep: dict[str, Any], *sets: str) -> Sweep:
    document, report = read(sweep, *sets)
    assert len(report) == 0, str(report)
    assert document.sweep is not None
    return document.sweep


PATHS = ["params.dim", "params.width", "train.epochs", "train.optimizer.dense.adam.lr"]
VALUES = st.lists(st.integers(1, 9), min_size=1, max_size=4, unique=True)
GRIDS = st.dictionaries(st.sampled_from(PATHS), VALUES, min_size=1, max_size=3)


@given(GRIDS)
@settings(max_examples=40)
def test_a_grid_has_every_combination_once(grid: dict[str, list[int]]) -> None:
    points = [p.to_json() for p in swept({"grid": grid}).points]
    assert points == [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]


@given(st.integers(1, 5), st.sets(st.sampled_from(PATHS), min_size=1), st.data())
@settings(max_examples=40)
def test_zip_takes_the_nth_of_each(length: int, paths: set[str], data: Any) -> None:
    column = st.lists(st.integers(1, 9), min_size=length, max_size=length)
    zipped = {path: data.draw(column) for path in sorted(paths)}
    points = [p.to_json() for p in swept({"zip": zipped}).points]
    assert points == [{path: zipped[path][n] for path in zipped} for n in range(length)]


@given(st.integers(1, 30), st.integers(0, 5), st.floats(1e-6, 1e3), st.floats(1, 1e3), st.integers(-5, 5))
@settings(max_examples=40)
def test_random_points_lie_in_their_ranges(trials: int, seed: int, low: float, factor: float, first: int) -> None:
    low, high = float(f"{low:.4g}"), float(f"{low * factor:.4g}")
    drawn = {
        "train.optimizer.dense.adam.lr": {"loguniform": [low, high]},
        "graph.deep.dropout": {"uniform": [low, high]},
        "params.dim": {"int": [first, first + 2]},
        "variant": {"choice": ["base", "wide"]},
    }
    points = [p.to_json() for p in swept({"random": {"trials": trials, "seed": seed, **drawn}}).points]
    assert len(points) == trials
    for point in points:
        assert all(low <= point[path] <= high for path in list(drawn)[:2])
        assert first <= point["params.dim"] <= first + 2 and point["variant"] in ("base", "wide")
    more = [p.to_json() for p in swept({"random": {"trials": trials + 3, "seed": seed, **drawn}}).points]
    assert more[:trials] == points, "more trials keep the earlier ones"


def test_loguniform_is_uniform_in_the_logarithm() -> None:
    path = "train.optimizer.dense.adam.lr"
    points = swept({"random": {"trials": 2000, path: {"loguniform": [1e-4, 1]}}}).points
    logs = sorted(math.log10(p.to_json()[path]) for p in points)
    worst = max(abs((x + 4) / 4 - rank / 2000) for rank, x in enumerate(logs))
    assert worst < 1.95 / math.sqrt(2000), "Kolmogorov's test at 0.1 %"


def test_parts_are_combined_and_paths_listed_in_order() -> None:
    sweep = swept(
        {
            "zip": {"params.dim": [2, 4], "params.width": [3, 5]},
            "grid": {"variant": ["base", "wide"]},
            "random": {"trials": 3, "train.epochs": {"int": [1, 9]}},
            "seeds": 2,
            "mode": "min",
            "metric": "test/click/gauc_item",
        }
    )
    assert len(sweep.points) == 12 and [p.number for p in sweep.points] == list(range(1, 13))
    assert list(tried(sweep.points)) == ["variant", "params.dim", "params.width", "train.epochs"]
    assert (sweep.seeds, sweep.mode, sweep.metric, sweep.jobs) == ((1, 2), "min", "test/click/gauc_item", 1)
    assert swept({"seeds": [7, 9]}).seeds == (7, 9) and [p.settings for p in swept({}).points] == [()]


def at_point(number: int, sweep: dict[str, Any], *sets: str, variants: tuple[str, ...] = ()) -> Document:
    import yaml

    text, report = MODEL + yaml.safe_dump({"sweep": sweep}, sort_keys=False), Diagnostics()
    point = swept(sweep).points[number - 1]
    document = load(text, report, sets=sets, variants=variants, point=point)
    assert document is not None and len(report) == 0, str(report)
    return document


def test_a_point_goes_after_variants_and_before_overrides() -> None:
    sweep = {"grid": {"params.width": [32], "params.dim": [16]}}
    assert at_point(1, sweep, variants=("wide",)).params == {"dim": 16, "width": 32}
    assert at_point(1, sweep, "params.dim=1", variants=("wide",)).params == {"dim": 1, "width": 32}


def test_variants_are_values_and_combine() -> None:
    sweep = {"grid": {"variant": ["base", "wide", "wide,deeper", ["wide", "deeper"]]}}
    widths = [at_point(n, sweep).params["width"] for n in (1, 2, 3, 4)]
    hidden = [at_point(n, sweep).root["graph"]["deep"]["hidden"] for n in (1, 2, 3, 4)]
    assert widths == [8, 64, 64, 64] and hidden == [["$width"], ["$width"], [16, 16], [16, 16]]


def test_a_variant_of_the_sweep_takes_the_place_of_that_of_the_command() -> None:
    sweep = {"grid": {"variant": ["base", "deeper"]}}
    assert [at_point(n, sweep, variants=("wide",)).params["width"] for n in (1, 2)] == [8, 8]


def test_base_is_no_variant_unless_the_file_has_one() -> None:
    text = MODEL + "  base: {params: {width: 3}}\nsweep: {grid: {variant: [base]}}\n"
    document = load(text, Diagnostics())
    assert document is not None and document.sweep is not None
    patched = load(text, Diagnostics(), point=document.sweep.points[0])
    assert patched is not None and patched.params["width"] == 3
    report = Diagnostics()
    load(MODEL, report, variants=["base"])
    assert [d.code for d in report] == ["E111"]


def test_values_of_any_kind_are_patches() -> None:
    sweep = {"grid": {"graph.deep": [{"hidden": [3]}, {"block": "linear", "out": 5}], "train.epochs": [None]}}
    first, second = (at_point(n, sweep).root["graph"]["deep"] for n in (1, 2))
    assert first == {"block": "mlp", "in": "x", "hidden": [3]} and second == {"block": "linear", "in": "x", "out": 5}
    assert "epochs" not in at_point(1, sweep).evaluated("train")


def test_the_sweep_is_no_part_of_the_model() -> None:
    document, _ = read({"grid": {"params.dim": [2]}})
    assert "sweep" not in document.to_yaml()


def test_overrides_change_the_sweep() -> None:
    assert swept({"grid": {"params.dim": [2]}}, "sweep.seeds=[5]").seeds == (5,)


@pytest.mark.parametrize(
    ("sweep", "code", "place", "words"),
    [
        ("{grid: {params.dim: 3}}", "E104", "3", "must be a list"),
        ("{grid: {params.dim: []}}", "E106", "[]", "at least 1 item"),
        ("{grid: {params.dim: [2, 2]}}", "E101", "[2, 2]", "non-unique"),
        ("{grid: {params: {dim: [2]}}}", "E104", "{dim: [2]}", "e.g. `params.top_k"),
        ("{grid: {}}", "E106", "{}", "at least 1 key"),
        ("{zip: {params.dim: [1, 2], params.width: [3]}}", "E101", "[3]", "2 of `params.dim`"),
        ("{grid: {params.dim: [1]}, zip: {params.dim: [3]}}", "E201", "params.dim", "swept twice"),
        ("{grid: {train.seed: [1, 2]}}", "E110", "train.seed", "use `seeds`"),
        ("{grid: {sweep.seeds: [1, 2]}}", "E110", "sweep.seeds", "no path"),
        ("{grid: {params..dim: [1, 2]}}", "E110", "params..dim", "no path"),
        ("{metric: valid/click/acu}", "E107", "valid/click/acu", "did you mean `valid/click/auc`?"),
        ("{metric: train/loss}", "E107", "train/loss", "valid/click/gauc_item"),
        ("{mode: most}", "E107", "most", "max, min"),
        ("{random: {params.dim: {int: [1, 2]}}}", "E105", "random", "trials"),
        ("{random: {trials: 2, params.dim: {int: [3, 2]}}}", "E106", "[3, 2]", "[2, 3]"),
        ("{random: {trials: 2, params.dim: {int: [1]}}}", "E106", "[1]", "at least 2 items"),
        ("{random: {trials: 2, params.dim: {loguniform: [0, 2]}}}", "E106", "0", "more than 0"),
        ("{random: {trials: 2, params.dim: {normal: [0, 2]}}}", "E100", "normal", "uniform"),
        (
            "{random: {trials: 2, params.dim: {int: [1, 2], choice: [1]}}}",
            "E106",
            "{int: [1, 2], choice: [1]}",
            "at most 1 key",
        ),
        ("{random: {trials: 2, params.dim: {uniform: [0, 1e999]}}}", "E106", "[0, 1e999]", "no bounds"),
        (
            "{random: {trials: 2, params.dim: {loguniform: [1, 1" + 400 * "0" + "]}}}",
            "E106",
            "[1, 1" + 400 * "0" + "]",
            "no bounds",
        ),
        ("{seeds: 0}", "E106", "0", "at least 1"),
        ("{seeds: [1, 1]}", "E101", "[1, 1]", "non-unique"),
        ("{seeds: many}", "E104", "many", "a whole number or a list"),
        ("{jobs: 0}", "E106", "0", "at least 1"),
        ("{sedes: 3}", "E100", "sedes", "did you mean `seeds`?"),
        (
            "{random: {trials: 9999, params.dim: {int: [1, 9]}}, grid: {x: [1, 2]}}",
            "E106",
            "{random: {trials: 9999, params.dim: {int: [1, 9]}}, grid: {x: [1, 2]}}",
            "19,998",
        ),
    ],
)
def test_a_mistake_in_the_section_is_told_at_its_place(sweep: str, code: str, place: str, words: str) -> None:
    report = Diagnostics()
    document = load(f"{MODEL}sweep: {sweep}\n", report)
    assert document is not None and document.sweep is None
    (found,) = report
    assert found.at is not None and (found.code, found.at.text) == (code, place)
    assert words in str(report)


def points_of(sweep: str) -> tuple[str, Diagnostics]:
    text = f"{MODEL}sweep: {sweep}\n"
    checked, report = check_model(text)
    assert checked is not None, str(report)
    return check_points(checked, lambda point: check(text, point=point)[2], report), report


@pytest.mark.parametrize(
    ("sweep", "code", "place", "words"),
    [
        ("{grid: {params.dmi: [1, 2]}}", "E110", "dmi", "did you mean `dim`?"),
        ("{grid: {graph.deep.hiden: [[1], [2]]}}", "E103", "hiden", "did you mean `hidden`?"),
        ("{grid: {graph.deep.hidden: [[8], [x]]}}", "E104", "x", "whole number"),
        ("{grid: {variant: [base, wdie]}}", "E111", "wdie", "did you mean `wide`?"),
        ("{grid: {variant: [base, 'wide,wdie']}}", "E111", "'wide,wdie'", "did you mean `wide`?"),
        ("{zip: {train.epochs: [1, 0]}}", "E106", "0", "at least 1"),
        ("{random: {trials: 3, graph.logit.in: {choice: [depe]}}}", "E207", "{choice: [depe]}", "did you mean `deep`?"),
        ("{grid: {params.width: [0]}}", "E106", "$width", "(at the sweep's point params.width=0)"),
    ],
)
def test_a_bad_point_is_found_by_checking(sweep: str, code: str, place: str, words: str) -> None:
    _, report = points_of(sweep)
    (found,) = report.errors
    assert found.at is not None and (found.code, found.at.text) == (code, place), str(report)
    assert words in str(report)


def test_a_mistake_of_many_points_is_told_once_and_only_so_many_are_checked() -> None:
    said, report = points_of("{grid: {params.wdith: [1, 2, 3], params.dim: [1, 2, 3]}}")
    assert (said, len(report.errors)) == ("9 sweep points", 1)
    said, report = points_of(f"{{grid: {{train.epochs: [{', '.join(map(str, range(1, 51)))}, 0]}}}}")
    assert (said, len(report)) == ("the first 50 of 51 sweep points", 0)
    assert points_of("{seeds: 3}")[0] == "1 sweep point"


def test_of_a_large_model_fewer_points_are_checked() -> None:
    chain = "".join(f"  n{i}: {{block: linear, in: {f'n{i - 1}' if i else 'x'}, out: 4}}\n" for i in range(600))
    text = MODEL.replace("  deep: {block: mlp, in: x,", f"{chain}  deep: {{block: mlp, in: n599,")
    text += "sweep: {grid: {params.width: [1, 2, 3], params.dim: [1, 2, 3, 4, 5, 6, 7]}}\n"
    checked, report = check_model(text)
    seen: list[Point] = []
    said = check_points(checked, lambda point: seen.append(point) or Diagnostics(), report)
    assert len(report) == 0 and said == f"the first {len(seen)} of 21 sweep points" and 2 <= len(seen) < 21


def test_more_points_than_numbers_have_digits_are_told() -> None:
    grid = ", ".join(f"params.p{n}: [1, 2]" for n in range(20_000))
    report = Diagnostics()
    load(f"{MODEL}sweep: {{grid: {{{grid}}}}}\n", report)
    assert [d.code for d in report] == ["E106"] and "more than 10¹² points" in str(report)
