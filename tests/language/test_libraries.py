"""Libraries of composites: what lies over what, circles, two of one name, files of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from blockrec.diagnostics import Diagnostics
from blockrec.graph.compile import check
from blockrec.language.document import Document, load

from .conftest import places

TOWERS = """\
blockrec: 1
doc: Towers.
blocks:
  tower:
    params: {hidden: [8, 4]}
    in: {x: vec}
    graph:
      mlp: {block: mlp, in: x, hidden: $hidden}
      norm: {block: tidy, in: mlp}
    out: norm
  tidy: {in: {x: vec}, graph: {n: {block: l2_norm, in: x}}, out: n}
  spare: {in: {x: vec}, graph: {n: {block: linear, in: x, out: 1}}, out: n}
"""
MODEL = """\
blockrec: 1
name: m
imports: [parts/towers.yaml]
features: {item: {vocab: 100, dim: 4}}
labels: [click]
graph:
  e: {block: embed, in: item}
  t: {block: tower, in: e}
  logit: {block: linear, in: t, out: 1}
tasks: {click: {logits: logit, loss: bce}}
variants:
  wide: {blocks: {tower: {params: {hidden: [16]}}}}
  swapped: {blocks: {tower: {graph: {mlp: {block: linear, out: 3}}}}}
  none: {imports: null}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "towers.yaml").write_text(TOWERS)
    (tmp_path / "m.yaml").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_composites_of_a_library_are_used_like_own_ones(folder: Path) -> None:
    _, graph, report = check("m.yaml")
    assert graph is not None and not len(report), str(report)
    assert {"t.mlp", "t.norm.n"} <= set(graph.nodes)


def test_patches_reach_into_imported_composites() -> None:
    _, graph, report = check("m.yaml", variants=["wide"])
    assert graph is not None and graph.nodes["t.mlp"].params["hidden"] == [16], str(report)
    _, graph, report = check("m.yaml", sets=["blocks.tower.params.hidden=[5]"])
    assert graph is not None and graph.nodes["t.mlp"].params["hidden"] == [5], str(report)
    _, graph, report = check("m.yaml", sets=["blocks.tower.params.hiden=[5]"])
    assert graph is None and [d.code for d in report.errors] == ["E110"]


def test_a_patch_that_sets_block_replaces_the_node_of_a_library(folder: Path, loaded: Callable[..., Document]) -> None:
    patch = "{tower: {graph: {mlp: {block: linear, out: 3}}}}"
    expected = {"block": "linear", "in": "x", "out": 3}
    assert loaded("m.yaml", variants=["swapped"]).root["blocks"]["tower"]["graph"]["mlp"] == expected
    (folder / "m.yaml").write_text(MODEL + f"blocks: {patch}\n")
    own = loaded("m.yaml")
    assert own.root["blocks"]["tower"]["graph"]["mlp"] == expected and own.own_composites == ["tower"]


def test_unused_composites_of_libraries_are_no_mistake_and_not_written_out(loaded: Callable[..., Document]) -> None:
    document = loaded("m.yaml")
    again = loaded(document.to_yaml())
    assert list(again.root["blocks"]) == ["tower", "tidy"] and not again.root["imports"]
    assert check(document.to_yaml())[1] is not None


def test_own_unused_composites_are_reported(folder: Path) -> None:
    (folder / "m.yaml").write_text(MODEL + "blocks: {mine: {in: {x: vec}, graph: {n: {block: tidy, in: x}}, out: n}}\n")
    _, _, report = check("m.yaml")
    assert [(d.code, d.at and d.at.text) for d in report] == [("W202", "mine")]


def test_a_list_of_imports_is_replaced_as_a_whole(found: Callable[..., list[str]]) -> None:
    _, graph, report = check("m.yaml", variants=["none"])
    assert graph is None and [d.code for d in report.errors] == ["E202"]
    assert found("m.yaml", sets=["imports=[]", "blocks.tower.params.hidden=[5]"]) == ["E110 1:8 --set"]


def test_an_extending_file_patches_what_its_base_imports(folder: Path, loaded: Callable[..., Document]) -> None:
    (folder / "big.yaml").write_text("blockrec: 1\nextends: m.yaml\nblocks: {tower: {params: {hidden: [9]}}}\n")
    assert loaded("big.yaml").root["blocks"]["tower"]["params"]["hidden"] == [9]


def test_libraries_import_libraries_and_python_relative_to_themselves(folder: Path) -> None:
    (folder / "parts" / "own.py").write_text(
        "from jaxtyping import Float\nfrom torch import Tensor, nn\n\nfrom blockrec import block\n\n\n"
        '@block("doubled_in_test")\nclass Doubled(nn.Module):\n    """Twice."""\n\n'
        '    def forward(self, x: Float[Tensor, "... d"]) -> Float[Tensor, "... d"]:\n        return 2 * x\n'
    )
    tidy = "tidy: {in: {x: vec}, graph: {n: {block: doubled_in_test, in: x}}, out: n}"
    more = f"blockrec: 1\nimports: [own.py]\nblocks:\n  {tidy}\n"
    (folder / "parts" / "more.yaml").write_text(more)
    towers = TOWERS.replace("doc: Towers.", "imports: [more.yaml]")
    (folder / "parts" / "towers.yaml").write_text("\n".join(x for x in towers.splitlines() if "  tidy:" not in x))
    document, graph, report = check("m.yaml")
    assert graph is not None and graph.nodes["t.norm.n"].block == "doubled_in_test", str(report)
    assert document is not None and document.root["imports"] == ["own.py"]
    resolved = folder / "runs"
    resolved.mkdir()
    (resolved / "r.yaml").write_text(document.to_yaml())
    assert check(resolved / "r.yaml")[1] is not None


def test_a_library_that_two_others_import_is_read_once(folder: Path, found: Callable[..., list[str]]) -> None:
    for name in ("a", "b"):
        (folder / "parts" / f"{name}.yaml").write_text("blockrec: 1\nimports: [towers.yaml]\n")
    (folder / "m.yaml").write_text(MODEL.replace("parts/towers.yaml", "parts/a.yaml, parts/b.yaml"))
    assert found("m.yaml") == []


def test_two_libraries_with_one_composite_are_shown_both(folder: Path) -> None:
    (folder / "other.yaml").write_text("blocks: {tower: {in: {x: vec}, graph: {n: {block: tidy, in: x}}, out: n}}\n")
    (folder / "m.yaml").write_text(MODEL.replace("[parts/towers.yaml]", "[parts/towers.yaml, other.yaml]"))
    report = Diagnostics()
    load("m.yaml", report)
    assert places(report) == ["E210 1:10 other.yaml"]
    (only,) = report
    assert [str(at) for at, _ in only.notes] == ["parts/towers.yaml:4:3", "m.yaml:3:30"]


WRONG = [
    ("imports: [towers.yaml]", ["E210 2:11 parts/towers.yaml"]),
    ("imports: [nothing.yaml]", ["E210 2:11 parts/towers.yaml"]),
    ("imports: [.yaml, /dev/zero.yaml, '\\0.yaml']", ["E210 2:11 parts/towers.yaml"]),
    ("imports: 3", ["E104 2:10 parts/towers.yaml"]),
    ("graph: {}", ["E100 2:1 parts/towers.yaml"]),
    ("features: {}", ["E100 2:1 parts/towers.yaml"]),
]


@pytest.mark.parametrize(("line", "expected"), WRONG, ids=lambda v: str(v)[:20])
def test_mistakes_of_a_library(line: str, expected: list[str], folder: Path, found: Callable[..., list[str]]) -> None:
    (folder / "parts" / "towers.yaml").write_text(TOWERS.replace("doc: Towers.", line))
    assert found("m.yaml")[: len(expected)] == expected


def test_a_mistake_in_a_library_shows_what_imports_it(folder: Path) -> None:
    (folder / "parts" / "towers.yaml").write_text(TOWERS.replace("doc: Towers.", "dco: Towers."))
    report = Diagnostics()
    load("m.yaml", report)
    (only,) = report
    assert only.code == "E100" and [str(at) for at, _ in only.notes] == ["m.yaml:3:11"]


def test_a_mistake_in_an_imported_composite_shows_where_it_is_used(folder: Path) -> None:
    wrong = TOWERS.replace("block: mlp, in: x, hidden: $hidden", "block: mean_pool, in: x")
    (folder / "parts" / "towers.yaml").write_text(wrong)
    _, _, report = check("m.yaml")
    (only,) = report.errors
    assert only.at is not None and only.at.source.name == "parts/towers.yaml"
    assert "m.yaml:8" in str(report)


def test_a_newer_library_is_refused(folder: Path, found: Callable[..., list[str]]) -> None:
    (folder / "parts" / "towers.yaml").write_text(TOWERS.replace("blockrec: 1", "blockrec: 9"))
    assert found("m.yaml")[:1] == ["E010 1:11 parts/towers.yaml"]


def test_a_long_chain_of_libraries_ends(folder: Path, found: Callable[..., list[str]]) -> None:
    for i in range(30):
        (folder / "parts" / f"l{i}.yaml").write_text(f"imports: [l{i + 1}.yaml]\n")
    (folder / "m.yaml").write_text(MODEL.replace("parts/towers.yaml", "parts/l0.yaml"))
    assert found("m.yaml") == ["E210 1:11 parts/l19.yaml"]


def test_misspelt_composites_of_libraries_are_suggested(folder: Path) -> None:
    (folder / "m.yaml").write_text(MODEL.replace("block: tower,", "block: towre,"))
    _, _, report = check("m.yaml")
    assert [(d.code, d.help) for d in report.errors] == [("E202", "did you mean `tower`?")]
