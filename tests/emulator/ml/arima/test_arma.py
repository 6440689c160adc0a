"""Against statsmodels' state-space models, where they define the truth."""

import warnings

import numpy as np
import pytest
from statsmodels.tsa.seasonal import STL
from statsmodels.tsa.statespace.sarimax import SARIMAX
from statsmodels.tsa.stattools import kpss

from emulator.ml import arima
from emulator.ml.arima import arma, stl, unit_root
from tests.emulator.ml.arima.daily_visits import DAY


def walk(count=300, seed=5):
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 3, count + 1)
    steps = np.zeros(count + 1)
    for place in range(1, count + 1):
        steps[place] = 0.2 + 0.5 * (steps[place - 1] - 0.2) + noise[place] - 0.3 * noise[place - 1]
    return 500 + np.cumsum(steps[1:])


def fixed(order, drift=False, **more):
    return arima.Options(
        auto_arima=False,
        non_seasonal_order=order,
        include_drift=drift,
        seasonalities=("NO_SEASONALITY",),
        clean_spikes_and_dips=False,
        adjust_step_changes=False,
        **more,
    )


@pytest.mark.parametrize(
    ("order", "drift"),
    [
        ((1, 0, 1), False),
        ((2, 0, 0), False),
        ((0, 1, 1), False),
        ((1, 1, 1), True),
        ((2, 1, 2), False),
        ((3, 1, 1), True),
        ((0, 2, 2), False),
        ((1, 2, 1), False),
    ],
)
def test_a_given_order_is_fitted_as_statsmodels_fits_it(order, drift):
    values = walk() if order[1] else np.diff(walk())
    changes = np.diff(values, order[1])
    constant = drift or order[1] == 0
    fitted = arima.fit_series(DAY * np.arange(len(values)), values, fixed(order, drift))
    row, coefficients = arima.candidates(fitted)[0], arima.coefficients(fitted)

    p, q = order[0], order[2]
    model = SARIMAX(changes, exog=np.ones_like(changes) if constant else None, order=(p, 0, q))
    ours = [coefficients.intercept_or_drift] * constant
    ours += [*coefficients.ar_coefficients, *coefficients.ma_coefficients, row.variance]

    # Their likelihood at our coefficients is ours, and their search finds nothing better.
    assert model.loglike(ours) == pytest.approx(row.log_likelihood, rel=1e-9)
    best = model.fit(start_params=ours, disp=False, maxiter=200)
    assert row.log_likelihood >= best.llf - 1e-3
    assert row.aic == pytest.approx(2 * len(ours) - 2 * row.log_likelihood, rel=1e-12)
    assert row.has_drift is drift


@pytest.mark.parametrize(
    ("order", "drift"),
    [((1, 0, 1), False), ((0, 1, 3), False), ((2, 1, 1), True), ((2, 2, 1), False)],
)
def test_forecasts_and_standard_errors_are_those_of_statsmodels(order, drift):
    values = walk() if order[1] else np.diff(walk())
    fitted = arima.fit_series(DAY * np.arange(len(values)), values, fixed(order, drift))
    told = arima.forecast(fitted, 40, 0.9)

    process = fitted.process
    model = SARIMAX(values, order=order, trend="c" if drift or order[1] == 0 else "n")
    intercept = process.constant * (1 - sum(process.ar))
    start = [intercept] * (drift or order[1] == 0)
    smoothed = model.smooth([*start, *process.ar, *process.ma, process.variance])
    wanted = smoothed.get_forecast(40)

    np.testing.assert_allclose(told.values, wanted.predicted_mean, rtol=1e-5)
    np.testing.assert_allclose(told.standard_errors, wanted.se_mean, rtol=1e-5)
    middle = (told.lower + told.upper) / 2
    np.testing.assert_allclose(middle, told.values, rtol=1e-12)


def test_fitting_does_not_depend_on_the_unit_of_the_values():
    changes = np.diff(walk())
    plain, tiny = arma.fit(changes, 1, 1, True), arma.fit(changes * 1e-120, 1, 1, True)

    np.testing.assert_allclose(tiny.ar, plain.ar, rtol=1e-6)
    np.testing.assert_allclose(tiny.constant, plain.constant * 1e-120, rtol=1e-6)
    shift = len(changes) * 120 * np.log(10)
    assert tiny.log_likelihood == pytest.approx(plain.log_likelihood + shift, rel=1e-9)


def test_auto_arima_tries_all_orders_and_puts_the_lowest_aic_first():
    values = walk()
    options = arima.Options(auto_arima_max_order=3, auto_arima_min_order=1)

    rows = arima.candidates(arima.fit_series(DAY * np.arange(len(values)), values, options))

    assert {row.non_seasonal_d for row in rows} == {1}
    tried = sorted((row.non_seasonal_p, row.non_seasonal_q, row.has_drift) for row in rows)
    wanted = [
        (p, q, drift)
        for p in range(4)
        for q in range(4)
        if 1 <= p + q <= 3
        for drift in (False, True)
    ]
    assert tried == wanted
    aics = [row.aic for row in rows if row.aic is not None]
    assert aics == sorted(aics) and len(aics) > len(rows) / 2


@pytest.mark.parametrize("seed", range(4))
def test_the_unit_root_test_is_that_of_statsmodels(seed):
    values = walk(200, seed) if seed % 2 else np.diff(walk(200, seed))
    lags = int(3 * np.sqrt(len(values)) / 13)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = kpss(values, regression="c", nlags=lags)[0]

    assert unit_root.kpss(values) == pytest.approx(wanted, rel=1e-10)
    assert unit_root.differences(values) == seed % 2


@pytest.mark.parametrize(("period", "low"), [(12, 13), (24, 25), (4, 5)])
def test_stl_is_that_of_statsmodels_where_both_have_the_same_windows(period, low):
    values = walk(400) + 20 * np.sin(2 * np.pi * np.arange(400) / period)
    trend = stl.odd(1.5 * period / (1 - 1.5 / 7))
    wanted = STL(
        values,
        period,
        seasonal=7,
        trend=trend,
        low_pass=low,
        seasonal_deg=0,
        trend_jump=-(-trend // 10),
        low_pass_jump=-(-low // 10),
    ).fit(inner_iter=2, outer_iter=0)

    season, smooth = stl.seasonal(values, period)

    count = len(values) - len(values) // 10
    np.testing.assert_allclose(season[:count], wanted.seasonal[:count], atol=0.02)
    np.testing.assert_allclose(smooth[:count], wanted.trend[:count], atol=0.1)
