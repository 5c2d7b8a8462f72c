"""One recorded case: parameters, inputs, weights, outputs and gradients of the original code, and its tolerance."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from blockrec.jagged import Jagged, offsets_of

HUGE = 1e6
"""Entries from here on are mask constants: they agree relatively."""


@dataclass(frozen=True)
class Case:
    """`arrays` are keyed as recorded: `in/x`, `w/x`, `state/x`, `out/x`, `cot/x`, `grad/in/x`, `grad/w/x`."""

    name: str
    component: str
    params: Mapping[str, Any]
    training: bool
    dtype: torch.dtype
    tolerance: Mapping[str, float]
    arrays: Mapping[str, np.ndarray]
    quirk: str | None = None

    def tensors(self, prefix: str) -> dict[str, Tensor]:
        """Arrays under `prefix/`, without the prefix; floating ones in the dtype of the case."""
        found = {k[len(prefix) + 1 :]: torch.tensor(v) for k, v in self.arrays.items() if k.startswith(f"{prefix}/")}
        return {k: v.to(self.dtype) if v.is_floating_point() else v for k, v in found.items()}

    def assert_close(self, key: str, own: Tensor, where: Tensor | None = None) -> None:
        """|own − reference| ≤ tolerance · max(1, largest |reference|); huge entries relatively 1e-6; ints equal."""
        reference = torch.tensor(self.arrays[key])
        own = own.detach().to("cpu")
        assert own.shape == reference.shape, f"{key}: shape {tuple(own.shape)}, recorded {tuple(reference.shape)}"
        keep = torch.ones_like(reference, dtype=torch.bool) if where is None else where
        own, reference = own[keep], reference[keep]
        if not reference.is_floating_point():
            assert torch.equal(own.to(reference.dtype), reference), f"{key}: integers differ"
            return
        huge = reference.abs() >= HUGE
        scale = max(1.0, float(reference[~huge].abs().max())) if bool((~huge).any()) else 1.0
        bound = torch.where(
            huge, reference.abs() * 1e-6, self.tolerance["grad" if key.startswith("grad") else "out"] * scale
        )
        error = (own.double() - reference.double()).abs()
        assert bool((error <= bound).all()), f"{key}: error {float((error / bound).max()):.3g} × the tolerance"


def read_cases(folder: Path) -> Iterator[Case]:
    """Every `<component>.<case>.json` with its `.npz` below a folder."""
    for path in sorted(folder.rglob("*.json")):
        data = json.loads(path.read_text("utf-8"))
        if not isinstance(data, dict) or "component" not in data:
            continue
        arrays = dict(np.load(path.with_suffix(".npz")))
        dtype = getattr(torch, data["dtype"])
        name = f"{data['component']}.{data['case']}"
        yield Case(
            name,
            data["component"],
            data["params"],
            data["training"],
            dtype,
            data["tolerance"],
            arrays,
            data.get("quirk"),
        )


def jagged_prefix(padded: Tensor, lengths: Tensor) -> Jagged:
    """[b, T, ...] left-aligned rows → jagged."""
    keep = torch.arange(padded.shape[1])[None] < lengths[:, None]
    return Jagged(padded[keep], offsets_of(lengths), int(padded.shape[1]))


def jagged_suffix(padded: Tensor, lengths: Tensor) -> Jagged:
    """[b, T, ...] right-aligned rows (the last `length` columns) → jagged."""
    keep = suffix_mask(padded, lengths)
    return Jagged(padded[keep], offsets_of(lengths), int(padded.shape[1]))


def suffix_mask(padded: Tensor, lengths: Tensor) -> Tensor:
    """[b, T] bool: the last `length` columns of every row."""
    return torch.arange(padded.shape[1])[None] >= padded.shape[1] - lengths[:, None]


def load_weights(module: torch.nn.Module, given: Mapping[str, Tensor]) -> None:
    """Fill every parameter and buffer by its own name; fail if one is missing or left over."""
    state = module.state_dict()
    assert set(given) == set(state), (
        f"missing {sorted(set(state) - set(given))}, unused {sorted(set(given) - set(state))}"
    )
    module.load_state_dict(dict(given))


def backpropagate(outputs: Mapping[str, Tensor], cotangents: Mapping[str, Tensor]) -> None:
    """Backward from Σ out · cot over the recorded cotangents; every cotangent needs its output."""
    total = sum((outputs[name] * cot).sum() for name, cot in cotangents.items())
    assert isinstance(total, Tensor)
    total.backward()


def compare(
    case: Case, model: torch.nn.Module, own: Mapping[str, Tensor], names: Mapping[str, str], tables: Mapping[str, str]
) -> None:
    """Every recorded output and gradient of a whole model.

    own: outputs by name. names: name of a weight → path; one without a gradient has zeros. tables: name of an input →
    path of the table whose rows it is.
    """
    for name in {key.removeprefix("out/") for key in case.arrays if key.startswith("out/")}:
        case.assert_close(f"out/{name}", own[name])
    backpropagate(own, case.tensors("cot"))
    parameters = dict(model.named_parameters())
    for name, path in names.items():
        if f"grad/w/{name}" in case.arrays:
            grad = parameters[path].grad
            case.assert_close(f"grad/w/{name}", torch.zeros_like(parameters[path]) if grad is None else grad)
    for name, path in tables.items():
        grad = parameters[path].grad
        assert grad is not None
        case.assert_close(f"grad/in/{name}", grad.view(case.tensors("in")[name].shape))
