"""From any timestamps and values to a regular series without gaps.

As the manual's pipeline says: values that share an interval are averaged, values at or beyond a
forecast limit are left out, and what is missing is interpolated linearly. An inferred grid takes
a timestamp to its nearest point, since it may be early or late; a given one to its interval.
"""

from __future__ import annotations

import numpy as np

from emulator.ml.arima.frequency import Grid, infer
from emulator.ml.arima.options import Options
from emulator.ml.arima.types import Booleans, Floats, Integers

LEAST_POINTS = 3
MOST_POINTS = {True: 500_000, False: 1_000_000}


class UnfitSeriesError(ValueError):
    """A series that cannot be modelled; its message is for `error_message`."""


def regular(times: Integers, values: Floats, options: Options) -> tuple[Grid, Floats]:
    """Return the grid and the interpolated values on it.

    Parameters
    ----------
    times
        Microseconds since 1970-01-01 UTC, in any order, shape (n,).
    values
        Values, NaN for NULL, shape (n,).
    options
        Of the model.

    Returns
    -------
    tuple
        The grid and its values, of shape (points,), without NaN.
    """
    used = np.isfinite(values) & _within(values, options)
    order = np.argsort(times[used], kind="stable")
    times, values = times[used][order], values[used][order]
    distinct = len(np.unique(times))
    if distinct < LEAST_POINTS:
        raise UnfitSeriesError(
            f"The time series has {distinct} usable time points, at least {LEAST_POINTS} are "
            "needed. Add rows whose timestamp and data are not NULL and within the limits."
        )
    auto = options.data_frequency == "AUTO_FREQUENCY"
    grid = Grid.over(times, infer(times) if auto else options.data_frequency)
    return grid, _filled(grid.nearest(times) if auto else grid.places(times), values, options)


def _within(values: Floats, options: Options) -> Booleans:
    low, high = options.forecast_limit_lower_bound, options.forecast_limit_upper_bound
    kept = np.ones(len(values), dtype=bool)
    with np.errstate(invalid="ignore"):
        if low is not None:
            kept &= values > low
        if high is not None:
            kept &= values < high
    return kept


def _filled(places: Integers, values: Floats, options: Options) -> Floats:
    count = int(places[-1]) + 1
    most = MOST_POINTS[options.decompose_time_series]
    if count > most:
        raise UnfitSeriesError(
            f"The time series spans {count} points at its frequency, at most {most} can be "
            "modelled. Set a coarser DATA_FREQUENCY or train on a shorter period."
        )
    at, starts, counts = np.unique(places, return_index=True, return_counts=True)
    if len(at) < LEAST_POINTS:
        raise UnfitSeriesError(
            f"The time series has {len(at)} time points at DATA_FREQUENCY "
            f"{options.data_frequency}, at least {LEAST_POINTS} are needed."
        )
    means = np.add.reduceat(values / np.repeat(counts, counts), starts)
    return np.interp(np.arange(count), at, means)
