"""The section `data:`: where events come from and how samples are made; every default is written here only."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

_FORMS = "e.g. `data: {events: log.csv}`, or `data: {train: rows.parquet}`"
_INSTEAD = ("events", "train", "valid", "test", "synthetic")
"""Keys one of which has to be there."""
_CONDITION = "a condition on the columns of a row, e.g. `rating >= 4 and category != null`"


def _object(description: str, properties: Schema, **more: Any) -> Schema:
    return {
        "type": "object",
        "description": description,
        "additionalProperties": False,
        "properties": properties,
        **more,
    }


def _text(description: str, **more: Any) -> Schema:
    return {"type": "string", "minLength": 1, "description": description, **more}


def _count(description: str, minimum: int = 1, **more: Any) -> Schema:
    return {"type": "integer", "minimum": minimum, "description": description, **more}


def _number(description: str, default: float, minimum: float = 0, **more: Any) -> Schema:
    return {"type": "number", "minimum": minimum, "default": default, "description": description, **more}


def _names(description: str) -> Schema:
    return {"type": "array", "items": {"type": "string"}, "minItems": 1, "description": description}


def _files(description: str) -> Schema:
    return {**_names(description), "type": ["string", "array"], "minLength": 1}


CSV: Schema = _object(
    "How a CSV file is written; Parquet and Arrow files need none of it.",
    {
        "delimiter": _text("What stands between two values: a character, or several, e.g. `::`.", default=","),
        "columns": _names("Names of the columns, for a file whose first line is data already."),
        "encoding": _text("Character encoding, e.g. `latin-1`.", default="utf-8"),
        "text": _names("Columns that are text though their values look like numbers: `007`, `1e5`."),
        "quoted": {
            "type": "boolean",
            "default": True,
            "description": "Whether a value may stand in double quotes; if not, a quote is a character like others.",
        },
        "lists": _text("What stands between the values of one list, in columns that are read as lists, e.g. `|`."),
    },
)

WORDS: Schema = {
    "type": "object",
    "description": "New columns, each a part of another one: the first genre of `Comedy|Drama`, the last word of a "
    "description, the first element of a list.",
    "additionalProperties": _object(
        "One part of a column; null if there is none.",
        {
            "column": _text("Column of texts or lists."),
            "separator": _text("What stands between the parts of a text.", default=" "),
            "take": {"enum": ["first", "last"], "default": "first", "description": "Which of the parts."},
        },
        required=["column"],
    ),
}

PLANTED: Schema = _object(
    "A log with a known truth. A behaviour of category b at place p from the end matters to a target of category c by "
    "exp(temp · ⟨A_c, A_b⟩ − lam · log p); what it then says about the click is ⟨R_b, R_c⟩.",
    {
        "users": _count("Number of users.", default=20_000),
        "items": _count("Number of items.", minimum=2, default=4000),
        "categories": _count("Number of categories.", minimum=2, default=100),
        "groups": _count("Categories of one group are relevant to each other.", default=10),
        "history": _count("Behaviours that decide a click: the newest so many.", default=50),
        "impressions": _count("Impressions a user.", default=8),
        "width": _count("Width of the vectors A and R.", default=8),
        "interests": _count("Categories that a user is interested in at a time.", default=4),
        "stay": _number("Probability that an interest stays as it is over one behaviour.", 0.85, maximum=1),
        "temp": _number("Sharpness of the relevance.", 6.0),
        "lam": _number("Decay of the relevance with the place from the end.", 0.5),
        "conflict": _number("1: R is independent of A; 0: R equals A.", 1.0, maximum=1),
        "scale": _number("Steepness of the click probability.", 4.0),
        "item_noise": _number("Size of an item's own part beside its category's.", 0.5),
        "seed": _count("Seed of everything drawn.", minimum=0, default=0),
    },
)

SIZED: Schema = _object(
    "A log of the size that DARE was published with: users come back to categories of their interests, which change.",
    {
        "users": _count("Number of users.", default=86_232),
        "items": _count("Number of items; each is clicked.", default=4_068_791),
        "categories": _count("Number of categories.", default=9_408),
        "least": _count("The fewest clicks of a user.", default=210),
        "mean": _count("The mean number of clicks of a user.", default=310),
        "seed": _count("Seed of everything drawn.", minimum=0, default=0),
    },
)

MIND: Schema = _object(
    "MIND, a data set of news: impressions.parquet (user, time, item, click), events.parquet (user, time, item) of the "
    "histories, and news.parquet (item, category, subcategory).",
    {
        "behaviors": _files("The files behaviors.tsv, in the order of their time."),
        "news": _files("The files news.tsv."),
    },
    required=["behaviors", "news"],
)

ITEMS: Schema = _object(
    "Attributes that belong to an item, whoever meets it.",
    {
        "key": _text("Column of the item id in `table`, and in the log unless `item` says otherwise. Default: `item`."),
        "table": _text("File with one row an item, joined to events and samples by `key`."),
        "csv": CSV,
        "flags": {
            "type": "object",
            "description": "New columns of `table`: the index of the first column of a list whose value is not 0.",
            "additionalProperties": _names("The flag columns, in order."),
        },
        "words": WORDS,
        "attributes": _names(
            "Columns of the log that belong to the item: a sampled negative takes them from the item's last event in "
            "the training part. Default: the columns of `table`, else all that features read but user and time."
        ),
    },
)

POSITIVES: Schema = _object(
    "Events that are positive samples; `label` is 1 for them and 0 for the negatives drawn beside them.",
    {
        "where": _text(f"Only events that fulfil {_CONDITION}."),
        "last": _count("Only the last so many of a user."),
        "every": _count("Every n-th of them, counted back from the newest.", default=1),
        "newest": _count(
            "The newest so many are taken all, and `every` counts back from there: those that validate and test, say.",
            minimum=0,
            default=0,
        ),
        "label": _text("Name of the label column that is made.", default="click"),
    },
)

NEGATIVES: Schema = _object(
    "Items drawn for each positive, once for all epochs.",
    {
        "per_positive": _count("Number of negatives for each positive.", default=1),
        "by": {
            "enum": ["popularity", "uniform"],
            "default": "popularity",
            "description": "Drawn as often as an item occurs in the training part, or each of its items alike.",
        },
        "avoid": {
            "enum": ["seen", "target"],
            "default": "seen",
            "description": "Never an item that the user met at any time, or never the positive itself.",
        },
        "seed": _count("Seed of the draw.", minimum=0, default=0),
    },
)

SAMPLES: Schema = _object(
    "What is a sample: every event (the default), chosen events with sampled negatives, or rows of a file.",
    {
        "min_history": _count("Only samples with at least so many earlier events.", minimum=0, default=0),
        "label": {
            "type": "object",
            "description": "Label columns made from a row: name → condition.",
            "additionalProperties": {"type": "string", "description": f"1 where a row fulfils {_CONDITION}."},
        },
        "positives": POSITIVES,
        "negatives": NEGATIVES,
        "from": _text("File of impressions: one sample a row, joined to the events strictly before its time."),
        "user": _text("Column of the user in that file, read under its name in the log. Default: that name."),
        "time": _text("Column of the time in that file, read under its name in the log. Default: that name."),
        "csv": CSV,
    },
    default={},
)

DRAWN: Schema = _object(
    "Negatives of every sample, beside which it stands in a batch: the steps of the sequence features `negatives` "
    "(`sampled`) and `hard_negatives` (`hard`), whose fields describe items. Other than those of `samples.negatives`, "
    "they are no samples. Only items of the training part come.",
    {
        "sampled": _count("So many items for each sample, drawn anew in every epoch, independently of each other."),
        "by": {
            "enum": ["popularity", "uniform"],
            "default": "popularity",
            "description": "Drawn as often as an item occurs in the training part (to the power `alpha`), or all "
            "alike.",
        },
        "alpha": _number("Power of the popularity, e.g. 0.75: below 1 rare items are drawn more often.", 1),
        "avoid": {
            "enum": ["seen", "target", "none"],
            "default": "seen",
            "description": "Never an item that the user met in the training part, never the sample's own item, or any.",
        },
        "hard": _text("Column with a list of item ids, or one, for each sample: what was shown and not chosen, say."),
    },
)

SPLIT: Schema = _object(
    "How samples are divided into train, valid and test.",
    {
        "by": {
            "enum": ["time", "leave_last", "user", "random"],
            "description": "The latest samples of all (default of events), the last samples of each user, all samples "
            "of some users, or any (default of `train`).",
        },
        "valid": {
            "type": "number",
            "minimum": 0,
            "description": "Share of the samples (time, random) or users (user), default 0.1; samples a user "
            "(leave_last), 1.",
        },
        "test": {"type": "number", "minimum": 0, "description": "As `valid`."},
        "valid_from": {
            "type": ["number", "string"],
            "description": "Instead of a share (time): the moment from which samples validate, as the times are "
            "written: a number, or a date such as 2019-11-14 or 2019-11-14T12:00.",
        },
        "test_from": {
            "type": ["number", "string"],
            "description": "As `valid_from`, the moment from which samples test. Alone, it leaves `valid` a share of "
            "what is before.",
        },
        "seed": _count("Seed of the choice (user, random).", minimum=0, default=0),
    },
    default={},
)

DATA: Schema = _object(
    "Source of the samples: a log of events, from which histories are built as of each sample's time, or rows that are "
    "samples.",
    {
        "events": _files(
            "The log, one interaction a row: a CSV, JSON lines, Parquet or Arrow file, a glob, or a list of them."
        ),
        "train": _files(
            "Instead of `events`: samples that are ready, one a row, with lists as sequences; files as of `events`."
        ),
        "valid": _files("Rows that validate. With neither `valid` nor `test`, `split` takes them from `train`."),
        "test": _files("Rows that test."),
        "synthetic": _object(
            "Instead of files: random values of the types that the features declare. There is nothing to learn in "
            "them.",
            {
                "rows": _count("Number of samples.", default=20_000),
                "seed": _count("Seed of everything drawn.", minimum=0, default=0),
            },
        ),
        "root": _text(
            "Folder that the files are in, from the file that says so; `package:NAME` is the folder of an installed "
            "Python package, `fetched:NAME` that of a data set that `blockrec fetch NAME` got. Default: the folder of "
            "the file that names them."
        ),
        "how_to_get": _text("What to do if the files are not there; shown when they are missing."),
        "generate": _object(
            "Files made from parameters and kept in the cache: events.parquet; of `planted_interests` also "
            "impressions.parquet and truth.npz.",
            {"planted_interests": PLANTED, "taobao_sized": SIZED},
            minProperties=1,
            maxProperties=1,
        ),
        "convert": _object(
            "Tables made of published files that are none, and kept in the cache; other file names are those of the "
            "tables then.",
            {"mind": MIND},
            required=["mind"],
        ),
        "csv": CSV,
        "words": WORDS,
        "user": _text("Column of the user.", default="user"),
        "time": _text(
            "Column of the time: a number or a timestamp. Timestamps are read as microseconds since 1970.",
            default="time",
        ),
        "ties": {
            "enum": ["file", "shuffled", "ordered"],
            "default": "file",
            "description": "Order of a user's events of one moment: that of the file, or a random one, the same every "
            "time (a log sorted by item inside each basket would make the last item of a basket a special one). None "
            "of them is in the history of another one, unless they are `ordered`: then the file tells what came first "
            "where the times do not, as in a log of days.",
        },
        "item": _text("Column of the item id. Default: `items.key`, else `item`."),
        "items": ITEMS,
        "where": _text(f"Only events that fulfil {_CONDITION}."),
        "min_events": _object(
            "Only events of users and items that have enough of them, counted after `where` and again until all have: "
            "published preparations call it the 5-core, or n-core.",
            {
                "user": _count("The fewest events of a user.", default=1),
                "item": _count(
                    "The fewest events of an item; events without one are left out if it is not 1.", default=1
                ),
            },
            minProperties=1,
        ),
        "history": {
            "type": "object",
            "description": "What enters the history of a sequence feature: its name → `where`.",
            "additionalProperties": _object(
                "Steps of one sequence.",
                {"where": _text(f"Only events that fulfil {_CONDITION}.")},
            ),
        },
        "samples": SAMPLES,
        "negatives": DRAWN,
        "split": SPLIT,
        "shuffle_histories": {
            "type": "boolean",
            "default": False,
            "description": "Control experiment: every sample gets the history of a sample of another user.",
        },
        "batch_size": _count("Samples a training step (without `batch_tokens`), and of an evaluation.", default=1024),
        "batch_tokens": _count(
            "Tokens a training step, about: a sample has one and one a step of its sequences, at most so many in all. "
            "Steps of long and of short histories then cost the same. Every batch has less than twice as many."
        ),
        "shuffle": {
            **_object(
                "A new order of the training samples in every epoch, of all alike (`true`), or block by block for data "
                "that are larger than memory.",
                {
                    "blocks": _count("Blocks whose samples are mixed; so many are read at a time.", default=16),
                    "rows": _count(
                        "Neighbouring samples of a block; the blocks come in a random order.", default=65536
                    ),
                },
            ),
            "type": ["boolean", "object"],
            "default": True,
        },
    },
    **{
        "if": {"anyOf": [{"required": [key]} for key in _INSTEAD]},
        "else": {"required": ["events"], "x-help": _FORMS, "x-instead": _INSTEAD},
        "x-help": _FORMS,
    },
)
