"""torch-rechub: its models, loader and trainers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch.utils.data import DataLoader
from torch_rechub.basic.features import SequenceFeature, SparseFeature
from torch_rechub.models.matching import DSSM
from torch_rechub.models.ranking import BST, DIN, DCNv2, DeepFM
from torch_rechub.trainers import CTRTrainer, MatchTrainer
from torch_rechub.utils.data import TorchDataset

from tools.peers import sizes
from tools.peers.rows import Rows
from tools.peers.timing import Train, Watched, report, size


def start(model: str, rows: Rows, folder: Path) -> tuple[Train, int]:
    network = made(model, rows)
    recipe = {"optimizer_params": {"lr": sizes.RATE}, "model_path": str(folder)}
    trainer = MatchTrainer(network, in_batch_neg=True, **recipe) if model == "dssm" else CTRTrainer(network, **recipe)
    history, category_of = rows.padded(), rows.category_of
    columns = {"user": rows.user, "item": rows.item, "category": category_of[rows.item]}
    columns |= {"hist_item": history, "hist_category": category_of[history]}
    loader = DataLoader(TorchDataset(columns, rows.click.astype("float32")), batch_size=sizes.BATCH, shuffle=True)

    def train(most: int | None) -> float:
        watched = Watched(loader, most)
        trainer.train_one_epoch(watched)
        return watched.seconds

    return train, size(network)


def made(model: str, rows: Rows) -> Any:
    user, *target = single(rows)
    head = {"dims": sizes.HEAD, "activation": "relu"}
    steps, means = several(rows, "concat"), several(rows, "mean")
    if model == "din":
        return DIN(
            [user],
            steps,
            target,
            {"dims": sizes.HEAD},
            {"dims": sizes.ATTENTION, "activation": "relu", "use_softmax": True},
        )
    if model == "bst":
        return BST([user], steps, target, head, nhead=sizes.HEADS, dropout=0.0, max_seq_len=sizes.MOST + 1)
    if model == "deepfm":
        return DeepFM([user, *target, *means], [user, *target, *means], head)
    if model == "dcn_v2":
        return DCNv2([user, *target, *means], sizes.CROSSES, head, use_low_rank_mixture=False)
    tower = {"dims": sizes.TOWER, "activation": "relu"}
    return DSSM([user, *means], target, tower, tower, temperature=sizes.TEMPERATURE)


def single(rows: Rows) -> list[SparseFeature]:
    return [
        SparseFeature(n, int(h), sizes.DIM) for n, h in zip(("user", "item", "category"), rows.heights, strict=True)
    ]


def several(rows: Rows, pooling: str) -> list[SequenceFeature]:
    heights = zip(("item", "category"), rows.heights[1:], strict=True)
    shared = {"embed_dim": sizes.DIM, "pooling": pooling, "padding_idx": 0}
    return [SequenceFeature(f"hist_{n}", int(h), shared_with=n, **shared) for n, h in heights]


if __name__ == "__main__":
    report(start)
