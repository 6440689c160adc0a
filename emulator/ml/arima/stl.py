"""Seasonal-trend decomposition by loess (Cleveland 1990), with the defaults of R's `stl`.

Written here because statsmodels forbids a low-pass window equal to the period, which is what
BigQuery uses: window 7 of degree 0 for the season, two passes, no robustness, jumps of a tenth
of the window. On Google Analytics' daily visits it repeats BigQuery's weekly component.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from emulator.ml.arima.types import Floats, Integers

SEASONAL_WINDOW = 7
PASSES = 2


def seasonal(values: Floats, period: int) -> tuple[Floats, Floats]:
    """Return the seasonal and the trend component of a series of at least two periods.

    Parameters
    ----------
    values
        Series of shape (n,), without gaps.
    period
        Points of one cycle.

    Returns
    -------
    tuple
        Season and trend, both of shape (n,).
    """
    trend_window = odd(1.5 * period / (1 - 1.5 / SEASONAL_WINDOW))
    low_window = odd(period)
    trend = np.zeros(len(values))
    season = trend
    for _ in range(PASSES):
        cycles = _cycles(values - trend, period)
        low = _mean(_mean(_mean(cycles, period), period), 3)
        season = cycles[period:-period] - loess(low, low_window, 1)
        trend = loess(values - season, trend_window, 1)
    return season, trend


def odd(width: float) -> int:
    """Return the smallest odd integer of at least `width`."""
    whole = int(np.ceil(width))
    return whole + 1 - whole % 2


def loess(values: Floats, window: int, degree: int) -> Floats:
    """Smooth at every tenth of the window, and linearly between these points."""
    count = len(values)
    jump = -(-window // 10)
    places = np.unique(np.append(np.arange(0, count, jump), count - 1))
    smooth = _local(values[None, :], places, window, degree)[0]
    return np.asarray(np.interp(np.arange(count), places, smooth))


def _cycles(values: Floats, period: int) -> Floats:
    """Smooth each sub-series of one phase, one point longer at both ends."""
    count = len(values)
    out = np.empty(count + 2 * period)
    for extra in (0, 1):
        phases = np.arange(period)[(np.arange(period) < count % period) == bool(extra)]
        if len(phases):
            length = count // period + extra
            rows = values[phases[:, None] + period * np.arange(length)]
            smooth = _local(rows, np.arange(-1, length + 1), SEASONAL_WINDOW, 0)
            out[phases[:, None] + period * np.arange(length + 2)] = smooth
    return out


def _mean(values: Floats, width: int) -> Floats:
    sums = np.cumsum(np.concatenate([[0.0], values - values.mean()]))
    return np.asarray((sums[width:] - sums[:-width]) / width + values.mean())


def _local(rows: Floats, places: Integers, window: int, degree: int) -> Floats:
    """Fit tricube-weighted constants or lines at `places` to every row, shape (rows, n)."""
    count = rows.shape[1]
    width = min(window, count)
    starts = np.clip(places - (width - 1) // 2, 0, count - width)
    at = starts[:, None] + np.arange(width)
    reach = np.maximum(places - starts, starts + width - 1 - places) + max(0, window - count) // 2
    gap = np.abs(at - places[:, None]) / np.maximum(reach, 1)[:, None]
    weights = np.where(gap <= 0.999, (1 - gap**3) ** 3, 0.0)
    weights[gap <= 0.001] = 1.0
    weights /= weights.sum(axis=1, keepdims=True)
    if degree:
        centre = (weights * at).sum(axis=1, keepdims=True)
        spread = (weights * (at - centre) ** 2).sum(axis=1, keepdims=True)
        wide = np.sqrt(spread) > 0.001 * max(count - 1, 1)
        slope = np.where(wide, (places[:, None] - centre) / np.where(wide, spread, 1.0), 0.0)
        weights = weights * (1 + slope * (at - centre))
    views = sliding_window_view(rows, width, axis=1)[:, starts]
    return np.asarray(np.einsum("rpw,pw->rp", views, weights))
