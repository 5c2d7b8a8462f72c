"""Nodes that read tables themselves: the same model, without the vectors of steps."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

import blockrec
from blockrec.graph.lower import Model
from blockrec.jagged import Jagged, offsets_of
from tests.zoo.test_zoo import SIZES, batch_of, cases, shown

WHOLE = ("dare", "twin", "din")
SOME = [case for case in cases() if case.values[0] == "dare" or (case.values[0] in WHOLE and not case.values[1])]


def compiled(name: str, variants: tuple[str, ...], *sets: str, sparse: bool = False) -> Model:
    torch.manual_seed(0)
    model = blockrec.compile(name, variants=variants, sets=sets, vocabularies=SIZES).double()
    for module in model.modules():
        if isinstance(module, torch.nn.Embedding):
            module.sparse = sparse
    return model


def batch(model: Model) -> dict[str, Any]:
    given = batch_of(model.graph_ir)
    return {name: _doubled(value) for name, value in given.items()}


def _doubled(value: Tensor | Jagged) -> Tensor | Jagged:
    if isinstance(value, Jagged):
        return value.like(value.values.double()) if value.values.is_floating_point() else value
    return value.double() if value.is_floating_point() else value


def _tiled(value: Any, times: int) -> Any:
    """The samples several times over, so that there are more steps than rows of tables."""
    if not isinstance(value, Jagged):
        return value.repeat(times)
    lengths = value.lengths.repeat(times)
    return Jagged(value.values.repeat(times), offsets_of(lengths), value.max_length)


def outcome(model: Model) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Results, and gradients of all parameters."""
    torch.manual_seed(1)
    results = model(batch(model))
    results["loss"].backward()
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    values = {name: x.values if isinstance(x, Jagged) else x for name, x in results.items()}
    return values, {name: g.to_dense() if g.is_sparse else g for name, g in gradients.items()}


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
@pytest.mark.parametrize(("name", "variants"), SOME, ids=shown)
def test_values_and_gradients_are_those_of_the_unfused_model(
    name: str, variants: tuple[str, ...], sparse: bool
) -> None:
    fused, plain = (compiled(name, variants, f"fuse={word}", sparse=sparse) for word in ("true", "false"))
    torch.testing.assert_close(outcome(fused), outcome(plain), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", ["dare", "twin", "din"])
def test_parameters_have_the_same_paths_and_first_values(name: str) -> None:
    fused, plain = (compiled(name, (), f"fuse={word}").state_dict() for word in ("true", "false"))
    assert fused.keys() == plain.keys()
    torch.testing.assert_close({**fused}, {**plain}, rtol=0, atol=0)


class Vectors(TorchDispatchMode):
    """Counts tensors that hold a vector for each of so many steps."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.steps, self.seen = steps, 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = function(*args, **(kwargs or {}))
        self.seen += sum(x.shape[:1] == (self.steps,) and x.ndim > 1 for x in tree_leaves(out) if isinstance(x, Tensor))
        return out


@pytest.mark.parametrize("variants", [(), ("twin",), ("half_attention",), ("no_position",)], ids=shown)
@pytest.mark.parametrize("fuse", [True, False])
def test_no_vectors_of_steps_exist_forward_or_backward(variants: tuple[str, ...], fuse: bool) -> None:
    model = compiled("dare", variants, f"fuse={str(fuse).lower()}", sparse=True)
    given = {name: _tiled(value, 8) for name, value in batch(model).items()}
    with Vectors(given["behaviors.item"].values.shape[0]) as vectors:
        model(given)["loss"].backward()
    assert (vectors.seen == 0) is fuse


def reads(model: Model) -> dict[str, list[str]]:
    return {node.name: [*node.reads] for node in model.graph_ir.nodes.values() if node.reads}


def test_every_use_of_a_lookup_that_can_is_fused() -> None:
    model = compiled("dare", ())
    assert reads(model) == {"score": ["keys", "keys_position"], "search": ["values"], "dense": ["values"]}
    assert not any(name.startswith(("keys", "values")) for name in model.graph_ir.nodes)


def test_what_another_node_needs_stays() -> None:
    model = compiled("dare", (), "graph.normed={block: layer_norm, in: values}", "outputs.normed=normed")
    assert reads(model)["search"] == ["values"]
    assert "values" in model.graph_ir.nodes


@pytest.mark.parametrize("setting", ["fuse=false", "kernels=reference", 'train.recompute=["score", "search", "dense"]'])
def test_nothing_is_fused(setting: str) -> None:
    assert reads(compiled("dare", (), setting)) == {}


def test_a_node_with_the_reference_kernel_is_left_out() -> None:
    assert "score" not in reads(compiled("dare", (), "graph.score.kernel=reference"))


def test_a_part_of_the_model_is_fused_too() -> None:
    model = compiled("dare", ())
    part = model.only("click").eval()
    assert reads(part) == {"score": ["keys", "keys_position"], "search": ["values"]}
    assert set(dict(part.named_parameters())) <= set(dict(model.named_parameters()))
    with torch.no_grad():
        torch.testing.assert_close(part(batch(part))["click"], model.eval()(batch(model))["click"])
