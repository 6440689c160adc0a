"""The modelling pipeline of one series, in the manual's order.

Regular grid, limits, spikes and dips, steps, holidays, seasons, and ARIMA on what is left. Equal
input gives equal output; series are independent of each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from emulator.ml.arima import holidays, seasonality, spikes, steps
from emulator.ml.arima.arma import innovations, upcoming
from emulator.ml.arima.auto import Candidate, search
from emulator.ml.arima.frequency import Grid
from emulator.ml.arima.holidays import HolidayEffect
from emulator.ml.arima.limits import Limits
from emulator.ml.arima.options import Holiday, Options, broken_rule, trend_points
from emulator.ml.arima.regular import UnfitSeriesError, regular
from emulator.ml.arima.series import FittedSeries, History
from emulator.ml.arima.types import Floats, Integers

LARGEST = 1e150
"""Beyond it squares, and with them variances, overflow."""


def fit_series(times: Integers, values: Floats, options: Options) -> FittedSeries:
    """Model a series.

    Parameters
    ----------
    times
        Microseconds since 1970-01-01 UTC, in any order, shape (n,).
    values
        Values, NaN for NULL, shape (n,).
    options
        Of the model; wrong ones raise ValueError.

    Returns
    -------
    FittedSeries
        With an `error_message` and nothing else if it cannot be modelled.
    """
    message = broken_rule(options)
    if message is not None:
        raise ValueError(message)
    try:
        grid, data = regular(times, values, options)
        if np.abs(data).max() > LARGEST:
            raise UnfitSeriesError(f"The time series has values beyond {LARGEST}, rescale them.")
        return _model(grid, data, options)
    except UnfitSeriesError as error:
        return FittedSeries(error_message=str(error), horizon=options.horizon)


@dataclass(frozen=True)
class _Parts:
    """The components of a history before ARIMA, in additive units."""

    seasons: dict[str, Floats]
    holidays: dict[str, Floats]
    effects: tuple[HolidayEffect, ...]
    spikes: Floats
    steps: Floats

    def removed(self) -> Floats:
        """Return all components together."""
        found = (*self.seasons.values(), *self.holidays.values())
        return sum(found, self.spikes + self.steps)


def _model(grid: Grid, data: Floats, options: Options) -> FittedSeries:
    limits = Limits(options.forecast_limit_lower_bound, options.forecast_limit_upper_bound)
    values = limits.forward(data)
    parts = _parts(grid, values, options)
    rest = values - parts.removed()
    candidates = search(rest[-trend_points(options, len(rest)) :], options)
    best = candidates[0]
    changes = np.diff(rest, best.d)
    fitted = FittedSeries(
        grid=grid,
        count=len(data),
        horizon=options.horizon,
        limits=limits,
        candidates=candidates,
        levels=tuple(float(np.diff(rest, order)[-1]) for order in range(best.d)),
        recent=upcoming(changes, best.process) if best.process else (),
        seasons=tuple(
            seasonality.continued(name, component, grid.frequency)
            for name, component in parts.seasons.items()
        ),
        holidays=_holidays(grid, len(data), options),
        holiday_effects=parts.effects,
        naive_error=float(np.abs(np.diff(data)).mean()),
    )
    if not options.decompose_time_series:
        return fitted
    return _with_history(fitted, data, rest, parts, options)


def _parts(grid: Grid, values: Floats, options: Options) -> _Parts:
    """Split a history into its components, in the order of the pipeline."""
    count = len(values)
    given = _holidays(grid, count, options)
    exempt = holidays.covered(given, grid, count)
    names = seasonality.find(values, grid.frequency, options.seasonalities)

    def seasonless(series: Floats) -> Floats:
        found = seasonality.components(series, grid.frequency, names)
        return series - sum(found.values(), np.zeros(count))

    rest = values
    if options.clean_spikes_and_dips:
        rest = spikes.cleaned(values, spikes.spikes(values, exempt, seasonless))
        names = seasonality.find(rest, grid.frequency, options.seasonalities)
    outliers = values - rest
    moved = np.zeros(count)
    if options.adjust_step_changes:
        bridged = rest if exempt.all() else spikes.cleaned(rest, exempt)
        moved = steps.steps(bridged, seasonless)
        rest = rest - moved
    effects = _holiday_effects(rest, seasonless, given, grid)
    by_name = holidays.effects(effects, given, grid, 0, count)
    rest = rest - sum(by_name.values(), np.zeros(count))
    seasons = seasonality.components(rest, grid.frequency, names)
    return _Parts(seasons, by_name, effects, outliers, moved)


def _holidays(grid: Grid, count: int, options: Options) -> tuple[Holiday, ...]:
    """Return the holidays to model: those of the history and of the horizon."""
    if not holidays.applies(grid, count):
        return ()
    return holidays.during(options.holidays, grid, count + options.horizon)


def _holiday_effects(
    rest: Floats, seasonless: Callable[[Floats], Floats], given: tuple[Holiday, ...], grid: Grid
) -> tuple[HolidayEffect, ...]:
    """Estimate the effects against seasons that the holidays do not touch."""
    inside = holidays.covered(given, grid, len(rest))
    if inside.all() or not inside.any():
        return ()
    bridged = spikes.cleaned(rest, inside)
    season = bridged - seasonless(bridged)
    return holidays.estimate(rest - season, given, grid)


def _with_history(
    fitted: FittedSeries, data: Floats, rest: Floats, parts: _Parts, options: Options
) -> FittedSeries:
    """Add what DECOMPOSE_TIME_SERIES keeps."""
    trend = _smoothed(one_step(rest, fitted.best), options.trend_smoothing_window_size)
    history = History(
        data=_numbers(data),
        trend=_numbers(trend),
        seasons=tuple(_numbers(component) for component in parts.seasons.values()),
        holidays=tuple(_numbers(component) for component in parts.holidays.values()),
        spikes=_numbers(parts.spikes),
        steps=_numbers(parts.steps),
    )
    return replace(
        fitted,
        history=history,
        has_spikes=bool(parts.spikes.any()),
        has_steps=bool(parts.steps.any()),
    )


def one_step(rest: Floats, best: Candidate) -> Floats:
    """Return the prediction of each point from those before; 0 where there are none.

    The second of two differences has one point before it: R's diffuse prior makes that 1.6 of it.
    """
    out = np.zeros(len(rest))
    process = best.process
    if process is None:
        return out
    changes = np.diff(rest, best.d) - process.constant
    errors, _ = innovations(changes, np.array(process.ar), np.array(process.ma))
    out[best.d :] = rest[best.d :] - errors
    if best.d == 2:
        out[1] = 1.6 * rest[0]
    return out


def _smoothed(trend: Floats, window: int | None) -> Floats:
    """Return the centred moving average, the ends padded with the first and the last value."""
    if window is None:
        return trend
    before = window // 2
    padded = np.pad(trend, (before, window - 1 - before), mode="edge")
    sums = np.cumsum(np.append(0.0, padded))
    return np.asarray((sums[window:] - sums[:-window]) / window)


def _numbers(values: Floats) -> tuple[float, ...]:
    return tuple(values.tolist())
