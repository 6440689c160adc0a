"""ML.ARIMA_COEFFICIENTS: the coefficients of each series' best model."""

from __future__ import annotations

import pyarrow as pa

from emulator.ml import arima
from emulator.ml.calls import Call
from emulator.ml.model import Model
from emulator.ml.options import TIME_SERIES
from emulator.ml.results import ResultTable
from emulator.ml.time_series.tables import Part, by_series
from emulator.session import Session

NAME = "ARIMA_COEFFICIENTS"
APPLIES = TIME_SERIES
SETTINGS: frozenset[str] = frozenset()

_NUMBERS = pa.list_(pa.float64())
_SCHEMA = pa.schema(
    [
        ("ar_coefficients", _NUMBERS),
        ("ma_coefficients", _NUMBERS),
        ("intercept_or_drift", pa.float64()),
    ]
)


async def run(model: Model, call: Call, session: Session) -> ResultTable:
    """Return one row per series."""

    def part(series: arima.FittedSeries) -> Part:
        found = arima.coefficients(series)
        return {
            "ar_coefficients": pa.array([found.ar_coefficients], _NUMBERS),
            "ma_coefficients": pa.array([found.ma_coefficients], _NUMBERS),
            "intercept_or_drift": pa.array([found.intercept_or_drift]),
        }

    return by_series(model, session, _SCHEMA, part)
