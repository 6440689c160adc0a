"""The TRANSFORM clause and ML.TRANSFORM over the wire."""

import json

import pytest
from google.api_core.exceptions import BadRequest

CARS = "select * from cars"
LINEAR = "options(model_type = 'linear_reg', input_label_cols = ['price'])"


def test_statistics_are_those_of_the_training_rows(ask):
    ask(
        "create or replace model frozen transform(ml.min_max_scaler(year) over() as y) "
        "options(model_type = 'transform_only') as select * from cars"
    )

    (row,) = ask("select min(year) as low, max(year) as high from cars")
    rows = ask(
        "select year, y from ml.transform(model frozen, "
        "(select * from unnest([struct(2010 as year), struct(2100), struct(null)])))"
    )
    by_year = {one["year"]: one["y"] for one in rows}
    assert by_year[2010] == pytest.approx((2010 - row["low"]) / (row["high"] - row["low"]))
    assert by_year[2100] == 1.0
    assert by_year[None] is None


def test_a_model_with_the_clause_is_one_trained_on_its_query(ask):
    clause = "fuel, year * 2 as twice, log(mileage + 1) as far, price"
    ask(f"create or replace model inside transform({clause}) {LINEAR} as select * from cars")
    ask(f"create or replace model outside {LINEAR} as select {clause} from cars")

    inside = ask("select * from ml.weights(model inside)")
    outside = ask("select * from ml.weights(model outside)")
    assert inside == outside
    assert ask("select * from ml.evaluate(model inside)") == ask(
        "select * from ml.evaluate(model outside)"
    )
    predicted = ask(
        "select predicted_price as p from ml.predict(model inside, "
        "(select fuel, year, mileage from cars)) order by p"
    )
    expected = ask(
        f"select predicted_price as p from ml.predict(model outside, (select {clause} from cars)) "
        "order by p"
    )
    assert [row["p"] for row in predicted] == [row["p"] for row in expected]


def test_predictions_return_the_columns_that_were_given(ask):
    ask(
        "create or replace model rescaled transform(ml.standard_scaler(year) over() as year, "
        f"box, price) {LINEAR} as select * from cars"
    )

    (row,) = ask(
        "select * from ml.predict(model rescaled, (select 2015 as year, 'Manual' as box, 7 as id))"
    )
    assert list(row) == ["predicted_price", "year", "box", "id"]
    assert (row["year"], row["id"]) == (2015, 7)
    (explained,) = ask(
        "select * from ml.explain_predict(model rescaled, (select 2015 as year, 'Manual' as box))"
    )
    assert {one["feature"] for one in explained["top_feature_attributions"]} == {"year", "box"}


RAW = (
    "select mod(n, 5) as whole, if(mod(n, 4) = 0, null, n / 2) as x, ['a', 'b', null][offset("
    "mod(n, 3))] as word, [struct(mod(n, 7) as i, 1.0 as v)] as sparse, "
    "timestamp '2020-01-01' as moment, struct(n as inner_n) as s, 2 * n as y "
    "from unnest(generate_array(1, 60)) as n"
)


@pytest.mark.parametrize("kind", ["transform_only", "linear_reg"])
def test_feature_info_describes_the_columns_before_the_clause(ask, kind):
    label = "" if kind == "transform_only" else ", input_label_cols = ['y']"
    ask(
        "create or replace model summarised transform(x + whole as sum, ml.standard_scaler(x) "
        "over() as z, upper(word) as w, sparse, extract(year from moment) as year, "
        f"s.inner_n as n, y) options(model_type = '{kind}'{label}) as {RAW}"
    )
    info = {row["input"]: row for row in ask("select * from ml.feature_info(model summarised)")}
    (expected,) = ask(
        "select min(x) as min, max(x) as max, avg(x) as mean, stddev(x) as stddev, "
        f"15.0 as median, countif(x is null) as null_count from ({RAW})"
    )

    passing = ["y"] if kind == "transform_only" else []
    assert list(info) == ["whole", "x", "word", "sparse", "moment", "s_inner_n", *passing]
    assert {name: info["x"][name] for name in expected} == pytest.approx(expected)
    assert info["x"]["category_count"] is None and info["x"]["dimension"] is None
    assert (info["word"]["category_count"], info["word"]["null_count"]) == (2, 20)
    assert (info["word"]["mean"], info["sparse"]["dimension"]) == (None, 7)
    assert (info["s_inner_n"]["max"], info["moment"]["null_count"]) == (60, 0)


def test_feature_info_describes_columns_without_a_number(ask):
    ask(
        "create or replace model odd transform(ifnull(nothing, 1) as one, "
        "if(is_nan(x), 0, x) as x, y) options(model_type = 'linear_reg', "
        "input_label_cols = ['y']) as select cast(null as float64) as nothing, "
        "cast(x as float64) as x, at as y from unnest(['nan', '1', '2']) as x with offset as at"
    )
    nothing, odd = ask("select * from ml.feature_info(model odd)")

    assert (nothing["null_count"], nothing["mean"], nothing["stddev"]) == (3, None, None)
    assert (odd["min"], str(odd["mean"]), str(odd["stddev"])) == (1, "nan", "nan")


def test_importance_is_that_of_the_columns_before_the_clause(ask):
    options = "options(model_type = 'boosted_tree_regressor', input_label_cols = ['price'])"
    ask(
        "create or replace model grown transform(year * 2 as twice, year + mileage as both, "
        f"fuel, price) {options} as select * from cars"
    )
    found = {row["feature"]: row for row in ask("select * from ml.feature_importance(model grown)")}

    assert list(found) == ["fuel", "year", "mileage"]
    weights = [found[name]["importance_weight"] for name in ("year", "mileage")]
    assert weights[0] > weights[1] > 0  # `both` counts for each, `twice` for the year alone
    assert all(row["importance_gain"] > 0 and row["importance_cover"] > 0 for row in found.values())


def test_a_model_without_summaries_shows_what_its_clause_made(ask, local_cloud):
    ask(f"create or replace model aged transform(year * 2 as twice, price) {LINEAR} as {CARS}")
    (path,) = local_cloud.directory.rglob("models/**/aged.*.json")
    data = json.loads(path.read_text())
    del data["summaries"]
    path.write_text(json.dumps(data))

    assert ask("select input from ml.feature_info(model aged)") == [{"input": "twice"}]


def test_stars_take_leave_out_and_replace_columns(ask, client):
    ask(
        "create or replace model starred transform(* except (dear, segment) "
        "replace (upper(fuel) as fuel, ml.bucketize(mileage, [50000, 100000]) as mileage)) "
        f"{LINEAR} as select * from cars"
    )

    model = client.get_model("ml_wire.starred")
    assert [column.name for column in model.feature_columns] == ["fuel", "box", "year", "mileage"]
    rows = ask("select * from ml.transform(model starred, table cars)")
    assert {row["mileage"] for row in rows} == {"bin_1", "bin_2", "bin_3", None}
    assert {row["fuel"] for row in rows} == {"DIESEL", "ELECTRIC", "PETROL", None}
    assert "dear" in rows[0]  # an input that the clause does not make follows


def test_structs_and_sparse_arrays_train_a_model(ask):
    ask(
        "create or replace model crossed transform("
        "ml.polynomial_expand(struct(year, mileage)) as poly, "
        "ml.one_hot_encoder(fuel, 'none', 10, 0) over() as fuel, "
        "ml.ngrams([box, fuel], [1, 2]) as words, price) "
        f"{LINEAR} as select * from cars where fuel is not null and mileage is not null"
    )

    (row,) = ask("select r2_score from ml.evaluate(model crossed)")
    assert row["r2_score"] > 0.9
    names = [one["processed_input"] for one in ask("select * from ml.weights(model crossed)")]
    assert names[:3] == ["poly_year", "poly_year_year", "poly_year_mileage"]
    assert {"fuel", "words"} <= set(names)


def test_a_clause_takes_a_geography_apart(ask):
    ask(
        "create or replace model placed transform(st_x(place) as east, y) "
        "options(model_type = 'linear_reg', input_label_cols = ['y']) as "
        "select st_geogpoint(n, 1) as place, 2 * n as y from unnest([1, 2, 3, 4]) as n"
    )

    (row,) = ask(
        "select predicted_y, st_y(place) as north from ml.predict(model placed, "
        "(select st_geogpoint(5, 7) as place))"
    )
    assert (row["predicted_y"], row["north"]) == (pytest.approx(10), 7)


def test_the_resource_shows_the_clause(client, ask):
    ask(
        "create or replace model shown transform(ml.standard_scaler(year) over() as y, price) "
        f"{LINEAR} as select * from cars"
    )

    (inner,) = client.get_model("ml_wire.shown").feature_columns
    columns = client.get_model("ml_wire.shown").to_api_repr()["transformColumns"]
    assert (inner.name, inner.type.type_kind.name) == ("year", "INT64")
    assert [(one["name"], one["type"]["typeKind"]) for one in columns] == [
        ("y", "FLOAT64"), ("price", "FLOAT64"),
    ]  # fmt: skip
    assert columns[0]["transformSql"].lower() == "ml.standard_scaler(year) over ()"


def test_named_parameters_stand_in_the_clause_query(ask):
    ask(
        "create or replace model since transform(year, price) "
        f"{LINEAR} as select * from cars where year > @year",
        year=2015.0,
    )

    (row,) = ask("select min from ml.feature_info(model since)")
    assert row["min"] == 2016


@pytest.mark.parametrize(
    ("clause", "message"),
    [
        ("year + 1, price", 'a column without name: "year . 1"'),
        ("max(year) as y, price", "Aggregate functions are not allowed"),
        ("rank() over (order by year) as y, price", "not BigQuery ML's"),
        ("(select 1) as y, price", "Subqueries are not allowed"),
        ("nope, price", "Unrecognized name in the TRANSFORM clause: nope"),
        ("year", 'label column "price" must appear'),
        ("year, price * 2 as price", 'label column "price" must appear'),
        ("year, mileage as year, price", 'makes the column "year" twice'),
        ("ml.standard_scaler(year) as y, price", "is an analytic function"),
        ("ml.nope(year) as y, price", "ML.NOPE"),
        ("* except (nope)", 'Column "nope" of'),
        ("year.*, price", "not a STRUCT"),
        (") as y, price", "needs OPTIONS"),
        ("year +, price", "yntax error"),
        ("year + as y, price", r"Syntax error in TRANSFORM\(year \+ as y, price\)\.?[^\x1b]*$"),
        ("distinct year, price", "only a list of expressions"),
        ("year, price from cars where year > 2", "yntax error|only a list of expressions"),
        ("unnest([year]) as y, price", "UNNEST is not allowed"),
        ("ml_wire.fu(year) as y, price", "User-defined functions are not allowed"),
    ],
)
def test_what_bigquery_does_not_allow_is_refused(ask, clause, message):
    with pytest.raises(BadRequest, match=message):
        ask(f"create model never transform({clause}) {LINEAR} as select * from cars")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("select 'Manual' as box", 'misses the column "year" .INT64., which the TRANSFORM clause'),
        ("select '2015' as year, 'Manual' as box", 'Column "year" has type STRING'),
    ],
)
def test_an_input_without_a_column_of_the_clause_is_refused(ask, data, message):
    ask(f"create or replace model asks transform(year, box, price) {LINEAR} as select * from cars")

    with pytest.raises(BadRequest, match=message):
        ask(f"select * from ml.predict(model asks, ({data}))")


def test_models_and_clauses_must_fit_each_other(ask):
    with pytest.raises(BadRequest, match="TRANSFORM_ONLY model needs a TRANSFORM clause"):
        ask("create model never options(model_type = 'transform_only') as select * from cars")
    with pytest.raises(BadRequest, match="without a TRANSFORM clause"):
        ask("select * from ml.transform(model price, table cars)")
    ask(
        "create or replace model alone transform(year) options(model_type = 'transform_only') "
        "as select * from cars"
    )
    with pytest.raises(BadRequest, match="not supported for model type TRANSFORM_ONLY"):
        ask("select * from ml.predict(model alone, table cars)")


def test_every_encoder_keeps_its_vocabulary(ask):
    clause = (
        "ml.multi_hot_encoder(ws, 10, 1) over () as hots, "
        "ml.one_hot_encoder(w, 'most_frequent', 10, 1) over () as hot, "
        "ml.label_encoder(w, 10, 1) over () as label"
    )
    ask(
        f"create or replace model encoders transform({clause}) options(model_type = "
        "'transform_only') as select 'a' as w, ['p', 'q'] as ws union all select 'b', ['q', 'r'] "
        "union all select 'b', ['q']"
    )
    (row,) = ask("select * from ml.transform(model encoders, (select ['r', 'x'] as ws, 'b' as w))")

    assert row["hots"] == [{"index": 3, "value": 1.0}, {"index": 0, "value": 1.0}]
    assert (row["hot"], row["label"]) == ([{"index": 2, "value": 0.0}], 2)


def test_a_temporary_function_cannot_stand_in_the_clause(ask):
    with pytest.raises(BadRequest, match=r"User-defined functions are not allowed.*twice\(year\)"):
        ask(
            "create temp function twice(x int64) as (x * 2); create model never "
            f"transform(twice(year) as y, price) {LINEAR} as select * from cars"
        )
