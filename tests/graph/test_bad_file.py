"""A file with many mistakes yields all of them in one run, each at its place."""

from __future__ import annotations

from pathlib import Path

from blockrec.graph.compile import check

BAD = Path(__file__).parent / "bad.yaml"
EXPECTED = """
9:27 E208
12:48 E401
13:51 E103
13:62 W002
14:3 E105
15:45 E203
16:20 E202
17:30 E207
17:37 E206
17:54 E104
18:32 E301
20:3 E002
21:3 E201
21:42 E402
22:29 E205
23:1 E100
"""


def test_every_planted_mistake_is_found() -> None:
    _, graph, report = check(BAD)
    assert graph is None
    found = [f"{d.at.line + 1}:{d.at.column + 1} {d.code}" for d in report if d.at]
    assert found == EXPECTED.split("\n")[1:-1]


def test_a_wrong_parameter_hides_no_wrong_port_or_shape() -> None:
    text = BAD.read_text("utf-8").split("graph:")[0].replace("itemid", "item_id").replace(", hiden: [64]", "")
    graph = """graph:
  target: {block: embed, in: [user_id, item_id], dim: $dim}
  wide: {block: linear, in: target, out: 5}
  both: {block: hadamard, in: [target, wide], factor: 2}
  logit: {block: linear, inn: both, in: both, out: 1}
tasks: {clk: {logits: logit, loss: bce}}
"""
    _, _, report = check(text + graph)
    assert [(d.code, d.at.text) for d in report.errors if d.at] == [
        ("E310", "wide"),
        ("E103", "factor"),
        ("E103", "inn"),
    ]
