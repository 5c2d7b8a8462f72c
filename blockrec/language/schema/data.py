"""The section `data:`: where events come from and how samples are made; every default is written here only."""

from __future__ import annotations

from blockrec.language.schema.files import CSV, MIND, WORDS
from blockrec.language.schema.generated import PLANTED, SIZED
from blockrec.language.schema.parts import Schema, closed, files, names, number, text, whole
from blockrec.language.schema.tree import TREE

_FORMS = "e.g. `data: {events: log.csv}`, or `data: {train: rows.parquet}`"
_INSTEAD = ("events", "train", "valid", "test", "synthetic")
"""Keys one of which has to be there."""
_CONDITION = "a condition on the columns of a row, e.g. `rating >= 4 and category != null`"


ITEMS: Schema = closed(
    "Attributes that belong to an item, whoever meets it.",
    {
        "key": text("Column of the item id in `table`, and in the log unless `item` says otherwise. Default: `item`."),
        "table": text("File with one row an item, joined to events and samples by `key`."),
        "csv": CSV,
        "flags": {
            "type": "object",
            "description": "New columns of `table`: the index of the first column of a list whose value is not 0.",
            "additionalProperties": names("The flag columns, in order."),
        },
        "words": WORDS,
        "attributes": names(
            "Columns of the log that belong to the item: a sampled negative takes them from the item's last event in "
            "the training part. Default: the columns of `table`, else all that features read but user and time."
        ),
    },
)

USERS: Schema = closed(
    "Attributes that belong to a user, joined to the samples.",
    {
        "key": text("Column of the user in `table`. Default: `user`."),
        "table": text("File with one row a user."),
        "csv": CSV,
        "flags": {
            "type": "object",
            "description": "New columns of `table`: the index of the first column of a list whose value is not 0.",
            "additionalProperties": names("The flag columns, in order."),
        },
        "words": WORDS,
    },
    required=["table"],
)

POSITIVES: Schema = closed(
    "Events that are positive samples; `label` is 1 for them and 0 for the negatives drawn beside them.",
    {
        "where": text(f"Only events that fulfil {_CONDITION}."),
        "last": whole("Only the last so many of a user."),
        "every": whole("Every n-th of them, counted back from the newest.", default=1),
        "newest": whole(
            "The newest so many are taken all, and `every` counts back from there: those that validate and test, say.",
            minimum=0,
            default=0,
        ),
        "label": text("Name of the label column that is made.", default="click"),
    },
)

NEGATIVES: Schema = closed(
    "Items drawn for each positive, once for all epochs.",
    {
        "per_positive": whole("Number of negatives for each positive.", default=1),
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
        "seed": whole("Seed of the draw.", minimum=0, default=0),
    },
)

SAMPLES: Schema = closed(
    "What is a sample: every event (the default), chosen events with sampled negatives, or rows of a file.",
    {
        "min_history": whole("Only samples with at least so many earlier events.", minimum=0, default=0),
        "label": {
            "type": "object",
            "description": "Label columns made from a row: name → condition.",
            "additionalProperties": {"type": "string", "description": f"1 where a row fulfils {_CONDITION}."},
        },
        "positives": POSITIVES,
        "negatives": NEGATIVES,
        "from": text("File of impressions: one sample a row, joined to the events strictly before its time."),
        "user": text("Column of the user in that file, read under its name in the log. Default: that name."),
        "time": text("Column of the time in that file, read under its name in the log. Default: that name."),
        "csv": CSV,
    },
    default={},
)

DRAWN: Schema = closed(
    "Negatives of every sample, beside which it stands in a batch: the steps of the sequence features `negatives` "
    "(`sampled`) and `hard_negatives` (`hard`), whose fields describe items. Other than those of `samples.negatives`, "
    "they are no samples. Only items of the training part come.",
    {
        "sampled": whole("So many items for each sample, drawn anew in every epoch, independently of each other."),
        "by": {
            "enum": ["popularity", "uniform"],
            "default": "popularity",
            "description": "Drawn as often as an item occurs in the training part (to the power `alpha`), or all "
            "alike.",
        },
        "alpha": number("Power of the popularity, e.g. 0.75: below 1 rare items are drawn more often.", 1),
        "avoid": {
            "enum": ["seen", "target", "none"],
            "default": "seen",
            "description": "Never an item that the user met in the training part, never the sample's own item, or any.",
        },
        "hard": text("Column with a list of item ids, or one, for each sample: what was shown and not chosen, say."),
    },
)

SPLIT: Schema = closed(
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
        "seed": whole("Seed of the choice (user, random).", minimum=0, default=0),
    },
    default={},
)

DATA: Schema = closed(
    "Source of the samples: a log of events, from which histories are built as of each sample's time, or rows that are "
    "samples.",
    {
        "events": files(
            "The log, one interaction a row: a CSV, JSON lines, Parquet or Arrow file, a glob, or a list of them."
        ),
        "train": files(
            "Instead of `events`: samples that are ready, one a row, with lists as sequences; files as of `events`."
        ),
        "valid": files("Rows that validate. With neither `valid` nor `test`, `split` takes them from `train`."),
        "test": files("Rows that test."),
        "synthetic": closed(
            "Instead of files: random values of the types that the features declare. There is nothing to learn in "
            "them.",
            {
                "rows": whole("Number of samples.", default=20_000),
                "seed": whole("Seed of everything drawn.", minimum=0, default=0),
            },
        ),
        "root": text(
            "Folder that the files are in, from the file that says so; `package:NAME` is the folder of an installed "
            "Python package, `fetched:NAME` that of a data set that `blockrec fetch NAME` got. Default: the folder of "
            "the file that names them."
        ),
        "how_to_get": text("What to do if the files are not there; shown when they are missing."),
        "generate": closed(
            "Files made from parameters and kept in the cache: events.parquet; of `planted_interests` also "
            "impressions.parquet and truth.npz.",
            {"planted_interests": PLANTED, "taobao_sized": SIZED},
            minProperties=1,
            maxProperties=1,
        ),
        "convert": closed(
            "Tables made of published files that are none, and kept in the cache; other file names are those of the "
            "tables then.",
            {"mind": MIND},
            required=["mind"],
        ),
        "csv": CSV,
        "words": WORDS,
        "user": text("Column of the user.", default="user"),
        "time": text(
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
        "item": text("Column of the item id. Default: `items.key`, else `item`."),
        "items": ITEMS,
        "users": USERS,
        "where": text(f"Only events that fulfil {_CONDITION}."),
        "min_events": closed(
            "Only events of users and items that have enough of them, counted after `where` and again until all have: "
            "published preparations call it the 5-core, or n-core.",
            {
                "user": whole("The fewest events of a user.", default=1),
                "item": whole(
                    "The fewest events of an item; events without one are left out if it is not 1.", default=1
                ),
            },
            minProperties=1,
        ),
        "history": {
            "type": "object",
            "description": "What enters the history of a sequence feature: its name → `where`.",
            "additionalProperties": closed(
                "Steps of one sequence.",
                {"where": text(f"Only events that fulfil {_CONDITION}.")},
            ),
        },
        "samples": SAMPLES,
        "negatives": DRAWN,
        "tree": TREE,
        "split": SPLIT,
        "shuffle_histories": {
            "type": "boolean",
            "default": False,
            "description": "Control experiment: every sample gets the history of a sample of another user.",
        },
        "batch_size": whole("Samples a training step (without `batch_tokens`), and of an evaluation.", default=1024),
        "batch_tokens": whole(
            "Tokens a training step, about: a sample has one and one a step of its sequences, at most so many in all. "
            "Steps of long and of short histories then cost the same. Every batch has less than twice as many."
        ),
        "shuffle": {
            **closed(
                "A new order of the training samples in every epoch, of all alike (`true`), or block by block for data "
                "that are larger than memory.",
                {
                    "blocks": whole("Blocks whose samples are mixed; so many are read at a time.", default=16),
                    "rows": whole("Neighbouring samples of a block; the blocks come in a random order.", default=65536),
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
