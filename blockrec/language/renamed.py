"""Words that people bring from other systems, and what they are called here.

A word is only translated into one that is legal where it stands, so that one table serves every level of a file.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from blockrec.diagnostics import nearest

FORMER: dict[str, str] = {
    # sections
    "graph": "model nodes layers network net architecture backbone modules topology components",
    "labels": "label_fields label_name label_col targets target target_col output_features",
    "features": "feature_configs feature_config feature_cols feature_columns input_features inputs columns",
    "tasks": "task_configs task_towers heads",
    "losses": "aux_losses auxiliary_losses",
    "outputs": "output_nodes exports",
    "params": "parameters vars variables constants hyperparameters hparams",
    "blocks": "composites macros packages templates definitions",
    "imports": "plugins includes include",
    "extends": "base base_config _base_ defaults inherits parent from",
    "data": "data_config data_loader dataloader loader input",
    "train": "training train_config trainer fit train_data train_input_path train_path",
    "eval": "eval_config evaluation evaluate validation",
    "watch": "monitor log track",
    "sweep": "hyperopt tune search tuner grid_search",
    "variants": "experiments ablations",
    "doc": "description desc comment help",
    "blockrec": "version",
    # nodes, tasks and losses
    "block": "type class class_name module layer op operator _target_ kind",
    "in": "input inputs input_name input_names input_layer bottom from source sources _input_",
    "repeat": "num_layers n_layers layer_num repeats times",
    "share": "shared_id share_with reuse tie",
    "logits": "logit prediction pred output node score",
    "loss": "loss_fn loss_function loss_type criterion objective",
    "metrics": "metric eval_metrics metrics_set monitor",
    "label": "target label_name label_field",
    "weight": "loss_weight coef coefficient lambda",
    "sample_weight": "sample_weights weight_name sample_weight_name",
    # features
    "vocab": "vocab_size vocabulary vocabulary_size num_buckets num_embeddings cardinality num_ids size n_classes",
    "hash": "hash_bucket_size hash_buckets num_hash_buckets hash_size",
    "buckets": "boundaries bucket_boundaries bins edges",
    "fields": "sequence sub_features steps",
    "max_len": "max_length max_seq_length max_seq_len seq_len seq_length sequence_length maxlen history_len length",
    "column": "name col field input_name expression",
    "pool": "combiner pooling embedding_combiner",
    "default": "default_value fill_na fillna na_value missing_value",
    "like": "share_embedding shared_with embedding_name shared_name same_as",
    "dense": "value_dim raw_input_dim",
    "at_least": "threshold",
    "calendar": "minutes_since time_since",
    # parameters of blocks
    "dim": "embedding_dim embedding_size emb_dim emb_size embed_dim embed_size d_model",
    "table": "embedding_name shared_name",
    "hidden": "units hidden_units hidden_sizes hidden_dims hidden_size layer_sizes dnn_hidden_units attention_units",
    "out": "units out_features out_dim output_dim output_size num_outputs",
    "activation": "act act_fn activation_fn hidden_activations dnn_activations",
    "dropout": "dropout_rate dropout_ratio dropout_prob net_dropout dnn_dropout drop p",
    "bias": "use_bias",
    "norm": "normalization normalizer",
    "query": "target candidate item",
    "keys": "sequence history behaviors facts",
    "k": "top_k topk",
    # training, data and sweeps
    "lr": "learning_rate initial_learning_rate learner_lr",
    "weight_decay": "l2 l2_reg l2_regularization wd regularizer",
    "epochs": "num_epochs n_epochs max_epochs nb_epoch train_epochs",
    "steps": "num_steps max_steps n_steps train_steps",
    "optimizer": "optim learner",
    "device": "accelerator gpu",
    "seed": "random_seed random_state manual_seed",
    "batch_size": "batchsize train_batch_size batch eval_batch_size",
    "shuffle": "shuffle_data",
    "events": "interactions path input_path file files",
    "valid": "valid_data val validation eval eval_data eval_input_path",
    "test": "test_data test_path",
    "user": "user_id user_col user_id_field",
    "item": "item_id item_col item_id_field",
    "time": "timestamp time_col time_field",
    "where": "filter query condition",
    "split": "splits split_ratio",
    "every": "eval_step eval_interval eval_freq interval frequency",
    "grid": "parameters space search_space",
    "random": "distributions",
    "trials": "num_samples n_trials num_trials",
    "seeds": "n_seeds num_seeds repeats",
    # choices
    "cuda": "gpu nvidia",
    "triton": "cuda gpu",
    "silu": "swish",
    "leaky_relu": "lrelu",
    "none": "linear identity off no false",
    "batch": "bn batch_norm batchnorm",
    "layer": "ln layer_norm layernorm",
    "zscore": "standard standardize standardization normalize",
    "minmax": "min_max min-max",
    "log1p": "log",
    "logloss": "log_loss binary_logloss cross_entropy binary_crossentropy",
    "auc": "roc_auc auroc binary_auroc",
    "gauc": "grouped_auc group_auc uauc",
    "hit": "hit_rate hitrate hr",
    "normalized_entropy": "ne normalised_entropy",
    "ece": "calibration calibration_error expected_calibration_error",
    "mae": "l1 mean_absolute_error",
    "mse": "l2 mean_squared_error",
    "rmse": "root_mean_squared_error",
    "leave_last": "leave_one_out loo",
    # blocks
    "mlp": "dnn fc fully_connected feed_forward ffn perceptron deep",
    "linear": "dense fc projection logistic",
    "embed": "embedding embedding_layer lookup embeddings",
    "concat": "concatenate cat merge join",
    "hadamard": "multiply mul product elementwise_product",
    "add": "sum plus residual",
    "bce": "binary_crossentropy binary_cross_entropy bce_with_logits logloss log_loss cross_entropy",
    "softmax": "cross_entropy softmax_cross_entropy sampled_softmax",
    "focal": "focal_loss binary_focal_loss",
    "jrc": "jrc_loss",
    "squared_error": "mse_loss l2_loss mean_squared_error",
    "fm": "factorization_machine bi_interaction bi_interaction_pooling",
    "cross": "cross_net cross_network crossnet crossnetv2 cross_layer cross_v2",
    "autodis": "auto_dis autodis_embedding",
    "mean_pool": "average_pooling avg_pool mean pooling",
    "din": "attention attention_layer target_attention_layer din_attention",
    "layer_norm": "layernorm",
    "batch_norm": "batchnorm bn batch_normalization",
}
"""What a word is called here → its names elsewhere."""

_HERE: dict[str, list[str]] = {}
for _word, _names in FORMER.items():
    for _name in _names.split():
        _HERE.setdefault(_name, []).append(_word)


NESTED = ("params", "parameters", "args", "kwargs", "config", "options", "settings", "with")
"""Words under which other systems put the parameters of a node."""
GLUED = re.compile(r"\s*([\w.]+)\s*[:=\uff1a]\s*(\S+)\s*")
"""A key and its value that YAML read as one word."""


def called(word: str, legal: Collection[str]) -> str | None:
    """The word of `legal` that means what `word` means elsewhere."""
    names = (word, word.rpartition(".")[2])
    return next((here for name in names for here in _HERE.get(name.lower(), ()) if here in legal), None)


def meant(word: str, legal: Collection[str]) -> str | None:
    """The word of `legal` that `word` is called here, that it resembles, or that it runs into its value."""
    glued = GLUED.fullmatch(word)
    if glued and glued[1] in legal:
        return glued[1]
    return (
        called(word, legal) or nearest(word, legal) or ("." in word and nearest(word.rpartition(".")[2], legal)) or None
    )


def explain_word(word: str, legal: Collection[str], otherwise: str = "") -> str:
    """Help for a word that is not legal where it stands."""
    if word.strip() != word:
        return (
            f"it begins or ends with the blank U+{ord(_odd_blank(word)):04X}, a letter to YAML: indent by plain blanks"
        )
    glued = GLUED.fullmatch(word)
    if glued and glued[1] in legal:
        return f"write `{glued[1]}: {glued[2]}`, with a colon and a plain blank"
    name = called(word, legal)
    if name and name.lower() != word.lower():
        return f"`{word}` is called `{name}` here"
    if word in NESTED and "block" in legal:
        return "parameters stand beside `block`, not in a mapping of their own"
    found = meant(word, legal)
    return f"did you mean `{found}`?" if found else otherwise


def _odd_blank(word: str) -> str:
    return word[0] if word.lstrip() != word else word[-1]
