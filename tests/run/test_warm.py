"""A warm start copies what fits, rows by what they stand for, and says what became of every weight."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch import nn

from blockrec.data.encoding.vocabulary import Vocabulary
from blockrec.diagnostics import BlockrecError
from blockrec.run import run
from blockrec.run.known_rows import known_rows
from blockrec.run.prepare import Job
from blockrec.run.session import Session
from blockrec.run.warm import Taken, take
from tests.run.conftest import LITTLE
from tests.run.outcome import outcome
from tests.run.toy import Toy


@given(
    st.sets(st.integers(0, 40), min_size=1),
    st.sets(st.integers(0, 40), min_size=1),
    st.integers(0, 3),
    st.integers(0, 3),
)
def test_rows_of_the_same_value(now: set[int], before: set[int], cold: int, cold_before: int) -> None:
    new, old = (Vocabulary(pa.array(sorted(v)), c) for v, c in ((now, cold), (before, cold_before)))
    rows = known_rows(new, old)
    wanted = [0, *(sorted(before).index(v) + 1 if v in before else -1 for v in sorted(now))]
    assert rows.tolist()[: len(wanted)] == wanted
    shared = [old.rows - cold + i for i in range(cold)] if cold == cold_before else [-1] * cold
    assert rows.tolist()[len(wanted) :] == shared


def test_what_becomes_of_every_weight(tmp_path: Path) -> None:
    """Two of three values of `item` were known, in other rows; one layer has another shape, one is new, one gone."""
    before, now = Toy(items=4), Toy(items=4)
    now.nodes["head"]["logit"] = nn.Linear(4, 2)  # type: ignore[operator]
    now.nodes["more"] = nn.Linear(1, 1)  # type: ignore[operator]
    before.nodes["gone"] = nn.Linear(1, 1, bias=False)  # type: ignore[operator]
    pq.write_table(pa.table({"value": ["a", "c", "d"], "row": [1, 2, 3]}), tmp_path / "item.parquet")
    first = {path: value.clone() for path, value in now.state_dict().items()}
    saved = before.state_dict()
    found = take(now, saved, tmp_path, {"item": Vocabulary(pa.array(["a", "b", "c"]))})
    table, had = now.state_dict()["tables.main.item.weight"], saved["tables.main.item.weight"]
    assert torch.equal(table[[0, 1, 3]], had[[0, 1, 2]])
    assert torch.equal(table[2], first["tables.main.item.weight"][2])
    assert torch.equal(now.state_dict()["nodes.head.logit.weight"], first["nodes.head.logit.weight"])
    assert torch.equal(now.state_dict()["nodes.head.norm.weight"], saved["nodes.head.norm.weight"])
    assert {t.path: t.outcome for t in found} == {
        **{path: "loaded" for path in saved if ".norm." in path or path.startswith("tables")},
        "nodes.head.logit.weight": "new",
        "nodes.head.logit.bias": "new",
        "nodes.more.weight": "new",
        "nodes.more.bias": "new",
        "nodes.gone.weight": "unused",
    }
    assert Taken("tables.main.item.weight", "loaded", "2 of 3 rows, by their values") in found
    assert Taken("nodes.head.logit.weight", "new", "[2, 4] here, [1, 4] in the run") in found


def test_a_run_begins_with_the_weights_of_another(
    little_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began: dict[str, torch.Tensor] = {}
    train = Session.train

    def seen(self: Session) -> None:
        job: Job = self.job
        began.update({path: value.clone() for path, value in job.model.state_dict().items()})
        train(self)

    with monkeypatch.context() as patch:
        patch.setattr(Session, "train", seen)
        result = run(LITTLE, runs_dir=tmp_path, steps=2, warm_start=little_run)
    saved = load_file(little_run / "checkpoints" / "best" / "model.safetensors")
    assert began.keys() == saved.keys() and all(torch.equal(began[path], saved[path]) for path in saved)
    assert result.directory is not None
    log = (result.directory / "log.txt").read_text("utf-8")
    assert f"warm start {little_run}/checkpoints/best: {len(saved)} of {len(saved)} weights loaded" in log
    wanted = outcome(result.directory)
    for step in ("best", "last"):
        (result.directory / "checkpoints" / step).unlink()
    for folder in (result.directory / "checkpoints").glob("step-*"):
        folder.rename(tmp_path / folder.name)
    run(resume=result.directory)
    assert outcome(result.directory) == wanted


@pytest.mark.parametrize(
    ("source", "words"), [("nothing", "E009.*no run `nothing`"), ("{run}/checkpoints/step-9", "E009.*no run")]
)
def test_a_source_that_is_none(source: str, words: str, little_run: Path, tmp_path: Path) -> None:
    with pytest.raises(BlockrecError, match=words):
        run(LITTLE, runs_dir=tmp_path / "runs", warm_start=source.format(run=little_run))
    assert not (tmp_path / "runs").exists()


def test_a_model_that_nothing_fits(little_run: Path, tmp_path: Path) -> None:
    other = """
blockrec: 1
name: other
dataset: planted_interests
graph:
  who: {block: embed, in: user, dim: 3}
  score: {block: linear, in: who, out: 1}
tasks: {click: {logits: score, loss: bce}}
data: {generate: {planted_interests: {users: 200, items: 100}}}
"""
    with pytest.raises(BlockrecError, match=r"E703.*no weight of .* fits the model"):
        run(other, runs_dir=tmp_path / "runs", warm_start=little_run)
