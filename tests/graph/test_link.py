"""References, ports, the list rule, labels and cycles."""

from __future__ import annotations

from typing import Any

OUT = "tasks: {click: {logits: logit, loss: bce}}"
BASE = """
  profile: {block: embed, in: [user, item], dim: 4}
  logit: {block: linear, in: profile, out: 1}
"""


def test_a_correct_graph_has_no_error(checked: Any) -> None:
    graph, report = checked(BASE, OUT)
    assert graph is not None and {d.code for d in report} == {"W202"}
    assert str(graph.nodes["profile"].outputs["out"]) == "[b, 8]"


def test_file_order_does_not_matter(checked: Any) -> None:
    graph, _ = checked("\n".join(reversed(BASE.strip("\n").split("\n"))), OUT)
    assert graph is not None and list(graph.nodes)[-2:] == ["logit", "tasks.click"]


def test_unknown_reference_suggests(checked: Any) -> None:
    _, report = checked(BASE.replace("in: profile", "in: profle"), OUT)
    (error,) = report.errors
    assert (error.code, error.help) == ("E207", "did you mean `profile`?")


def test_unknown_reference_hides_no_other_mistake(codes: Any) -> None:
    graph = BASE.replace("in: profile", "in: profle") + "  other: {block: liner, in: profile, out: 1}"
    assert codes(graph, OUT) == [("E207", "profle"), ("E202", "liner")]


def test_unknown_port_and_missing_port(codes: Any) -> None:
    graph = BASE + "  a: {block: din, in: {query: profile, key: profile}}"
    assert codes(graph, OUT) == [("E203", "key")]
    graph = BASE + "  a: {block: din, in: {query: profile}}"
    assert codes(graph, OUT) == [("E204", "{query: profile}")]


def test_optional_ports_that_go_together(codes: Any) -> None:
    ports = "{query: profile, keys: steps, query_position: profile}"
    steps = "  steps: {block: embed, in: [behaviors.item, behaviors.category], dim: 4}\n"
    graph = BASE + steps + f"  a: {{block: target_attention, in: {ports}}}"
    assert codes(graph, OUT) == [("E204", ports)]


def test_several_ports_must_be_named(checked: Any) -> None:
    _, report = checked(BASE + "  a: {block: din, in: profile}", OUT)
    (error,) = report.errors
    assert error.code == "E205" and error.help == "in: {query: ..., keys: ...}"


def test_list_on_a_port_of_one_value_is_concatenated(checked: Any) -> None:
    graph, _ = checked(BASE.replace("in: profile", "in: [profile, price, profile]"), OUT)
    assert graph is not None and graph.nodes["logit/x"].outputs["out"].axes == ("b", 18)
    assert graph.nodes["logit"].axes == {"d": 18}


def test_unknown_output(checked: Any) -> None:
    _, report = checked(BASE.replace("in: profile", "in: profile.gate"), OUT)
    (error,) = report.errors
    assert error.code == "E206" and "`profile` has no output `gate`" in error.message


def test_a_label_may_not_enter_the_graph(codes: Any) -> None:
    assert codes(BASE.replace("in: profile", "in: [profile, click]"), OUT) == [("E302", "click")]


def test_cycle_names_its_nodes(checked: Any) -> None:
    graph = BASE + "  a: {block: mlp, in: [profile, c], hidden: [4]}\n  c: {block: mlp, in: a, hidden: [4]}"
    _, report = checked(graph, "tasks: {click: {logits: c, loss: bce}}")
    (error,) = report.errors
    assert error.code == "E301" and error.message.endswith("a → c → a")


def test_cycle_of_one(checked: Any) -> None:
    _, report = checked(BASE + "  a: {block: mlp, in: a, hidden: [4]}", OUT)
    assert [(d.code, d.message) for d in report.errors] == [("E301", "the graph has a cycle: a → a")]


def test_two_cycles_are_both_found(codes: Any) -> None:
    graph = BASE + "\n".join(f"  {a}: {{block: mlp, in: {b}, hidden: [4]}}" for a, b in ["pq", "qp", "rs", "sr"])
    assert [code for code, _ in codes(graph, OUT)] == ["E301", "E301"]


def test_task_without_label(checked: Any) -> None:
    _, report = checked(BASE, "tasks: {clik: {logits: logit, loss: bce}}")
    (error,) = report.errors
    assert error.code == "E209" and error.help == "did you mean `click`?"


def test_a_node_that_reaches_no_task_is_left_out(checked: Any) -> None:
    graph, report = checked(BASE + "  idle: {block: mlp, in: profile, hidden: [4]}", OUT)
    assert graph is not None and "idle" not in graph.nodes
    assert [d.code for d in report.warnings if d.code != "W202"] == ["W201"]


def test_embed_takes_features_only(codes: Any) -> None:
    assert codes(BASE + "  a: {block: embed, in: profile, dim: 4}", OUT) == [("E208", "profile")]
    assert codes(BASE + "  a: {block: embed, in: price, dim: 4}", OUT) == [("E208", "price")]


def test_a_model_needs_a_result(codes: Any) -> None:
    assert [c for c, _ in codes(BASE)] == ["E101"]
