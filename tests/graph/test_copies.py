"""`repeat`, `each`, `share`, `watch`, and weights and masks of rows."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

import blockrec
from blockrec.graph.ir import Graph
from tests.graph.conftest import batch_of, caret, model_text

EMBED = "  target: {block: embed, in: item, dim: 16}\n  who: {block: embed, in: user, dim: 16}\n"
LAYER = """blocks:
  layer:
    params: {hidden: required}
    in: {x: vec}
    graph:
      up: {block: mlp, in: x, hidden: [$hidden]}
      down: {block: linear, in: up, out: 16}
    out: {out: down, inner: up}
"""
OUT = "outputs: {o: last}\n"


def graph_of(nodes: str, rest: str = OUT) -> Graph:
    _, graph, report = blockrec.check(model_text(EMBED + nodes, rest))
    assert graph is not None, str(report)
    return graph


def sources(graph: Graph, node: str) -> list[str]:
    return [e.source for _, e in graph.nodes[node].edges()]


def test_a_chain_feeds_each_copy_from_the_one_before() -> None:
    graph = graph_of("  last: {block: mlp, in: target, hidden: [$(16 + 0 * i)], repeat: 3}")
    assert [sources(graph, f"last_{i}") for i in range(3)] == [["target"], ["last_0"], ["last_1"]]
    assert graph.sinks[-1].edge.source == "last_2"


def test_only_the_first_port_is_chained() -> None:
    nodes = "  keys: {block: embed, in: behaviors.item, dim: 16}\n"
    nodes += "  last: {block: din, in: {query: target, keys: keys}, repeat: 2}"
    graph = graph_of(nodes)
    assert sources(graph, "last_1") == ["last_0", "keys"]


def test_a_repeated_composite_passes_its_output_on() -> None:
    graph = graph_of("  last: {block: layer, in: [target], hidden: 5, repeat: 2}", OUT + LAYER)
    assert sources(graph, "last_1.up") == ["last_0.down"] and graph.sinks[-1].edge.source == "last_1.down"


def test_copies_are_what_the_file_written_out_would_be() -> None:
    """The chain and the family compute what nodes that are written one by one do."""
    short = "  a: {block: layer, in: who, hidden: 5, repeat: 2}\n"
    short += "  t: {block: linear, in: [a, target], out: 2, each: {task: [x, y]}}\n"
    short += "  last: {block: concat, in: t.*}"
    long = "  a_0: {block: layer, in: who, hidden: 5}\n  a_1: {block: layer, in: a_0, hidden: 5}\n"
    long += "".join(f"  t{k}: {{block: linear, in: [a_1, target], out: 2}}\n" for k in "xy")
    long += "  last: {block: concat, in: [tx, ty]}"
    first, second = (blockrec.compile(model_text(EMBED + g, OUT + LAYER)) for g in (short, long))
    names = {k: k.replace("nodes.t.x", "nodes.tx").replace("nodes.t.y", "nodes.ty") for k in first.state_dict()}
    second.load_state_dict({names[k]: v for k, v in first.state_dict().items()})
    torch.testing.assert_close(first(batch_of())["o"], second(batch_of())["o"])


def test_each_gives_the_variable_to_parameters_and_inputs() -> None:
    nodes = "  gate: {block: linear, in: target, out: '$(width[task])', each: {task: [a, b]}}\n"
    nodes += "  last: {block: linear, in: gate.$task, out: 1, each: {task: [a, b]}}"
    graph = graph_of(nodes, "outputs: {o: last.a, p: last.b}\nparams: {width: {a: 3, b: 5}}\n")
    assert [graph.nodes[f"last.{k}"].axes["d"] for k in "ab"] == [3, 5]
    assert sources(graph, "last.b") == ["gate.b"]


def test_each_and_repeat_together() -> None:
    graph = graph_of(
        "  last: {block: mlp, in: target, hidden: [16], each: {n: 2}, repeat: 2}", "outputs: {o: last.0, p: last.1}\n"
    )
    assert sources(graph, "last.1_1") == ["last.1_0"] and [s.edge.source for s in graph.sinks] == [
        "last.0_1",
        "last.1_1",
    ]


@pytest.mark.parametrize(
    ("nodes", "owners"),
    [
        ("  last: {block: layer, in: target, hidden: 5, repeat: {times: 3, share: true}}", {"last_0"}),
        ("  one: {block: layer, in: target, hidden: 5}\n  last: {share: one, in: who}", {"one"}),
        ("  one: {block: layer, in: target, hidden: 5, repeat: 2}\n  last: {share: one, in: who}", {"one_0", "one_1"}),
        ("  f: {block: layer, in: target, hidden: 5, each: {k: [a, b]}}\n  last: {share: f.b, in: f.a}", {"f"}),
    ],
)
def test_shared_weights_live_once(nodes: str, owners: set[str]) -> None:
    model = blockrec.compile(model_text(EMBED + nodes, OUT + LAYER))
    assert {k.split(".")[1] for k in model.state_dict() if k.startswith("nodes.")} == owners
    assert model(batch_of())["o"].shape == (5, 16)


def test_a_shared_node_computes_what_its_original_does() -> None:
    nodes = "  one: {block: layer, in: target, hidden: 5}\n  last: {share: one, in: target}"
    model = blockrec.compile(model_text(EMBED + nodes, "outputs: {o: last, p: one, q: last.inner}\n" + LAYER))
    result = model(batch_of())
    assert torch.equal(result["o"], result["p"]) and result["q"].shape == (5, 5)


def test_what_the_original_needs_elsewhere_may_be_pruned() -> None:
    nodes = "  one: {block: mlp, in: target, hidden: [4]}\n  last: {share: one, in: who}"
    model = blockrec.compile(model_text(EMBED + nodes, OUT))
    assert "nodes.one.layers.0.linear.weight" in model.state_dict() and "main.item" not in str(list(model.state_dict()))


WRONG = [
    ("last: {block: mlp, in: target, hidden: [8], repeat: 2}", "E312", "2"),
    ("last: {block: layer, in: [target, who], hidden: 8, repeat: 2}", "E312", "2"),
    ("last: {block: mlp, in: target, hidden: [16], repeat: 0}", "E106", "0"),
    ("last: {block: mlp, in: target, hidden: [16], repeat: $(1 - 1)}", "E106", "$(1 - 1)"),
    ("last: {block: mlp, in: target, hidden: [16], repeat: 1.5}", "E104", "1.5"),
    ("last: {block: mlp, in: target, hidden: [16], repeat: 1000000}", "E106", "1000000"),
    ("last: {block: mlp, in: target, hidden: [16], each: {k: [a, a]}}", "E201", "a"),
    ("last: {block: mlp, in: target, hidden: [16], each: {k: [A]}}", "E109", "A"),
    (
        "f: {block: mlp, in: target, hidden: [16], each: {k: [a]}}\n  last: {block: mlp, in: f, hidden: [3]}",
        "E205",
        "f",
    ),
    (
        "f: {block: mlp, in: target, hidden: [16], each: {k: [a]}}\n  last: {block: mlp, in: f.b, hidden: [3]}",
        "E206",
        "b",
    ),
    ("last: {block: mlp, in: x.$task, hidden: [16]}", "E401", "$task"),
    ("last: {share: tarjet, in: who}", "E207", "tarjet"),
    ("last: {share: last, in: who}", "E313", "last"),
    ("one: {block: mlp, in: target, hidden: [4]}\n  last: {share: one, in: who, hidden: [5]}", "E313", "hidden"),
    ("one: {block: mlp, in: target, hidden: [4]}\n  last: {share: one, in: [who, target]}", "E313", "last"),
    (
        "last_0: {block: mlp, in: who, hidden: [4]}\n  last: {block: mlp, in: target, hidden: [16], repeat: 1}",
        "E201",
        "last_0",
    ),
]


@pytest.mark.parametrize(("nodes", "code", "place"), WRONG)
def test_wrong_copies(nodes: str, code: str, place: str, checked: Any) -> None:
    _, report = checked(f"{EMBED}  {nodes}", OUT + LAYER)
    assert [(d.code, caret(d)) for d in report.errors] == [(code, place)], str(report)


def test_a_chain_that_changes_its_type_shows_both_places(checked: Any) -> None:
    _, report = checked(EMBED + "  last: {block: mlp, in: target, hidden: [8], repeat: 4}", OUT)
    (error,) = report.errors
    assert "[b, 16]" in error.message and "[b, 8]" in error.message and caret(error) == "4"
    assert [span.text for span, _ in error.notes] == ["target"]


TASK = "  logit: {block: linear, in: target, out: 1}\n  big: {block: mlp, in: who, hidden: [4]}"


def labels(spec: str) -> str:
    return (
        f"tasks: {{click: {{logits: logit, loss: {spec}}}}}\nwatch: {{big: big, l: {{node: logit, warn: std < 1}}}}\n"
    )


def weighted(rest: str) -> Any:
    text = model_text(EMBED + TASK, rest).replace("labels: [click]", "labels: {click: {}, w: {type: float}, m: {}}")
    return blockrec.compile(text)


@pytest.mark.parametrize(
    ("loss", "width"), [("bce", 1), ("softmax", 3), ("{block: softmax, epsilon: 1e-3}", 2), ("softmax", 2)]
)
@pytest.mark.parametrize(
    ("extra", "used"), [(", sample_weight: w", "w"), (", mask: m", "m"), (", sample_weight: w, mask: m", "wm")]
)
def test_rows_weigh_what_the_task_says(loss: str, width: int, extra: str, used: str) -> None:
    """A row of weight 2 counts like two rows, one of weight 0 like none."""
    rest = f"tasks: {{click: {{logits: logit, loss: {loss}{extra}}}}}\n"
    model = weighted(rest) if width == 1 else None
    text = model_text(EMBED + TASK.replace("out: 1", f"out: {width}"), rest)
    model = blockrec.compile(text.replace("labels: [click]", "labels: {click: {}, w: {type: float}, m: {}}"))
    batch = batch_of() | {"w": torch.tensor([2.0, 1, 0, 1, 1]), "m": torch.tensor([1.0, 0, 1, 1, 1])}
    counts = {"w": [2, 1, 0, 1, 1], "m": [1, 0, 1, 1, 1], "wm": [2, 0, 0, 1, 1]}[used]
    rows = torch.repeat_interleave(torch.arange(5), torch.tensor(counts))
    plain = {k: v[rows] for k, v in batch.items() if isinstance(v, Tensor)}
    plain |= {"w": torch.ones(len(rows)), "m": torch.ones(len(rows))}
    torch.testing.assert_close(model(batch)["loss"], model(plain)["loss"])


def test_weights_of_zero_give_a_loss_of_zero() -> None:
    model = weighted("tasks: {click: {logits: logit, loss: bce, mask: m}}\n")
    loss = model(batch_of() | {"m": torch.zeros(5)})["loss"]
    loss.backward()
    assert loss == 0 and all(p.grad is None or p.grad.to_dense().isfinite().all() for p in model.parameters())


def test_a_loss_without_weights_refuses_them(codes: Any) -> None:
    rest = "tasks: {click: {logits: logit, loss: bce, mask: cilck}}\n"
    assert codes(EMBED + TASK, rest) == [("E208", "cilck")]


def test_watched_values_leave_the_model_and_cost_the_losses_nothing() -> None:
    model = blockrec.compile(model_text(EMBED + TASK, labels("bce")))
    assert {"watch.big", "watch.l"} <= set(model(batch_of()))
    assert [s.warn for s in model.graph_ir.sinks if s.kind == "watch"] == [None, "std < 1"]
    assert "big" not in model.only("loss").graph_ir.nodes
    assert set(model.only("watch.big")(batch_of())) == {"watch.big"}


@pytest.mark.parametrize(
    ("watch", "code", "place"),
    [
        ("{g: bog}", "E207", "bog"),
        ("{g: click}", "E302", "click"),
        ("{g: {node: big, warn: sdt < 1}}", "E101", "sdt < 1"),
    ],
)
def test_wrong_watch(watch: str, code: str, place: str, codes: Any) -> None:
    rest = f"tasks: {{click: {{logits: logit, loss: bce}}}}\nwatch: {watch}\n"
    assert codes(EMBED + TASK, rest) == [(code, place)]


def test_a_name_of_the_compiler_never_meets_one_of_the_user() -> None:
    """`deep` joins its list in a node of its own, which once had the path of a node called `deep_x`."""
    nodes = "  deep: {block: mlp, in: [target, who], hidden: [4]}\n  deep_x: {block: linear, in: deep, out: 3}\n"
    model = blockrec.compile(model_text(EMBED + nodes, "outputs: {o: deep_x}\n"))
    assert model(batch_of())["o"].shape == (5, 3)
