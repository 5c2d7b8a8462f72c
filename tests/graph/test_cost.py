"""The work of blocks for one sample, counted by hand, and operators against the formulas beside them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from blockrec.graph.compile import check, check_model
from blockrec.graph.cost import Input, measured
from blockrec.graph.counter import Counter
from blockrec.graph.measured import SAMPLES
from blockrec.jagged import Jagged
from blockrec.ops import bind
from blockrec.ops.looked_up import looked_up
from blockrec.ops.reading import Reading
from blockrec.ops.work import FORMULAS
from tests.graph.conftest import model_text
from tests.laws.cases import Case, cases

STEPS, ITEM, FLOAT = 6, 4, 4
"""Of `behaviors`; width of a vector; bytes of a number."""
NODES = """
  target: {block: embed, in: item, dim: 4}
  history: {block: embed, in: behaviors.item, dim: 4}
"""
TASK = "tasks: {click: {logits: logit, loss: bce}}"
LOGIT = "\n  logit: {block: linear, in: x, out: 1}"


@pytest.fixture
def node(checked: Any) -> Any:
    """node("{block: ...}") → the checked node `x` of that block."""

    def run(text: str, more: str = "") -> Any:
        graph, report = checked(NODES + more + f"  x: {text}" + LOGIT, TASK)
        assert graph is not None, str(report)
        return graph.nodes["x"]

    return run


def test_linear(node: Any) -> None:
    x = node("{block: linear, in: target, out: 8}")
    assert (x.parameters, x.flops, x.bytes) == (ITEM * 8 + 8, 2 * ITEM * 8, 8 * FLOAT)


def test_a_linear_map_of_steps_works_at_every_step(checked: Any) -> None:
    nodes = NODES + "  wide: {block: linear, in: history, out: 8}\n  x: {block: mean_pool, in: wide}" + LOGIT
    graph, _ = checked(nodes, TASK)
    assert graph.nodes["wide"].flops == STEPS * 2 * ITEM * 8
    assert graph.nodes["wide"].bytes == STEPS * 8 * FLOAT


def test_mlp(node: Any) -> None:
    x = node("{block: mlp, in: target, hidden: [16, 8]}")
    products, activations = 2 * (ITEM * 16 + 16 * 8), 16 + 8
    assert (x.flops, x.bytes) == (products + activations, 2 * (16 + 8) * FLOAT)


def test_target_attention(checked: Any) -> None:
    nodes = NODES + (
        "  score: {block: target_attention, in: {query: target, keys: history}}\n"
        "  x: {block: attend, in: {scores: score, values: history}}"
    )
    graph, _ = checked(nodes + LOGIT, TASK)
    scaled, products = ITEM, 2 * STEPS * ITEM
    assert graph.nodes["score"].flops == scaled + products


def test_din(node: Any) -> None:
    x = node("{block: din, in: {query: target, keys: history}, hidden: [8]}")
    features = 2 * ITEM
    network = 2 * (4 * ITEM * 8 + 8)
    softmax, pooling = 5, 2 * ITEM
    assert x.flops == STEPS * (features + network + 8 + softmax + pooling)


def test_a_truncated_history_costs_what_is_left_of_it(node: Any) -> None:
    whole, two = (node(f"{{block: din, in: {{query: target, keys: history}}, max_len: {n}}}") for n in ("null", 2))
    assert two.flops < whole.flops / 2


def test_retrieved_steps_are_a_new_length() -> None:
    nodes = NODES + (
        "  score: {block: target_attention, in: {query: target, keys: history}}\n"
        "  x: {block: topk_attend, in: {scores: score, values: history}, k: 2}"
    )
    found, _ = check_model(model_text(nodes + LOGIT, TASK))
    assert found is not None and found.measured["x"].lengths == {"weights": 2, "index": 2}


def test_lookups_copy_rows(checked: Any) -> None:
    graph, _ = checked(NODES + "  x: {block: din, in: {query: target, keys: history}}" + LOGIT, TASK)
    found = {name: (graph.nodes[name].flops, graph.nodes[name].bytes) for name in ("target", "history")}
    assert found == {"target": (0, ITEM * FLOAT), "history": (0, STEPS * ITEM * FLOAT)}


def test_sequences_of_unknown_length_count_a_hundred_steps() -> None:
    text = model_text(NODES + "  x: {block: mean_pool, in: history}" + LOGIT, TASK).replace("{max_len: 6, ", "{")
    _, graph, _ = check(text)
    assert graph is not None and graph.nodes["history"].bytes == 100 * ITEM * FLOAT


def jagged(*width: int) -> Jagged:
    lengths, values = [3, 0, 4], torch.randn(7, *width)
    return Jagged.from_lists([[0.0] * n for n in lengths]).like(values)


def looked(width: int) -> Jagged:
    steps = jagged()
    return looked_up([Reading(torch.nn.Embedding(9, width))], [steps.like(torch.arange(len(steps.values)))])


CALLS: dict[str, Any] = {
    "target_dot": lambda op: op(torch.randn(3, 5), jagged(5)),
    "segment_sum": lambda op: op(jagged(5), jagged()),
    "segment_softmax": lambda op: op(jagged()),
    "looked_dot": lambda op: op(torch.randn(3, 5), looked(5)),
    "looked_sum": lambda op: op(looked(5), jagged()),
}


def counted(call: Any, op: str, kernel: str) -> int:
    counter = Counter()
    with torch.no_grad(), counter:
        call(bind(op, kernel).call)  # type: ignore[arg-type]
    return counter.flops


@pytest.mark.parametrize("op", CALLS)
def test_a_formula_says_what_the_reference_does(op: str) -> None:
    assert counted(CALLS[op], op, "cpu") == counted(CALLS[op], op, "reference") > 0


PRODUCTS = ("target_linear", "target_score", "segment_attention")


def test_the_kernel_of_target_linear_saves_half_of_the_products() -> None:
    call = lambda op: op(torch.randn(3, 5), jagged(5), torch.randn(64, 20), None)  # noqa: E731
    assert counted(call, "target_linear", "cpu") < 0.7 * counted(call, "target_linear", "reference")


def test_the_kernel_of_target_score_saves_half_of_its_first_layer() -> None:
    weights, biases = [torch.randn(64, 20), torch.randn(4, 64), torch.randn(1, 4)], [torch.randn(n) for n in (64, 4, 1)]
    call = lambda op: op(torch.randn(3, 5), jagged(5), weights, biases, 0.0)  # noqa: E731
    assert counted(call, "target_score", "cpu") < 0.8 * counted(call, "target_score", "reference")


def test_attention_counts_its_products_alone() -> None:
    steps = Jagged.from_lists([[0.0] * 4] * 3)
    parts = [steps.like(torch.randn(12, 2, 64)) for _ in range(3)]
    pairs = 3 * 4 * 4 * 2
    found = {kernel: counted(lambda op: op(*parts), "segment_attention", kernel) for kernel in ("cpu", "reference")}
    assert found["cpu"] == pairs * 2 * (64 + 64)
    assert found["cpu"] < found["reference"] < 1.2 * found["cpu"]


def test_every_formula_is_compared() -> None:
    for op in (*CALLS, *PRODUCTS):
        bind(op, "cpu")
    assert {*FORMULAS} == {*CALLS, *PRODUCTS}


def products() -> dict[str, Any]:
    """Code whose matrix products torch's own counter knows."""
    a, b = torch.randn(2, 5, 3), torch.randn(2, 3, 4)
    return {
        "mm": lambda: a[0] @ b[0],
        "addmm": lambda: torch.addmm(torch.randn(4), a[0], b[0]),
        "bmm": lambda: a @ b,
        "baddbmm": lambda: torch.baddbmm(torch.randn(2, 5, 4), a, b),
        "linear": lambda: torch.nn.functional.linear(a, torch.randn(7, 3), torch.randn(7)),
        "convolution": lambda: torch.nn.functional.conv1d(a, torch.randn(4, 5, 2)),
    }


@pytest.mark.parametrize("name", products())
def test_products_count_as_torch_counts_them(name: str) -> None:
    call, ours, torchs = products()[name], Counter(), FlopCounterMode(display=False)
    with torch.no_grad(), ours:
        call()
    with torch.no_grad(), torchs:
        call()
    assert ours.flops == torchs.get_total_flops() > 0


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_attention_counts_its_two_products(device: str) -> None:
    q, k, v = (torch.randn(1, 2, n, w, device=device) for n, w in ((6, 8), (5, 8), (5, 8)))
    counter = Counter()
    with torch.no_grad(), counter:
        torch.nn.functional.scaled_dot_product_attention(q, k, v)
    assert counter.flops == pytest.approx(2 * 2 * 6 * 5 * (8 + 8), rel=0.3)


def test_pooled_lists_add_their_rows_and_write_one() -> None:
    text = model_text("  x: {block: embed, in: tags}" + LOGIT, TASK)
    _, graph, report = check(text.replace("  item:", "  tags: {vocab: 9, dim: 4, pool: mean, max_len: 20}\n  item:", 1))
    assert graph is not None, str(report)
    assert (graph.nodes["x"].flops, graph.nodes["x"].bytes) == (20 * 4, 4 * FLOAT)


def inputs_of(case: Case) -> list[Input]:
    """What the ports take, three values at a variadic one."""
    found = []
    for port in case.entry.signature.ports:
        for place in range(3 if port.variadic else 1):
            inner = port.dims[2:] if port.jagged else [d for d in port.dims if d not in ("...", "b")]
            widths = [case.size(d) + place * d.startswith("?") for d in inner]
            steps = STEPS if port.jagged else None
            found.append(Input(port.name, port.dtype, (SAMPLES * (steps or 1), *widths), steps))
    return found


CHOOSING = {"capsules", "cluster", "jrc", "cluster_mean", "latest", "take", "topk"}
"""Values say which steps they choose, or which rows belong together: shapes alone count the most that they may."""


@pytest.mark.parametrize("case", list(cases()), ids=str)
def test_small_blocks_cost_what_they_cost_on_shapes_alone(case: Case) -> None:
    axes = {name: case.sizes[name] for name in case.entry.signature.axes}
    zeros, shapes = (measured(case.entry, case.params, axes, inputs_of(case), d) for d in ("cpu", "meta"))
    assert zeros.flops is not None and zeros.reach is not None
    if case.entry.name in CHOOSING:
        assert shapes.flops is not None and zeros.flops <= shapes.flops and zeros.parameters == shapes.parameters
    else:
        assert zeros == shapes


def test_measuring_draws_no_random_numbers_of_the_program() -> None:
    torch.manual_seed(3)
    wanted = torch.rand(2)
    torch.manual_seed(3)
    case = next(c for c in cases() if c.entry.name == "mlp")
    measured(case.entry, {**case.params, "dropout": 0.5}, {"d": 3}, inputs_of(case))
    assert torch.rand(2).equal(wanted)
