"""ARIMA_PLUS over the wire: statements, functions and what they must agree on."""

import datetime

import pytest
from google.api_core.exceptions import BadRequest

ARIMA = "model_type = 'arima_plus', time_series_timestamp_col = 'day', time_series_data_col = 'y'"
# A trend, a week's season and a little noise that is the same in every run.
DAYS = (
    "(select date_add(date '2023-01-02', interval n day) as day, 100 + 0.5 * n + "
    "if(mod(n, 7) < 5, 10, -25) + mod(n * 7919, 13) / 4 as y "
    "from unnest(generate_array(0, 199)) as n)"
)


@pytest.fixture(scope="module")
def weekly(ask):
    ask(f"create or replace model weekly options({ARIMA}) as select * from {DAYS}")
    return ask


@pytest.fixture(scope="module")
def shops(ask):
    ask(
        f"create or replace model shops options({ARIMA}, time_series_id_col = ['shop', 'size'], "
        "horizon = 20) as select concat('s', mod(k, 2)) as shop, k as size, day, y * k as y from "
        f"{DAYS}, unnest([1, 2, 3]) as k"
    )
    return ask


def test_a_forecast_goes_on_where_the_data_end(weekly):
    rows = weekly("select * from ml.forecast(model weekly, struct(14 as horizon))")

    days = [row["forecast_timestamp"].date() for row in rows]
    assert days == [datetime.date(2023, 7, 21) + datetime.timedelta(at) for at in range(14)]
    for at, row in enumerate(rows, start=200):
        expected = 100 + 0.5 * at + (10 if at % 7 < 5 else -25) + 1.5
        assert row["forecast_value"] == pytest.approx(expected, abs=6)
        assert row["prediction_interval_lower_bound"] < row["forecast_value"]
        assert row["forecast_value"] < row["prediction_interval_upper_bound"]
        assert row["confidence_level"] == 0.95
    errors = [row["standard_error"] for row in rows]
    assert errors == sorted(errors)


def test_without_settings_three_points_are_forecast(weekly):
    assert len(weekly("select * from ml.forecast(model weekly)")) == 3


def test_components_add_up_to_the_data(weekly):
    rows = weekly("select * from ml.explain_forecast(model weekly, struct(7 as horizon))")

    assert [row["time_series_type"] for row in rows] == ["history"] * 200 + ["forecast"] * 7
    parts = (
        "trend", "seasonal_period_yearly", "seasonal_period_quarterly", "seasonal_period_monthly",
        "seasonal_period_weekly", "seasonal_period_daily", "holiday_effect", "spikes_and_dips",
        "step_changes", "residual",
    )  # fmt: skip
    for row in rows:
        total = sum(row[part] or 0.0 for part in parts)
        assert total == pytest.approx(row["time_series_data"])
    assert rows[0]["seasonal_period_weekly"] is not None
    assert rows[0]["seasonal_period_yearly"] is None


def test_the_candidates_are_ranked_and_the_best_has_the_coefficients(weekly):
    rows = weekly("select * from ml.arima_evaluate(model weekly)")
    (best,) = weekly(
        "select * from ml.arima_evaluate(model weekly, struct(false as show_all_candidate_models))"
    )
    (found,) = weekly("select * from ml.arima_coefficients(model weekly)")

    assert len(rows) > 3 and rows[0] == best
    assert best["AIC"] == min(row["AIC"] for row in rows if row["AIC"] is not None)
    assert best["seasonal_periods"] == ["WEEKLY"]
    assert len(found["ar_coefficients"]) == best["non_seasonal_p"]
    assert len(found["ma_coefficients"]) == best["non_seasonal_q"]


def test_anomalies_are_what_the_forecast_makes_unlikely(weekly):
    data = (
        "select timestamp(date_add(date '2023-07-21', interval n day)) as day, y, 'x' as note "
        "from unnest([0, 1, 900, 2000]) as n with offset as o "
        "join unnest([211.5, 500.0, 1.0, 2.0]) as y with offset as o2 on o = o2"
    )
    rows = weekly(
        "select * from ml.detect_anomalies(model weekly, "
        f"struct(0.9 as anomaly_prob_threshold), ({data})) order by day"
    )

    assert [row["is_anomaly"] for row in rows] == [False, True, True, None]
    assert rows[1]["anomaly_probability"] > 0.999
    assert rows[3]["lower_bound"] is None and rows[3]["note"] == "x"
    history = weekly("select * from ml.detect_anomalies(model weekly)")
    assert len(history) == 200 and set(history[0]) >= {"day", "y", "is_anomaly"}


def test_anomalies_of_new_data_come_in_the_columns_of_the_manual(client, shops):
    data = (
        "select 'sunny' as weather, 2.5 as y, 's1' as shop, date '2023-07-21' as day, 1 as size, "
        "json '7' as note union all select 'rainy', 1, 'new', date '2023-07-22', 9, json '8'"
    )
    rows = client.query(
        "select * from ml.detect_anomalies(model ml_wire.shops, "
        f"struct(0.9 as anomaly_prob_threshold), ({data}))"
    ).result()

    assert [(field.name, field.field_type) for field in rows.schema] == [
        ("shop", "STRING"), ("size", "INTEGER"), ("day", "TIMESTAMP"), ("y", "FLOAT"),
        ("is_anomaly", "BOOLEAN"), ("lower_bound", "FLOAT"), ("upper_bound", "FLOAT"),
        ("anomaly_probability", "FLOAT"), ("weather", "STRING"), ("note", "JSON"),
    ]  # fmt: skip
    assert {(row["shop"], row["y"], row["is_anomaly"]) for row in rows} == {
        ("s1", 2.5, True), ("new", 1, None),
    }  # fmt: skip
    nothing = client.query(
        "select * from ml.detect_anomalies(model ml_wire.shops, "
        f"struct(0.9 as anomaly_prob_threshold), (select * from ({data}) where false))"
    ).result()
    assert list(nothing.schema) == list(rows.schema) and nothing.total_rows == 0


@pytest.mark.parametrize(
    ("written", "expected"),
    [("day", "DATE"), ("datetime(day)", "DATETIME"), ("timestamp(day)", "TIMESTAMP")],
)
def test_evaluated_points_have_the_timestamp_type_of_training(client, written, expected):
    client.query(
        f"create or replace model ml_wire.points options({ARIMA}) as "
        f"select {written} as day, y from {DAYS}"
    ).result()
    rows = client.query(
        "select * from ml.evaluate(model ml_wire.points, "
        "(select timestamp '2023-07-21' as day, 211 as y), struct(false as perform_aggregation))"
    ).result()

    assert (rows.schema[0].name, rows.schema[0].field_type) == ("day", expected)
    assert [str(row["day"])[:10] for row in rows] == ["2023-07-21"]


def test_accuracy_is_that_of_the_forecast(weekly):
    data = (
        "select timestamp_add(forecast_timestamp, interval 0 day) as day, forecast_value + 2 as y "
        "from ml.forecast(model weekly, struct(10 as horizon))"
    )

    (row,) = weekly(f"select * from ml.evaluate(model weekly, ({data}), struct(10 as horizon))")
    points = weekly(
        f"select * from ml.evaluate(model weekly, ({data}), "
        "struct(false as perform_aggregation, 10 as horizon))"
    )

    assert row["mean_absolute_error"] == pytest.approx(2)
    assert row["root_mean_squared_error"] == pytest.approx(2)
    assert [point["absolute_error"] for point in points] == pytest.approx([2] * 10)
    assert all(point["forecasted_y"] == pytest.approx(point["y"] - 2) for point in points)


def test_several_series_have_their_own_models(shops):
    rows = shops("select * from ml.forecast(model shops, struct(20 as horizon)) order by size")

    assert list(rows[0])[:2] == ["shop", "size"]
    assert {(row["shop"], row["size"]) for row in rows} == {("s1", 1), ("s0", 2), ("s1", 3)}
    assert len(rows) == 60
    assert rows[25]["forecast_value"] == pytest.approx(2 * rows[5]["forecast_value"], rel=0.02)
    assert len(shops("select * from ml.arima_evaluate(model shops)")) == 3
    (unknown,) = shops(
        "select * from ml.detect_anomalies(model shops, struct(0.9 as anomaly_prob_threshold), "
        "(select 'nope' as shop, 1 as size, timestamp '2023-07-21' as day, 1.0 as y))"
    )
    assert unknown["is_anomaly"] is None


def test_a_series_that_cannot_be_modelled_says_why(ask):
    ask(
        f"create or replace model partly options({ARIMA}, time_series_id_col = 'k') as "
        f"select 'long' as k, * from {DAYS} union all select 'short', date '2023-01-01', 1.0"
    )

    rows = {row["k"]: row for row in ask("select * from ml.arima_evaluate(model partly)")}
    assert rows["long"]["error_message"] is None
    assert rows["short"]["error_message"] and rows["short"]["AIC"] is None
    assert {row["k"] for row in ask("select * from ml.forecast(model partly)")} == {"long"}


def test_limits_hold(ask):
    ask(
        f"create or replace model limited options({ARIMA}, forecast_limit_lower_bound = 0, "
        f"forecast_limit_upper_bound = 205) as select day, least(y, 204.5) as y from {DAYS}"
    )

    rows = ask("select * from ml.forecast(model limited, struct(60 as horizon))")
    assert all(0 <= row["prediction_interval_lower_bound"] for row in rows)
    assert all(row["prediction_interval_upper_bound"] <= 205 for row in rows)


def test_the_model_is_there_after_a_read_back(client, weekly):
    model = client.get_model("ml_wire.weekly")

    options = model.training_runs[0]["trainingOptions"]
    assert model.model_type == "ARIMA_PLUS"
    assert options["timeSeriesDataColumn"] == "y" and options["horizon"] == "1000"
    assert weekly("select * from ml.training_info(model weekly)")[0].keys() == {
        "training_run", "iteration", "duration_ms",
    }  # fmt: skip


def test_the_resource_holds_the_options_that_were_given(client, ask):
    ask(
        f"create or replace model told_options options({ARIMA}, holiday_region = 'US', "
        "time_series_length_fraction = 0.5, min_time_series_length = 30, "
        "trend_smoothing_window_size = 3, forecast_limit_lower_bound = 0, "
        f"forecast_limit_upper_bound = 500.5) as select * from {DAYS}"
    )
    ask(
        f"create or replace model told_most options({ARIMA}, max_time_series_length = 50) "
        f"as select * from {DAYS}"
    )

    options = client.get_model("ml_wire.told_options").training_runs[0]["trainingOptions"]
    most = client.get_model("ml_wire.told_most").training_runs[0]["trainingOptions"]
    assert options["holidayRegion"] == "US"
    assert options["timeSeriesLengthFraction"] == 0.5
    assert options["minTimeSeriesLength"] == "30"
    assert options["trendSmoothingWindowSize"] == "3"
    assert options["forecastLimitLowerBound"] == 0
    assert options["forecastLimitUpperBound"] == 500.5
    assert most["maxTimeSeriesLength"] == "50"
    assert not {"holidayRegion", "minTimeSeriesLength", "forecastLimitLowerBound"} & {*most}


@pytest.mark.parametrize(
    ("options", "query", "message"),
    [
        ("model_type = 'arima_plus'", f"select * from {DAYS}", "TIMESTAMP_COL and .* are required"),
        (f"{ARIMA}, horizon = 20000", f"select * from {DAYS}", "HORIZON must be between"),
        (f"{ARIMA}, non_seasonal_order = (1, 1, 1)", f"select * from {DAYS}", "AUTO_ARIMA is FALS"),
        (f"{ARIMA}, auto_arima = false", f"select * from {DAYS}", "NON_SEASONAL_ORDER must be set"),
        (
            f"{ARIMA}, time_series_id_col = 'k', auto_arima = false, "
            "non_seasonal_order = (1, 1, 1)",
            f"select 'a' as k, * from {DAYS}",
            "TIME_SERIES_ID_COL needs AUTO_ARIMA = TRUE and no NON_SEASONAL_ORDER",
        ),
        (
            f"{ARIMA}, time_series_id_col = 'k', non_seasonal_order = (1, 1, 1)",
            f"select 'a' as k, * from {DAYS}",
            "TIME_SERIES_ID_COL needs AUTO_ARIMA = TRUE and no NON_SEASONAL_ORDER",
        ),
        (
            f"{ARIMA}, time_series_id_col = ['k', 'K']",
            f"select 'a' as k, * from {DAYS}",
            "TIME_SERIES_ID_COL.*each column once",
        ),
        (f"{ARIMA}, seasonalities = ['lunar']", f"select * from {DAYS}", "SEASONALITIES must be"),
        (
            f"{ARIMA}, holiday_region = 'BR'",
            f"select * from {DAYS}",
            "HOLIDAY_REGION = 'BR' is not emulated.*custom_holiday",
        ),
        (ARIMA, f"select day from {DAYS}", 'column "y" is not among the columns'),
        (ARIMA, f"select day, 'x' as y from {DAYS}", 'Column "y" has type STRING; expected'),
        (ARIMA, f"select 1 as day, y from {DAYS}", 'Column "day" has type INT64; expected'),
        (ARIMA, f"select nullif(day, '2023-01-03') as day, y from {DAYS}", 'day" has NULL'),
        (ARIMA, f"select * from {DAYS} where false", "zero rows"),
        (ARIMA, f"select date '2023-01-01' as day, y from {DAYS}", "1 usable time points"),
    ],
)
def test_what_cannot_be_modelled_is_refused(ask, options, query, message):
    with pytest.raises(BadRequest, match=message):
        ask(f"create model never options({options}) as {query}")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("ml.forecast(model weekly, struct(2000 as horizon))", "HORIZON = 1000"),
        ("ml.forecast(model weekly, struct(1 as confidence_level))", "below 1"),
        ("ml.predict(model weekly, table cars)", "not supported for model type ARIMA_PLUS"),
        ("ml.forecast(model price)", "not supported for model type LINEAR_REG"),
        ("ml.detect_anomalies(model weekly, struct(0.1 as contamination))", "does not take contam"),
        ("ml.evaluate(model weekly, struct(3 as horizon))", "does not take horizon"),
        ("ml.detect_anomalies(model weekly, (select 1))", "needs STRUCT.*anomaly_prob_threshold"),
    ],
)
def test_calls_that_do_not_fit_are_refused(weekly, call, message):
    with pytest.raises(BadRequest, match=message):
        weekly(f"select * from {call}")
