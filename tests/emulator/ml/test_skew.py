"""ML.VALIDATE_DATA_SKEW: what a model remembers of its training data, against ML's drift."""

import json

import pytest
from google.api_core.exceptions import BadRequest

TRAINED = (
    "select mod(n * 7919, 97) / 3 as x, if(mod(n, 9) = 0, null, mod(n, 13)) as whole, "
    "cast(mod(n, 11) / 4 as numeric) as price, substr('abc', mod(n, 3) + 1, 1) as word, "
    "mod(n, 2) = 0 as flag, date_add(date '2020-01-01', interval mod(n, 70) day) as day, "
    "timestamp_add(timestamp '2020-01-01 10:00:00.25+00', interval mod(n, 60) hour) as moment, "
    "time_add(time '10:00:00', interval mod(n, 7) minute) as clock, "
    "datetime_add(datetime '2020-01-01 00:00:00', interval mod(n, 5) hour) as noon, "
    "cast(substr('xyz', mod(n, 3) + 1, 1) as bytes) as raw, "
    "struct(mod(n, 5) as a, ['p', 'q'][offset(mod(n, 2))] as b) as pair, "
    "['u', 'v', 'u'] as words, [1.5, mod(n, 4)] as vector, "
    "[struct(mod(n, 3) as i, 1.0 + mod(n, 6) as v)] as sparse, mod(n, 23) as y "
    "from unnest(generate_array(0, 599)) as n"
)
SERVED = (
    "select mod(n * 7919, 89) / 2 as x, if(mod(n, 4) = 0, null, mod(n, 17)) as whole, "
    "cast(mod(n, 7) / 2 as numeric) as price, substr('abda', mod(n, 4) + 1, 1) as word, "
    "mod(n, 3) = 0 as flag, date_add(date '2020-01-09', interval mod(n, 50) day) as day, "
    "timestamp_add(timestamp '2020-01-01 20:00:00.25+00', interval mod(n, 55) hour) as moment, "
    "time_add(time '10:03:00', interval mod(n, 7) minute) as clock, "
    "datetime_add(datetime '2020-01-01 02:00:00', interval mod(n, 5) hour) as noon, "
    "cast(substr('xyw', mod(n, 3) + 1, 1) as bytes) as raw, "
    "struct(mod(n, 7) as a, ['p', 'r'][offset(mod(n, 2))] as b) as pair, "
    "['u', 'w'] as words, [2.5, mod(n, 3)] as vector, "
    "[struct(mod(n, 2) as i, 2.0 + mod(n, 4) as v)] as sparse, mod(n, 23) as y "
    "from unnest(generate_array(0, 299)) as n"
)
FEATURES = (
    "x whole price word flag day moment clock noon raw pair_a pair_b words vector sparse".split()
)
OPTIONS = "model_type = 'linear_reg', input_label_cols = ['y'], data_split_method = 'random'"


@pytest.fixture(scope="module")
def asked(ask):
    ask(f"create or replace table trained as {TRAINED}")
    ask(f"create or replace table served as {SERVED}")
    ask(f"create or replace model watched options({OPTIONS}) as select * from trained")
    ask(
        "create or replace model watched_transformed transform(ml.standard_scaler(x) over () as z, "
        f"upper(word) as word, extract(year from moment) as year, y) options({OPTIONS}) "
        "as select x, word, moment, price, y from trained"
    )
    return ask


def skew(ask, model, data, settings=""):
    return ask(f"select * from ml.validate_data_skew(model {model}, {data}{settings})")


@pytest.mark.parametrize("metric", ["L_INFTY", "JENSEN_SHANNON_DIVERGENCE"])
def test_every_type_of_feature_differs_as_its_training_data_do(asked, metric):
    settings = f", struct('{metric}' as categorical_metric_type)"
    found = skew(asked, "watched", "table served", settings)
    drift = asked(
        f"select * from ml.validate_data_drift(table trained, table served{settings}) "
        "where input != 'y'"
    )

    assert [row["input"] for row in found] == FEATURES
    for row, expected in zip(found, drift, strict=True):
        assert row.pop("value") == pytest.approx(expected.pop("value"), abs=1e-12)
        assert row == expected
    assert {row["is_anomaly"] for row in found} == {True, False}


def test_training_data_do_not_differ_from_themselves(asked):
    rows = skew(asked, "watched", "table trained")

    assert [row["input"] for row in rows] == FEATURES
    assert {row["value"] for row in rows} == {0}


def test_a_transformed_model_is_watched_before_its_clause(asked):
    rows = skew(asked, "watched_transformed", "(select * from served)")
    drift = asked("select * from ml.validate_data_drift(table trained, table served)")

    assert [row["input"] for row in rows] == ["x", "word", "moment"]
    assert rows == [row for row in drift if row["input"] in ("x", "word", "moment")]


def test_models_of_other_families_are_watched(asked):
    options = {
        "kmeans": "model_type = 'kmeans', num_clusters = 2",
        "trees": "model_type = 'boosted_tree_regressor', input_label_cols = ['y']",
        "scaler": "model_type = 'transform_only'",
    }
    for name, given in options.items():
        columns, clause = ("x, word, y", "") if name == "trees" else ("x, word", "")
        if name == "scaler":
            clause = "transform(ml.min_max_scaler(x) over () as x, word)"
        asked(
            f"create or replace model watched_{name} {clause} options({given}) "
            f"as select {columns} from trained"
        )
        rows = skew(asked, f"watched_{name}", "table served")
        assert rows == skew(asked, "watched", "(select x, word from served)")


def test_columns_of_another_type_are_compared_as_text_or_left_out(asked):
    data = "(select 'a' as x, 7 as word, true as flag, 3 as extra, ['a'] as vector)"
    texts = skew(asked, "watched", data)
    assert [(row["input"], row["value"]) for row in texts] == [("word", 1), ("flag", 0.5)]
    divergence = ", struct('JENSEN_SHANNON_DIVERGENCE' as categorical_metric_type)"
    assert [row["input"] for row in skew(asked, "watched", data, divergence)] == ["flag"]
    numbers = "(select n as whole, mod(n, 2) as word from unnest([1, 2]) as n)"
    asked(
        f"create or replace model digits options({OPTIONS}) "
        "as select cast(mod(n, 2) as string) as word, n as y from unnest([1, 2, 3, 4]) as n"
    )
    assert [row["value"] for row in skew(asked, "digits", numbers)] == [0]


def test_data_without_a_feature_of_the_model_give_no_row(asked):
    assert skew(asked, "watched", "(select 1 as other)") == []
    null = skew(asked, "watched", "(select cast(null as float64) as x)")
    assert [(row["value"], row["is_anomaly"]) for row in null] == [(None, None)]


def test_a_script_may_decide_by_it(asked):
    script = """
    declare anomalies array<string>;
    set anomalies = (
      select array_agg(input) from ml.validate_data_skew(
        model watched, table served,
        struct(0.3 as categorical_default_threshold, 0.2 as numerical_default_threshold,
          'JENSEN_SHANNON_DIVERGENCE' as numerical_metric_type,
          [struct('x', 0.0), struct('word', 0.99)] as thresholds))
      where is_anomaly);
    if (array_length(anomalies) > 0) then
      select array_to_string(anomalies, ' ') as names;
    end if;
    """
    (row,) = asked(script)
    names = row["names"].split()

    assert "x" in names
    assert "word" not in names


def test_what_a_model_remembers_is_kept_with_it(asked, local_cloud):
    before = skew(asked, "watched", "table served")
    (path,) = local_cloud.directory.rglob("models/**/watched.*.json")
    stored = path.read_text()
    data = json.loads(stored)

    assert max(len(one["words"]) for one in data["profiles"]) == 50
    data.pop("profiles")
    path.write_text(json.dumps(data))
    with pytest.raises(BadRequest, match="no statistics of its training data; train it again"):
        skew(asked, "watched", "table served")
    path.write_text(stored)
    assert skew(asked, "watched", "table served") == before


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("table served", "needs MODEL"),
        ("model watched", "needs TABLE and a table name"),
        ("model watched, table served, table served", "second table"),
        ("model watched, table served, struct(1.5 as numerical_default_threshold)", "below 1"),
        ("model watched, table served, struct([('z', 0.1)] as thresholds)", "the column z.*pair_a"),
        ("model watched, table served, struct(true as enable_visualization_link)", "registered"),
        ("model watched, table served, struct(9 as num_histogram_buckets)", "does not take"),
        ("model watched, (select json '1' as word)", 'Column "word" has type JSON'),
        ("model seasons, table served", "not supported for model type ARIMA_PLUS"),
    ],
)
def test_what_cannot_be_compared_is_refused(asked, call, message):
    asked(
        "create model if not exists seasons options(model_type = 'arima_plus', "
        "time_series_timestamp_col = 'day', time_series_data_col = 'y') as "
        "select date_add(date '2020-01-01', interval n day) as day, mod(n, 7) as y "
        "from unnest(generate_array(1, 30)) as n"
    )
    with pytest.raises(BadRequest, match=message):
        asked(f"select * from ml.validate_data_skew({call})")
