"""ML.FORECAST: the next points of each series, with their intervals."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from emulator.ml import arima
from emulator.ml.calls import Call
from emulator.ml.errors import StatementError
from emulator.ml.functions.settings import integer, number
from emulator.ml.model import Model
from emulator.ml.options import TIME_SERIES
from emulator.ml.options.time_series import TimeSeriesOptions
from emulator.ml.results import ResultTable
from emulator.ml.time_series.columns import timestamps
from emulator.ml.time_series.tables import Part, by_series
from emulator.session import Session

NAME = "FORECAST"
APPLIES = TIME_SERIES
SETTINGS = frozenset({"horizon", "confidence_level"})
DEFAULT_HORIZON = 3
DEFAULT_CONFIDENCE = 0.95

_SCHEMA = pa.schema(
    [
        ("forecast_timestamp", pa.timestamp("us", tz="UTC")),
        *(
            (name, pa.float64())
            for name in (
                "forecast_value",
                "standard_error",
                "confidence_level",
                "prediction_interval_lower_bound",
                "prediction_interval_upper_bound",
                "confidence_interval_lower_bound",
                "confidence_interval_upper_bound",
            )
        ),
    ]
)


async def run(model: Model, call: Call, session: Session) -> ResultTable:
    """Return one row per point and series; both intervals are the prediction's."""
    horizon = horizon_of(model, call, DEFAULT_HORIZON)
    level = confidence_of(call)

    def part(series: arima.FittedSeries) -> Part:
        found = arima.forecast(series, horizon, level)
        lower, upper = pa.array(found.lower), pa.array(found.upper)
        return {
            "forecast_timestamp": timestamps(found.times),
            "forecast_value": pa.array(found.values),
            "standard_error": pa.array(found.standard_errors),
            "confidence_level": pa.array(np.full(horizon, level)),
            "prediction_interval_lower_bound": lower,
            "prediction_interval_upper_bound": upper,
            "confidence_interval_lower_bound": lower,
            "confidence_interval_upper_bound": upper,
        }

    return by_series(model, session, _SCHEMA, part)


def horizon_of(model: Model, call: Call, default: int) -> int:
    """Return how many points are asked for, at most the model's HORIZON.

    Raises
    ------
    StatementError
        If it is above that.
    """
    assert isinstance(model.options, TimeSeriesOptions)
    most = model.options.horizon
    asked = integer(call, "horizon", min(default, most))
    if asked > most:
        raise StatementError(
            f"Invalid value for horizon of ML.{call.function}: {asked}. The model was trained "
            f"with HORIZON = {most}, which is the most that can be forecast."
        )
    return asked


def confidence_of(call: Call) -> float:
    """Return the confidence level, at least 0 and below 1."""
    level = number(call, "confidence_level", DEFAULT_CONFIDENCE, most=1.0)
    if level >= 1:
        raise StatementError(
            f"Invalid value for confidence_level of ML.{call.function}: {level:g}. "
            "Expected a number of at least 0 and below 1."
        )
    return level
