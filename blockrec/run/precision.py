"""`train.precision` and `train.tf32`: how exact products are, on a device that can take it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from warnings import catch_warnings, simplefilter

import torch
from torch import nn

from blockrec.diagnostics import BlockrecError, Span, fail
from blockrec.graph.lower import Model

DTYPES: Mapping[str, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def set_precision(model: Model, name: str, device: torch.device, *, tf32: bool, at: Span | None = None) -> None:
    """Let the model multiply in `fp32`, `bf16` or `fp16`, and 32-bit products of a GPU round if `tf32`.

    E603 if the device cannot take it.
    """
    dtype = DTYPES[name]
    if dtype is not torch.float32 and not _takes(device, dtype):
        raise fail("E603", f"the device `{device.type}` does not multiply in {name}", at, help="`precision: fp32`")
    model.precision = dtype
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.backends.cudnn.allow_tf32 = tf32


def _takes(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether a small product under autocast comes out in the dtype; torch warns of some that it then leaves out."""
    x = torch.ones(1, 1, device=device)
    try:
        with catch_warnings():
            simplefilter("ignore")
            with torch.autocast(device.type, dtype):
                return nn.functional.linear(x, x).dtype is dtype
    except RuntimeError:
        return False


def precision_of(model: nn.Module) -> str:
    """As `train.precision` calls it."""
    return next(name for name, dtype in DTYPES.items() if dtype is getattr(model, "precision", torch.float32))


@contextmanager
def in_32_bits(model: nn.Module) -> Iterator[None]:
    """Products of 32 bits for a while."""
    before = getattr(model, "precision", torch.float32)
    model.precision = torch.float32  # type: ignore[assignment]  # nn.Module declares tensors and modules alone
    try:
        yield
    finally:
        model.precision = before  # type: ignore[assignment]  # as above


def not_taken(model: nn.Module, said: BlockrecError) -> BlockrecError:
    """E603 for a model that fails on a batch in 16 bits, but not in 32; `said` names the node and the reason."""
    (diagnostic,) = said.diagnostics
    name = precision_of(model)
    help = "`precision: fp32`, or let the block turn its inputs into 32-bit floats: `x.float()`"
    return fail("E603", f"with `precision: {name}`, {diagnostic.message}", diagnostic.at, help=help)
