"""The manual's preprocessing functions in plain queries; expected values are its examples.

The standard scaler's are not: its example is of the sample, BigQuery's answers of the population.

Pages: cloud.google.com/bigquery/docs/reference/standard-sql/bigqueryml-syntax-<function>.
"""

from __future__ import annotations

import math

import pytest
from google.api_core.exceptions import BadRequest

from emulator.ml.preprocessing import FUNCTIONS

ONE_TO_FIVE = "unnest([1, 2, 3, 4, 5]) as f"
WITH_NULL = "unnest([null, -3, 1, 2, 3, 4, 5]) as f"
CATEGORIES = "unnest([null, 'a', 'b', 'b', 'c', 'c', 'c', 'd', 'd']) as f"


@pytest.fixture
def values(ask):
    """Run `select f, <expression>` in the order of f and return the values."""

    def run(expression: str, source: str = "unnest([1]) as f") -> list:
        sql = f"select f, {expression} as output from {source} order by f"
        return [row["output"] for row in ask(sql)]

    return run


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("ml.bucketize(2.5, [1, 2, 3])", "bin_3"),
        ("ml.bucketize(2.5, [1, 2, 3], true)", "bin_2"),
        ("ml.bucketize(2.5, [1, 2, 3], false, 'bucket_ranges')", "[2, 3)"),
        ("ml.bucketize(2.5, [1, 2, 3], false, 'bucket_ranges_json')", '{"start": "2", "end": "3"}'),
        ("ml.ngrams(['a', 'b', 'c'], [2, 3], '#')", ["a#b", "a#b#c", "b#c"]),
        ("ml.normalizer([4.0, 1.0, 2.0, 2.0, 0.0])", [0.8, 0.2, 0.4, 0.4, 0.0]),
        ("ml.lp_norm([4.1, 0.5, 1.0], 2.0)", 4.2497058721751557),
        ("ml.lp_norm([3.0, 0.0, 2.5], 2.0)", 3.905124837953327),
        ("ml.distance([4.1, 0.5, 1.0], [3.0, 0.0, 2.5], 'EUCLIDEAN')", 1.926136028425822),
        (
            "ml.polynomial_expand(struct(2 as f1, 3 as f2))",
            {"f1": 2.0, "f1_f1": 4.0, "f1_f2": 6.0, "f2": 3.0, "f2_f2": 9.0},
        ),
        (
            "ml.feature_cross(struct('a' as f1, 'b' as f2, 'c' as f3))",
            {"f1_f2": "a_b", "f1_f3": "a_c", "f2_f3": "b_c"},
        ),
    ],
)
def test_scalar_examples_of_the_manual_hold(values, expression, expected):
    assert values(expression) == [expected]


def test_hash_buckets_are_those_of_the_manual(values):
    assert values("ml.hash_bucketize(f, 3)", "unnest(['a', 'b', 'c', 'd']) as f") == [0, 1, 1, 2]


def test_a_hash_without_buckets_is_the_fingerprint(values):
    assert values("ml.hash_bucketize('a', 0) = farm_fingerprint('a')") == [True]


@pytest.mark.parametrize(
    ("expression", "source", "expected"),
    [
        (
            "ml.standard_scaler(f) over()",
            ONE_TO_FIVE,
            [-math.sqrt(2), -math.sqrt(0.5), 0.0, math.sqrt(0.5), math.sqrt(2)],
        ),
        ("ml.min_max_scaler(f) over()", ONE_TO_FIVE, [0.0, 0.25, 0.5, 0.75, 1.0]),
        ("ml.max_abs_scaler(f) over ()", WITH_NULL, [None, -0.6, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (
            "ml.robust_scaler(f) over ()",
            WITH_NULL,
            [None, -1.6666666666666667, -1 / 3, 0.0, 1 / 3, 2 / 3, 1.0],
        ),
        (
            "ml.imputer(f, 'mean') over ()",
            "unnest([null, -3, -3, -3, 1, 2, 3, 4, 5]) as f",
            [0.75, -3.0, -3.0, -3.0, 1.0, 2.0, 3.0, 4.0, 5.0],
        ),
        (
            "ml.imputer(f, 'most_frequent') over ()",
            "unnest([null, null, null, null, 'a', 'a', 'b', 'b', 'c', 'c', 'c']) as f",
            ["c", "c", "c", "c", "a", "a", "b", "b", "c", "c", "c"],
        ),
        (
            "ml.quantile_bucketize(f, 3) over()",
            ONE_TO_FIVE,
            ["bin_1", "bin_2", "bin_2", "bin_3", "bin_3"],
        ),
        (
            "ml.quantile_bucketize(f, 3, 'bucket_ranges') over()",
            ONE_TO_FIVE,
            ["(-inf, 2)", "[2, 4)", "[2, 4)", "[4, +inf)", "[4, +inf)"],
        ),
        (
            "ml.quantile_bucketize(f, 3, 'bucket_ranges_json') over()",
            "unnest([1, 2, 3, 4, 5]) as f",
            [
                '{"start": "-Infinity", "end": "2"}',
                *['{"start": "2", "end": "4"}'] * 2,
                *['{"start": "4", "end": "Infinity"}'] * 2,
            ],
        ),
        ("ml.label_encoder(f, 2, 2) over ()", CATEGORIES, [0, 0, 1, 1, 2, 2, 2, 0, 0]),
        (
            "ml.one_hot_encoder(f, 'most_frequent', 10, 0) over ()",
            CATEGORIES,
            [
                [{"index": index, "value": 0.0 if index == 3 else 1.0}]
                for index in (0, 1, 2, 2, 3, 3, 3, 4, 4)
            ],
        ),
    ],
)
def test_analytic_examples_of_the_manual_hold(values, expression, source, expected):
    found = values(expression, source)

    if isinstance(expected[-1], float):
        expected = [None if one is None else pytest.approx(one, rel=1e-15) for one in expected]
    assert found == expected


def test_the_multi_hot_example_of_the_manual_holds(ask):
    rows = ask(
        """
        select f[offset(0)] as f0, ml.multi_hot_encoder(f, 3, 1) over () as output
        from (
            select ['a', 'b', 'b', 'c', null] as f
            union all
            select ['c', 'c', 'd', 'd', null] as f
        )
        order by f[offset(0)]
        """
    )

    assert [[one["index"] for one in row["output"]] for row in rows] == [[1, 2, 3, 0], [3, 0]]
    assert {one["value"] for row in rows for one in row["output"]} == {1.0}


@pytest.mark.parametrize(
    ("expression", "kind", "mode"),
    [
        ("ml.standard_scaler(year) over()", "FLOAT", "NULLABLE"),
        ("ml.imputer(year, 'median') over()", "FLOAT", "NULLABLE"),
        ("ml.imputer(fuel, 'most_frequent') over()", "STRING", "NULLABLE"),
        ("ml.bucketize(year, [2000])", "STRING", "NULLABLE"),
        ("ml.label_encoder(fuel) over()", "INTEGER", "NULLABLE"),
        ("ml.hash_bucketize(fuel, 7)", "INTEGER", "NULLABLE"),
        ("ml.one_hot_encoder(fuel) over()", "RECORD", "REPEATED"),
        ("ml.ngrams([fuel, box], 2)", "STRING", "REPEATED"),
        ("ml.lp_norm([year], 1)", "FLOAT", "NULLABLE"),
    ],
)
def test_output_types_are_those_of_the_manual(client, expression, kind, mode):
    rows = client.query(f"select {expression} as output from ml_wire.cars").result()

    (field,) = rows.schema
    assert (field.field_type, field.mode) == (kind, mode)
    if kind == "RECORD":
        assert [(one.name, one.field_type) for one in field.fields] == [
            ("index", "INTEGER"),
            ("value", "FLOAT"),
        ]


@pytest.mark.parametrize("function", ["standard", "min_max", "max_abs", "robust"])
def test_a_constant_column_of_zeros_becomes_zero_and_null_stays(values, function):
    found = values(f"ml.{function}_scaler(f) over()", "unnest([0, null, 0, 0]) as f")

    assert found == [None, 0.0, 0.0, 0.0]


def test_statistics_are_those_of_all_selected_rows(ask):
    (row,) = ask(
        """
        select max(abs(scaled - expected)) as worst, count(scaled) as n, countif(year is null) as z
        from (
            select year, ml.standard_scaler(year) over() as scaled,
                (year - avg(year) over ()) / stddev_pop(year) over () as expected
            from cars where box is not null
        )
        """
    )

    assert row["worst"] < 1e-9
    assert row["n"] > 0


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("f, [25, 75], false", [-1.0, 1 / 3, 2 / 3, 1.0, 4 / 3, 5 / 3]),
        ("f, [25, 75], true, false", [-5.0, -1.0, 0.0, 1.0, 2.0, 3.0]),
        ("f, [10, 90]", [-5 / 8, -1 / 8, 0.0, 1 / 8, 2 / 8, 3 / 8]),
    ],
)
def test_the_robust_scaler_takes_its_options(values, arguments, expected):
    found = values(f"ml.robust_scaler({arguments}) over()", "unnest([-3, 1, 2, 3, 4, 5]) as f")

    assert found == pytest.approx(expected, rel=1e-15)


def test_the_median_is_a_value_that_occurs(values):
    assert values("ml.imputer(f, 'median') over()", WITH_NULL)[0] == 2.0


def test_of_equally_frequent_values_the_smallest_is_imputed(values):
    assert values("ml.imputer(f, 'most_frequent') over()", WITH_NULL)[0] == -3.0


def test_a_category_is_kept_from_five_rows_on_by_default(values):
    source = "unnest(['a', 'a', 'a', 'a', 'b', 'b', 'b', 'b', 'b']) as f"

    assert values("ml.label_encoder(f) over()", source) == [0] * 4 + [1] * 5


@pytest.mark.parametrize(
    ("value", "expected"), [("null", None), ("1", "bin_2"), ("0.9", "bin_1"), ("9", "bin_4")]
)
def test_a_bucket_holds_its_lower_bound(values, value, expected):
    assert values(f"ml.bucketize({value}, [1, 2, 3])") == [expected]


def test_bounds_are_written_as_bigquery_writes_numbers(values):
    assert values("ml.bucketize(0, [-2.5, 4], false, 'bucket_ranges')") == ["[-2.5, 4)"]
    assert values("ml.bucketize(9, [2.5], false, 'bucket_ranges')") == ["[2.5, +inf)"]


def test_crosses_of_degree_three_hold_those_of_two(values):
    (found,) = values("ml.feature_cross(struct('a' as x, 'b' as y, 'c' as z), 3)")

    assert found == {"x_y": "a_b", "x_y_z": "a_b_c", "x_z": "a_c", "y_z": "b_c"}


def test_features_take_the_names_of_their_columns(ask):
    (row,) = ask("select ml.polynomial_expand(struct(c.year, 2 as n), 1) as o from cars c limit 1")

    assert list(row["o"]) == ["year", "n"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("[3, -4], 1", 7.0),
        ("[3, -4], 0", 2.0),
        ("[3, -4], cast('+inf' as float64)", 4.0),
        ("cast(null as array<float64>), 2", None),
    ],
)
def test_norms_of_every_degree(values, arguments, expected):
    assert values(f"ml.lp_norm({arguments})") == [expected]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("[1, 2], [4, 6]", 5.0),
        ("[1, 2], [4, 6], 'MANHATTAN'", 7.0),
        ("[1, 0], [1, 1], 'COSINE'", 1 - math.sqrt(0.5)),
        ("[1, 2], cast(null as array<int64>)", None),
    ],
)
def test_distances_of_every_type(values, arguments, expected):
    (found,) = values(f"ml.distance({arguments})")

    assert found == (None if expected is None else pytest.approx(expected, rel=1e-15))


def test_calls_stand_in_the_data_of_a_table_function(ask):
    rows = ask(
        "select predicted_price, band from ml.predict(model price, (select *, "
        "ml.bucketize(year, [2005, 2015]) as band, ml.imputer(year, 'mean') over() as filled "
        "from cars))"
    )

    assert len(rows) == 800
    assert {row["band"] for row in rows} <= {None, "bin_1", "bin_2", "bin_3"}


def test_a_scalar_call_takes_an_analytic_one(values):
    found = values("ml.bucketize(ml.min_max_scaler(f) over(), [0.5])", ONE_TO_FIVE)

    assert found == ["bin_1", "bin_1", "bin_2", "bin_2", "bin_2"]


@pytest.mark.parametrize(
    ("expression", "same_as"),
    [
        ("ml.quantile_bucketize(f, cast(3 as int64)) over()", "3"),
        ("ml.quantile_bucketize(f, (3)) over()", "3"),
        ("ml.quantile_bucketize(f, int64 '3') over()", "3"),
        ("ml.quantile_bucketize(f, -(-3)) over()", "3"),
        ("ml.quantile_bucketize(f, 1 + 2) over()", "3"),
        ("ml.quantile_bucketize(f, cast(@count as int64), string 'bucket_names') over()", "3"),
    ],
)
def test_a_constant_argument_may_be_an_expression(ask, expression, same_as):
    call = "select f, {} as o from unnest([1, 2, 3, 4, 5]) as f order by f"

    plain = ask(call.format(f"ml.quantile_bucketize(f, {same_as}) over()"))
    assert ask(call.format(expression), count=3.0) == plain


def test_constant_arrays_and_words_may_be_typed(values):
    plain = values("ml.robust_scaler(f, [10, 90], false) over()", ONE_TO_FIVE)
    typed = "ml.robust_scaler(f, array<int64>[10, (90)], cast(false as bool)) over()"

    assert values(typed, ONE_TO_FIVE) == plain
    assert values("ml.ngrams(['a', 'b'], array<int64>[1, 2], string '-')") == [["a", "a-b", "b"]]


def test_constants_of_a_transform_clause_may_be_typed(ask):
    ask(
        "create or replace model typed_constants transform("
        "ml.quantile_bucketize(f, cast(2 as int64)) over() as b, "
        "ml.robust_scaler(f, array<int64>[10, 90]) over() as r) "
        "options(model_type = 'transform_only') as select f from unnest([1, 2, 3]) as f"
    )

    (row,) = ask("select * from ml.transform(model typed_constants, (select 1 as f))")
    assert (row["b"], row["r"]) == ("bin_1", -0.5)


def test_a_variable_may_be_a_constant_argument(ask):
    rows = ask(
        "declare n int64 default 2; select ml.quantile_bucketize(f, n) over() as b "
        "from unnest([1, 2]) as f order by f"
    )

    assert [row["b"] for row in rows] == ["bin_1", "bin_1"]


NOT_FINITE = "(select cast(x as float64) as f from unnest(['1', '2', '{}']) as x)"


@pytest.mark.parametrize(
    ("function", "value", "expected"),
    [
        ("standard", "nan", ["nan"] * 3),
        ("standard", "inf", ["nan"] * 3),
        ("min_max", "nan", ["nan"] * 3),
        ("min_max", "inf", ["0.0", "0.0", "nan"]),
        ("min_max", "-inf", ["nan"] * 3),
        ("max_abs", "inf", ["0.0", "0.0", "nan"]),
        ("max_abs", "nan", ["nan"] * 3),
    ],
)
def test_what_is_no_number_goes_through_the_formula(ask, function, value, expected):
    rows = ask(f"select f, ml.{function}_scaler(f) over() as o from {NOT_FINITE.format(value)}")

    by_value = sorted((str(row["f"]), str(row["o"])) for row in rows)
    assert [one for key, one in by_value if key != value] == expected[:2]
    assert [one for key, one in by_value if key == value] == expected[2:]


def test_a_clause_keeps_a_deviation_that_is_no_number(ask):
    ask(
        "create or replace model no_number transform(ml.standard_scaler(f) over() as z) "
        f"options(model_type = 'transform_only') as select f from {NOT_FINITE.format('nan')}"
    )

    (row,) = ask("select z from ml.transform(model no_number, (select 1.0 as f))")
    assert math.isnan(row["z"])


def test_no_bound_is_at_most_nan(values):
    assert values("ml.bucketize(cast('nan' as float64), [1, 2])") == ["bin_1"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("z > 0.4", [2, 3]),
        ("z > 0.4 and l > 2", [3]),
        ("l > 1", [2, 3]),
        ("l > 1 and rank() over (order by f) < 3", [2]),
        ("ml.label_encoder(cast(f as string), 10, 1) over () = 1", [1]),
    ],
)
def test_qualify_takes_the_alias_of_an_analytic_function(ask, condition, expected):
    rows = ask(
        "select f, ml.min_max_scaler(f) over () as z, ml.label_encoder(cast(f as string), 10, 1) "
        f"over () as l from unnest([1, 2, 3]) as f qualify {condition} order by f"
    )

    assert [row["f"] for row in rows] == expected


def test_having_takes_the_alias_of_a_scalar_function(ask):
    (row,) = ask(
        "select ml.bucketize(f, [2, 3]) as b, count(*) as n from unnest([1, 2, 2]) as f "
        "group by b having b = 'bin_2'"
    )

    assert row == {"b": "bin_2", "n": 2}


def test_a_view_computes_its_statistics_when_it_is_read(ask):
    ask("create table grows as select 1 as f union all select 3")
    ask("create view scaled as select f, ml.min_max_scaler(f) over() as s from grows")
    ask("insert into grows values (5)")

    assert [row["s"] for row in ask("select s from scaled order by f")] == [0.0, 0.5, 1.0]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("ml.standard_scaler(f)", "ML.STANDARD_SCALER is an analytic function.*empty OVER"),
        ("ml.standard_scaler(f) over(partition by f)", "empty OVER"),
        ("ml.min_max_scaler(f) over(order by f)", "empty OVER"),
        ("ml.bucketize(f, [1]) over()", "ML.BUCKETIZE is a scalar function"),
        ("ml.standard_scaler(f, 1) over()", "takes 1 argument.*found 2"),
        ("ml.bucketize(f)", "takes 2 to 4 argument.*found 1"),
        ("ml.standard_scaler(ml.imputer(f, 'mean') over()) over()", "argument of another one"),
        ("ml.quantile_bucketize(f, 0) over()", 'num_buckets is "0", expected an INT64 from 1'),
        ("ml.quantile_bucketize(f, f) over()", 'num_buckets is "f", expected a constant INT64'),
        ("ml.hash_bucketize('a', -1)", 'hash_bucket_size is "-1"'),
        ("ml.bucketize(f, [1], f = 1)", "exclude_boundaries .* expected TRUE or FALSE"),
        ("ml.bucketize(f, [1], true, 'names')", "output_format .*'names'.*'bucket_names'"),
        ("ml.bucketize(f, [1, cast('inf' as float64)])", "must be finite"),
        ("ml.bucketize('a', [1])", "^400 ML.BUCKETIZE needs a numerical expression, found STRING"),
        ("ml.imputer(f, 'modal') over()", "strategy .*'mean', 'median', 'most_frequent'"),
        ("ml.imputer('a', 'mean') over()", "ML.IMPUTER needs a numerical expression, found STRING"),
        ("ml.robust_scaler(f, [75, 25]) over()", "quantile_range"),
        ("ml.robust_scaler(f, [0, 50]) over()", 'quantile_range is "0"'),
        ("ml.label_encoder(f) over()", "ML.LABEL_ENCODER needs a STRING expression, found INT64"),
        ("ml.standard_scaler(date '2020-01-01') over()", "ML.STANDARD_SCALER needs .*found DATE"),
        ("ml.min_max_scaler(timestamp '2020-01-01') over()", "needs .*found TIMESTAMP"),
        ("ml.max_abs_scaler(f > 1) over()", "ML.MAX_ABS_SCALER needs .*found BOOL"),
        ("ml.robust_scaler(s) over()", "ML.ROBUST_SCALER needs .*found STRUCT"),
        ("ml.quantile_bucketize(json '1', 2) over()", "ML.QUANTILE_BUCKETIZE .*found JSON"),
        ("ml.bucketize(['a'], [1])", "ML.BUCKETIZE needs .*found ARRAY<STRING>"),
        ("ml.bucketize(f, 1)", "ML.BUCKETIZE needs an array of numbers, found INT64"),
        ("ml.bucketize(f, [])", "array_split_points must hold at least one number"),
        ("ml.bucketize(f, [2, 1])", "array_split_points must be in order, lowest to highest"),
        ("ml.bucketize(f, [1, null])", "must be finite"),
        ("ml.imputer(date '2020-01-01', 'most_frequent') over()", "or STRING expression, found DA"),
        ("ml.imputer(true, 'most_frequent') over()", "ML.IMPUTER needs .*found BOOL"),
        ("ml.hash_bucketize(b'a', 2)", "ML.HASH_BUCKETIZE needs a STRING .*found BYTES"),
        ("ml.multi_hot_encoder('a') over()", "ML.MULTI_HOT_ENCODER needs an ARRAY<STRING>.*STRING"),
        ("ml.multi_hot_encoder([f]) over()", "needs an ARRAY<STRING>.*found ARRAY<INT64>"),
        ("ml.ngrams('a b', 2)", "ML.NGRAMS needs an ARRAY<STRING> expression, found STRING"),
        ("ml.ngrams([1, 2], 2)", "ML.NGRAMS needs an ARRAY<STRING> expression, found ARRAY<INT64>"),
        ("ml.normalizer([1, null, 3])", "ML.NORMALIZER: the vector has a NULL element"),
        ("ml.lp_norm([1.0], 'x')", "ML.LP_NORM needs a numerical expression, found STRING"),
        ("ml.lp_norm([date '2020-01-01'], 1)", "array of numbers, found ARRAY<DATE>"),
        ("ml.quantile_bucketize(f, @nope) over()", 'num_buckets is "@nope"'),
        ("ml.label_encoder('a', 1000001) over()", "top_k"),
        ("ml.one_hot_encoder('a', 'first') over()", "drop .*'none', 'most_frequent'"),
        ("ml.ngrams(['a'], [3, 2])", "range"),
        ("ml.ngrams(['a'], 0)", 'range is "0"'),
        ("ml.polynomial_expand(struct(1 as a), 5)", "degree is .*from 1 to 4"),
        ("ml.polynomial_expand(struct(1))", "has no name"),
        ("ml.polynomial_expand(struct(1 as a, 2 as A))", "duplicate feature names"),
        ("ml.feature_cross(struct('a' as x, 'b' as y), 1)", "degree is .*from 2 to 4"),
        ("ml.feature_cross(struct(1 as x, 'b' as y))", "needs a STRING expression"),
        ("ml.feature_cross(s)", "not emulated"),
        ("ml.lp_norm([1.0], 0.5)", "degree of a norm"),
        ("ml.normalizer(['a'])", "array of numbers"),
        ("ml.distance([1], [1, 2])", "same length"),
        ("ml.distance([1], [1], 'HAMMING')", "'EUCLIDEAN', 'MANHATTAN', 'COSINE'"),
        ("ml.distance([0], [1], 'COSINE')", "zero vector"),
        ("ml.distance([('a', 1.0)], [('a', 2.0)])", "not emulated"),
    ],
)
def test_mistakes_are_named(ask, expression, message):
    with pytest.raises(BadRequest, match=message):
        source = "unnest([1, 2]) as f, unnest([struct('a' as x)]) as s"
        ask(f"select {expression} as output from {source}")


@pytest.mark.parametrize(
    "name",
    "BAG_OF_WORDS TF_IDF CONVERT_COLOR_SPACE CONVERT_IMAGE_TYPE DECODE_IMAGE RESIZE_IMAGE"
    " GENERATE_TEXT".split(),
)
def test_text_and_image_functions_are_refused_by_name(ask, name):
    with pytest.raises(BadRequest, match=f"ML.{name} is not emulated"):
        ask(f"select ml.{name.lower()}(f) over() as output from unnest(['a']) as f")


def test_the_names_are_those_of_the_manual_once_each():
    names = [function.name for function in FUNCTIONS]

    assert len(names) == len(set(names)) == 17


ENCODED = (
    "ml.label_encoder(w, 1000, 1) over () as label, ml.one_hot_encoder(w, 'most_frequent', 1000, "
    "1) over () as hot, ml.multi_hot_encoder(ws, 1000, 1) over () as hots"
)


def test_encoders_take_many_rows_and_categories(ask):
    rows = (
        "select n, concat('w', cast(mod(n, 700) as string)) as w, "
        "['b', concat('a', cast(mod(n, 90) as string)), 'b', null] as ws "
        "from unnest(generate_array(0, 59999)) as n"
    )
    ask(f"create or replace table many_words as {rows}")
    found = ask(
        f"select n, label, hot[offset(0)].index as one, hots from (select n, {ENCODED} "
        "from many_words) where mod(n, 7001) = 0 order by n"
    )
    words = sorted(f"w{n}" for n in range(700))
    elements = [*sorted(f"a{n}" for n in range(90)), "b"]

    assert len(found) == 9
    for row in found:
        word, element = f"w{row['n'] % 700}", f"a{row['n'] % 90}"
        assert row["label"] == row["one"] == words.index(word) + 1
        assert [one["index"] for one in row["hots"]] == [
            elements.index("b") + 1, elements.index(element) + 1, 0,
        ]  # fmt: skip


@pytest.mark.parametrize(
    "source",
    [
        "from letters as l where l.w != 'z'",
        "from letters as l join (select 'a' as w union all select 'b') as k using (w)",
        "from letters as l, unnest(l.ws) as element where element = 'q' and w < 'c'",
        "from (select * from letters) as l where exists (select 1 from unnest(['a', 'b']) as o "
        "where o = l.w)",
    ],
)
def test_encoders_see_the_rows_of_their_own_query(ask, source):
    ask(
        "create or replace table letters as select 'a' as w, ['p', 'q'] as ws union all "
        "select 'b', ['q', 'r'] union all select 'b', ['q'] union all select 'z', ['y']"
    )
    found = ask(f"with used as (select {ENCODED}, w {source}) select * from used order by w")

    assert [row["label"] for row in found] == [{"a": 1, "b": 2}[row["w"]] for row in found]
    assert {one["value"] for row in found if row["w"] == "b" for one in row["hot"]} == {0.0}
    assert max(one["index"] for row in found for one in row["hots"]) == 3


def test_encoders_stand_beside_a_grouping(ask):
    found = ask(
        "select upper(w) as word, count(*) as n, ml.label_encoder(upper(w), 10, 1) over () as "
        "label, ml.label_encoder(max(w), 10, 1) over () as top from unnest(['b', 'a', 'b']) as w "
        "group by 1 order by word"
    )

    assert [tuple(row.values()) for row in found] == [("A", 1, 1, 1), ("B", 2, 2, 2)]


def test_encoders_of_rows_that_change_are_refused(ask):
    with pytest.raises(BadRequest, match=r"drawn at random.*Write them to a table first"):
        ask("select ml.label_encoder(w) over () from unnest(['a']) as w where rand() < 2")
