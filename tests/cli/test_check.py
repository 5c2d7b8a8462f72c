"""`blockrec check`: all mistakes at their places, exit code 2, sizes of what is right."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

GOOD = """\
blockrec: 1
name: good
features: {item: {vocab: 100}, user: {vocab: 50}}
labels: [click]
graph:
  both: {block: embed, in: [item, user], dim: 4}
  logit: {block: linear, in: both, out: 1}
tasks: {click: {logits: logit, loss: bce}}
"""
BAD = (
    GOOD.replace("block: linear", "block: liner")
    .replace("[item, user]", "[itm, user]")
    .replace("loss: bce", "los: bce")
)
UNUSED = GOOD.replace("graph:", "graph:\n  idle: {block: linear, in: both, out: 2}")


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    return lambda name, text: (tmp_path / name).write_text(text, "utf-8")


def test_a_right_model_is_measured(blockrec: Any, write: Any) -> None:
    write("good.yaml", GOOD)
    ended = blockrec("check", "good.yaml")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"ok: 2 features, 2 nodes, {100 * 4 + 50 * 4 + 8 + 1} params, {2 * 8 + 2} FLOPs\n"


def test_tables_that_the_data_sizes_are_counted_apart(blockrec: Any, write: Any) -> None:
    write("auto.yaml", GOOD.replace("vocab: 100", "vocab: auto"))
    assert (
        blockrec("check", "auto.yaml").out
        == "ok: 2 features, 2 nodes, 9 dense + 200 sparse + 1 table of unknown size, 18 FLOPs\n"
    )


def test_every_mistake_is_told_with_its_place(blockrec: Any, write: Any) -> None:
    write("bad.yaml", BAD)
    ended = blockrec("check", "bad.yaml")
    assert ended.code == 2
    assert ended.out == ""
    for place in ("bad.yaml:6:29", "bad.yaml:7:18", "bad.yaml:8:32"):
        assert place in ended.err
    for help in ("did you mean `item`?", "did you mean `linear`?", "did you mean `loss`?"):
        assert help in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("style", ["short", "github", "json"])
def test_machine_forms_go_to_stdout_and_name_the_same_places(blockrec: Any, write: Any, style: str) -> None:
    write("bad.yaml", BAD)
    ended = blockrec("check", "bad.yaml", "--format", style)
    assert (ended.code, ended.err) == (2, "")
    if style == "json":
        (result,) = json.loads(ended.out)
        assert not result["ok"]
        places = {(d["line"], d["column"]) for d in result["diagnostics"]}
    elif style == "short":
        places = {tuple(map(int, line.split(":")[1:3])) for line in ended.out.splitlines()}
    else:
        places = {tuple(map(int, found)) for found in re.findall(r"line=(\d+),col=(\d+)", ended.out)}
    assert places >= {(6, 29), (7, 18), (8, 32)}


def test_each_of_several_files_has_its_line_and_the_worst_decides(blockrec: Any, write: Any) -> None:
    write("good.yaml", GOOD)
    write("bad.yaml", BAD)
    ended = blockrec("check", "good.yaml", "bad.yaml")
    assert ended.code == 2
    assert ended.out.startswith("good.yaml: ok: 2 features")
    assert "bad.yaml: 3 errors" in ended.err


def test_strict_makes_warnings_fail(blockrec: Any, write: Any) -> None:
    write("unused.yaml", UNUSED)
    lenient = blockrec("check", "unused.yaml")
    strict = blockrec("check", "unused.yaml", "--strict")
    assert (lenient.code, strict.code) == (0, 2)
    assert "warning[W201]" in lenient.err
    assert "warning[W201]" in strict.err
    assert "unused.yaml: 1 warning" in strict.err


def test_json_of_a_right_model_has_its_counts(blockrec: Any, write: Any) -> None:
    write("good.yaml", GOOD)
    (result,) = json.loads(blockrec("check", "good.yaml", "--json").out)
    counts = {
        "features": 2,
        "nodes": 2,
        "dense": 9,
        "sparse": 600,
        "tables_of_known_size": 2,
        "tables_of_unknown_size": 0,
        "flops": 2 * 8 + 2,
        "bytes": 2 * 4 * 4 + 8 * 4 + 4 + 8,
        "of_unknown_work": 0,
    }
    known = result.pop("facts")
    assert [table["rows"] for table in known["tables"]] == [100, 50] and known["idle"] == []
    assert result == {"model": "good.yaml", "ok": True, **counts, "diagnostics": []}


def test_a_file_that_is_not_there_is_told(blockrec: Any) -> None:
    ended = blockrec("check", "nowhere.yaml")
    assert ended.code == 2
    assert "nowhere.yaml" in ended.err
    assert "error[E009]" in ended.err


def test_sets_and_variants_reach_the_compiler(blockrec: Any, write: Any) -> None:
    write("good.yaml", GOOD + "variants: {wide: {graph: {both: {dim: 8}}}}\n")
    assert "1.22k params" in blockrec("check", "good.yaml", "--variant", "wide").out
    assert "2.43k params" in blockrec("check", "good.yaml", "--set", "graph.both.dim=16").out


def test_verbose_tells_what_the_file_does_not_show(blockrec: Any, write: Any) -> None:
    write("good.yaml", GOOD)
    said = blockrec("check", "good.yaml", "-v").out
    assert "18 FLOPs" in said and "main.item: 100 rows of 4, read by" in said
