"""ML.EXPLAIN_FORECAST: history and forecast by component.

Components add up to the data. With limits each component is what it adds to the components
before it in the data's units, trend first. The first row, which has nothing before it, has trend
0, and its adjusted data hold its residual, as recorded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emulator.ml.arima.forecast import ahead, forecast
from emulator.ml.arima.limits import Limits
from emulator.ml.arima.series import FittedSeries, History
from emulator.ml.arima.types import Booleans, Floats, Integers


@dataclass(frozen=True)
class Explanation:
    """The columns of ML.EXPLAIN_FORECAST, of shape (history + horizon,); NaN is NULL.

    `seasons` and `holidays` hold a column for each one found and asked for; `holiday_effect`,
    `spikes` and `steps` are None where none was found.
    """

    times: Integers
    is_history: Booleans
    data: Floats
    adjusted: Floats
    standard_errors: Floats
    confidence_levels: Floats
    lower: Floats
    upper: Floats
    trend: Floats
    seasons: dict[str, Floats]
    holiday_effect: Floats | None
    holidays: dict[str, Floats]
    spikes: Floats | None
    steps: Floats | None
    residual: Floats


def explain(fitted: FittedSeries, horizon: int, confidence_level: float) -> Explanation:
    """Return history and forecast with their components."""
    past, coming = past_components(fitted), ahead(fitted, horizon)
    told = forecast(fitted, horizon, confidence_level)
    future = in_units(
        fitted.limits, {"trend": coming.trend} | _keyed(coming.seasons, coming.holidays)
    )
    assert fitted.grid is not None
    count = fitted.count
    blank, none = np.full(horizon, np.nan), np.full(count, np.nan)

    def both(name: str) -> Floats:
        return np.concatenate([past[name], future[name]])

    by_holiday = {name: both(f"holiday {name}") for name in fitted.holiday_names}
    found = {effect.name for effect in fitted.holiday_effects}
    return Explanation(
        times=fitted.grid.times(0, count + horizon),
        is_history=np.arange(count + horizon) < count,
        data=np.concatenate([past["data"], told.values]),
        adjusted=np.concatenate([past["adjusted"], told.values]),
        standard_errors=np.concatenate([np.full(count, past_error(fitted)), told.standard_errors]),
        confidence_levels=np.concatenate([none, np.full(horizon, confidence_level)]),
        lower=np.concatenate([none, told.lower]),
        upper=np.concatenate([none, told.upper]),
        trend=both("trend"),
        seasons={one.name: both(f"season {one.name}") for one in fitted.seasons},
        holiday_effect=sum(by_holiday.values(), np.zeros(count + horizon)) if found else None,
        holidays={
            name: column if name in found else np.full(count + horizon, np.nan)
            for name, column in by_holiday.items()
        },
        spikes=np.concatenate([past["spikes"], blank]) if fitted.has_spikes else None,
        steps=np.concatenate([past["steps"], blank]) if fitted.has_steps else None,
        residual=np.concatenate([past["residual"], blank]),
    )


def history_of(fitted: FittedSeries) -> History:
    """Return the history, which only DECOMPOSE_TIME_SERIES keeps."""
    if fitted.history is None:
        raise ValueError(
            "the model holds no history; create it with DECOMPOSE_TIME_SERIES TRUE to have its "
            "training data explained or searched for anomalies"
        )
    return fitted.history


def past_components(fitted: FittedSeries) -> dict[str, Floats]:
    """Return the components of the training points in the data's units."""
    history = history_of(fitted)
    seasons = zip((one.name for one in fitted.seasons), history.seasons, strict=True)
    holidays = zip(fitted.holiday_names, history.holidays, strict=True)
    parts = {"trend": np.array(history.trend)} | _keyed(
        {name: np.array(values) for name, values in seasons},
        {name: np.array(values) for name, values in holidays},
    )
    parts |= {"steps": np.array(history.steps), "spikes": np.array(history.spikes)}
    out = in_units(fitted.limits, parts)
    data = np.array(history.data)
    residual = data - sum(out.values(), np.zeros(len(data)))
    adjusted = data - residual - out["steps"] - out["spikes"]
    if fitted.best.d:
        adjusted[0] += residual[0]
    return out | {"data": data, "residual": residual, "adjusted": adjusted}


def past_error(fitted: FittedSeries) -> float:
    """Return the standard error of the residuals, in the data's units."""
    if fitted.limits.free:
        return float(np.sqrt(fitted.process.variance))
    past = past_components(fitted)
    return float(np.sqrt((past["residual"][max(1, fitted.best.d) :] ** 2).mean()))


def in_units(limits: Limits, parts: dict[str, Floats]) -> dict[str, Floats]:
    """Return additive components in the data's units: each what it adds to those before."""
    if limits.free:
        return parts
    out = {}
    total = np.zeros(1)
    before: Floats = np.zeros(1)
    for name, values in parts.items():
        total = total + values
        after = limits.inverse(total)
        out[name] = after - before
        before = after
    return out


def _keyed(seasons: dict[str, Floats], holidays: dict[str, Floats]) -> dict[str, Floats]:
    named = {f"season {name}": values for name, values in seasons.items()}
    return named | {f"holiday {name}": values for name, values in holidays.items()}
