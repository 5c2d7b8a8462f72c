"""DeepCTR-Torch: its models and their `fit`, on arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from deepctr_torch.inputs import SparseFeat, VarLenSparseFeat
from deepctr_torch.models import DCN, DIN, DeepFM, basemodel

from tools.peers import sizes
from tools.peers.rows import Rows
from tools.peers.timing import Train, Watched, report, size

FREE = {"l2_reg_embedding": 0.0, "l2_reg_dnn": 0.0, "dnn_hidden_units": sizes.HEAD}
LOADER = basemodel.DataLoader


def start(model: str, rows: Rows, _folder: Path) -> tuple[Train, int]:
    network = made(model, columns(rows))
    network.compile(torch.optim.Adam(network.parameters(), lr=sizes.RATE), "binary_crossentropy", metrics=[])
    click = rows.click.astype("float32")

    def train(most: int | None) -> float:
        loaders: list[Watched] = []

        def watched(**options: Any) -> Watched:
            loaders.append(Watched(LOADER(**options), most))
            return loaders[-1]

        basemodel.DataLoader = watched
        network.fit(inputs(rows), click, batch_size=sizes.BATCH, verbose=0)
        return loaders[0].seconds

    return train, size(network)


def made(model: str, features: list[Any]) -> Any:
    if model == "din":
        attention = {"att_hidden_size": sizes.ATTENTION, "att_activation": "relu", "att_weight_normalization": True}
        return DIN(features, ["item", "category"], **attention, **FREE)
    if model == "deepfm":
        return DeepFM(features, features, l2_reg_linear=0.0, **FREE)
    free = FREE | {"l2_reg_linear": 0.0, "l2_reg_cross": 0.0}
    return DCN([], features, cross_num=sizes.CROSSES, cross_parameterization="matrix", **free)


def columns(rows: Rows) -> list[Any]:
    heights = dict(zip(("user", "item", "category"), map(int, rows.heights), strict=True))
    single = [SparseFeat(name, height, sizes.DIM) for name, height in heights.items()]
    shared = [SparseFeat(f"hist_{n}", heights[n], sizes.DIM, embedding_name=n) for n in ("item", "category")]
    return [*single, *(VarLenSparseFeat(x, sizes.MOST, "mean", "length") for x in shared)]


def inputs(rows: Rows) -> dict[str, Any]:
    history, category_of = rows.padded(), rows.category_of
    single = {"user": rows.user, "item": rows.item, "category": category_of[rows.item], "length": rows.length}
    return single | {"hist_item": history, "hist_category": category_of[history]}


if __name__ == "__main__":
    report(start)
