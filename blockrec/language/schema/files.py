"""Files of `data:` as others wrote them: CSV, words inside of columns, published data sets."""

from __future__ import annotations

from blockrec.language.schema.parts import Schema, closed, files, names, text

CSV: Schema = closed(
    "How a CSV file is written; Parquet and Arrow files need none of it.",
    {
        "delimiter": text("What stands between two values: a character, or several, e.g. `::`.", default=","),
        "columns": names("Names of the columns, for a file whose first line is data already."),
        "encoding": text("Character encoding, e.g. `latin-1`.", default="utf-8"),
        "text": names("Columns that are text though their values look like numbers: `007`, `1e5`."),
        "quoted": {
            "type": "boolean",
            "default": True,
            "description": "Whether a value may stand in double quotes; if not, a quote is a character like others.",
        },
        "lists": text("What stands between the values of one list, in columns that are read as lists, e.g. `|`."),
    },
)

WORDS: Schema = {
    "type": "object",
    "description": "New columns, each a part of another one: the first genre of `Comedy|Drama`, the last word of a "
    "description, the first element of a list.",
    "additionalProperties": closed(
        "One part of a column; null if there is none.",
        {
            "column": text("Column of texts or lists."),
            "separator": text("What stands between the parts of a text.", default=" "),
            "take": {"enum": ["first", "last"], "default": "first", "description": "Which of the parts."},
        },
        required=["column"],
    ),
}

MIND: Schema = closed(
    "MIND, a data set of news: impressions.parquet (user, time, item, click), events.parquet (user, time, item) of the "
    "histories, and news.parquet (item, category, subcategory).",
    {
        "behaviors": files("The files behaviors.tsv, in the order of their time."),
        "news": files("The files news.tsv."),
    },
    required=["behaviors", "news"],
)
