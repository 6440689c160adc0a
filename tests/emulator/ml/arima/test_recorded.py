"""What BigQuery returned for the daily visits, in its tutorials and in its clients' tests."""

import numpy as np
import pytest

from emulator.ml import arima
from emulator.ml.arima import interval, stl
from emulator.ml.arima.arma import Arma
from emulator.ml.arima.auto import Candidate
from emulator.ml.arima.fit import one_step
from tests.emulator.ml.arima.daily_visits import DAY, START, TIMES, VISITS, tutorial_visits

STEP, STEP_PLACE = 1205.283526, 127


@pytest.fixture(scope="module")
def fitted():
    return arima.fit_series(TIMES, VISITS, arima.Options())


def test_the_weekly_component_is_the_recorded_one_to_nine_digits():
    season, _ = stl.seasonal(tutorial_visits(), 7)

    recorded = [169.61193783007687, 287.0332731997334, 445.14087763116709]
    np.testing.assert_allclose(season[:3], recorded, rtol=1e-12)
    np.testing.assert_allclose(season[3:6], [403.092354, 145.688355, -751.49761], rtol=1e-8)


@pytest.mark.parametrize(
    ("level", "low", "high", "standard_error"),
    [
        (0.7, 2420.11419, 2849.47785, 206.939556),
        (0.8, 2312.180802, 2930.482379, 241.093355),
        (0.95, 2149.645455, 3093.019467, 241.093355),
    ],
)
def test_intervals_are_as_wide_as_the_recorded_ones(level, low, high, standard_error):
    assert interval.distance(level) == pytest.approx((high - low) / 2 / standard_error, rel=1e-5)


def test_the_order_and_the_findings_are_the_recorded_ones(fitted):
    best = arima.candidates(fitted)[0]

    assert (best.non_seasonal_p, best.non_seasonal_d, best.non_seasonal_q) == (1, 1, 1)
    assert best.has_drift is False
    assert best.seasonal_periods == ("WEEKLY",)
    assert best.has_spikes_and_dips is False
    assert best.has_step_changes is True
    assert best.has_holiday_effect is False
    steps = np.array(fitted.history.steps)
    assert STEP_PLACE in np.flatnonzero(np.diff(steps)) + 1


@pytest.mark.parametrize(
    ("steps_ahead", "value"),
    [
        (1, 2634.796023),
        (2, 2621.332462),
        (3, 2396.095463),
        (4, 1742.878278),
        (8, 2639.285993),
        (12, 1845.439732),
        (26, 1853.735689),
        (30, 2615.993932),
    ],
)
def test_forecasts_come_within_half_a_percent_of_the_recorded_ones(fitted, steps_ahead, value):
    told = arima.forecast(fitted, 30, 0.8)

    assert told.times[steps_ahead - 1] == START + (365 + steps_ahead) * DAY
    assert told.values[steps_ahead - 1] == pytest.approx(value, rel=5e-3)


def test_standard_errors_come_near_the_recorded_ones(fitted):
    told = arima.forecast(fitted, 30, 0.8)

    recorded = [206.939556, 241.093355, 300.301186, 328.060405, 410.596551, 431.286628]
    np.testing.assert_allclose(told.standard_errors[[0, 1, 7, 11, 25, 29]], recorded, rtol=0.2)
    np.testing.assert_allclose(told.standard_errors[:2], recorded[:2], rtol=0.04)


@pytest.mark.parametrize(
    ("threshold", "lower", "upper"),
    [
        (
            0.95,
            [2229.930578, 2149.645455, 1892.873256],
            [3039.6614686, 3093.019467, 2899.317669],
        ),
        (0.7, [2420.11419, 2360.1870, 2086.0609], [2849.47785, 2826.54981, 2621.165188]),
    ],
)
def test_anomalies_come_within_four_percent_of_the_recorded_ones(fitted, threshold, lower, upper):
    found = arima.detect(fitted, TIMES[-1] + DAY * np.arange(1, 4), np.full(3, 2500.0), threshold)

    assert found.known.all() and not found.is_anomaly.any()
    np.testing.assert_allclose(found.lower, lower, rtol=0.04)
    np.testing.assert_allclose(found.upper, upper, rtol=0.04)
    np.testing.assert_allclose(found.probability, [0.48545926, 0.3856835, 0.314156], rtol=0.04)


def test_the_accuracy_comes_within_two_percent_of_the_recorded_one(fitted):
    told = arima.forecast(fitted, 3, 0.95)

    metrics = arima.accuracy(told.values, np.full(3, 2500.0), fitted.naive_error)

    assert metrics.mean_absolute_error == pytest.approx(120.0110074, rel=0.02)
    assert metrics.mean_squared_error == pytest.approx(14562.5623594, rel=0.03)
    assert metrics.root_mean_squared_error == pytest.approx(120.675442, rel=0.02)
    assert metrics.mean_absolute_percentage_error == pytest.approx(4.80044, rel=0.02)
    assert metrics.symmetric_mean_absolute_percentage_error == pytest.approx(4.744332, rel=0.02)


def test_the_recorded_step_and_coefficients_give_the_recorded_trend_and_residuals():
    trend = [0.0, 336.104428, 563.514213, 986.317236, 1248.707386, 1188.59004]
    residual = [336.104536, 311.578773, 676.061383, 566.306884, 102.320733, 20.624044]
    visits = tutorial_visits() - STEP * (np.arange(len(VISITS)) < STEP_PLACE)
    process = Arma((0.40944762,), (-0.81168198,), 0.0, 206.939556**2, 0.0)

    rest = visits - stl.seasonal(visits, 7)[0]
    told = one_step(rest, Candidate(1, 1, 1, False, process))

    np.testing.assert_allclose(told[:6], trend, rtol=1e-6)
    np.testing.assert_allclose((rest - told)[:6], residual, atol=2e-4)


def test_the_first_row_has_no_trend_and_is_adjusted_by_the_step_alone(fitted):
    told = arima.explain(fitted, 1, 0.8)

    assert told.trend[0] == 0
    assert told.adjusted[0] == pytest.approx(told.data[0] - told.steps[0], rel=1e-12)
    assert told.spikes is None and told.holiday_effect is None and list(told.seasons) == ["WEEKLY"]
