"""ML.FORECAST: the trend by ARIMA, the seasons and holidays continued, and prediction intervals.

Standard errors are those of the trend alone, the seasons taken as known, as recorded. With limits
the interval is that of the transformed series, brought back, and so is the forecast (the median).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from emulator.ml.arima import arma, holidays, seasonality
from emulator.ml.arima.interval import distance
from emulator.ml.arima.series import FittedSeries
from emulator.ml.arima.types import Floats, Integers


@dataclass(frozen=True)
class Forecast:
    """The columns of ML.FORECAST, all of shape (horizon,)."""

    times: Integers
    values: Floats
    standard_errors: Floats
    confidence_level: float
    lower: Floats
    upper: Floats


@dataclass(frozen=True)
class Ahead:
    """The additive components of the next points, and the standard error of their sum."""

    trend: Floats
    seasons: dict[str, Floats]
    holidays: dict[str, Floats]
    errors: Floats

    @property
    def total(self) -> Floats:
        """The sum of the components."""
        return sum((*self.seasons.values(), *self.holidays.values()), self.trend)


def forecast(fitted: FittedSeries, horizon: int, confidence_level: float) -> Forecast:
    """Return the forecast of the next `horizon` points, at most those of the model."""
    parts = ahead(fitted, horizon)
    reach = distance(confidence_level) * parts.errors
    limits = fitted.limits
    return Forecast(
        times=times_ahead(fitted, horizon),
        values=limits.inverse(parts.total),
        standard_errors=limits.slope(parts.total) * parts.errors,
        confidence_level=confidence_level,
        lower=limits.inverse(parts.total - reach),
        upper=limits.inverse(parts.total + reach),
    )


def times_ahead(fitted: FittedSeries, horizon: int) -> Integers:
    """Return the timestamps of the next `horizon` points."""
    if fitted.grid is None:
        raise ValueError(f"the time series has no model: {fitted.error_message}")
    return fitted.grid.times(fitted.count, horizon)


def ahead(fitted: FittedSeries, horizon: int) -> Ahead:
    """Return the components of the next `horizon` points."""
    if not 1 <= horizon <= fitted.horizon:
        raise ValueError(
            f"horizon is '{horizon}'; expected 1 to {fitted.horizon}, the HORIZON of the model"
        )
    process = fitted.process
    trend = arma.predict(fitted.recent, process, horizon)
    weights = lfilter(
        np.append(1.0, process.ma), np.append(1.0, -np.array(process.ar)), np.eye(1, horizon)[0]
    )
    for level in reversed(fitted.levels):
        trend = level + np.cumsum(trend)
        weights = np.cumsum(weights)
    assert fitted.grid is not None
    return Ahead(
        trend=trend,
        seasons={one.name: seasonality.predict(one, horizon) for one in fitted.seasons},
        holidays=holidays.effects(
            fitted.holiday_effects, fitted.holidays, fitted.grid, fitted.count, horizon
        ),
        errors=np.sqrt(process.variance * np.cumsum(weights**2)),
    )
