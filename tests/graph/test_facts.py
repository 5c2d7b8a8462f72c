"""What the compiler says of a model that its file does not show."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from blockrec.diagnostics import Diagnostics
from blockrec.graph.compile import Checked, check_model
from blockrec.graph.facts import Facts, facts
from blockrec.graph.facts_text import facts_text
from blockrec.graph.kernels import choices
from blockrec.graph.size import size
from tests.graph.conftest import caret, model_text

TASK = "tasks: {click: {logits: logit, loss: bce}}"
PLAIN = """
  who: {block: embed, in: [item, category], dim: 4}
  logit: {block: linear, in: who, out: 1}
"""
BLOCKS = '''
"""Blocks of which something is idle, or that cannot be tried out."""
from typing import NamedTuple
import torch
from jaxtyping import Float
from torch import Tensor, nn
from blockrec import Axis, block


@block("halves")
class Halves(nn.Module):
    """out = W x, other = V x, and U is for nobody. The parameter `quiet` gets no gradient."""

    class Out(NamedTuple):
        out: Float[Tensor, "... d"]
        other: Float[Tensor, "... d"]

    def __init__(self, d: Axis) -> None:
        super().__init__()
        self.w, self.v, self.u = (nn.Linear(d, d, bias=False) for _ in range(3))
        self.quiet = nn.Parameter(torch.zeros(3))

    def forward(self, x: Float[Tensor, "... d"]) -> Out:
        return self.Out(self.w(x), self.v(x))


@block("frozen")
class Frozen(nn.Module):
    """out = x without a gradient."""

    def forward(self, x: Float[Tensor, "... d"]) -> Float[Tensor, "... d"]:
        return x.detach() * 1


@block("looks")
class Looks(nn.Module):
    """out = W x, but only where there are numbers: it cannot be tried out."""

    def __init__(self, d: Axis) -> None:
        super().__init__()
        self.w = nn.Linear(d, d, bias=False)

    def forward(self, x: Float[Tensor, "... d"]) -> Float[Tensor, "... d"]:
        if not bool(x.abs().sum() > 0):
            raise RuntimeError("no numbers")
        return self.w(x)
'''


@pytest.fixture(scope="module")
def blocks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("blocks") / "idle_blocks.py"
    file.write_text(BLOCKS)
    return file


def model(graph: str, rest: str = TASK, **options: Any) -> tuple[Checked, Diagnostics]:
    found, report = check_model(model_text(graph, rest), **options)
    assert found is not None, str(report)
    return found, report


def known(graph: str, rest: str = TASK, **options: Any) -> Facts:
    return facts(model(graph, rest, **options)[0])


def idle(report: Diagnostics) -> list[tuple[str, str]]:
    """(the text under the caret, message) of every W203."""
    return [(caret(d), d.message) for d in report if d.code == "W203"]


def test_tables_and_who_reads_them() -> None:
    found = known(PLAIN.replace("[item, category]", "item"))
    (table,) = found.tables
    assert (table.table, table.feature, table.rows, table.dim, table.nodes) == ("main", "item", 30, 4, ("who",))


def test_two_tables_of_one_feature_are_told() -> None:
    graph = (
        PLAIN + "  again: {block: embed, in: item, dim: 2, table: second}\n  both: {block: concat, in: [who, again]}"
    )
    found = known(graph.replace("in: who, out", "in: both, out"))
    assert found.several_tables == {"item": ("main", "second")}


def test_equal_lookups_are_told_and_counted_once() -> None:
    graph = PLAIN + "  also: {block: embed, in: [item, user], dim: 4}\n  both: {block: concat, in: [who, also]}"
    found = known(graph.replace("in: who, out", "in: both, out"))
    assert [(s.table, s.feature, s.nodes) for s in found.shared] == [("main", "item", ("who", "also"))]
    assert found.bytes == sum(n.bytes or 0 for n in found.nodes) - 4 * 4


def test_totals_are_those_of_the_nodes() -> None:
    found = known(PLAIN)
    assert found.flops == sum(n.flops or 0 for n in found.nodes) and not found.unknown


def test_pruned_nodes_and_why() -> None:
    found = known(PLAIN + "  a: {block: linear, in: who, out: 3}\n  b: {block: linear, in: a, out: 3}")
    assert found.pruned == {"a": "only `b` reads it, which is left out too", "b": "nothing reads it"}


def test_nothing_is_idle_where_all_is_trained() -> None:
    found, report = model(PLAIN)
    assert idle(report) == [] and facts(found).idle == ()


def test_a_part_of_a_block_that_no_loss_reaches(blocks: Path) -> None:
    nodes = PLAIN.replace("in: who, out", "in: x, out") + "  x: {block: halves, in: who}"
    found, report = model(nodes, imports=[blocks])
    (idle_part,) = facts(found).idle
    assert (idle_part.parameters, idle_part.count, idle_part.whole) == (("v.weight", "u.weight"), 2 * 64, False)
    assert idle_part.share == pytest.approx(128 / (3 * 64 + 3 + 8 + 1))
    ((place, message),) = idle(report)
    assert place == "halves" and message.startswith("no task or loss reaches 128 parameters (63% of all dense ones)")


def test_an_output_in_use_is_not_idle(blocks: Path) -> None:
    nodes = PLAIN.replace("in: who, out", "in: [x, x.other], out") + "  x: {block: halves, in: who}"
    found, _ = model(nodes, imports=[blocks])
    assert [part.parameters for part in facts(found).idle] == [("u.weight",)]


def test_a_node_that_only_an_output_reads_is_idle() -> None:
    _, report = model(PLAIN + "  shown: {block: linear, in: who, out: 3}", TASK + "\noutputs: {shown: shown}")
    assert idle(report) == [("linear", "no task or loss reaches the 27 parameters (75% of all dense ones) of `shown`")]


def test_a_table_that_only_an_output_reads_is_idle() -> None:
    _, report = model(PLAIN + "  user_emb: {block: embed, in: user, dim: 3}", TASK + "\noutputs: {shown: user_emb}")
    assert [message for _, message in idle(report)] == ["no task or loss trains the table `main` of `user`"]


def test_without_a_loss_nothing_is_idle() -> None:
    _, report = model(PLAIN, "outputs: {score: logit}")
    assert idle(report) == []


def test_what_lies_behind_a_stopped_gradient_is_idle(blocks: Path) -> None:
    nodes = PLAIN.replace("in: who, out", "in: y, out") + (
        "  x: {block: linear, in: who, out: 3}\n  y: {block: frozen, in: x}"
    )
    found, _ = model(nodes, imports=[blocks])
    assert [(part.node, part.whole) for part in facts(found).idle] == [
        ("x", True),
        ("who/item", True),
        ("who/category", True),
    ]


def test_a_block_that_cannot_be_tried_out_has_unknown_work_and_is_not_accused(blocks: Path) -> None:
    nodes = PLAIN.replace("in: who, out", "in: x, out") + "  x: {block: looks, in: who}"
    found, report = model(nodes, imports=[blocks])
    assert facts(found).unknown == ("x",) and found.graph.nodes["x"].parameters == 64
    assert "at least" in size(found.graph) and idle(report) == []


def test_kernels_that_are_asked_for_and_bound() -> None:
    graph = PLAIN.replace("in: who, out", "in: [who, x], out") + (
        "  history: {block: embed, in: behaviors.item, dim: 4}\n  x: {block: mean_pool, in: history, kernel: KERNEL}"
    )
    (request,) = known(graph.replace("KERNEL", "reference")).kernels
    assert (request.node, request.kernel, request.ops) == ("x", "reference", ("segment_mean",))
    (choice,) = choices([request])
    assert (choice.bound, choice.why) == ("reference", "asked for")
    refused = choices(known(graph.replace("KERNEL", "triton")).kernels)
    best = choices(known(graph.replace("KERNEL", "auto")).kernels)
    assert [choice.op for choice in refused] == [choice.op for choice in best] == ["segment_mean", "looked_sum"]
    assert all(choice.bound == "" and choice.why for choice in refused)
    assert all(choice.bound == "cpu" and "triton" in choice.why for choice in best)


def test_facts_are_plain_data_and_text(blocks: Path) -> None:
    found = known(PLAIN + "  x: {block: halves, in: who}", TASK + "\noutputs: {shown: x}", imports=[blocks])
    assert json.loads(json.dumps(found.to_json()))["idle"][0]["node"] == "x"
    text = facts_text(found)
    assert "main.item: 30 rows of 4, read by who" in text and "no task or loss reaches 192 parameters" in text


def test_shared_weights_count_once_and_are_trained_by_either_user() -> None:
    nodes = PLAIN.replace("in: who, out", "in: b, out") + (
        "  a: {block: linear, in: who, out: 8}\n  b: {share: a, in: who}"
    )
    found, report = model(nodes, TASK + "\noutputs: {shown: a}")
    assert [found.graph.nodes[n].parameters for n in "ab"] == [72, 0] and idle(report) == []
    alone, _ = model(nodes)
    assert alone.graph.nodes["b"].parameters == 72 and "a" not in alone.graph.nodes


def test_a_known_model_is_measured_without_torch(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(model_text(PLAIN, TASK))
    code = (
        "import sys; from blockrec.graph.compile import check_model; from blockrec.graph.facts import facts\n"
        "print(facts(check_model('m.yaml')[0]).flops, 'torch' in sys.modules)"
    )
    first, again = (
        subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    )
    flops = known(PLAIN).flops
    assert again == f"{flops} False\n" and first.startswith(f"{flops} ")
