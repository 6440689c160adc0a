"""ML.DETECT_ANOMALIES: how far each value is from what the model expects there.

New data are held against the forecast, training data against the fitted values with the steps
put back. Rows off the grid, beyond the horizon or NULL are unknown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emulator.ml.arima.explain import history_of
from emulator.ml.arima.forecast import ahead
from emulator.ml.arima.interval import distance, probability
from emulator.ml.arima.series import FittedSeries
from emulator.ml.arima.types import Booleans, Floats, Integers


@dataclass(frozen=True)
class Anomalies:
    """The columns of ML.DETECT_ANOMALIES, of shape (n,); where not `known` all are NULL."""

    times: Integers
    values: Floats
    known: Booleans
    is_anomaly: Booleans
    lower: Floats
    upper: Floats
    probability: Floats


def detect(
    fitted: FittedSeries, times: Integers | None, values: Floats | None, threshold: float
) -> Anomalies:
    """Judge new data, or the training data if `times` and `values` are None."""
    reach = distance(threshold)
    if times is None or values is None:
        return _judged(*_history(fitted), fitted, reach, threshold)
    return _judged(*_expected(fitted, times, values), fitted, reach, threshold)


def _history(fitted: FittedSeries) -> tuple[Integers, Floats, Floats, Floats]:
    history = history_of(fitted)
    assert fitted.grid is not None
    data = np.array(history.data)
    parts = (history.trend, *history.seasons, *history.holidays, history.steps)
    centre = np.array(parts).sum(axis=0)
    if fitted.best.d:
        centre[0] = fitted.limits.forward(data[:1])[0] - history.spikes[0]
    errors = np.full(fitted.count, np.sqrt(fitted.process.variance))
    return fitted.grid.times(0, fitted.count), data, centre, errors


def _expected(
    fitted: FittedSeries, times: Integers, values: Floats
) -> tuple[Integers, Floats, Floats, Floats]:
    assert fitted.grid is not None
    parts = ahead(fitted, fitted.horizon)
    place = fitted.grid.places(times) - fitted.count
    usable = (place >= 0) & (place < fitted.horizon)
    place = np.where(usable, place, 0)
    usable &= fitted.grid.times(fitted.count, fitted.horizon)[place] == times
    blank = np.where(usable, 0.0, np.nan)
    return times, values, parts.total[place] + blank, parts.errors[place]


def _judged(
    times: Integers,
    values: Floats,
    centre: Floats,
    errors: Floats,
    fitted: FittedSeries,
    reach: float,
    threshold: float,
) -> Anomalies:
    known = np.isfinite(values) & np.isfinite(centre)
    with np.errstate(all="ignore"):
        gap = np.abs(fitted.limits.forward(values) - centre)
        distances = np.where(gap <= 1e-12 * np.abs(centre), 0.0, gap / errors)
    chance = probability(np.where(np.isnan(distances), np.inf, distances))
    return Anomalies(
        times=times,
        values=values,
        known=known,
        is_anomaly=known & (chance > threshold),
        lower=np.where(known, fitted.limits.inverse(centre - reach * errors), np.nan),
        upper=np.where(known, fitted.limits.inverse(centre + reach * errors), np.nan),
        probability=np.where(known, chance, np.nan),
    )
