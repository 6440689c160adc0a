"""Every series ends in a model or in an error message; nothing raises, warns or is not finite."""

import numpy as np
import pytest

from emulator.ml import arima
from tests.emulator.ml.arima.daily_visits import DAY

RNG = np.random.default_rng(11)
HOUR = DAY // 24


def days(count):
    return DAY * np.arange(count, dtype=np.int64)


SERIES = {
    "three points": [1.0, 5.0, 2.0],
    "four points": [1.0, 5.0, 2.0, 2.0],
    "a constant": [7.0] * 50,
    "zeros": [0.0] * 50,
    "a line": np.arange(60.0),
    "a parabola": np.arange(60.0) ** 2,
    "a step and nothing else": [0.0] * 30 + [9.0] * 30,
    "a spike and nothing else": [4.0] * 30 + [900.0] + [4.0] * 30,
    "a pure week": np.tile([1.0, 5, 2, 8, 3, 0, 4], 30),
    "mostly zero": np.where(np.arange(200) % 23 == 0, 5.0, 0.0),
    "huge": 1e140 * RNG.normal(size=100),
    "tiny": 1e-250 * RNG.normal(size=100),
    "huge level, small noise": 1e15 + RNG.normal(size=100),
    "alternating": np.tile([1.0, -1.0], 60),
    "an exponential": 1.2 ** np.arange(200.0),
    "with NULLs and infinities": np.where(
        np.arange(90) % 7 == 3, [np.nan, np.inf, -np.inf] * 30, RNG.normal(size=90)
    ),
    "a heavy tail": RNG.standard_cauchy(300),
    "a walk": np.cumsum(RNG.normal(size=400)),
}


@pytest.mark.parametrize(
    ("name", "max_order"), [*((name, 2) for name in SERIES), ("a line", 5), ("a pure week", 5)]
)
def test_odd_series_are_modelled(name, max_order):
    values = np.array(SERIES[name])
    options = arima.Options(auto_arima_max_order=max_order, horizon=100)

    fitted = arima.fit_series(days(len(values)), values, options)

    assert fitted.error_message is None
    told = arima.explain(fitted, 100, 0.95)
    past = told.is_history
    for column in (told.data, told.adjusted, told.trend, told.standard_errors):
        assert np.isfinite(column).all()
    assert np.isfinite(told.lower[~past]).all() and np.isfinite(told.upper[~past]).all()
    known = arima.detect(fitted, None, None, 0.9)
    assert known.known.all() and np.isfinite(known.probability).all()
    assert arima.FittedSeries.from_json(fitted.to_json()) == fitted


def test_a_constant_is_forecast_as_itself_without_error():
    fitted = arima.fit_series(days(50), np.full(50, 7.0), arima.Options())

    told = arima.forecast(fitted, 3, 0.95)

    np.testing.assert_allclose([told.values, told.lower, told.upper], 7.0)
    surprise = arima.detect(fitted, told.times, np.array([7.0, 7.1, 7.0]), 0.95)
    assert surprise.is_anomaly.tolist() == [False, True, False]


def test_a_perfect_line_goes_on():
    fitted = arima.fit_series(days(60), np.arange(60.0), arima.Options())

    np.testing.assert_allclose(arima.forecast(fitted, 3, 0.95).values, [60, 61, 62])


@pytest.mark.parametrize(
    ("values", "usable"),
    [([], 0), ([1.0], 1), ([1.0, 2.0], 2), ([np.nan] * 9, 0), ([np.nan, np.inf, 3.0, 4.0], 2)],
    ids=["nothing", "one point", "two points", "all NULL", "two usable"],
)
def test_short_series_get_a_message(values, usable):
    fitted = arima.fit_series(days(len(values)), np.array(values), arima.Options())

    assert fitted.error_message.startswith(f"The time series has {usable} usable time points")
    rows = arima.candidates(fitted)
    assert [row.error_message for row in rows] == [fitted.error_message]
    assert rows[0].non_seasonal_p is None and rows[0].seasonal_periods is None
    assert arima.FittedSeries.from_json(fitted.to_json()) == fitted
    with pytest.raises(ValueError, match="has no model"):
        arima.forecast(fitted, 1, 0.9)


def test_one_moment_given_often_is_one_point():
    fitted = arima.fit_series(np.zeros(9, dtype=np.int64), np.arange(9.0), arima.Options())

    assert fitted.error_message.startswith("The time series has 1 usable time points")


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"data_frequency": "YEARLY"}, "has 1 time points at DATA_FREQUENCY YEARLY"),
        ({"auto_arima": False, "non_seasonal_order": (5, 1, 5)}, "too few for order"),
    ],
)
def test_series_too_short_for_the_options_get_a_message(options, part):
    fitted = arima.fit_series(days(8), RNG.normal(size=8), arima.Options(**options))

    assert part in fitted.error_message


def test_a_span_of_too_many_points_gets_a_message():
    times = np.array([0, 1, 2, 10**7], dtype=np.int64) * HOUR

    fitted = arima.fit_series(times, np.ones(4), arima.Options())

    assert "at most 500000 can be modelled" in fitted.error_message


def test_values_that_overflow_get_a_message():
    fitted = arima.fit_series(days(50), 1e200 * RNG.normal(size=50), arima.Options())

    assert "rescale" in fitted.error_message


def test_order_and_duplicates_of_the_rows_do_not_matter():
    values = 50 + np.cumsum(RNG.normal(size=90))
    shuffled = RNG.permutation(90)
    plain = arima.fit_series(days(90), values, arima.Options())
    times = np.concatenate([days(90)[shuffled], days(90)[shuffled]])

    mixed = arima.fit_series(times, np.tile(values[shuffled], 2), arima.Options())

    np.testing.assert_allclose(mixed.history.data, plain.history.data, rtol=1e-12)
    assert (mixed.best.p, mixed.best.q) == (plain.best.p, plain.best.q)


def test_days_that_come_early_or_late_are_one_a_day():
    jitter = RNG.integers(-3 * HOUR, 3 * HOUR, 60)
    jitter[0] = 0

    fitted = arima.fit_series(days(60) + jitter, np.arange(60.0), arima.Options())

    assert fitted.grid.frequency == "DAILY" and fitted.count == 60
    np.testing.assert_array_equal(fitted.history.data, np.arange(60.0))


def test_fitting_twice_gives_the_same_series():
    values = np.cumsum(RNG.normal(size=200))

    first, second = (arima.fit_series(days(200), values, arima.Options()) for _ in range(2))

    assert first == second


@pytest.mark.parametrize("wrong", [-0.1, 1.0, np.nan])
def test_levels_outside_zero_to_one_are_refused(wrong):
    fitted = arima.fit_series(days(20), RNG.normal(size=20), arima.Options())

    with pytest.raises(ValueError, match="at least 0 and less than 1"):
        arima.forecast(fitted, 1, wrong)


WRONG_OPTIONS = [
    ({"horizon": 0}, "HORIZON"),
    ({"horizon": 10_001}, "HORIZON"),
    ({"non_seasonal_order": (1, 1, 1)}, "AUTO_ARIMA is FALSE"),
    ({"auto_arima": False}, "NON_SEASONAL_ORDER must be set"),
    ({"auto_arima": False, "non_seasonal_order": (6, 0, 0)}, "p and q between 0 and 5"),
    ({"auto_arima_max_order": 6}, "AUTO_ARIMA_MAX_ORDER"),
    ({"auto_arima_max_order": 2, "auto_arima_min_order": 2}, "AUTO_ARIMA_MIN_ORDER"),
    ({"include_drift": True}, "INCLUDE_DRIFT can only be set"),
    (
        {"auto_arima": False, "non_seasonal_order": (1, 0, 1), "include_drift": True},
        "non-seasonal d is 1",
    ),
    ({"data_frequency": "SECONDLY"}, "DATA_FREQUENCY"),
    ({"seasonalities": ("HOURLY",)}, "SEASONALITIES"),
    ({"seasonalities": ()}, "SEASONALITIES"),
    ({"seasonalities": ("AUTO", "WEEKLY")}, "stand alone"),
    ({"time_series_length_fraction": 1.0}, "TIME_SERIES_LENGTH_FRACTION"),
    ({"min_time_series_length": 30}, "together with TIME_SERIES_LENGTH_FRACTION"),
    (
        {"time_series_length_fraction": 0.5, "min_time_series_length": 3},
        "MIN_TIME_SERIES_LENGTH must be",
    ),
    ({"max_time_series_length": 3}, "MAX_TIME_SERIES_LENGTH must be"),
    (
        {"max_time_series_length": 9, "time_series_length_fraction": 0.5},
        "cannot be set together",
    ),
    ({"trend_smoothing_window_size": 0}, "TREND_SMOOTHING_WINDOW_SIZE"),
    (
        {"forecast_limit_lower_bound": 2.0, "forecast_limit_upper_bound": 2.0},
        "FORECAST_LIMIT_LOWER_BOUND",
    ),
]


@pytest.mark.parametrize(("options", "part"), WRONG_OPTIONS)
def test_options_that_break_a_rule_are_refused(options, part):
    assert part in arima.broken_rule(arima.Options(**options))
    with pytest.raises(ValueError, match=part):
        arima.fit_series(days(20), np.arange(20.0), arima.Options(**options))


def test_every_rule_is_broken_by_one_of_these_options():
    told = {arima.broken_rule(arima.Options(**options)) for options, _ in WRONG_OPTIONS}

    assert told == {message for _, message in arima.RULES}
