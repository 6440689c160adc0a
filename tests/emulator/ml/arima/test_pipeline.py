"""What is planted in a series is found, and what is not there is not."""

import numpy as np
import pytest

from emulator.ml import arima
from tests.emulator.ml.arima.daily_visits import DAY

DAYS = np.arange(400)
TIMES = DAY * DAYS.astype(np.int64)


def noise(size=2.0, seed=3, count=400):
    return np.random.default_rng(seed).normal(0, size, count)


def weekly(count=400):
    return np.array([10.0, 4, 2, 0, -3, -15, 2])[np.arange(count) % 7]


def fit(values, **options):
    return arima.fit_series(TIMES[: len(values)], values, arima.Options(**options))


@pytest.mark.parametrize("seed", range(8))
def test_nothing_is_found_in_white_noise(seed):
    fitted = fit(50 + noise(seed=seed))

    assert fitted.seasonal_periods == ("NO_SEASONALITY",)
    assert (fitted.has_spikes, fitted.has_steps) == (False, False)
    told = arima.forecast(fitted, 60, 0.95)
    np.testing.assert_allclose(told.values, 50, atol=2)
    assert told.upper[0] - told.lower[0] == pytest.approx(2 * 1.956 * 2, rel=0.15)


def test_a_week_a_step_and_a_spike_are_found_where_they_were_planted():
    values = 100 + weekly() + noise() + 60 * (DAYS >= 200)
    values[300] += 400

    fitted = fit(values)

    assert fitted.seasonal_periods == ("WEEKLY",)
    history = fitted.history
    assert np.flatnonzero(history.spikes).tolist() == [300]
    assert history.spikes[300] == pytest.approx(400, rel=0.05)
    assert np.flatnonzero(np.diff(history.steps)).tolist() == [199]
    assert history.steps[0] == pytest.approx(-60, rel=0.1)
    np.testing.assert_allclose(np.array(history.seasons[0])[50:150], weekly()[50:150], atol=4)
    told = arima.forecast(fitted, 14, 0.95)
    np.testing.assert_allclose(told.values, 160 + weekly(414)[400:], atol=6)


def test_cleaning_and_adjusting_can_be_switched_off():
    values = 100 + noise() + 60 * (DAYS >= 200)
    values[300] += 400

    fitted = fit(values, clean_spikes_and_dips=False, adjust_step_changes=False)

    assert not any(fitted.history.spikes) and not any(fitted.history.steps)


def test_a_line_is_continued():
    told = arima.forecast(fit(5 + 0.5 * DAYS + noise()), 100, 0.95)

    np.testing.assert_allclose(told.values, 5 + 0.5 * np.arange(400, 500), atol=5)


def test_two_seasons_are_told_apart():
    days = np.arange(1100)
    values = 50 + weekly(1100) + 30 * np.sin(2 * np.pi * days / 365) + noise(count=1100)
    times = DAY * days.astype(np.int64)

    fitted = arima.fit_series(times, values, arima.Options())

    assert fitted.seasonal_periods == ("WEEKLY", "YEARLY")
    told = arima.forecast(fitted, 100, 0.95)
    ahead = np.arange(1100, 1200)
    wanted = 50 + weekly(1200)[1100:] + 30 * np.sin(2 * np.pi * ahead / 365)
    assert np.abs(told.values - wanted).mean() < 4


def test_seasons_asked_for_are_taken_unless_finer_than_the_data():
    assert fit(noise(), seasonalities=("DAILY", "WEEKLY")).seasonal_periods == ("WEEKLY",)
    found = fit(weekly() + noise(), seasonalities=("NO_SEASONALITY",))
    assert found.seasonal_periods == ("NO_SEASONALITY",)


def test_the_trend_is_modelled_on_the_last_points_only():
    values = 20 + noise() + 3.0 * np.maximum(0, DAYS - 370)
    short = fit(values, max_time_series_length=30, adjust_step_changes=False)
    whole = fit(values, adjust_step_changes=False)
    third = fit(values, time_series_length_fraction=0.01, adjust_step_changes=False)

    log_likelihood = [arima.candidates(one)[0].log_likelihood for one in (short, whole, third)]
    assert log_likelihood[0] > log_likelihood[1] / 5
    assert log_likelihood[2] > log_likelihood[0]  # 20 points, the least
    assert len(short.history.trend) == 400


def test_smoothing_changes_the_trend_shown_and_nothing_else():
    values = 100 + weekly() + np.cumsum(noise())
    plain, smooth = fit(values), fit(values, trend_smoothing_window_size=15)

    np.testing.assert_array_equal(
        arima.forecast(plain, 5, 0.9).values, arima.forecast(smooth, 5, 0.9).values
    )
    assert np.abs(np.diff(smooth.history.trend[20:])).max() < (
        np.abs(np.diff(plain.history.trend[20:])).max()
    )


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"forecast_limit_lower_bound": 0.0},
        {"forecast_limit_upper_bound": 1000.0},
        {"forecast_limit_lower_bound": 0.0, "forecast_limit_upper_bound": 1000.0},
    ],
    ids=["free", "low", "high", "both"],
)
def test_components_add_up_to_the_data_and_forecasts_stay_within_limits(options):
    values = np.maximum(1.0, 40 + weekly() + noise(6) - 0.09 * DAYS + 30 * (DAYS >= 150))
    values[70] = 500.0
    fitted = fit(values, **options)

    told = arima.explain(fitted, 200, 0.9)
    parts = sum(told.seasons.values(), told.trend)
    past = told.is_history

    whole = parts + told.residual + (0 if told.steps is None else told.steps)
    whole = whole + (0 if told.spikes is None else told.spikes)
    np.testing.assert_allclose(whole[past], values, rtol=1e-9)
    np.testing.assert_allclose(parts[~past], told.data[~past], rtol=1e-9)
    np.testing.assert_allclose(parts[1:], told.adjusted[1:], rtol=1e-9)
    low = options.get("forecast_limit_lower_bound", -np.inf)
    high = options.get("forecast_limit_upper_bound", np.inf)
    for column in (told.data, told.lower, told.upper):
        assert (column[~past] >= low).all() and (column[~past] <= high).all()
    assert (told.lower[~past] < told.data[~past]).all()
    assert np.isnan(told.residual[~past]).all() and np.isnan(told.lower[past]).all()


def test_values_beyond_a_limit_do_not_take_part():
    values = 50 + noise()
    values[[10, 20]] = [-5.0, 0.0]

    fitted = fit(values, forecast_limit_lower_bound=0.0)

    assert min(fitted.history.data) > 40


def test_intervals_widen_with_the_horizon_and_the_level():
    fitted = fit(np.cumsum(noise()) + weekly())
    narrow, wide = (arima.forecast(fitted, 50, level) for level in (0.5, 0.99))

    assert (np.diff(narrow.standard_errors) >= 0).all()
    assert (wide.lower < narrow.lower).all() and (wide.upper > narrow.upper).all()
    none = arima.forecast(fitted, 50, 0.0)
    np.testing.assert_array_equal(none.lower, none.upper)


def test_planted_anomalies_are_found_in_training_data_and_in_new_data():
    values = 100 + weekly() + noise()
    values[123] += 40
    fitted = fit(values)

    past = arima.detect(fitted, None, None, 0.999999)
    coming = arima.detect(
        fitted,
        np.append(TIMES[-1] + DAY * np.arange(0, 6), TIMES[-1] + DAY // 2),
        np.array([100.0, 104.0, 500.0, np.nan, 97.0, 85.0, 100.0]),
        0.999,
    )

    assert np.flatnonzero(past.is_anomaly).tolist() == [123]
    assert coming.known.tolist() == [False, True, True, False, True, True, False]
    assert coming.is_anomaly.tolist() == [False, False, True, False, False, False, False]
    assert np.isnan(coming.lower[~coming.known]).all()
    outside = (coming.values < coming.lower) | (coming.values > coming.upper)
    assert (outside == coming.is_anomaly)[coming.known].all()


def test_points_after_the_horizon_are_unknown():
    fitted = fit(100 + noise(), horizon=3)

    found = arima.detect(fitted, TIMES[-1] + DAY * np.arange(3, 5), np.full(2, 100.0), 0.9)

    assert found.known.tolist() == [True, False]
    with pytest.raises(ValueError, match="horizon is '4'; expected 1 to 3"):
        arima.forecast(fitted, 4, 0.9)


def test_json_gives_back_the_same_series():
    fitted = fit(100 + weekly() + noise() + 60 * (DAYS >= 200), forecast_limit_lower_bound=0.0)

    read = arima.FittedSeries.from_json(fitted.to_json())

    assert read == fitted
    np.testing.assert_array_equal(
        arima.forecast(read, 9, 0.9).upper, arima.forecast(fitted, 9, 0.9).upper
    )


def test_a_model_without_decomposition_keeps_no_history_and_forecasts_the_same():
    values = 100 + weekly() + noise()
    kept, bare = fit(values), fit(values, decompose_time_series=False)

    assert bare.history is None
    assert arima.candidates(bare)[0].has_step_changes is None
    np.testing.assert_array_equal(
        arima.forecast(kept, 9, 0.9).values, arima.forecast(bare, 9, 0.9).values
    )
    with pytest.raises(ValueError, match="DECOMPOSE_TIME_SERIES"):
        arima.explain(bare, 3, 0.9)
    with pytest.raises(ValueError, match="DECOMPOSE_TIME_SERIES"):
        arima.detect(bare, None, None, 0.9)
