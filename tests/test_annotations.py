"""What a class declares is what its signature says; mistakes are refused at registration."""

from __future__ import annotations

import json
from typing import Annotated, Literal, NamedTuple

import pytest
from jaxtyping import Float, Int
from torch import Tensor, nn

from blockrec.annotations import AtMost, Axis, Range, read_signature
from blockrec.jagged import Jagged
from blockrec.signature import Signature


class Blend(nn.Module):
    """Blend two inputs.

    Args:
        dropout: probability on
            the gate.
        mode: how.
    """

    class Out(NamedTuple):
        out: Float[Tensor, "b d"]
        twice: Float[Jagged, "b t {2 * d}"]

    def __init__(
        self,
        d: Axis,
        p: Axis | None = None,
        *,
        sizes: list[int],
        dropout: Annotated[float, Range(0, 1)] = 0.2,
        mode: Literal["a", "b"] | None = None,
        kernel: str = "auto",
    ) -> None:
        super().__init__()

    def forward(
        self, a: Float[Tensor, "b d"], *more: Float[Jagged, "b t d"], last: Int[Jagged, "b t p"] | None = None
    ) -> Out: ...


def test_ports_axes_and_outputs() -> None:
    signature = read_signature(Blend)
    assert [(p.name, p.dims, p.jagged, p.optional, p.variadic) for p in signature.ports] == [
        ("a", ("b", "d"), False, False, False),
        ("more", ("b", "t", "d"), True, False, True),
        ("last", ("b", "t", "p"), True, True, False),
    ]
    assert signature.axes == ("d", "p") and signature.optional_axes == ("p",)
    assert [(o.name, o.dims) for o in signature.outputs] == [("out", ("b", "d")), ("twice", ("b", "t", "{2 * d}"))]
    assert signature.several and signature.takes_kernel and not signature.infers


def test_parameters_have_a_schema_from_hints_and_docstring() -> None:
    schema = read_signature(Blend).schema
    assert schema["required"] == ["sizes"] and schema["additionalProperties"] is False
    assert schema["properties"] == {
        "sizes": {"type": "array", "items": {"type": "integer"}},
        "dropout": {"type": "number", "minimum": 0, "maximum": 1, "description": "probability on the gate."},
        "mode": {"enum": ["a", "b", None], "description": "how."},
    }


def test_a_signature_survives_json() -> None:
    signature = read_signature(Blend)
    assert Signature.from_json(json.loads(json.dumps(signature.to_json()))) == signature


class NoReturn(nn.Module):
    def forward(self, x: Float[Tensor, "b d"]): ...  # type: ignore[no-untyped-def]  # the mistake under test


class NoAnnotation(nn.Module):
    def forward(self, x: Tensor) -> Float[Tensor, "b d"]: ...


class UnboundLimit(nn.Module):
    def __init__(self, d: Annotated[Axis, AtMost("e")]) -> None: ...
    def forward(self, a: Float[Tensor, "b d"]) -> Float[Tensor, "b d"]: ...


class UnboundAxis(nn.Module):
    def __init__(self, e: Axis) -> None: ...

    def forward(self, x: Float[Tensor, "b d"]) -> Float[Tensor, "b d"]: ...


class UnboundOutput(nn.Module):
    def forward(self, x: Float[Tensor, "b d"]) -> Float[Tensor, "b e"]: ...


class StrangeHint(nn.Module):
    def __init__(self, *, module: nn.Module) -> None: ...

    def forward(self, x: Float[Tensor, "b d"]) -> Float[Tensor, "b d"]: ...


@pytest.mark.parametrize(
    ("cls", "message"),
    [
        (NoReturn, "needs a return annotation"),
        (NoAnnotation, "`x` needs a jaxtyping annotation"),
        (UnboundLimit, "no input has the axis `e`, which limits `d`"),
        (UnboundAxis, "no input has the axis `e`"),
        (UnboundOutput, "axis `e`, which no input binds"),
        (StrangeHint, "no JSON Schema for the hint"),
    ],
)
def test_mistakes_are_refused(cls: type, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        read_signature(cls)
