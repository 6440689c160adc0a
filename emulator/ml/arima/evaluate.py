"""ML.ARIMA_EVALUATE, ML.ARIMA_COEFFICIENTS and the metrics of ML.EVALUATE with data.

Percentage errors are in percent; the scaled error is in units of the mean absolute change from
one training point to the next.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emulator.ml.arima.series import FittedSeries
from emulator.ml.arima.types import Floats


@dataclass(frozen=True)
class CandidateRow:
    """A row of ML.ARIMA_EVALUATE; None is NULL."""

    non_seasonal_p: int | None = None
    non_seasonal_d: int | None = None
    non_seasonal_q: int | None = None
    has_drift: bool | None = None
    log_likelihood: float | None = None
    aic: float | None = None
    variance: float | None = None
    seasonal_periods: tuple[str, ...] | None = None
    has_holiday_effect: bool | None = None
    has_spikes_and_dips: bool | None = None
    has_step_changes: bool | None = None
    error_message: str | None = None


@dataclass(frozen=True)
class Coefficients:
    """A row of ML.ARIMA_COEFFICIENTS."""

    ar_coefficients: tuple[float, ...]
    ma_coefficients: tuple[float, ...]
    intercept_or_drift: float


@dataclass(frozen=True)
class Accuracy:
    """A row of ML.EVALUATE with data; None is NULL."""

    mean_absolute_error: float | None = None
    mean_squared_error: float | None = None
    root_mean_squared_error: float | None = None
    mean_absolute_percentage_error: float | None = None
    symmetric_mean_absolute_percentage_error: float | None = None
    mean_absolute_scaled_error: float | None = None


def candidates(fitted: FittedSeries) -> tuple[CandidateRow, ...]:
    """Return the rows of all candidates, the lowest AIC first."""
    if fitted.error_message is not None:
        return (CandidateRow(error_message=fitted.error_message),)
    decomposed = fitted.history is not None
    return tuple(
        CandidateRow(
            non_seasonal_p=one.p,
            non_seasonal_d=one.d,
            non_seasonal_q=one.q,
            has_drift=one.has_drift,
            log_likelihood=one.process.log_likelihood if one.process else None,
            aic=one.aic,
            variance=one.process.variance if one.process else None,
            seasonal_periods=fitted.seasonal_periods,
            has_holiday_effect=bool(fitted.holiday_effects) if decomposed else None,
            has_spikes_and_dips=fitted.has_spikes,
            has_step_changes=fitted.has_steps,
            error_message=one.error_message,
        )
        for one in fitted.candidates
    )


def coefficients(fitted: FittedSeries) -> Coefficients:
    """Return the coefficients of the best candidate."""
    process = fitted.process
    return Coefficients(process.ar, process.ma, process.constant)


def accuracy(forecast: Floats, actual: Floats, naive_error: float) -> Accuracy:
    """Return the errors of a forecast.

    Parameters
    ----------
    forecast
        Forecast values, shape (n,).
    actual
        What happened, NaN for NULL, shape (n,).
    naive_error
        `FittedSeries.naive_error` of the training data.

    Returns
    -------
    Accuracy
        All None if no pair is complete.
    """
    used = np.isfinite(actual) & np.isfinite(forecast)
    if not used.any():
        return Accuracy()
    forecast, actual = forecast[used], actual[used]
    error = np.abs(forecast - actual)
    middle = (np.abs(forecast) + np.abs(actual)) / 2
    squared = float((error**2).mean())
    return Accuracy(
        mean_absolute_error=float(error.mean()),
        mean_squared_error=squared,
        root_mean_squared_error=float(np.sqrt(squared)),
        mean_absolute_percentage_error=_percent(error, np.abs(actual)),
        symmetric_mean_absolute_percentage_error=_percent(error, middle),
        mean_absolute_scaled_error=float(error.mean() / naive_error) if naive_error else None,
    )


def _percent(error: Floats, scale: Floats) -> float | None:
    """Return the mean error in percent, None where something is divided by zero."""
    if (scale == 0).any():
        return None
    return float((error / scale).mean() * 100)
