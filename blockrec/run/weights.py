"""The weights of a model as tensors by path: what checkpoints and exports hold."""

from __future__ import annotations

from torch import Tensor, nn

from blockrec.diagnostics import fail
from blockrec.run.trace import place_of


def weights_of(model: nn.Module) -> dict[str, Tensor]:
    """Parameters and buffers, contiguous. E602 for a block that keeps anything else: only tensors can be written."""
    found: dict[str, Tensor] = {}
    for path, value in model.state_dict().items():
        if not isinstance(value, Tensor):
            module = path.rpartition(".")[0]
            message = f"`{module.removeprefix('nodes.')}` keeps a state that is no tensor but {type(value).__name__}"
            help = "let its `get_extra_state` return a tensor, or register what changes as a buffer"
            raise fail("E602", message, place_of(model, module), help=help)
        found[path] = value.contiguous()
    return found
