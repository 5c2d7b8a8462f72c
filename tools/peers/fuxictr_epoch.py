"""FuxiCTR: the models for histories that its package holds, with their own loader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from fuxictr.features import FeatureMap
from model_zoo.LongCTR.DCNv2 import DCNv2
from model_zoo.LongCTR.DIN import DIN
from model_zoo.LongCTR.longctr_dataloader import LongCTRDataLoader

from tools.peers import sizes
from tools.peers.rows import Rows
from tools.peers.timing import Train, Watched, report, size

SETTINGS: dict[str, dict[str, Any]] = {
    "din": {
        "attention_hidden_units": sizes.ATTENTION,
        "attention_hidden_activations": "ReLU",
        "din_use_softmax": True,
        "dnn_hidden_units": sizes.HEAD,
    },
    "dcn_v2": {"num_cross_layers": sizes.CROSSES, "parallel_dnn_hidden_units": sizes.HEAD},
}


def start(model: str, rows: Rows, folder: Path) -> tuple[Train, int]:
    common = {"optimizer": "adam", "loss": "binary_crossentropy", "metrics": ["AUC"], "verbose": 0}
    features = feature_map(rows, folder)
    network = {"din": DIN, "dcn_v2": DCNv2}[model](
        features, model_root=str(folder), learning_rate=sizes.RATE, embedding_dim=sizes.DIM, **common, **SETTINGS[model]
    )
    loader = LongCTRDataLoader(
        features,
        *map(str, files(rows, folder)),
        batch_size=sizes.BATCH,
        shuffle=True,
        num_workers=0,
        max_len=sizes.MOST,
    )
    network._max_gradient_norm, network._stop_training, network._total_steps = 10.0, False, 0
    network._eval_steps = 2**62  # measures nothing between

    def train(most: int | None) -> float:
        watched = Watched(loader, most)
        network.train_epoch(watched)
        return watched.seconds

    return train, size(network)


def feature_map(rows: Rows, folder: Path) -> FeatureMap:
    user, item, category = (int(height) for height in rows.heights)
    made = FeatureMap("rows", str(folder))
    made.features["user"] = {"source": "user", "type": "categorical", "vocab_size": user}
    made.features["item"] = {"source": "item", "type": "categorical", "vocab_size": item, "padding_idx": 0}
    made.features["category"] = {"source": "item", "type": "categorical", "vocab_size": category, "padding_idx": 0}
    made.features |= {name: {"type": "meta"} for name in ("user_index", "seq_len", "item_index")}
    made.labels, made.default_emb_dim, made.num_fields = ["click"], sizes.DIM, 3
    made.set_column_index()
    return made


def files(rows: Rows, folder: Path) -> tuple[Path, Path, Path]:
    """Samples, histories and items, as the loader reads them."""
    paths = (folder / "samples.parquet", folder / "users.parquet", folder / "items.parquet")
    lengths = rows.end - rows.starts[rows.owner]
    columns = {"user": rows.user, "user_index": rows.owner, "seq_len": lengths, "item_index": rows.item}
    pd.DataFrame(columns | {"click": rows.click}).to_parquet(paths[0])
    sequences = [rows.history[a:b] for a, b in zip(rows.starts[:-1], rows.starts[1:], strict=True)]
    pd.DataFrame({"full_item_seq": sequences}).to_parquet(paths[1])
    items = {"item_index": range(len(rows.category_of)), "item": range(len(rows.category_of))}
    pd.DataFrame(items | {"category": rows.category_of}).to_parquet(paths[2])
    return paths


if __name__ == "__main__":
    report(start)
