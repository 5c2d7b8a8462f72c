"""Finding blocks: built-in ones without torch, those of files, packages and the running program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from jaxtyping import Float
from torch import Tensor, nn

import blockrec
from blockrec.diagnostics import BlockrecError, Diagnostics
from blockrec.graph.compile import check
from blockrec.registry import block, catalogue, find, names

OWN = '''
from jaxtyping import Float
from torch import Tensor, nn
from blockrec import Axis, block


@block("{name}")
class Scale(nn.Module):
    """Multiply by a number.

    Args:
        by: the number.
    """

    def __init__(self, d: Axis, *, by: float = 2.0) -> None:
        super().__init__()
        if by == 0:
            raise ValueError("`by` is 0, which leaves nothing")
        self.by = by

    def forward(self, x: Float[Tensor, "... d"]) -> Float[Tensor, "... d"]:
        return x * self.by
'''

MODEL = """
blockrec: 1
name: own
imports: [blocks.py]
features: {price: {dense: 3}}
graph: {out: {block: scale_in_a_file, in: price}}
outputs: {scaled: out}
"""


def write(folder: Path, name: str, file: str = "blocks.py") -> Path:
    path = folder / file
    path.write_text(OWN.replace("{name}", name), "utf-8")
    return path


def test_built_in_blocks_are_found() -> None:
    assert {"linear", "mlp", "din", "target_attention", "topk_attend", "attend", "bce", "softmax"} <= set(names())
    entry = find("linear")
    assert entry is not None and entry.load().__name__ == "Linear" and find("no_such_block") is None


def test_known_signatures_need_no_torch() -> None:
    code = "import sys; from blockrec.registry import names; names(); print('torch' in sys.modules)"
    for expected in ("", "False"):
        out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        assert out.strip().endswith(expected)


def test_blocks_of_a_file_beside_the_model(tmp_path: Path) -> None:
    write(tmp_path, "scale_in_a_file")
    (tmp_path / "model.yaml").write_text(MODEL, "utf-8")
    model = blockrec.compile(tmp_path / "model.yaml")
    assert "self.nodes.out" in model.code
    assert find("scale_in_a_file", [tmp_path / "blocks.py"]) is not None


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = write(tmp_path, "scale_changed")
    assert catalogue([path])["scale_changed"].signature.defaults == {"by": 2.0}
    path.write_text(path.read_text("utf-8").replace("2.0", "3.0"), "utf-8")
    assert catalogue([path])["scale_changed"].signature.defaults == {"by": 3.0}


def test_constructor_errors_are_diagnostics(tmp_path: Path) -> None:
    write(tmp_path, "scale_in_a_file")
    path = tmp_path / "model.yaml"
    path.write_text(MODEL.replace("in: price}", "in: price, by: 0}"), "utf-8")
    _, _, report = check(path)
    (error,) = report.errors
    assert error.code == "E104" and "which leaves nothing" in error.message


def test_two_blocks_of_one_name(tmp_path: Path) -> None:
    first, second = write(tmp_path, "scale_twice"), write(tmp_path, "scale_twice", "other.py")
    with pytest.raises(BlockrecError, match="E210"):
        catalogue([first, second])
    with pytest.raises(BlockrecError, match="E210"):
        catalogue([write(tmp_path, "linear", "linear.py")])


@pytest.mark.parametrize(
    ("content", "message"),
    [("import no_such_module_x", "ModuleNotFoundError"), ("def (", "SyntaxError"), ("1 / 0", "ZeroDivisionError")],
)
def test_a_file_that_cannot_be_imported(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "blocks.py").write_text(content, "utf-8")
    (tmp_path / "model.yaml").write_text(MODEL, "utf-8")
    report: Diagnostics = check(tmp_path / "model.yaml")[2]
    failed = [d for d in report.errors if d.code == "E210"]
    assert len(failed) == 1 and message in failed[0].message and failed[0].at is not None
    assert failed[0].at.text == "blocks.py"


def test_a_missing_file(tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_text(MODEL, "utf-8")
    assert "E210" in [d.code for d in check(tmp_path / "model.yaml")[2].errors]


def test_installed_packages_offer_blocks_by_an_entry_point(tmp_path: Path) -> None:
    write(tmp_path, "scale_of_a_package", "scale_package.py")
    info = tmp_path / "scale_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: scale-package\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text("[blockrec.blocks]\nscale = scale_package\n", "utf-8")
    code = "from blockrec.registry import find; print(find('scale_of_a_package').module)"
    root = Path(blockrec.__file__).parents[1]
    path = f"{tmp_path}:{root}"
    out = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert out.stdout.strip() == "scale_package"


def test_blocks_of_the_running_program() -> None:
    @block("doubled_here")
    class Doubled(nn.Module):
        """Twice the input."""

        def forward(self, x: Float[Tensor, "b d"]) -> Float[Tensor, "b d"]:
            return 2 * x

    text = "blockrec: 1\nname: own\nfeatures: {price: {dense: 3}}\ngraph: {out: {block: doubled_here, in: price}}\n"
    model = blockrec.compile(text + "outputs: {twice: out}\n")
    assert isinstance(model.nodes.out, Doubled)
