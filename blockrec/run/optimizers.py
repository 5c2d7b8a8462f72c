"""Which optimizer trains which parameter, from `train.optimizer` and `train.overrides`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn
from torch.optim import Adam, AdamW, Optimizer

from blockrec.run.overrides import override_of
from blockrec.run.settings import Choice, Train
from blockrec.run.sparse import LazyAdam, RowwiseAdagrad

KINDS: Mapping[str, type[Optimizer]] = {
    "adam": Adam,
    "adamw": AdamW,
    "lazy_adam": LazyAdam,
    "rowwise_adagrad": RowwiseAdagrad,
}


class Optimizers:
    """One optimizer for dense parameters, one for tables (absent if there are none), used as one."""

    def __init__(self, parts: Mapping[str, Optimizer]) -> None:
        self.parts = dict(parts)

    def zero_grad(self) -> None:
        """Forget gradients; nothing of a table's size is written."""
        for part in self.parts.values():
            part.zero_grad(set_to_none=True)

    def step(self) -> None:
        for part in self.parts.values():
            part.step()

    def state_dict(self) -> dict[str, Any]:
        return {name: part.state_dict() for name, part in self.parts.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        for name, part in self.parts.items():
            part.load_state_dict(state[name])


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
    return Optimizers({name: _build(choice, own, settings) for name, choice, own in wanted if own})


def _build(choice: Choice, parameters: Mapping[str, nn.Parameter], settings: Train) -> Optimizer:
    groups: dict[tuple[Any, ...], list[nn.Parameter]] = {}
    for path, parameter in parameters.items():
        own = {s: override_of(settings.overrides, path, s) for s in ("lr", "weight_decay")}
        groups.setdefault(tuple((s, v) for s, v in own.items() if v is not None), []).append(parameter)
    fused: dict[str, Any] = {"fused": _fusable(parameters)} if choice.name in ("adam", "adamw") else {}
    return KINDS[choice.name]([{"params": p, **dict(own)} for own, p in groups.items()], **choice.options, **fused)


def _fusable(parameters: Mapping[str, nn.Parameter]) -> bool:
    """torch's fused Adam: the same rule in one pass over memory."""
    return all(p.is_floating_point() and p.device.type in ("cpu", "cuda", "mps") for p in parameters.values())
