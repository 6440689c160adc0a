"""BUCKETIZE, QUANTILE_BUCKETIZE, HASH_BUCKETIZE.

Buckets are [low, high), the first and last open to infinity; split points out of order are
refused. NULL has no bucket, and NaN, which no bound is at most, has the first. Quantiles that are
the least or greatest value split nothing and are left out. A hash is FARM_FINGERPRINT taken as
unsigned before the remainder: the manual's example holds with that alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from emulator.ml.preprocessing.arguments import Arguments, Function, call, macro

FORMATS = ("bucket_names", "bucket_ranges", "bucket_ranges_json")
MOST_BUCKETS = 10_000  # approximate: the manual names no limit
LARGEST = 2**63 - 1
MACROS = (
    macro(
        "bq_ml_split_points(points)",
        "case when points is null or len(points) = 0 then "
        "error('ML.BUCKETIZE: array_split_points must hold at least one number') "
        "when len(list_filter(points, lambda p: p is null or not isfinite(p))) > 0 then "
        "error('ML.BUCKETIZE: array_split_points must be finite numbers') "
        "when list_sort(points) <> points then "
        "error('ML.BUCKETIZE: array_split_points must be in order, lowest to highest') "
        "else points end",
    ),
    macro(
        "bq_ml_inner_quantiles(quantiles, low, high)",
        "list_sort(list_distinct(list_filter(quantiles, lambda q: q > low and q < high)))",
    ),
    macro(
        "bq_ml_number_text(x)",
        "case when x = trunc(x) and abs(x) < 1e15 then cast(cast(x as bigint) as varchar) "
        "else cast(x as varchar) end",
    ),
    macro(
        "bq_ml_bucket_text(i, points, form)",
        "case form when 'bucket_names' then 'bin_' || (i + 1) "
        "when 'bucket_ranges' then "
        "coalesce('[' || main.bq_ml_number_text(points[nullif(i, 0)]), '(-inf') || ', ' || "
        "coalesce(main.bq_ml_number_text(points[i + 1]), '+inf') || ')' "
        'else \'{"start": "\' || '
        "coalesce(main.bq_ml_number_text(points[nullif(i, 0)]), '-Infinity') || '\", \"end\": \"' "
        "|| coalesce(main.bq_ml_number_text(points[i + 1]), 'Infinity') || '\"}' end",
    ),
    macro(
        "bq_ml_bucket(x, points, form)",
        "list_transform([{x: x, points: points}], "
        "lambda bq_s: case when bq_s.x is not null then main.bq_ml_bucket_text("
        "case when isnan(bq_s.x) then 0 else len(list_filter(bq_s.points, lambda p: p <= bq_s.x)) "
        "end, bq_s.points, form) end)[1]",
    ),
    macro(
        "bq_ml_hash_bucket(h, n)",
        "case when n = 0 then h else "
        "cast((cast(h as hugeint) + case when h < 0 then 18446744073709551616 else 0 end) % n "
        "as bigint) end",
    ),
)


def _bucketize(arguments: Arguments, _: Sequence[exp.Expr]) -> exp.Expr:
    points = call("bq_ml_split_points", call("bq_ml_as_vector", arguments[1], arguments.function))
    if arguments.boolean(2, "exclude_boundaries", False):
        points = call("list_slice", points, 2, -2)
    form = arguments.choice(3, "output_format", FORMATS)
    return call("bq_ml_bucket", arguments.number(0), points, form)


def _quantiles(arguments: Arguments) -> tuple[exp.Expr, ...]:
    count = arguments.integer(1, "num_buckets", 1, 1, MOST_BUCKETS)
    split = [i / count for i in range(1, count)] or [0.0]  # of one bucket: splits nothing
    ranks = exp.Array(expressions=[exp.convert(rank) for rank in split])
    x = arguments.number(0)
    quantiles = call("quantile_disc", x, ranks)
    return quantiles, exp.Min(this=x.copy()), exp.Max(this=x.copy())


def _points(_: Arguments, aggregates: Sequence[exp.Expr]) -> tuple[exp.Expr, ...]:
    return (call("bq_ml_inner_quantiles", *aggregates),)


def _quantile_bucketize(arguments: Arguments, statistics: Sequence[exp.Expr]) -> exp.Expr:
    form = arguments.choice(2, "output_format", FORMATS)
    return call("bq_ml_bucket", arguments.number(0), *statistics, form)


def _hash_bucketize(arguments: Arguments, _: Sequence[exp.Expr]) -> exp.Expr:
    size = arguments.integer(1, "hash_bucket_size", 0, 0, LARGEST)
    return call("bq_ml_hash_bucket", call("FARM_FINGERPRINT", arguments.text(0)), size)


FUNCTIONS = (
    Function("BUCKETIZE", 2, 4, _bucketize, constants=(2, 3)),
    Function(
        "QUANTILE_BUCKETIZE", 2, 3, _quantile_bucketize, _quantiles, _points, constants=(1, 2)
    ),
    Function("HASH_BUCKETIZE", 2, 2, _hash_bucketize, constants=(1,)),
)
