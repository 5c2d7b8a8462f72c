"""Optimizers of embedding tables with sparse gradients: a step costs what the batch touches, whatever the table."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, overload

import torch
from torch import Tensor
from torch.optim import Optimizer

from blockrec.ops import bind
from blockrec.ops.lazy_adam import Options as AdamOptions
from blockrec.ops.rowwise_adagrad import Options as AdagradOptions


class RowOptimizer(Optimizer):
    """Calls an op on (ids, gradients) of each table, as lookups left them: uncoalesced, ids repeat."""

    op: str

    def __init__(self, params: Iterable[Tensor] | Iterable[dict[str, Any]], defaults: dict[str, Any]) -> None:
        super().__init__(params, defaults)
        weights = [weight for group in self.param_groups for weight in group["params"]]
        self._update = {device: self._bound(device) for device in {w.device for w in weights}}
        for device, dtype in {(w.device, w.dtype) for w in weights}:
            self._compile(torch.zeros(1, 1, device=device, dtype=dtype))

    @abstractmethod
    def new_state(self, weight: Tensor) -> dict[str, Tensor]:
        """The state of a table [v, d] before its first step, under the names of the op's arguments."""

    @abstractmethod
    def options(self, group: dict[str, Any]) -> Any:
        """The op's options."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """As torch's, which leaves a count of steps on the device that it comes from."""
        super().load_state_dict(state_dict)
        for weight, state in self.state.items():
            state.update({name: value.to(weight.device) for name, value in state.items()})

    @overload
    def step(self, closure: None = None) -> None: ...

    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            options = self.options(group)
            for weight in group["params"]:
                if weight.grad is not None:
                    self._step(weight, options)
        return loss

    def _step(self, weight: Tensor, options: Any) -> None:
        gradient = weight.grad
        assert gradient is not None
        if not gradient.is_sparse:
            raise TypeError(f"{type(self).__name__} needs sparse gradients: nn.Embedding(..., sparse=True)")
        if not self.state[weight]:
            self.state[weight].update(self.new_state(weight))
        state = self.state[weight]
        rows = {"ids": gradient._indices()[0], "gradients": gradient._values()}
        self._update[weight.device](weight, **state, **rows, options=options)

    def _bound(self, device: torch.device) -> Callable[..., Any]:
        with device:
            return bind(self.op).call

    def _compile(self, table: Tensor) -> None:
        """Call the op on no rows, so that the first step is not the one that waits for its compilation."""
        rows = {"ids": torch.zeros(0, dtype=torch.int64, device=table.device), "gradients": table[:0]}
        self._update[table.device](table, **self.new_state(table), **rows, options=self.options(self.defaults))


class RowwiseAdagrad(RowOptimizer):
    """Adagrad with one accumulator a row: see `blockrec.ops.rowwise_adagrad`."""

    op = "rowwise_adagrad"

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float = 0.02,
        *,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "eps": eps, "weight_decay": weight_decay})

    def new_state(self, weight: Tensor) -> dict[str, Tensor]:
        return {"accumulator": weight.new_zeros(weight.shape[0])}

    def options(self, group: dict[str, Any]) -> AdagradOptions:
        return AdagradOptions(group["lr"], group["eps"], group["weight_decay"])


class LazyAdam(RowOptimizer):
    """Adam on the rows that a step touches: see `blockrec.ops.lazy_adam`."""

    op = "lazy_adam"

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    def new_state(self, weight: Tensor) -> dict[str, Tensor]:
        return {
            "mean": torch.zeros_like(weight, memory_format=torch.contiguous_format),
            "square": torch.zeros_like(weight, memory_format=torch.contiguous_format),
            "step": torch.zeros(weight.shape[0], dtype=torch.int32, device=weight.device),
        }

    def options(self, group: dict[str, Any]) -> AdamOptions:
        return AdamOptions(group["lr"], group["betas"][0], group["betas"][1], group["eps"], group["weight_decay"])
