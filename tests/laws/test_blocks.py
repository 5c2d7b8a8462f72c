"""What every block owes: registering one enrols it here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from blockrec.graph.passes.train import gets_none_by_design
from blockrec.jagged import Jagged, offsets_of
from tests.laws.cases import LENGTHS, Case, cases

CASES = list(cases())
EVERY = pytest.mark.parametrize("case", CASES, ids=str)
ROWWISE = pytest.mark.parametrize("case", [c for c in CASES if c.entry.signature.ports[0].rowwise], ids=str)
POOLING = pytest.mark.parametrize("case", [c for c in CASES if c.pools], ids=str)
ORDER = torch.randperm(len(LENGTHS), generator=torch.Generator().manual_seed(3)).tolist()


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Inputs this small gain nothing from a second thread, and wait for it on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def outputs(case: Case, inputs: list[Any], module: torch.nn.Module | None = None) -> dict[str, Any]:
    """What the block returns, by name of the output."""
    out = (module or case.module())(*inputs)
    names = [p.name for p in case.entry.signature.outputs]
    return dict(zip(names, out if case.entry.signature.several else (out,), strict=True))


def flat(x: Any) -> Tensor:
    """The numbers of a value."""
    return x.values if isinstance(x, Jagged) else x


def backward(total: Any) -> None:
    """Backward from a sum, if anything in it has a gradient: a search has none."""
    if isinstance(total, Tensor) and total.requires_grad:
        total.backward()


def rows_at(x: Any, samples: list[int]) -> Any:
    """Some samples of a batch, in the given order."""
    if not isinstance(x, Jagged):
        return x[samples]
    steps = [t for i in samples for t in range(int(x.offsets[i]), int(x.offsets[i + 1]))]
    return Jagged(x.values[steps], offsets_of(x.lengths[samples]), x.max_length)


@EVERY
def test_outputs_have_the_declared_axes(case: Case) -> None:
    lengths = {"t": torch.tensor(LENGTHS)}
    found = outputs(case, case.inputs(LENGTHS))
    for port in case.entry.signature.outputs:
        value, dims = found[port.name], list(port.dims)
        if dims:
            assert isinstance(value, Jagged) == port.jagged
            assert (value.batch if isinstance(value, Jagged) else value.shape[0]) == len(LENGTHS)
        if isinstance(value, Jagged):
            assert value.lengths.equal(lengths.setdefault(dims[1], value.lengths))
            assert value.values.shape[0] == value.offsets[-1] == value.rows.shape[0]
            assert value.max_length >= int(value.lengths.max())
        assert list(flat(value).shape[1:]) == [case.width(d) for d in dims[1 + port.jagged :]]
        assert flat(value).dtype == {"float": torch.float64, "int": torch.int64}[port.dtype]


@EVERY
def test_samples_do_not_depend_on_each_other_or_on_their_order(case: Case) -> None:
    if case.params.get("statistics") == "batch":
        assert "depends on the other rows" in " ".join(case.entry.signature.doc.split())
        return
    if case.params.get("first") == "noise":
        assert "anew in every pass" in " ".join(case.entry.signature.doc.split())
        return
    inputs = case.inputs(LENGTHS)
    whole = outputs(case, inputs)
    for samples in (ORDER, ORDER[:3], [4]):
        if case.entry.signature.outputs[0].dims == () and samples != ORDER:
            continue  # a mean over the rows does not depend on their order, but on which they are
        part = outputs(case, [rows_at(x, samples) for x in inputs])
        for name, value in whole.items():
            wanted = flat(rows_at(value, samples)) if flat(value).dim() else value
            torch.testing.assert_close(flat(part[name]), wanted)


@EVERY
@pytest.mark.parametrize("lengths", [LENGTHS, [0, 0], [1], []], ids=["some", "all", "one step", "no samples"])
def test_empty_histories_give_finite_values_and_gradients(case: Case, lengths: list[int]) -> None:
    module, inputs = case.module().train(), case.inputs(lengths)
    found = [flat(x) for x in outputs(case, inputs, module).values() if flat(x).is_floating_point()]
    assert all(x.isfinite().all() for x in found)
    backward(sum(x.sum() for x in found))
    gradients = [x.grad for x in [*module.parameters(), *map(flat, inputs)] if x.grad is not None]
    assert all(g.isfinite().all() for g in gradients)


@POOLING
def test_an_empty_history_gives_zeros(case: Case) -> None:
    zeros = bool(outputs(case, case.inputs([2, 0, 3]))["out"][1].eq(0).all())
    assert zeros or "an empty history does not give zeros" in " ".join(case.entry.signature.doc.split())


@ROWWISE
def test_leading_axes_are_rows(case: Case) -> None:
    deep = case.inputs([0] * 4, leading=(3,))
    wide = [x.reshape(12, *x.shape[2:]) for x in deep]
    for name, value in outputs(case, deep).items():
        torch.testing.assert_close(value.flatten(), outputs(case, wide)[name].flatten())


@EVERY
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_gradients_reach_every_parameter(case: Case, training: bool) -> None:
    module, inputs = case.module().train(training), case.inputs(LENGTHS)
    values = [flat(x) for x in outputs(case, inputs, module).values() if flat(x).is_floating_point()]
    backward(sum((x * torch.randn_like(x)).sum() for x in values))
    for name, parameter in module.named_parameters():
        largest = 0 if parameter.grad is None else float(parameter.grad.abs().max())
        assert (largest > 1e-9) != gets_none_by_design(name, case.entry.signature, case.params), name


KERNELS = [c for c in CASES if c.entry.signature.takes_kernel]


@pytest.mark.parametrize("case", KERNELS, ids=str)
def test_kernels_agree_inside_the_block(case: Case) -> None:
    results = []
    for kernel in ("reference", "cpu"):
        module, inputs = case.module(kernel=kernel), case.inputs(LENGTHS)
        assert module.kernel == kernel
        values = [flat(x) for x in outputs(case, inputs, module).values()]
        backward(sum(x.square().sum() for x in values if x.is_floating_point()))
        results.append([*values, *(x.grad for x in [*module.parameters(), *map(flat, inputs)])])
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("case", {c.entry.name: c for c in CASES}.values(), ids=lambda c: c.entry.name)
def test_documentation(case: Case) -> None:
    signature = case.entry.signature
    assert "=" in signature.doc or ":" in signature.doc, "a formula"
    for name, schema in signature.schema["properties"].items():
        assert schema.get("description"), f"`{name}` has no line under Args"
    for port in signature.outputs:
        assert port.name == "out" or f"`{port.name}`" in signature.doc, f"the output `{port.name}` is not explained"
