"""Which optimizer trains which parameter, from `train.optimizer` and `train.overrides`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn
from torch.optim import SGD, Adagrad, Adam, AdamW, Optimizer

from blockrec.diagnostics import fail
from blockrec.run.overrides import override_of
from blockrec.run.settings import Choice, Train
from blockrec.run.sparse import LazyAdam, RowwiseAdagrad

KINDS: Mapping[str, type[Optimizer]] = {
    "adagrad": Adagrad,
    "adam": Adam,
    "adamw": AdamW,
    "sgd": SGD,
    "lazy_adam": LazyAdam,
    "rowwise_adagrad": RowwiseAdagrad,
}
FUSED = ("adam", "adamw", "sgd")
TORCH_NAMES = {"initial": "initial_accumulator_value"}


class Optimizers:
    """One optimizer for dense parameters, one for tables (absent if there are none), used as one.

    paths: of every parameter of each part. lr: what the settings say, of dense parameters if there are any.
    """

    def __init__(self, parts: Mapping[str, Optimizer], paths: Mapping[str, Mapping[str, nn.Parameter]]) -> None:
        self.parts, self.paths = dict(parts), paths
        self.lr: float = next(iter(parts.values())).defaults["lr"] if parts else 0.0
        for group in self._groups():
            group["initial_lr"] = group["lr"]

    def _groups(self) -> list[dict[str, Any]]:
        return [group for part in self.parts.values() for group in part.param_groups]

    def zero_grad(self) -> None:
        """Forget gradients; nothing of a table's size is written."""
        for part in self.parts.values():
            part.zero_grad(set_to_none=True)

    def step(self, factor: float = 1.0) -> None:
        """Move the weights; factor: on all learning rates."""
        for group in self._groups():
            group["lr"] = group["initial_lr"] * factor
        for part in self.parts.values():
            part.step()

    def state_dict(self) -> dict[str, Any]:
        """What the optimizers remember of each parameter, by its path; the settings are the file's."""
        return {name: self._state(name) for name in self.parts}

    def _state(self, name: str) -> dict[str, Any]:
        part = self.parts[name]
        states = {path: dict(part.state[p]) for path, p in self.paths[name].items() if p in part.state}
        return {"kind": type(part).__name__, "state": states}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """E703 if the state is of other optimizers."""
        for name, part in self.parts.items():
            saved = state[name]
            if saved["kind"] != type(part).__name__:
                message = f"the state is of {saved['kind']}, but `optimizer.{name}` is {type(part).__name__} now"
                raise fail("E703", message, help="go on with the optimizers that the run began with")
            own = part.state_dict()
            numbers = self._numbers(name)
            states = {numbers[path]: values for path, values in saved["state"].items()}
            part.load_state_dict({"state": states, "param_groups": own["param_groups"]})

    def _numbers(self, name: str) -> dict[str, int]:
        """How torch counts the parameters of a part: group by group."""
        order = [id(p) for group in self.parts[name].param_groups for p in group["params"]]
        place = {key: number for number, key in enumerate(order)}
        return {path: place[id(p)] for path, p in self.paths[name].items()}


def tables_of(model: nn.Module) -> dict[str, nn.Embedding]:
    """Path of the weight → table."""
    return {
        f"{path}.weight": module
        for path, module in model.named_modules()
        if isinstance(module, nn.Embedding) and path.startswith("tables.")
    }


def build_optimizers(model: nn.Module, settings: Train) -> Optimizers:
    """Set every table to sparse or dense gradients and give each parameter to its optimizer."""
    tables = tables_of(model)
    for table in tables.values():
        table.sparse = not settings.tables_dense
    paths = dict(model.named_parameters())
    dense = {path: p for path, p in paths.items() if path not in tables}
    lookups = {path: paths[path] for path in tables}
    wanted = (("dense", settings.dense, dense), ("sparse", settings.sparse, lookups))
    parts = {name: _build(choice, own, settings) for name, choice, own in wanted if own}
    return Optimizers(parts, {name: own for name, _, own in wanted if own})


def _build(choice: Choice, parameters: Mapping[str, nn.Parameter], settings: Train) -> Optimizer:
    groups: dict[tuple[Any, ...], list[nn.Parameter]] = {}
    for path, parameter in parameters.items():
        own = {s: override_of(settings.overrides, path, s) for s in ("lr", "weight_decay")}
        groups.setdefault(tuple((s, v) for s, v in own.items() if v is not None), []).append(parameter)
    options = {TORCH_NAMES.get(name, name): value for name, value in choice.options.items()}
    if choice.name in FUSED:
        options["fused"] = _fusable(parameters)
    return KINDS[choice.name]([{"params": p, **dict(own)} for own, p in groups.items()], **options)


def _fusable(parameters: Mapping[str, nn.Parameter]) -> bool:
    """torch's fused kernels: the same rule in one pass over memory."""
    return all(p.is_floating_point() and p.device.type in ("cpu", "cuda", "mps") for p in parameters.values())
