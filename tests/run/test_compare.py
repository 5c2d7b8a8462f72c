"""Runs beside each other: what differs, over seeds; and what is no run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import blockrec
from blockrec.language.metrics import higher_is_better, read_metrics
from blockrec.run import run
from blockrec.run.compare import compare
from blockrec.run.compare.differences import MISSING, differences

BASE = {
    "blockrec": 1,
    "name": "little",
    "graph": {"deep": {"block": "mlp", "in": "x", "hidden": [8]}, "logit": {"block": "linear", "in": "deep", "out": 1}},
    "train": {"optimizer": {"dense": {"adam": {"lr": 0.1}}}},
}


def changed(*path: str, to: Any) -> dict[str, Any]:
    """The base with one value changed."""
    copy: dict[str, Any] = json.loads(json.dumps(BASE))
    place = copy
    for key in path[:-1]:
        place = place.setdefault(key, {})
    place[path[-1]] = to
    return copy


def write(folder: Path, model: dict[str, Any], auc: float, seed: int = 1, **more: Any) -> Path:
    """A run directory as a run leaves it, as far as a comparison reads it."""
    from blockrec.diagnostics import Diagnostics
    from blockrec.language.dump import dump

    folder.mkdir(parents=True)
    (folder / "resolved.yaml").write_text(str(dump(model, Diagnostics())), "utf-8")
    result = {
        "metrics": {"valid/click/auc": auc - 0.1, "test/click/auc": auc, "test/click/logloss": 1 - auc},
        "steps": 10,
        "seed": seed,
        "device": "cpu",
        "rows_per_second": 1000.0 * seed,
        "training": {"steps": 10},
        "parameters": {"dense": 100, "tables": 1000},
        **more,
    }
    (folder / "result.json").write_text(json.dumps(result), "utf-8")
    return folder


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two models with two seeds each, the second one better; and the link to the latest."""
    folder = tmp_path / "runs" / "little"
    for seed in (1, 2):
        write(folder / f"a{seed}", BASE, 0.6 + seed / 100, seed)
        write(folder / f"b{seed}", changed("graph", "deep", "hidden", to=[8, 8]), 0.7 + seed / 100, seed)
    (folder / "latest").symlink_to("b2")
    return folder


def test_seeds_are_grouped_and_only_differences_are_shown(runs: Path) -> None:
    table = compare([runs])
    assert [[run.path.name for run in group.runs] for group in table.groups] == [["b1", "b2"], ["a1", "a2"]]
    assert table.paths == ["graph.deep.hidden"] and table.metrics == ("test/click/auc", "test/click/logloss")
    head, first, second = str(table).split("\n\n")[0].splitlines()
    assert head.split() == [
        *("run", "graph.deep.hidden", "test/click/auc", "test/click/logloss", "seeds", "steps", "rows/s", "parameters")
    ]
    assert first.split()[:5] == ["b1", "+1", "[8,", "8]", "0.7150"] and "± 0.0071" in first
    assert second.split()[-4:] == ["1,2", "10", "1.5k", "1.1k"]


def test_a_name_is_its_latest_run_and_runs_count_once(runs: Path) -> None:
    (group,) = compare(["little"], runs_dir=runs.parent).groups
    assert (
        group.runs[0].path.resolve() == runs / "b2" and str(compare(["little"], runs_dir=runs.parent)).count("b2") == 1
    )
    again = compare([runs / "b2", runs, f"{runs}/*", "little"], runs_dir=runs.parent)
    assert sum(len(group.runs) for group in again.groups) == 4


@pytest.mark.parametrize(
    ("sort", "order"),
    [(None, "ba"), ("test/click/logloss", "ba"), ("valid/click/auc", "ba"), ("graph.deep.hidden", "ba")],
)
def test_the_best_is_first(sort: str | None, order: str, runs: Path) -> None:
    assert "".join(group.runs[0].path.name[0] for group in compare([runs], sort=sort).groups) == order


def test_settings_sort_as_numbers(tmp_path: Path) -> None:
    for dim in (16, 4, 128):
        write(tmp_path / f"d{dim}", changed("params", "dim", to=dim), 0.5)
    write(tmp_path / "none", BASE, 0.5)
    table = compare([tmp_path], sort="params")
    assert [group.runs[0].path.name for group in compare([f"{tmp_path}/d*"], sort="params.dim").groups] == [
        *("d4", "d16", "d128")
    ]
    assert table.paths == ["params"] and any(group.differing["params"] is MISSING for group in table.groups)


def test_a_default_that_one_file_writes_is_no_difference(tmp_path: Path) -> None:
    write(tmp_path / "a", BASE, 0.5)
    write(tmp_path / "b", changed("train", "optimizer", "sparse", to={"lazy_adam": {"lr": 1e-3}}), 0.6, 2)
    write(tmp_path / "c", changed("eval", "every", to="1 epoch"), 0.6, 3)
    write(tmp_path / "d", changed("train", "seed", to=4), 0.6, 4)
    assert len(compare([tmp_path]).groups) == 1


def test_how_long_was_trained_counts_whoever_said_so(tmp_path: Path) -> None:
    write(tmp_path / "a", changed("train", "epochs", to=2), 0.5)
    write(tmp_path / "b", BASE, 0.5, training={"steps": 20})
    write(tmp_path / "c", changed("train", "epochs", to=9), 0.5, 2)
    assert [len(group.runs) for group in compare([tmp_path]).groups] == [2, 1]


def test_many_differences_are_a_table_of_their_own(tmp_path: Path) -> None:
    write(tmp_path / "a", BASE, 0.5)
    other = {**BASE, "graph": {f"n{i}": {"block": "linear", "in": "x", "out": i} for i in range(9)}}
    write(tmp_path / "b", other, 0.6)
    results, settings = str(compare([tmp_path])).split("\n\n")
    assert [line[0] for line in results.splitlines()] == [" ", "A", "B"]
    assert settings.splitlines()[0].split() == ["setting", "A", "B"] and len(settings.splitlines()) == 12
    (row,) = [line.split("  ") for line in settings.splitlines() if line.startswith("graph.n3")]
    assert [cell.strip() for cell in row if cell.strip()] == ["graph.n3", "{block: linear, in: x, out: 3}", "–"]


def test_json_holds_everything(runs: Path) -> None:
    best = json.loads(json.dumps(compare([runs]).to_json()))[0]
    assert best["settings"] == {"graph.deep.hidden": [8, 8]} and best["metrics"]["test/click/auc"]["count"] == 2
    assert [entry["seed"] for entry in best["runs"]] == [1, 2] and best["runs"][0]["result"]["steps"] == 10


@pytest.mark.parametrize("metric", ["valid/click/auc", "test/click/logloss"])
def test_only_the_metrics_that_are_asked_for(metric: str, runs: Path) -> None:
    assert compare([runs], metrics=[metric]).metrics == (metric,)


def test_what_is_no_run_is_skipped_and_told(runs: Path) -> None:
    (runs / "sweeps").mkdir()
    (runs / "many" / "sweeps").mkdir(parents=True)
    (runs / "stopped").mkdir()
    (runs / "stopped" / "resolved.yaml").write_text("blockrec: 1\n", "utf-8")
    table = compare([f"{runs}/*"])
    many = f"`{runs}/many` is no run; its sweeps are `{runs}/many/sweeps/*`"
    assert table.skipped == (many, f"`{runs}/stopped` did not finish", f"`{runs}/sweeps` is no run")
    assert sum(len(group.runs) for group in table.groups) == 4


@pytest.mark.parametrize(
    ("words", "more", "message"),
    [
        (["litle"], {}, r"E009.*no run `litle`(.|\n)*did you mean `little`"),
        (["nothing/*"], {}, r"E009.*no run `nothing/\*`"),
        (["empty"], {}, "E009.*`empty` is no run"),
        (["broken"], {}, "E009.*cannot read the run `broken`"),
        (["odd"], {}, r"E009.*`odd/result.json` is not the result of a run"),
        (["little"], {"metrics": ["test/click/acu"]}, r"E107(.|\n)*did you mean `test/click/auc`"),
        (["little"], {"sort": "hidden"}, "E107.*no metric or differing setting `hidden`"),
    ],
)
def test_mistakes_are_told(
    words: list[str], more: Any, message: str, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(runs.parent.parent)
    for name, text in (("broken", "{"), ("odd", "[]"), ("empty", None)):
        Path(name).mkdir()
        if text:
            (Path(name) / "result.json").write_text(text, "utf-8")
            (Path(name) / "resolved.yaml").write_text("a: 1\n", "utf-8")
    with pytest.raises(blockrec.BlockrecError, match=message):
        compare(words, **more)


TREES = st.recursive(
    st.integers(0, 2), lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=6
)


@given(st.lists(TREES, min_size=1, max_size=3))
def test_differences_are_all_that_differs(trees: list[Any]) -> None:
    found = differences([{"root": tree} for tree in trees])
    assert (found == {}) == all(tree == trees[0] for tree in trees)
    for path, values in found.items():
        assert values == [at({"root": tree}, path.split(".")) for tree in trees]
        assert any(value != values[0] for value in values)
        assert not all(isinstance(value, dict) for value in values)


def at(tree: Any, path: list[str]) -> Any:
    for key in path:
        tree = tree.get(key, MISSING)
    return tree


def test_which_way_is_better_is_known_by_name() -> None:
    words = ["auc", "logloss", {"gauc": {"by": "a"}}, {"gauc": {"by": "b"}}]
    for metric in read_metrics(words):
        assert higher_is_better(f"valid/click/{metric.name}") is metric.higher_is_better


def test_runs_that_were_made_are_compared(tmp_path: Path) -> None:
    small = [
        "data.generate.planted_interests.users=60",
        "data.generate.planted_interests.items=200",
        "graph.head.hidden=[4]",
    ]
    for k in (3, 4):
        run("twin", sets=[*small, f"params.top_k={k}"], steps=1, runs_dir=tmp_path)
    table = compare([tmp_path / "twin"])
    assert table.paths == ["params.top_k"] and {g.differing["params.top_k"] for g in table.groups} == {3, 4}
    assert all(cell != "–" for line in str(table).splitlines() for cell in line.split())
