"""Composites: inlined, hygienic, nested, with several outputs."""

from __future__ import annotations

from typing import Any

from tests.graph.conftest import caret

OUT = "tasks: {click: {logits: head, loss: bce}}"
EMBED = "  target: {block: embed, in: [item, category], dim: 4}\n"
TOWER = """
blocks:
  tower:
    params: {hidden: required, width: 3}
    in: {x: vec, y: vec}
    graph:
      mlp: {block: mlp, in: [x, y], hidden: $hidden}
      out: {block: linear, in: mlp, out: $width}
    out: {out: out, hidden: mlp}
"""


def test_a_composite_is_inlined_under_its_path(checked: Any) -> None:
    graph, report = checked(
        EMBED + "  head: {block: tower, in: {x: target, y: price}, hidden: [6], width: 1}", OUT + TOWER
    )
    assert graph is not None, str(report)
    assert {"head.mlp", "head.mlp/x", "head.out"} <= set(graph.nodes)
    assert graph.nodes["head.mlp"].axes == {"d": 10} and graph.nodes["head.out"].params["out"] == 1


def test_a_list_is_concatenated_at_the_boundary(checked: Any) -> None:
    graph, _ = checked(
        EMBED + "  head: {block: tower, in: {x: [target, price], y: price}, hidden: [6], width: 1}", OUT + TOWER
    )
    assert graph is not None and graph.nodes["head/x"].outputs["out"].axes == ("b", 10)


def test_named_outputs_and_unknown_ones(checked: Any, codes: Any) -> None:
    use = EMBED + "  two: {block: tower, in: {x: target, y: price}, hidden: [6]}\n"
    graph, _ = checked(use + "  head: {block: linear, in: two.hidden, out: 1}", OUT + TOWER)
    assert graph is not None and graph.nodes["head"].axes == {"d": 6}
    assert codes(use + "  head: {block: linear, in: two.hiden, out: 1}", OUT + TOWER) == [("E206", "hiden")]


def test_inside_only_the_composites_own_names_exist(checked: Any) -> None:
    inner = TOWER.replace("in: [x, y]", "in: [x, target]").replace("$width", "$dim")
    graph = EMBED + "  head: {block: tower, in: {x: target, y: price}, hidden: [6]}"
    _, report = checked(graph, OUT + inner + "params: {dim: 3}")
    assert [(d.code, caret(d)) for d in report.errors] == [("E207", "target"), ("E401", "dim")]


def test_wrong_use(codes: Any) -> None:
    use = "  head: {block: tower, in: {x: target, z: price}, hidden: [6], widht: 2}"
    assert sorted(codes(EMBED + use, OUT + TOWER)) == [("E103", "widht"), ("E203", "z")]
    assert codes(EMBED + "  head: {block: tower, in: {x: target}, hidden: [6]}", OUT + TOWER) == [
        ("E204", "{x: target}")
    ]
    assert codes(EMBED + "  head: {block: tower, hidden: [6]}", OUT + TOWER) == [("E204", "head"), ("E204", "head")]
    assert codes(EMBED + "  head: {block: tower, in: {x: target, y: price}}", OUT + TOWER) == [("E105", "tower")]


def test_shape_error_inside_shows_the_use(checked: Any) -> None:
    inner = TOWER.replace("{block: mlp, in: [x, y], hidden: $hidden}", "{block: hadamard, in: [x, y]}")
    _, report = checked(EMBED + "  head: {block: tower, in: {x: target, y: price}, hidden: [6]}", OUT + inner)
    (error,) = report.errors
    assert error.code == "E310" and error.notes[-1][1] == "used here"


def test_nested_and_recursive(checked: Any, codes: Any) -> None:
    inner = "{t: {block: tower, in: {x: x, y: x}, hidden: [5], width: 1}}"
    outer = TOWER + f"  pair:\n    in: {{x: vec}}\n    graph: {inner}\n    out: t\n"
    graph, report = checked(EMBED + "  head: {block: pair, in: target}", OUT + outer)
    assert graph is not None, str(report)
    assert "head.t.out" in graph.nodes and graph.nodes["head.t.mlp"].axes == {"d": 16}
    loop = TOWER + "  ring:\n    in: {x: vec}\n    graph: {r: {block: ring, in: x}}\n    out: r\n"
    assert ("E314", "ring") in codes(EMBED + "  head: {block: ring, in: target}", OUT + loop)


def test_a_composite_that_only_passes_on(checked: Any, codes: Any) -> None:
    wire = "\nblocks: {wire: {in: {x: vec}, graph: {unit: {block: l2_norm, in: x}}, out: x}}"
    graph, report = checked(
        EMBED + "  w: {block: wire, in: target}\n  head: {block: linear, in: w, out: 1}", OUT + wire
    )
    assert graph is not None, str(report)
    assert graph.nodes["head"].axes == {"d": 8}
    assert [c for c, _ in codes("  head: {block: wire, in: head}", OUT + wire)] == ["E301"]


def test_the_name_of_a_block_may_be_an_expression(checked: Any, codes: Any) -> None:
    use = "  target: {block: embed, in: [item, category], dim: 4}\n  head: {block: $kind, in: target, out: 1}"
    graph, report = checked(use, OUT + "\nparams: {kind: linear}")
    assert graph is not None and graph.nodes["head"].block == "linear", str(report)
    assert codes(use, OUT + "\nparams: {kind: liner}") == [("E202", "$kind")]
    assert codes(use, OUT + "\nparams: {kind: 3}") == [("E104", "$kind")]


def test_no_task_is_called_loss(codes: Any) -> None:
    use = "  target: {block: embed, in: item, dim: 4}\n  head: {block: linear, in: target, out: 1}"
    assert codes(use, "tasks: {loss: {logits: head, loss: bce, label: click}}") == [("E109", "loss")]
