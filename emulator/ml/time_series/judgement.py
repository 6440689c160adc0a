"""Holds new or training data against the forecasts of each series."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from emulator.ml import arima
from emulator.ml.calls import Call
from emulator.ml.errors import InputDataError, StatementError
from emulator.ml.functions.explain_forecast import nullable
from emulator.ml.functions.forecast import confidence_of, horizon_of
from emulator.ml.functions.input import open_input, with_inputs
from emulator.ml.functions.settings import flag, number
from emulator.ml.model import Model
from emulator.ml.options.time_series import TimeSeriesOptions
from emulator.ml.results import ResultTable
from emulator.ml.time_series.columns import (
    TIMES,
    SeriesColumns,
    SeriesRows,
    find_columns,
    read_rows,
    timestamps,
)
from emulator.ml.time_series.tables import Part, by_series, part_of, series_of, with_ids
from emulator.ml.time_series.training import column_names
from emulator.session import Session

DEFAULT_THRESHOLD = 0.95
METRICS = (
    "mean_absolute_error",
    "mean_squared_error",
    "root_mean_squared_error",
    "mean_absolute_percentage_error",
    "symmetric_mean_absolute_percentage_error",
    "mean_absolute_scaled_error",
)
_ANOMALIES = ("is_anomaly", "lower_bound", "upper_bound", "anomaly_probability")


async def _read(model: Model, call: Call, session: Session) -> tuple[pa.Table, SeriesColumns]:
    """Return the data argument and where its columns are."""
    assert isinstance(model.options, TimeSeriesOptions)
    batches = []
    async with open_input(model, call, session) as data:
        times = (*TIMES, "STRING")
        columns = find_columns(data.seen, column_names(model.options), InputDataError, times)
        batches = [rows.given for rows in data.batches()]
    return pa.Table.from_batches(batches), columns


async def detect(model: Model, call: Call, session: Session) -> ResultTable:
    """ML.DETECT_ANOMALIES of a time series model.

    Raises
    ------
    StatementError
        If training data are asked for that the model does not keep.
    """
    assert isinstance(model.options, TimeSeriesOptions)
    threshold = number(call, "anomaly_prob_threshold", DEFAULT_THRESHOLD, most=1.0)
    if threshold >= 1:
        raise StatementError("anomaly_prob_threshold must be at least 0 and below 1.")
    if call.data is not None:
        return await _new(model, call, session, threshold)
    if not model.options.decompose_time_series:
        raise StatementError(
            f"Model {model.name} was not trained with DECOMPOSE_TIME_SERIES = TRUE, which "
            "ML.DETECT_ANOMALIES without data needs."
        )
    time, value = (column.name for column in model.inputs[:2])
    schema = pa.schema([(time, pa.timestamp("us", tz="UTC")), (value, pa.float64()), *_fields()])

    def part(series: arima.FittedSeries) -> Part:
        found = arima.detect(series, None, None, threshold)
        return {
            time: timestamps(found.times),
            value: nullable(found.values),
            **_columns(found),
        }

    return by_series(model, session, schema, part)


def _fields() -> list[tuple[str, pa.DataType]]:
    return [(name, pa.bool_() if name == "is_anomaly" else pa.float64()) for name in _ANOMALIES]


def _columns(found: arima.Anomalies) -> dict[str, pa.Array]:
    return {
        "is_anomaly": pa.array(found.is_anomaly, mask=~found.known),
        "lower_bound": nullable(found.lower),
        "upper_bound": nullable(found.upper),
        "anomaly_probability": nullable(found.probability),
    }


async def _new(model: Model, call: Call, session: Session, threshold: float) -> ResultTable:
    table, columns = await _read(model, call, session)
    result: ResultTable | None = None
    for rows in _with_places(columns, table):
        series = series_of(model).find(rows.id)
        outputs = _unknown(len(rows.times))
        if series is not None and series.error_message is None:
            outputs = _columns(arima.detect(series, rows.times, rows.values, threshold))
        given = table.filter(_mask(columns, table, rows.id))
        part = with_inputs(outputs, given.combine_chunks().to_batches()[0]) if len(given) else None
        if part is not None:
            result = result or ResultTable(session, part.schema)
            result.append(part)
    if result is None:
        empty = {name: pa.array([], kind) for name, kind in _fields()}
        batch = with_inputs(empty, pa.RecordBatch.from_pylist([], schema=table.schema))
        result = ResultTable(session, batch.schema)
    return result


def _with_places(columns: SeriesColumns, table: pa.Table) -> list[SeriesRows]:
    return read_rows(columns, table, InputDataError) if table.num_rows else []


def _unknown(count: int) -> dict[str, pa.Array]:
    return {name: pa.nulls(count, kind) for name, kind in _fields()}


def _mask(columns: SeriesColumns, table: pa.Table, ids: tuple[object, ...]) -> pa.Array:
    """Return which rows belong to a series."""
    chosen = np.ones(table.num_rows, dtype=bool)
    for at, value in zip(columns.ids, ids, strict=True):
        chosen &= np.array([one == value for one in table.column(at).to_pylist()], dtype=bool)
    return pa.array(chosen)


async def evaluate(model: Model, call: Call, session: Session) -> ResultTable:
    """ML.EVALUATE of a time series model with data, by series or by point."""
    assert isinstance(model.options, TimeSeriesOptions)
    horizon = horizon_of(model, call, model.options.horizon)
    aggregated = flag(call, "perform_aggregation", True)
    if aggregated and "confidence_level" in call.settings:
        raise StatementError("confidence_level needs perform_aggregation = FALSE.")
    level = confidence_of(call)
    table, columns = await _read(model, call, session)
    schema = with_ids(model, _evaluation_schema(model, aggregated))
    result = ResultTable(session, schema)
    for rows in _with_places(columns, table):
        series = series_of(model).find(rows.id)
        if series is None or series.error_message is not None:
            continue
        part = (_totals if aggregated else _points)(model, series, rows, horizon, level)
        result.append(part_of(schema, rows.id, part))
    return result


def _evaluation_schema(model: Model, aggregated: bool) -> pa.Schema:
    if aggregated:
        return pa.schema([(name, pa.float64()) for name in METRICS])
    time, value = (column.name for column in model.inputs[:2])
    numbers = (
        *(value, f"forecasted_{value}", "lower_bound", "upper_bound"),
        *("absolute_error", "absolute_percentage_error"),
    )
    return pa.schema(
        [(time, pa.timestamp("us", tz="UTC")), *((name, pa.float64()) for name in numbers)]
    )


def _expected(
    series: arima.FittedSeries, rows: SeriesRows, horizon: int, level: float
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return forecast, lower and upper bound at each row's time; NaN where there is none."""
    found = arima.forecast(series, horizon, level)
    place = np.searchsorted(found.times, rows.times)
    inside = place < horizon
    inside &= found.times[np.minimum(place, horizon - 1)] == rows.times
    picked = np.stack([found.values, found.lower, found.upper])[:, np.minimum(place, horizon - 1)]
    return np.where(inside, picked, np.nan)


def _totals(
    model: Model, series: arima.FittedSeries, rows: SeriesRows, horizon: int, level: float
) -> Part:
    expected = _expected(series, rows, horizon, level)[0]
    found = arima.accuracy(expected, rows.values, series.naive_error)
    return {name: pa.array([getattr(found, name)], pa.float64()) for name in METRICS}


def _points(
    model: Model, series: arima.FittedSeries, rows: SeriesRows, horizon: int, level: float
) -> Part:
    time, value = (column.name for column in model.inputs[:2])
    expected, lower, upper = _expected(series, rows, horizon, level)
    error = np.abs(expected - rows.values)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(rows.values != 0, error / np.abs(rows.values), np.nan)
    return {
        time: timestamps(rows.times),
        value: nullable(rows.values),
        f"forecasted_{value}": nullable(expected),
        "lower_bound": nullable(lower),
        "upper_bound": nullable(upper),
        "absolute_error": nullable(error),
        "absolute_percentage_error": nullable(share),
    }
