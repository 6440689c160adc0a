"""IMPUTER: NULL becomes the mean, the median or the most frequent value.

Where the manual leaves it open: the median is a value that occurs, the lower of two; of several
most frequent values the smallest is taken. The most frequent value keeps the column's type,
where BigQuery returns FLOAT64 for every number.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from emulator.ml.preprocessing.arguments import Arguments, Function, call, macro

MACROS = (
    macro(
        "bq_ml_imputable(x, f)",
        "case when typeof(x) = 'VARCHAR' or main.bq_ml_is_number(typeof(x)) then x else error("
        "'ML.' || f || ' needs a numerical or STRING expression, found ' "
        "|| main.bq_ml_type(typeof(x))) end",
    ),
)
STRATEGIES = ("mean", "median", "most_frequent")


def _aggregates(arguments: Arguments) -> tuple[exp.Expr, ...]:
    strategy = arguments.choice(1, "strategy", STRATEGIES)
    if strategy == "mean":
        return (exp.Avg(this=arguments.number(0)),)
    if strategy == "median":
        return (call("quantile_disc", arguments.number(0), 0.5),)
    value = _number_or_text(arguments)
    # In this order mode() meets the smallest of equally frequent values first.
    ordered = exp.Order(this=value, expressions=[exp.Ordered(this=value.copy())])
    return (call("mode", ordered),)


def _write(arguments: Arguments, statistics: Sequence[exp.Expr]) -> exp.Expr:
    numeric = arguments.choice(1, "strategy", STRATEGIES) != "most_frequent"
    value = arguments.number(0) if numeric else _number_or_text(arguments)
    return exp.Coalesce(this=value, expressions=list(statistics))


def _number_or_text(arguments: Arguments) -> exp.Expr:
    return call("bq_ml_imputable", arguments[0], arguments.function)


FUNCTIONS = (Function("IMPUTER", 2, 2, _write, _aggregates, constants=(1,)),)
