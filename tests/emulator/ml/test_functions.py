"""The ML functions over the wire, by definitions and against each other."""

import math
from concurrent.futures import ThreadPoolExecutor

import pytest
from google.api_core.exceptions import BadRequest, NotFound

from tests.emulator.ml.conftest import DATASET


def test_predictions_come_first_then_every_input_column(client):
    rows = client.query(
        f"select * from ml.predict(model {DATASET}.segment, table {DATASET}.cars)"
    ).result()

    kinds = [(field.name, field.field_type, field.mode) for field in rows.schema]
    assert kinds[:3] == [
        ("predicted_segment", "INTEGER", "NULLABLE"),
        ("predicted_segment_probs", "RECORD", "REPEATED"),
        ("fuel", "STRING", "NULLABLE"),
    ]
    assert [field.name for field in rows.schema[1].fields] == ["label", "prob"]
    assert rows.schema[1].fields[0].field_type == "INTEGER"
    assert rows.total_rows == 800


def test_probabilities_add_up_and_the_highest_label_comes_first(ask):
    rows = ask("select * from ml.predict(model dear, table cars)")

    for row in rows:
        low, high = row["predicted_dear_probs"]
        assert (low["label"], high["label"]) == ("Low", "High")
        assert low["prob"] + high["prob"] == pytest.approx(1)
        assert row["predicted_dear"] == ("Low" if low["prob"] > 0.5 else "High")


def test_a_threshold_moves_the_border_between_two_classes(ask):
    rows = ask("select * from ml.predict(model dear, table cars, struct(0.9 as threshold))")

    assert {(r["predicted_dear_probs"][0]["prob"] > 0.9, r["predicted_dear"]) for r in rows} == {
        (True, "Low"),
        (False, "High"),
    }


def test_weights_reproduce_predictions_in_sql(ask):
    rows = ask(
        """
        with weights as (select * from ml.weights(model price)),
        categories as (
            select processed_input, one.category, one.weight
            from weights cross join unnest(category_weights) as one
        ),
        numbers as (select processed_input, weight from weights where weight is not null)
        select
            p.predicted_price as predicted,
            (select weight from numbers where processed_input = '__INTERCEPT__')
            + (select weight from numbers where processed_input = 'year') * p.year
            + (select weight from numbers where processed_input = 'mileage') * p.mileage
            + fuel.weight + box.weight as computed
        from ml.predict(model price, table cars) as p
        join categories as fuel
            on fuel.processed_input = 'fuel' and fuel.category = ifnull(p.fuel, '_null_filler')
        join categories as box on box.processed_input = 'box' and box.category = p.box
        where p.mileage is not null
        """
    )

    assert len(rows) > 700
    for row in rows:
        assert row["computed"] == pytest.approx(row["predicted"], rel=1e-12)


def test_standardised_weights_are_per_deviation(ask):
    plain = {r["processed_input"]: r for r in ask("select * from ml.weights(model price)")}
    standard = {
        r["processed_input"]: r
        for r in ask("select * from ml.weights(model price, struct(true as standardize))")
    }
    spread = ask("select stddev_pop(year) as spread from cars")[0]["spread"]

    year = plain["year"]["weight"] * spread
    assert standard["year"]["weight"] == pytest.approx(year)
    assert standard["fuel"]["category_weights"] == plain["fuel"]["category_weights"]


def test_weights_of_many_classes_name_their_class(ask):
    rows = ask("select * from ml.weights(model segment)")

    assert {row["class_label"] for row in rows} == {"0", "1", "2"}
    assert len(rows) == 3 * 5


def test_nulls_count_as_the_mean_and_unseen_categories_as_nothing(ask):
    mean = ask("select avg(mileage) as mean from cars")[0]["mean"]
    row = "'Manual' as box, 2020 as year"
    null, average, unseen, known = (
        ask(f"select * from ml.predict(model price, (select {text}, {row}))")[0]["predicted_price"]
        for text in (
            "'Diesel' as fuel, cast(null as float64) as mileage",
            f"'Diesel' as fuel, {mean!r} as mileage",
            "'Steam' as fuel, 0.0 as mileage",
            "'Diesel' as fuel, 0.0 as mileage",
        )
    )
    weights = ask("select * from ml.weights(model price)")[0]["category_weights"]

    assert null == pytest.approx(average)
    diesel = next(one["weight"] for one in weights if one["category"] == "Diesel")
    assert known - unseen == pytest.approx(diesel)


def test_evaluation_of_the_training_rows_is_what_training_stored(ask):
    for model in ("price", "dear", "segment"):
        stored = ask(f"select * from ml.evaluate(model {model})")[0]
        again = ask(f"select * from ml.evaluate(model {model}, table cars)")[0]

        assert list(stored) == list(again)
        for name, value in stored.items():
            assert again[name] == pytest.approx(value, rel=1e-12), name


def test_evaluation_without_rows_is_null(ask):
    rows = ask("select * from ml.evaluate(model price, (select * from cars where false))")

    assert set(rows[0].values()) == {None}


def test_the_confusion_matrix_counts_predictions(ask):
    matrix = {r["expected_label"]: r for r in ask("select * from ml.confusion_matrix(model dear)")}
    counted = ask(
        "select dear, predicted_dear, count(*) as n "
        "from ml.predict(model dear, table cars) group by 1, 2"
    )

    assert list(matrix["High"]) == ["expected_label", "High", "Low"]
    for row in counted:
        assert matrix[row["dear"]][row["predicted_dear"]] == row["n"]
    assert ask("select * from ml.confusion_matrix(model dear, table cars)") == ask(
        "select * from ml.confusion_matrix(model dear)"
    )


def test_the_columns_of_a_confusion_matrix_are_legal_names(ask):
    rows = ask("select * from ml.confusion_matrix(model segment)")

    assert list(rows[0]) == ["expected_label", "_0", "_1", "_2"]
    assert [row["expected_label"] for row in rows] == [0, 1, 2]


def test_the_roc_curve_is_what_its_thresholds_say(ask):
    rows = ask("select * from ml.roc_curve(model dear, table cars, generate_array(0.2, 0.8, 0.3))")
    chances = ask(
        "select dear, predicted_dear_probs[offset(0)].prob as chance "
        "from ml.predict(model dear, table cars)"
    )

    assert [row["threshold"] for row in rows] == pytest.approx([0.2, 0.5, 0.8])
    for row in rows:
        hits = [r["chance"] >= row["threshold"] for r in chances if r["dear"] == "Low"]
        alarms = [r["chance"] >= row["threshold"] for r in chances if r["dear"] == "High"]
        assert (row["true_positives"], row["false_negatives"]) == (sum(hits), hits.count(False))
        assert (row["false_positives"], row["true_negatives"]) == (
            sum(alarms),
            alarms.count(False),
        )
        assert row["recall"] == pytest.approx(sum(hits) / len(hits))
        assert row["false_positive_rate"] == pytest.approx(sum(alarms) / len(alarms))


def test_the_stored_roc_curve_runs_from_few_to_all(ask):
    rows = ask("select * from ml.roc_curve(model dear) order by threshold desc")

    assert len(rows) == 101
    assert rows[-1]["recall"] == 1.0 and rows[-1]["false_positive_rate"] == 1.0


@pytest.mark.parametrize("model", ["price", "dear", "segment"])
def test_attributions_and_baseline_add_up_to_the_prediction(ask, model):
    rows = ask(f"select * from ml.explain_predict(model {model}, table cars)")

    for row in rows:
        parts = row["top_feature_attributions"]
        total = row["baseline_prediction_value"] + sum(part["attribution"] for part in parts)
        assert total == pytest.approx(row["prediction_value"], rel=1e-9, abs=1e-9)
        sizes = [abs(part["attribution"]) for part in parts]
        assert sizes == sorted(sizes, reverse=True)
        if model == "dear":
            odds = math.log(row["probability"] / (1 - row["probability"]))
            assert odds == pytest.approx(row["prediction_value"], abs=1e-8)


def test_explanations_agree_with_predictions(ask):
    explained = ask(
        "select predicted_price from ml.explain_predict(model price, table cars,"
        " struct(2 as top_k_features)) order by 1"
    )
    predicted = ask("select predicted_price from ml.predict(model price, table cars) order by 1")

    assert [r["predicted_price"] for r in explained] == pytest.approx(
        [r["predicted_price"] for r in predicted], rel=1e-12
    )


def test_global_importance_is_the_mean_absolute_attribution(ask):
    stored = {
        row["feature"]: row["attribution"]
        for row in ask("select * from ml.global_explain(model price)")
    }
    counted = ask(
        "select one.feature, avg(abs(one.attribution)) as size "
        "from ml.explain_predict(model price, table cars) as e "
        "cross join unnest(e.top_feature_attributions) as one group by 1"
    )

    assert list(stored.values()) == sorted(stored.values(), reverse=True)
    for row in counted:
        assert stored[row["feature"]] == pytest.approx(row["size"], rel=1e-9)


def test_global_importance_by_class_names_each_class(ask):
    rows = ask(
        "select * from ml.global_explain(model segment, struct(true as class_level_explain))"
    )

    assert {row["class_name"] for row in rows} == {"0", "1", "2"}


def test_feature_info_describes_the_training_rows(ask):
    info = {row["input"]: row for row in ask("select * from ml.feature_info(model price)")}
    expected = ask(
        "select min(mileage) as min, max(mileage) as max, avg(mileage) as mean, "
        "stddev(mileage) as stddev, countif(mileage is null) as null_count from cars"
    )[0]

    assert {name: info["mileage"][name] for name in expected} == pytest.approx(expected)
    assert info["fuel"]["category_count"] == 3
    assert info["fuel"]["null_count"] > 0
    assert info["fuel"]["mean"] is None and info["mileage"]["category_count"] is None


def test_training_info_lists_the_iterations(ask):
    rows = ask("select * from ml.training_info(model dear) order by iteration")

    assert [row["iteration"] for row in rows] == list(range(len(rows)))
    assert [row["loss"] for row in rows] == sorted((r["loss"] for r in rows), reverse=True)
    assert {row["eval_loss"] for row in rows} == {None}
    assert rows[0]["learning_rate"] == 0.2


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*) as n from (select * from ml.predict(model price, table cars))",
        "with p as (select * from ml.predict(model price, table cars)) select count(*) as n from p",
        "with c as (select * from cars), p as (select * from ml.predict(model dear,"
        " (select * from ml.predict(model price, table c)))) select count(*) as n from p",
        "select count(*) as n from cars join ml.evaluate(model price) on true",
        "create or replace table made as select * from ml.predict(model price, table cars);"
        "select count(*) as n from made",
        "create or replace table kept (predicted_price float64);"
        "insert into kept select predicted_price from ml.predict(model price, table cars);"
        "select count(*) as n from kept",
        "declare newest int64 default 2100; create or replace table ml_wire.old as"
        " select * from ml_wire.cars where year < newest; select count(*) as n"
        " from ml.predict(model ml_wire.price, (select * from ml_wire.old where year < newest))",
    ],
    ids=["sub-query", "expression", "nested", "join", "create table", "insert", "script"],
)
def test_a_call_stands_wherever_a_table_may(ask, sql):
    assert ask(sql)[-1]["n"] == 800


def test_a_query_parameter_reaches_the_data(ask):
    rows = ask(
        "select count(*) as n from ml.predict(model price,"
        " (select * from cars where mileage < @most)) where mileage < @most",
        most=50_000.0,
    )

    assert rows == ask("select count(*) as n from cars where mileage < 50000")


@pytest.mark.parametrize(
    ("sql", "error", "message"),
    [
        ("select * from ml.predict(model nope, table cars)", NotFound, "Not found: Model .*nope"),
        ("select * from ml.predict(model price, table nope)", NotFound, "nope"),
        ("select * from ml.predict(model price)", BadRequest, "needs TABLE"),
        ("select * from ml.predict(model price, (select 1 as a))", BadRequest, '"fuel"'),
        (
            "select * from ml.predict(model price, (select * replace('x' as year) from cars))",
            BadRequest,
            '"year" has type STRING',
        ),
        (
            "select * from ml.predict(model price, table cars, struct(0.5 as threshold))",
            BadRequest,
            "binary classification",
        ),
        (
            "select * from ml.predict(model dear, table cars, struct(2.0 as threshold))",
            BadRequest,
            "Expected 0 to 1",
        ),
        (
            "select * from ml.predict(model dear, table cars, struct(2 as top))",
            BadRequest,
            "does not take the setting top",
        ),
        (
            "select * from ml.predict(model price, (select *, 1 as predicted_price from cars))",
            BadRequest,
            "predicted_price",
        ),
        (
            "select * from ml.evaluate(model price, (select * except(price) from cars))",
            BadRequest,
            'label column "price"',
        ),
        ("select * from ml.roc_curve(model segment)", BadRequest, "binary classification"),
        ("select * from ml.confusion_matrix(model price)", BadRequest, "classification models"),
        ("select * from ml.tf_idf(model price)", BadRequest, "ML.TF_IDF is not emulated"),
        ("select * from ml.nope(model price)", BadRequest, "not found: ML.NOPE"),
        (
            "select * from ml.trend(table cars, data_col => 'price', timestamp_col => 'year')",
            BadRequest,
            "ML.TREND is not emulated",
        ),
        ("select * from ml.get_insights(model price)", BadRequest, "ML.GET_INSIGHTS is not emul"),
    ],
)
def test_what_bigquery_refuses_is_refused(ask, sql, error, message):
    with pytest.raises(error, match=message):
        ask(sql)


@pytest.mark.parametrize(
    ("thresholds", "message"),
    [
        ("0.5", "thresholds of ML.ROC_CURVE: 0.5. Expected an array of numbers from 0 to 1"),
        ("cast(null as array<float64>)", "Expected an array of numbers from 0 to 1"),
        ("['a']", "from 0 to 1; 'a' is none"),
        ("[0.5, null]", "from 0 to 1; NULL is none"),
        ("[-0.1]", "from 0 to 1; -0.1 is none"),
        ("[0.5, 1.5]", "from 0 to 1; 1.5 is none"),
        ("generate_array(0, 2, 0.5)", "from 0 to 1; 1.5 is none"),
        ("generate_array(0, 1, 1e-9)", "more than 1048575 thresholds"),
        ("generate_array(0, nope)", "thresholds of ML.ROC_CURVE: nope. It cannot be computed"),
        ("[nope]", "nope. It cannot be computed"),
    ],
)
def test_thresholds_that_are_no_probabilities_are_refused(ask, thresholds, message):
    with pytest.raises(BadRequest, match=message):
        ask(f"select * from ml.roc_curve(model dear, table cars, {thresholds})")


@pytest.mark.parametrize(
    "threshold",
    ["@th", "0.45 + 0.45", "numeric '0.9'", "(0.9)", "cast('0.9' as float64)", "-(-0.9)"],
)
def test_a_setting_may_be_any_constant_expression(ask, threshold):
    call = "select predicted_dear, count(*) as n from ml.predict(model dear, table cars, struct({} "
    call += "as threshold)) group by 1 order by 1"

    assert ask(call.format(threshold), th=0.9) == ask(call.format("0.9"))


def test_a_setting_may_be_a_variable(ask):
    call = "select count(*) as n from ml.predict(model ml_wire.dear, table ml_wire.cars, struct({} "
    call += "as threshold)) where predicted_dear = 'High'"

    found = ask(f"declare th float64 default 0.9; {call.format('th')}")
    assert found == ask(call.format("0.9"))


def test_thresholds_may_be_any_constant_expression(ask):
    call = "select * from ml.roc_curve(model dear, table cars, {}) order by threshold"

    for thresholds in ("[@th, 0.8]", "array<float64>[0.2, 0.8]", "generate_array(@th, 0.8, 0.6)"):
        assert ask(call.format(thresholds), th=0.2) == ask(call.format("[0.2, 0.8]"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("nope as threshold", "threshold of ML.PREDICT: nope. It cannot be computed"),
        ("(select 0.5) as threshold", "ML.PREDICT: select 0.5. It cannot be"),
        ("null as threshold", "threshold of ML.PREDICT: NULL. Expected 0 to 1"),
        ("true as threshold", "threshold of ML.PREDICT: TRUE. Expected 0 to 1"),
        ("date '2020-01-01' as threshold", "ML.PREDICT: DATE '2020-01-01'. Expected 0 to"),
        ("[0.5] as threshold", r"threshold of ML.PREDICT: \[0.5\]. Expected 0 to 1"),
        ("0.5 as threshold, 0.6 as threshold", '"threshold" is given twice'),
    ],
)
def test_a_setting_that_does_not_fit_is_shown_as_it_was_written(ask, settings, message):
    with pytest.raises(BadRequest, match=message):
        ask(f"select * from ml.predict(model dear, table cars, struct({settings}))")


@pytest.mark.parametrize(
    "sql",
    [
        "select ml.predict(model price, table cars)",
        "select fuel, (ml.predict(model price, table cars)) as p from cars, unnest([1]) as n",
        "select count(*) from cars where year > abs(ml.predict(model price, table cars))",
    ],
)
def test_a_table_function_in_an_expression_is_told_to_be_one(ask, sql):
    with pytest.raises(BadRequest, match=r"ML\.PREDICT is a table function"):
        ask(sql)


def test_a_table_function_stands_behind_other_tables(ask):
    (row,) = ask(
        "select count(*) as n from unnest([1, 2]) as a join unnest([1]) as b on b = a, "
        "ml.evaluate(model price) as e"
    )

    assert row["n"] == 1


def test_a_model_without_dataset_is_called_a_model(client):
    with pytest.raises(BadRequest, match='Model "nope" must be qualified with a dataset'):
        client.query("select * from ml.weights(model nope)", job_retry=None).result()


def test_results_leave_nothing_behind(client, ask):
    ask("select * from ml.predict(model price, table cars)")

    assert "_ml_results" not in {each.dataset_id for each in client.list_datasets()}
    tables = ask("select table_name from INFORMATION_SCHEMA.TABLES where table_name like 'r\\\\_%'")
    assert tables == []


def test_columns_that_pass_through_keep_their_types(client):
    rows = client.query(
        f"select * from ml.predict(model {DATASET}.price, (select *, json '{{\"a\": 1}}' as note,"
        " date '2020-02-01' as day, numeric '1.5' as fee, [1, 2] as many,"
        f" timestamp '2020-01-01' as at from {DATASET}.cars limit 3))"
    ).result()

    kinds = {field.name: (field.field_type, field.mode) for field in rows.schema}
    assert kinds["note"] == ("JSON", "NULLABLE")
    assert kinds["day"] == ("DATE", "NULLABLE")
    assert kinds["fee"] == ("NUMERIC", "NULLABLE")
    assert kinds["many"] == ("INTEGER", "REPEATED")
    assert kinds["at"] == ("TIMESTAMP", "NULLABLE")
    assert {row["many"][1] for row in rows} == {2}


def test_a_geography_passes_through_unchanged(ask):
    rows = ask(
        "select st_astext(place) as place, predicted_price is null as lost from ml.predict("
        "model price, (select *, st_geogpoint(year, 2) as place from cars where year = 2015))"
    )

    assert len(rows) > 10
    assert {(row["place"], row["lost"]) for row in rows} == {("POINT (2015 2)", False)}


def test_many_clients_at_once_get_the_same_answer(ask):
    def total(_):
        return ask("select sum(predicted_price) as s from ml.predict(model price, table cars)")

    with ThreadPoolExecutor(6) as threads:
        sums = [rows[0]["s"] for rows in threads.map(total, range(12))]

    assert sums == pytest.approx([sums[0]] * 12, rel=1e-12)
