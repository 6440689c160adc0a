"""LABEL_ENCODER, ONE_HOT_ENCODER, MULTI_HOT_ENCODER.

The vocabulary is the `top_k` most frequent categories (ties in alphabetical order), sorted;
index 0 is NULL and everything else. MULTI_HOT_ENCODER counts the rows that hold a category, not
how often they do: its example in the manual holds with that alone. Its indices come in the order
of the array, each once; a NULL array counts as one NULL.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from emulator.ml.preprocessing.arguments import Arguments, Function, call, macro

# The manual says less than 1,000,000; bigframes sends 1,000,000 and BigQuery takes it.
MOST_CATEGORIES = 1_000_000
LARGEST = 2**63 - 1
MACROS = (
    macro(
        "bq_ml_frequent(counts, k, least)",
        "list_transform(list_sort(list_transform(list_filter(map_entries(counts), "
        "lambda bq_e: bq_e.value >= least), "
        "lambda bq_e: {n: -cast(bq_e.value as bigint), c: bq_e.key}))[1:k], "
        "lambda bq_e: bq_e.c)",
    ),
    macro(
        "bq_ml_vocabulary(counts, k, least)",
        "list_sort(main.bq_ml_frequent(counts, k, least))",
    ),
    macro("bq_ml_most_frequent(counts)", "main.bq_ml_frequent(counts, 1, 1)[1]"),
    macro(
        "bq_ml_label(x, vocabulary)",
        "coalesce(list_position(vocabulary, x), 0)",
    ),
    macro(
        "bq_ml_one_hot(x, vocabulary, dropped)",
        "[{'index': cast(main.bq_ml_label(x, vocabulary) as bigint), 'value': "
        "case when x = dropped and main.bq_ml_label(x, vocabulary) > 0 "
        "then 0.0 else 1.0 end::double}]",
    ),
    macro(
        "bq_ml_rows_with(rows)",
        "list_aggregate(flatten(list_transform(rows, lambda r: list_distinct(r))), 'histogram')",
    ),
    macro(
        "bq_ml_multi_hot(x, vocabulary)",
        # No lambda: DuckDB takes no subquery in one, and the vocabulary may be one.
        "coalesce((select list({'index': found, 'value': 1.0::double} order by place) from ("
        "select cast(coalesce(list_position(vocabulary, element), 0) as bigint) as found, "
        "min(place) as place from (select unnest(coalesce(x, [null])) as element, "
        "unnest(range(len(coalesce(x, [null])))) as place) group by 1)), [])",
    ),
)


def _vocabulary(arguments: Arguments, first: int) -> tuple[int, int]:
    return (
        arguments.integer(first, "top_k", 32_000, 1, MOST_CATEGORIES),
        arguments.integer(first + 1, "frequency_threshold", 5, 0, LARGEST),
    )


def _counts(arguments: Arguments) -> tuple[exp.Expr, ...]:
    return (call("histogram", arguments.text(0)),)


def _rows(arguments: Arguments) -> tuple[exp.Expr, ...]:
    return (call("list", arguments.texts(0)),)


def _kept(arguments: Arguments, counts: exp.Expr, first: int) -> exp.Expr:
    return call("bq_ml_vocabulary", counts, *_vocabulary(arguments, first))


def _categories(arguments: Arguments, aggregates: Sequence[exp.Expr]) -> tuple[exp.Expr, ...]:
    return (_kept(arguments, aggregates[0], 1),)


def _categories_and_dropped(
    arguments: Arguments, aggregates: Sequence[exp.Expr]
) -> tuple[exp.Expr, ...]:
    drops = arguments.choice(1, "drop", ("none", "most_frequent")) == "most_frequent"
    dropped: exp.Expr = exp.cast(exp.null(), "STRING", dialect="bigquery")
    if drops:
        dropped = call("bq_ml_most_frequent", aggregates[0].copy())
    return _kept(arguments, aggregates[0], 2), dropped


def _elements(arguments: Arguments, aggregates: Sequence[exp.Expr]) -> tuple[exp.Expr, ...]:
    return (_kept(arguments, call("bq_ml_rows_with", aggregates[0]), 1),)


def _label(arguments: Arguments, statistics: Sequence[exp.Expr]) -> exp.Expr:
    return call("bq_ml_label", arguments.text(0), *statistics)


def _one_hot(arguments: Arguments, statistics: Sequence[exp.Expr]) -> exp.Expr:
    return call("bq_ml_one_hot", arguments.text(0), *statistics)


def _multi_hot(arguments: Arguments, statistics: Sequence[exp.Expr]) -> exp.Expr:
    return call("bq_ml_multi_hot", arguments.texts(0), *statistics)


FUNCTIONS = (
    Function(
        *("LABEL_ENCODER", 1, 3, _label, _counts, _categories), collects=True, constants=(1, 2)
    ),
    Function(
        *("ONE_HOT_ENCODER", 1, 4, _one_hot, _counts, _categories_and_dropped),
        collects=True,
        constants=(1, 2, 3),
    ),
    Function(
        *("MULTI_HOT_ENCODER", 1, 3, _multi_hot, _rows, _elements), collects=True, constants=(1, 2)
    ),
)
