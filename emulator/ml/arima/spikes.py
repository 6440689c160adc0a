"""Spikes and dips: single points far outside what the series otherwise does.

Tukey's far fences (3 IQR beyond the quartiles, as R's `tsoutliers`) around a robust line through
the series without its seasons. Against a line, not a local trend, because BigQuery finds no spike
in the recorded daily visits, whose days stand 6 standard errors off their neighbours. Runs of
more than three points, and more than one point in twenty, are not spikes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from emulator.ml.arima.types import Booleans, Floats

FENCE = 3.0
LONGEST_RUN = 3
MOST = 0.05
LEAST_POINTS = 12


def spikes(values: Floats, exempt: Booleans, seasonless: Callable[[Floats], Floats]) -> Booleans:
    """Return which points are spikes or dips.

    A second look judges against seasons that the spikes of the first no longer touch.

    Parameters
    ----------
    values
        Series, shape (n,).
    exempt
        Points that are never spikes (holidays), shape (n,).
    seasonless
        Takes the seasons out of a series.

    Returns
    -------
    Booleans
        Shape (n,).
    """
    found = np.zeros(len(values), dtype=bool)
    if len(values) < LEAST_POINTS or exempt.all():
        return found
    for _ in range(2):
        bridged = cleaned(values, exempt | found)
        found = _outside(values - bridged + seasonless(bridged), exempt)
    return found


def _outside(values: Floats, exempt: Booleans) -> Booleans:
    """Return which points of a series without seasons lie beyond the fences."""
    count = len(values)
    half = count // 2
    slope = np.median(values[-half:] - values[:half]) / (count - half)
    rest = values - slope * np.arange(count)
    low, high = np.quantile(rest, [0.25, 0.75])
    reach = FENCE * (high - low) + 1e-9 * np.abs(rest).max()
    out = ((rest < low - reach) | (rest > high + reach)) & ~exempt
    edges = np.flatnonzero(np.diff(np.concatenate([[0], out.astype(int), [0]])))
    for start, end in edges.reshape(-1, 2):
        if end - start > LONGEST_RUN:
            out[start:end] = False
    return out if out.sum() <= max(1, MOST * count) else np.zeros(count, dtype=bool)


def cleaned(values: Floats, found: Booleans) -> Floats:
    """Return the values with the points `found` interpolated linearly."""
    kept = np.flatnonzero(~found)
    return np.where(found, np.interp(np.arange(len(values)), kept, values[kept]), values)
