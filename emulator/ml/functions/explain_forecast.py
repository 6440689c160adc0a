"""ML.EXPLAIN_FORECAST: history and forecast of each series by component."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from emulator.ml import arima
from emulator.ml.calls import Call
from emulator.ml.data.columns import Floats
from emulator.ml.errors import StatementError
from emulator.ml.functions.forecast import DEFAULT_HORIZON, confidence_of, horizon_of
from emulator.ml.model import Model
from emulator.ml.options import TIME_SERIES
from emulator.ml.options.time_series import TimeSeriesOptions
from emulator.ml.results import ResultTable
from emulator.ml.time_series.columns import timestamps
from emulator.ml.time_series.tables import Part, by_series, series_of
from emulator.session import Session

NAME = "EXPLAIN_FORECAST"
APPLIES = TIME_SERIES
SETTINGS = frozenset({"horizon", "confidence_level"})
SEASONS = ("YEARLY", "QUARTERLY", "MONTHLY", "WEEKLY", "DAILY")

_SCHEMA = pa.schema(
    [
        ("time_series_timestamp", pa.timestamp("us", tz="UTC")),
        ("time_series_type", pa.string()),
        *(
            (name, pa.float64())
            for name in (
                "time_series_data",
                "time_series_adjusted_data",
                "standard_error",
                "confidence_level",
                "prediction_interval_lower_bound",
                "prediction_interval_upper_bound",
                "trend",
                *(f"seasonal_period_{season.lower()}" for season in SEASONS),
                "holiday_effect",
                "spikes_and_dips",
                "step_changes",
                "residual",
            )
        ),
    ]
)


async def run(model: Model, call: Call, session: Session) -> ResultTable:
    """Return one row per training point and per forecast point."""
    assert isinstance(model.options, TimeSeriesOptions)
    if not model.options.decompose_time_series:
        raise StatementError(
            f"Model {model.name} was not trained with DECOMPOSE_TIME_SERIES = TRUE, "
            "which ML.EXPLAIN_FORECAST needs."
        )
    horizon = horizon_of(model, call, DEFAULT_HORIZON)
    level = confidence_of(call)
    names = dict.fromkeys(n for one in series_of(model).series for n in one.holiday_names)
    own = [pa.field(f"holiday_effect_{name}", pa.float64()) for name in names]

    def part(series: arima.FittedSeries) -> Part:
        found = arima.explain(series, horizon, level)
        count = len(found.times)
        by_name = {
            f"holiday_effect_{name}": nullable(found.holidays.get(name), count) for name in names
        }
        return _part(found) | by_name

    return by_series(model, session, pa.schema([*_SCHEMA, *own]), part)


def _part(found: arima.Explanation) -> Part:
    count = len(found.times)
    kinds = np.where(found.is_history, "history", "forecast")
    return {
        "time_series_timestamp": timestamps(found.times),
        "time_series_type": pa.array(kinds),
        "time_series_data": nullable(found.data),
        "time_series_adjusted_data": nullable(found.adjusted),
        "standard_error": nullable(found.standard_errors),
        "confidence_level": nullable(found.confidence_levels),
        "prediction_interval_lower_bound": nullable(found.lower),
        "prediction_interval_upper_bound": nullable(found.upper),
        "trend": nullable(found.trend),
        **{
            f"seasonal_period_{season.lower()}": nullable(found.seasons.get(season), count)
            for season in SEASONS
        },
        "holiday_effect": nullable(found.holiday_effect, count),
        "spikes_and_dips": nullable(found.spikes, count),
        "step_changes": nullable(found.steps, count),
        "residual": nullable(found.residual),
    }


def nullable(values: Floats | None, count: int = 0) -> pa.Array:
    """Return numbers with NULL for NaN; nothing but NULL for None."""
    if values is None:
        return pa.nulls(count, pa.float64())
    return pa.array(values, from_pandas=True)
