"""NORMALIZER, LP_NORM, DISTANCE.

Where the manual leaves it open: NULL elements do not count in a norm, a vector without length
stays as it is, NORMALIZER refuses NULL elements, since no array of a result may hold them, and
DISTANCE refuses them and the cosine of a zero vector, as BigQuery's COSINE_DISTANCE does.
DISTANCE of ARRAY<STRUCT> is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from emulator.ml.preprocessing.arguments import Arguments, Function, call, macro

TYPES = ("EUCLIDEAN", "MANHATTAN", "COSINE")
MACROS = (
    macro(
        "bq_ml_as_vector(v, f)",
        "case when typeof(v) like 'STRUCT%[]' then error('A vector of STRUCT in ML.' || f || ' is "
        "not emulated by the local BigQuery ML engine. Use an array of numbers.') "
        "when typeof(v) = '\"NULL\"' or typeof(v) like '%[]' "
        "and main.bq_ml_is_number(typeof(v)[:-3]) then try_cast(v as double[]) "
        "else error('ML.' || f || ' needs an array of numbers, found ' "
        "|| main.bq_ml_type(typeof(v))) end",
    ),
    macro(
        "bq_ml_norm_of(v, p)",
        "case when v is null or p is null then null "
        "when p = 0 then cast(len(list_filter(v, lambda bq_e: bq_e <> 0)) as double) "
        "when isinf(p) and p > 0 "
        "then coalesce(list_max(list_transform(v, lambda bq_e: abs(bq_e))), 0.0) "
        "when p = 2 then sqrt(coalesce(list_sum(list_transform(v, lambda bq_e: bq_e * bq_e)), 0)) "
        "when p >= 1 and not isnan(p) then "
        "pow(coalesce(list_sum(list_transform(v, lambda bq_e: pow(abs(bq_e), p))), 0), 1 / p) "
        "else error('ML.LP_NORM and ML.NORMALIZER: the degree of a norm must be 0, at least 1 or "
        "infinity, found ' || p) end",
    ),
    macro(
        "bq_ml_normalize(v, p)",
        "list_transform([{v: v, n: main.bq_ml_norm_of(v, p)}], lambda bq_s: case when "
        "len(list_filter(bq_s.v, lambda bq_e: bq_e is null)) > 0 "
        "then error('ML.NORMALIZER: the vector has a NULL element') "
        "else list_transform(bq_s.v, lambda bq_e: "
        "bq_e / case when bq_s.n = 0 then 1 else bq_s.n end) end)[1]",
    ),
    macro(
        "bq_ml_distance_of(a, b, kind)",
        "case when a is null or b is null then null "
        "when len(a) <> len(b) then error('ML.DISTANCE: the vectors have ' || len(a) || ' and ' "
        "|| len(b) || ' elements; they must have the same length') "
        "when len(list_filter(a, lambda bq_e: bq_e is null)) "
        "+ len(list_filter(b, lambda bq_e: bq_e is null)) > 0 "
        "then error('ML.DISTANCE: a vector has a NULL element') "
        "when kind = 'EUCLIDEAN' then list_distance(a, b) "
        "when kind = 'MANHATTAN' then coalesce(list_sum(list_transform(range(1, len(a) + 1), "
        "lambda i: abs(a[i] - b[i]))), 0.0) "
        "when main.bq_ml_norm_of(a, 2.0) = 0 or main.bq_ml_norm_of(b, 2.0) = 0 "
        "then error('ML.DISTANCE: the cosine distance of a zero vector is not defined') "
        "else list_cosine_distance(a, b) end",
    ),
)


def _vector(arguments: Arguments, index: int) -> exp.Expr:
    return call("bq_ml_as_vector", arguments[index], arguments.function)


def _normalizer(arguments: Arguments, _: Sequence[exp.Expr]) -> exp.Expr:
    degree = arguments.number(1) if len(arguments.values) > 1 else exp.convert(2.0)
    return call("bq_ml_normalize", _vector(arguments, 0), degree)


def _norm(arguments: Arguments, _: Sequence[exp.Expr]) -> exp.Expr:
    return call("bq_ml_norm_of", _vector(arguments, 0), arguments.number(1))


def _distance(arguments: Arguments, _: Sequence[exp.Expr]) -> exp.Expr:
    kind = arguments.choice(2, "type", TYPES)
    return call("bq_ml_distance_of", _vector(arguments, 0), _vector(arguments, 1), kind)


FUNCTIONS = (
    Function("NORMALIZER", 1, 2, _normalizer),
    Function("LP_NORM", 2, 2, _norm),
    Function("DISTANCE", 2, 3, _distance, constants=(2,)),
)
