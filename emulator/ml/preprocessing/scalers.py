"""STANDARD_SCALER, MIN_MAX_SCALER, MAX_ABS_SCALER, ROBUST_SCALER.

Each is (x - centre) / spread. Where the manual leaves it open: a spread of zero counts as 1, so
that a constant column becomes 0. What is no number goes through the formula: one NaN in a column
makes all of it NaN, and so does an infinity for STANDARD_SCALER. The standard deviation is the
population's, and a TRANSFORM clause keeps six digits of it and of the mean: that reproduces
BigQuery's recorded answers, and not the manual's example, which is of the sample. Quantiles are
values that occur (the first whose share of rows reaches the rank): the manual's example holds with
these, not with interpolated ones.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from emulator.ml.preprocessing.arguments import Arguments, Function, call, macro

MACROS = (
    macro(
        "bq_ml_scale(x, centre, spread)",
        "(x - centre) / case when coalesce(spread, 0) = 0 then 1 else spread end",
    ),
    macro(
        "bq_ml_unit(x)",
        "case when isnan(x) then x when x is not null then greatest(0.0, least(1.0, x)) end",
    ),
)


def _deviation(arguments: Arguments) -> tuple[exp.Expr, ...]:
    x = arguments.number(0)
    is_finite = call("isfinite", x)
    # DuckDB fails on the deviation of what is no number.
    finite = exp.If(this=is_finite, true=x.copy())
    others = exp.Count(this=exp.If(this=exp.Not(this=is_finite.copy()), true=exp.convert(1)))
    return exp.Avg(this=x.copy()), exp.StddevPop(this=finite), others


def _mean_and_deviation(_: Arguments, aggregates: Sequence[exp.Expr]) -> tuple[exp.Expr, ...]:
    mean, deviation, others = aggregates
    unknown = exp.cast(exp.Literal.string("nan"), "FLOAT64", dialect="bigquery")
    return mean, exp.If(this=others > 0, true=unknown, false=deviation)


def _range(arguments: Arguments) -> tuple[exp.Expr, ...]:
    return exp.Min(this=arguments.number(0)), exp.Max(this=arguments.number(0))


def _largest(arguments: Arguments) -> tuple[exp.Expr, ...]:
    return (exp.Max(this=exp.Abs(this=arguments.number(0))),)


def _quantiles(arguments: Arguments) -> tuple[exp.Expr, ...]:
    ranks = (0.5, *(percent / 100 for percent in _quantile_range(arguments)))
    return tuple(call("quantile_disc", arguments.number(0), rank) for rank in ranks)


def _standard(arguments: Arguments, statistics: Sequence[exp.Expr]) -> exp.Expr:
    return call("bq_ml_scale", arguments.number(0), *statistics)


def _min_max(arguments: Arguments, statistics: Sequence[exp.Expr]) -> exp.Expr:
    low, high = statistics
    spread = exp.Sub(this=high, expression=low.copy())
    return call("bq_ml_unit", call("bq_ml_scale", arguments.number(0), low, spread))


def _max_abs(arguments: Arguments, statistics: Sequence[exp.Expr]) -> exp.Expr:
    return call("bq_ml_scale", arguments.number(0), 0, *statistics)


def _robust(arguments: Arguments, statistics: Sequence[exp.Expr]) -> exp.Expr:
    median, low, high = statistics
    centre = median if arguments.boolean(2, "with_median", True) else exp.convert(0)
    scaled = arguments.boolean(3, "with_quantile_range", True)
    spread = exp.Sub(this=high, expression=low) if scaled else exp.convert(1)
    return call("bq_ml_scale", arguments.number(0), centre, spread)


def _quantile_range(arguments: Arguments) -> tuple[int, int]:
    if len(arguments.values) < 2:
        return 25, 75
    bounds = arguments.pair(1)
    if bounds is None:
        raise arguments.bad(1, "quantile_range", "an array of two INT64, such as [25, 75]")
    low = bounds.integer(0, "quantile_range", 25, 1, 98)
    return low, bounds.integer(1, "quantile_range", 75, low + 1, 99)


FUNCTIONS = (
    Function("STANDARD_SCALER", 1, 1, _standard, _deviation, _mean_and_deviation, digits=6),
    Function("MIN_MAX_SCALER", 1, 1, _min_max, _range),
    Function("MAX_ABS_SCALER", 1, 1, _max_abs, _largest),
    Function("ROBUST_SCALER", 1, 4, _robust, _quantiles, constants=(1, 2, 3)),
)
