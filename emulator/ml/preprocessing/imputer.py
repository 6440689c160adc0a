"""IMPUTER: NULL becomes the mean, the median or the most frequent value.

Where the manual leaves it open: the median is a value that occurs, the lower of two; of several
most frequent values the smallest is taken. The most frequent value keeps the column's type,
where BigQuery returns FLOAT64 for every number.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from emulator.ml.preprocessing.arguments import Arguments, Function, call, number

STRATEGIES = ("mean", "median", "most_frequent")


def _aggregates(arguments: Arguments) -> tuple[exp.Expr, ...]:
    strategy = arguments.choice(1, "strategy", STRATEGIES)
    if strategy == "mean":
        return (exp.Avg(this=number(arguments[0])),)
    if strategy == "median":
        return (call("quantile_disc", number(arguments[0]), 0.5),)
    # In this order mode() meets the smallest of equally frequent values first.
    ordered = exp.Order(this=arguments[0], expressions=[exp.Ordered(this=arguments[0])])
    return (call("mode", ordered),)


def _write(arguments: Arguments, statistics: Sequence[exp.Expr]) -> exp.Expr:
    numeric = arguments.choice(1, "strategy", STRATEGIES) != "most_frequent"
    value = number(arguments[0]) if numeric else arguments[0]
    return exp.Coalesce(this=value, expressions=list(statistics))


FUNCTIONS = (Function("IMPUTER", 2, 2, _write, _aggregates),)
