"""Every mistake in data or their description: what is said, at which key, and nothing is left behind."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.data.conftest import FEATURES, Project

DATA = "events: log.csv\nsamples: {label: {click: rating >= 4}}\nsplit: {by: leave_last, valid: 0, test: 0}"
LOG = "user,time,item,rating\n1,10,7,5\n1,11,8,3\n2,12,7,4\n2,13,9,1\n"


@pytest.fixture
def shop(project: Project) -> Project:
    project.text("log.csv", LOG)
    return project


def one(errors: list[str]) -> str:
    (error,) = errors
    return error


def test_the_log_itself_is_right(shop: Project) -> None:
    assert shop.dataset(DATA).splits["train"].rows == 4


def test_missing_file(shop: Project) -> None:
    error = one(shop.errors(DATA.replace("log.csv", "lgo.csv") + "\nhow_to_get: ask the shop"))
    assert error.startswith("E501 no file `") and "lgo.csv`" in error and error.endswith("[ask the shop] at lgo.csv")


def test_every_missing_file_of_a_list(shop: Project) -> None:
    errors = shop.errors(DATA.replace("log.csv", "[a.csv, log.csv, b*.csv]"))
    assert [error.rpartition(" at ")[2] for error in errors] == ["a.csv", "b*.csv"]


def test_missing_root_package_and_folder(shop: Project) -> None:
    for root, message in (
        ("required", "the folder of the data is not given"),
        ("package:no_such_package", "Python package `no_such_package` is not installed"),
        ("nowhere", "no folder"),
    ):
        error = one(shop.errors(DATA + f"\nroot: '{root}'\nhow_to_get: ask"))
        assert error.startswith(f"E501 {message}") and "[ask]" in error


def test_not_a_parquet_file(project: Project) -> None:
    project.text("log.parquet", "user,time\n")
    error = one(project.errors(DATA.replace("log.csv", "log.parquet")))
    assert error.startswith("E501") and "cannot be read" in error


def test_missing_columns_each_with_the_nearest(shop: Project) -> None:
    shop.text("log.csv", LOG.replace("item", "itme"))
    features = FEATURES + "category: {vocab: auto}\n"
    errors = shop.errors(DATA, features, used=("item", "category", "behaviors.item", "click"))
    assert errors == [
        "E502 the log has no column `item` [did you mean `itme`?] at item",
        "E502 the log has no column `category` [its columns are `user`, `time`, `itme`, `rating`] at category",
    ]


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_a_delimiter_that_was_not_told_is_said_once(shop: Project, mark: str) -> None:
    shop.text("log.csv", LOG.replace(",", mark))
    error = one(shop.errors(DATA))
    assert error.startswith("E501") and "has one column" in error
    assert f"csv: {{delimiter: {json.dumps(mark)}}}; of `blockrec data`: --delimiter] at log.csv" in error
    delimiter = {"\t": "\\t"}.get(mark, mark)
    assert shop.dataset(f'{DATA}\ncsv: {{delimiter: "{delimiter}"}}').splits["train"].rows == 4


def test_a_missing_column_that_is_not_used_is_no_mistake(shop: Project) -> None:
    dataset = shop.dataset(DATA, FEATURES + "category: {vocab: auto}\n")
    assert "category" not in dataset.vocabularies


def test_missing_user_and_time(shop: Project) -> None:
    errors = shop.errors(DATA + "\nuser: usr\ntime: rtime", used=("item", "click"))
    assert [e.rpartition(" at ")[2] for e in errors] == ["usr", "rtime"]
    assert all("did you mean" in e for e in errors)


def test_a_missing_column_that_no_key_names_is_told_with_its_key(shop: Project) -> None:
    shop.text("log.csv", LOG.replace("user,time", "who,moment"))
    errors = shop.errors(DATA)
    for key in ("user", "time"):
        assert any(f"no column `{key}`" in error and f"`{key}: COLUMN`" in error for error in errors)


def test_a_model_without_data_is_told_how_to_name_some(shop: Project) -> None:
    error = one(shop.errors(""))
    assert error.startswith("E501 the model does not say which data it is for") and "dataset: NAME" in error


def test_missing_column_in_a_condition(shop: Project) -> None:
    assert one(shop.errors(DATA + "\nwhere: ratng > 2")) == "E502 no column `ratng` [did you mean `rating`?] at ratng"


def test_unreadable_value_with_its_row(shop: Project) -> None:
    shop.text("log.csv", LOG.replace("2,13", "2,soon"))
    error = one(shop.errors(DATA))
    assert "row 5" in error and "`time`" in error and "`soon`" in error and error.startswith("E503")


def test_unreadable_number_with_its_row(shop: Project) -> None:
    shop.text("log.csv", LOG.replace("2,12,7,4", "2,12,x7,4"))
    error = one(shop.errors(DATA, FEATURES.replace("item: {vocab: auto}", "item: {vocab: 100}", 1)))
    assert "row 4, column `item`: `x7` is not an integer" in error and error.startswith("E503")


def test_unreadable_number_of_a_condition_with_its_row(shop: Project) -> None:
    shop.text("log.csv", LOG.replace("2,12,7,4", "2,12,7,four"))
    assert "row 4, column `rating`: `four` is not a number" in one(shop.errors(DATA))


def test_the_column_of_a_value_is_named_whatever_else_the_file_holds(shop: Project) -> None:
    shop.text("log.csv", "other,more,rating,item,time,user\n0,0,5,7,1,1\n0,0,5,x7,2,1\n")
    error = one(shop.errors(DATA, FEATURES.replace("item: {vocab: auto}", "item: {vocab: 100}", 1)))
    assert "row 3, column `item`: `x7`" in error


def test_times_that_are_text(project: Project) -> None:
    project.parquet(user=[1, 1], time=["noon", "night"], item=[1, 2], rating=[1, 5])
    used = ("item", "behaviors.item", "click")
    error = one(project.errors(DATA.replace("log.csv", "log.parquet"), used=used))
    assert error.startswith("E503 column `time` is string, neither a number nor a timestamp")


def test_a_row_with_too_many_values(shop: Project) -> None:
    shop.text("log.csv", LOG.replace("2,12,7,4", "2,12,7,4,4"))
    assert "row 4 has 5 values instead of 4: `2,12,7,4,4`" in one(shop.errors(DATA))


def test_a_headerless_file_counts_from_its_first_line(shop: Project) -> None:
    shop.text("log.csv", LOG.split("\n", 1)[1].replace("2,12", "2,x"))
    error = one(shop.errors(DATA + "\ncsv: {columns: [user, time, item, rating]}"))
    assert "row 3, column `time`: `x`" in error


def test_missing_user_value(shop: Project) -> None:
    shop.text("log.csv", LOG.replace("2,12", ",12"))
    error = one(shop.errors(DATA))
    assert "`log.csv`, row 4 has no `user`" in error and "`where: user != null`" in error
    assert shop.dataset(DATA + "\nwhere: user != null").splits["train"].rows == 3


def test_missing_value_of_a_feature_and_its_default(shop: Project) -> None:
    shop.text("log.csv", LOG.replace("1,11,8,3", "1,11,8,"))
    features = FEATURES + "stars: {vocab: 6, column: rating}\n"
    used = ("stars", "item", "click")
    assert "column `rating` has no value in `log.csv`, row 3" in one(shop.errors(DATA, features, used=used))
    dataset = shop.dataset(DATA, features.replace("column: rating", "column: rating, default: 2"), used=used)
    (batch,) = dataset.splits["train"].batches(10)
    assert batch["stars"].tolist() == [5, 2, 4, 1]  # type: ignore[union-attr]


@pytest.mark.parametrize(("item", "help"), [("900", "vocab: 901"), ("-3", "vocab: auto")])
def test_id_outside_its_table(shop: Project, item: str, help: str) -> None:
    shop.text("log.csv", LOG.replace("2,12,7", f"2,12,{item}"))
    error = one(
        shop.errors(DATA, FEATURES.replace("item: {vocab: auto}", "item: {vocab: 100}", 1), used=("item", "click"))
    )
    assert error.startswith(f"E504 id {item} of column `item` in `log.csv`, row 4") and help in error


def test_position_outside_its_table(shop: Project) -> None:
    shop.text("log.csv", "user,time,item,rating\n" + "".join(f"1,{i},{i},{i % 5 + 1}\n" for i in range(9)))
    features = FEATURES.replace("max_len: 3, ", "").replace("position: from_end", "position: from_end, vocab: 8")
    dataset, report = shop.open(DATA, features, used=("behaviors.position", "click"))
    assert dataset is None and [d.code for d in report.errors] == ["E504"]
    assert "reach 8" in report.errors[0].message and "vocab: 9" in report.errors[0].help


def test_labels_that_are_not_binary(shop: Project) -> None:
    data = DATA.replace("label: {click: rating >= 4}", "")
    error = one(shop.errors(data, labels="{click: {column: rating}}"))
    assert error.startswith("E505 label `click` is 5 in `log.csv`, row 2") and "at_least" in error


def test_labels_that_are_all_the_same(shop: Project) -> None:
    error = one(shop.errors(DATA.replace("rating >= 4", "rating >= 1")))
    assert error.startswith("E505 label `click` is 1 in all 4 training samples")


@pytest.mark.parametrize(
    ("change", "message", "marked"),
    [
        (("events", "where: rating > 9\nevents"), "`where: rating > 9` removes all 4", "rating > 9"),
        (("{label", "{min_history: 5, label"), "`min_history: 5` removes the last 4", "5"),
        (("label: {click: rating >= 4}", "positives: {where: item > 99}"), "`where: item > 99` removes", "item > 99"),
        (("leave_last, valid: 0, test: 0", "leave_last, valid: 1, test: 9"), "the split takes all 4", "leave_last"),
    ],
)
def test_what_removed_the_last_sample(shop: Project, change: tuple[str, str], message: str, marked: str) -> None:
    error = one(shop.errors(DATA.replace(*change)))
    assert error.startswith("E505") and message in error and marked in error.rpartition(" at ")[2]


def test_a_log_without_rows(shop: Project) -> None:
    shop.text("log.csv", "user,time,item,rating\n")
    assert "has no rows" in one(shop.errors(DATA))
    shop.text("log.csv", "")
    assert "Empty CSV file" in one(shop.errors(DATA))


def test_keys_that_exclude_each_other(shop: Project) -> None:
    shop.text("shown.csv", "user,time,item,click\n1,12,7,1\n2,14,8,0\n")
    samples = "samples: {from: shown.csv, positives: {}, negatives: {}}"
    errors = shop.errors(f"events: log.csv\n{samples}\nhistory: {{behaviour: {{}}}}")
    assert [e.split(" ")[0] for e in errors] == ["E101", "E101", "E208"]
    assert "`behaviors`" in errors[2]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("samples: {negatives: {}}", "`negatives` needs `positives`"),
        ("samples: {user: who}", "`user` needs `from`"),
        ("items: {flags: {genre: [a, b]}}", "`flags` needs `table`"),
        ("generate: {planted_interests: {users: 9}}\nroot: data", "`root` has no meaning beside `generate`"),
    ],
)
def test_keys_that_mean_nothing_alone_or_together(shop: Project, data: str, message: str) -> None:
    assert any(message in error for error in shop.errors(f"events: log.csv\n{data}"))


@pytest.mark.parametrize(
    "split", ["{by: time, valid: 0.5, test: 0.5}", "{by: leave_last, valid: 0.5}", "{by: user, test: 1}"]
)
def test_splits_that_make_no_sense(shop: Project, split: str) -> None:
    assert one(shop.errors(DATA.replace("{by: leave_last, valid: 0, test: 0}", split))).startswith("E106")


def test_text_and_numbers_for_one_user_column(shop: Project) -> None:
    shop.text("shown.csv", "user,time,item,click\nanna,12,7,1\nbob,14,8,0\n")
    error = one(shop.errors("events: log.csv\nsamples: {from: shown.csv}"))
    assert error.startswith("E503 column `user` is int64 in the events and string in the samples")


def test_files_that_do_not_agree(project: Project) -> None:
    project.parquet("a.parquet", user=[1], time=[1], item=[1], rating=[1])
    project.parquet("b.parquet", user=["x"], time=[1], item=[1], rating=[1])
    error = one(project.errors(DATA.replace("log.csv", "'*.parquet'")))
    assert error.startswith("E503 the files do not agree")


def test_dense_column_of_another_width(project: Project) -> None:
    project.parquet(user=[1, 1], time=[1, 2], item=[1, 2], rating=[1, 5], vector=[[1.0, 2.0], [1.0]])
    data = DATA.replace("log.csv", "log.parquet")
    error = one(project.errors(data, FEATURES + "vector: {dense: 2}\n", used=("vector", "click")))
    assert error.startswith("E503 column `vector`") and "a list of 2 numbers" in error


def test_a_feature_left_out_by_one_model_is_reported_to_the_next(shop: Project) -> None:
    features = FEATURES + "stars: {vocab: 3, column: rating}\n"
    assert shop.dataset(DATA, features).splits["train"].rows == 4
    dataset, report = shop.open(DATA, features, used=("stars", "click"))
    assert dataset is None and [d.code for d in report.errors] == ["E504"]


def test_a_cache_that_cannot_be_written(shop: Project) -> None:
    shop.text("cache", "a file, not a folder")
    dataset, report = shop.open(DATA)
    assert dataset is None and [d.code for d in report.errors] == ["E501"]
    assert "BLOCKREC_CACHE" in report.errors[0].help


def test_values_stay_what_they_are(project: Project) -> None:
    vectors = np.arange(8, dtype=np.float32).reshape(4, 2)
    project.parquet(user=[1, 1, 2, 2], time=[1, 2, 3, 4], item=[1, 2, 3, 4], rating=[1, 5, 5, 1], vector=list(vectors))
    dataset = project.dataset(
        DATA.replace("log.csv", "log.parquet"), FEATURES + "vector: {dense: 2}\n", used=("vector", "click")
    )
    (batch,) = dataset.splits["train"].batches(10)
    assert batch["vector"].tolist() == vectors.tolist()  # type: ignore[union-attr]
