"""ML.ARIMA_EVALUATE: the candidates of each series, or the best one."""

from __future__ import annotations

import pyarrow as pa

from emulator.ml import arima
from emulator.ml.calls import Call
from emulator.ml.functions.settings import flag
from emulator.ml.model import Model
from emulator.ml.options import TIME_SERIES
from emulator.ml.results import ResultTable
from emulator.ml.time_series.tables import Part, by_series, id_columns
from emulator.session import Session

NAME = "ARIMA_EVALUATE"
APPLIES = TIME_SERIES
SETTINGS = frozenset({"show_all_candidate_models"})

_SCHEMA = pa.schema(
    [
        ("non_seasonal_p", pa.int64()),
        ("non_seasonal_d", pa.int64()),
        ("non_seasonal_q", pa.int64()),
        ("has_drift", pa.bool_()),
        ("log_likelihood", pa.float64()),
        ("AIC", pa.float64()),
        ("variance", pa.float64()),
        ("seasonal_periods", pa.list_(pa.string())),
        ("has_holiday_effect", pa.bool_()),
        ("has_spikes_and_dips", pa.bool_()),
        ("has_step_changes", pa.bool_()),
        ("error_message", pa.string()),
    ]
)


async def run(model: Model, call: Call, session: Session) -> ResultTable:
    """Return one row per candidate, the lowest AIC first; of several series the best alone."""
    every = flag(call, "show_all_candidate_models", not id_columns(model))
    return by_series(model, session, _SCHEMA, lambda series: evaluation(series, every))


def evaluation(series: arima.FittedSeries, every: bool) -> Part:
    """Return the rows of one series."""
    found = arima.candidates(series)
    rows = found if every else found[:1]
    names = {"AIC": "aic"}
    return {
        field.name: pa.array([getattr(one, names.get(field.name, field.name)) for one in rows])
        if field.name != "seasonal_periods"
        else pa.array([one.seasonal_periods for one in rows], field.type)
        for field in _SCHEMA
    }
