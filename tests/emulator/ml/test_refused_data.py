"""Data that no model may learn: types that look like others, labels, weights, splits."""

import pytest
from google.api_core.exceptions import BadRequest

LINE = "model_type = 'linear_reg', input_label_cols = ['y']"
ODDS = "model_type = 'logistic_reg', input_label_cols = ['y']"
TREES = "model_type = 'boosted_tree_classifier', input_label_cols = ['y'], max_iterations = 1"
ROWS = "unnest(generate_array(1, 40)) as n"
JSON = "parse_json('\"a\"')"
PLACE = "st_geogpoint(n, n)"


def create(ask, options, columns, rows=ROWS, clause=""):
    ask(
        f"create or replace model refusing {clause} options({options}) "
        f"as select {columns} from {rows}"
    )


@pytest.mark.parametrize(
    ("options", "columns", "message"),
    [
        (LINE, f"{JSON} as x, n as y", r"type JSON \(column \"x\"\)"),
        (LINE, f"{PLACE} as x, n as y", r"type GEOGRAPHY \(column \"x\"\)"),
        (LINE, f"[{JSON}] as x, n as y", r"type ARRAY<JSON> \(column \"x\"\)"),
        (LINE, f"struct({JSON} as a) as x, n as y", r"type STRUCT with JSON \(column \"x\"\)"),
        ("model_type = 'kmeans'", f"{JSON} as x, n as y", r"type JSON \(column \"x\"\)"),
        (ODDS, f"n as x, {JSON} as y", 'Label column "y" has type JSON'),
        (ODDS, f"n as x, {PLACE} as y", 'Label column "y" has type GEOGRAPHY'),
        (
            f"{LINE}, data_split_method = 'seq', data_split_col = 's'",
            f"n as x, n as y, {JSON} as s",
            'Data split column "s" has type JSON',
        ),
        (
            "model_type = 'arima_plus', time_series_timestamp_col = 't', "
            "time_series_data_col = 'n', time_series_id_col = 'k'",
            f"date_add(date '2024-01-01', interval n day) as t, n, {JSON} as k",
            'Column "k" has type JSON',
        ),
        (ODDS, "n as x, if(n = 3, cast('nan' as float64), mod(n, 2)) as y", 'label column "y" hol'),
        (ODDS, "n as x, if(n = 3, cast('inf' as float64), mod(n, 2)) as y", "NaN or infinite"),
        (f"{ODDS}, class_weights = [('0', 0), ('1', 0)]", "n as x, mod(n, 2) as y", "0 for every"),
        (f"{TREES}, class_weights = [('0', 0), ('1', 0)]", "n as x, mod(n, 2) as y", "0 for every"),
        (
            f"{TREES}, instance_weight_col = 'w'",
            "[n, 1] as x, 1 as w, mod(n, 2) as y",
            'INSTANCE_WEIGHT_COL cannot be used with the ARRAY feature "x"',
        ),
        (
            f"{LINE}, data_split_method = 'random', data_split_eval_fraction = 0.999",
            "n as x, n as y",
            "zero training rows of 40 by DATA_SPLIT_EVAL_FRACTION = 0.999",
        ),
        (
            f"{LINE}, data_split_method = 'custom', data_split_col = 's'",
            "n as x, n as y, true as s",
            'zero training rows of 40 by the values of DATA_SPLIT_COL "s"',
        ),
    ],
)
def test_data_that_no_model_may_learn_are_refused(ask, options, columns, message):
    with pytest.raises(BadRequest, match=message):
        create(ask, options, columns)


@pytest.mark.parametrize("kind", ["boosted_tree_classifier", "random_forest_classifier"])
def test_trees_have_at_most_a_thousand_classes(ask, kind):
    options = f"model_type = '{kind}', input_label_cols = ['y'], data_split_method = 'no_split'"

    with pytest.raises(BadRequest, match=r"has 1001 classes; .*support at most 1000"):
        create(ask, options, "n as x, n as y", "unnest(generate_array(1, 1001)) as n")


def test_a_transform_clause_takes_values_out_of_json(ask):
    column = "parse_json(concat('{\"a\": ', cast(n as string), '}')) as j"
    clause = "transform(cast(json_value(j, '$.a') as int64) as x, y)"

    create(ask, LINE, f"{column}, n as y", clause=clause)

    (row,) = ask("select weight from ml.weights(model refusing) where processed_input = 'x'")
    assert row["weight"] == pytest.approx(1, abs=0.1)


def test_json_passes_no_transform_clause_as_a_feature(ask):
    with pytest.raises(BadRequest, match=r"type JSON \(column \"x\"\)"):
        create(ask, LINE, f"{JSON} as x, n as y", clause="transform(*)")


def test_json_is_no_text_in_prediction(ask):
    create(ask, LINE, "cast(mod(n, 3) as string) as x, n as y")

    with pytest.raises(BadRequest, match=r'"x" has type JSON in the input; .* with STRING'):
        ask(f"select * from ml.predict(model refusing, (select {JSON} as x))")


def test_a_time_series_is_exported_nowhere(ask):
    ask(
        "create or replace model refusing options(model_type = 'arima_plus', "
        "time_series_timestamp_col = 't', time_series_data_col = 'n') as "
        f"select date_add(date '2024-01-01', interval n day) as t, n from {ROWS}"
    )

    with pytest.raises(BadRequest, match="ARIMA_PLUS models cannot be exported, on BigQuery nei"):
        ask("export model refusing options(uri = 'gs://exports/x')")
