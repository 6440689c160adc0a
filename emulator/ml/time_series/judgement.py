"""Holds new or training data against the forecasts of each series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from emulator.ml import arima
from emulator.ml.calls import Call
from emulator.ml.data import types
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


@dataclass(frozen=True)
class _Given:
    """The data argument, where its columns are, and their types that Arrow would lose."""

    table: pa.Table
    columns: SeriesColumns
    kinds: dict[str, str]

    def series(self) -> list[SeriesRows]:
        """Return the rows of each series."""
        return read_rows(self.columns, self.table, InputDataError) if self.table.num_rows else []

    def rows(self, ids: tuple[object, ...]) -> pa.RecordBatch:
        """Return the rows of one series as they were given."""
        chosen = np.ones(self.table.num_rows, dtype=bool)
        for at, value in zip(self.columns.ids, ids, strict=True):
            column = self.table.column(at).to_pylist()
            chosen &= np.array([one == value for one in column], dtype=bool)
        schema = self.table.schema
        batches = self.table.filter(pa.array(chosen)).combine_chunks().to_batches()
        return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=schema)


async def _read(model: Model, call: Call, session: Session) -> _Given:
    assert isinstance(model.options, TimeSeriesOptions)
    async with open_input(model, call, session) as data:
        times = (*TIMES, "STRING")
        columns = find_columns(data.seen, column_names(model.options), InputDataError, times)
        batches = [rows.given for rows in data.batches()]
    return _Given(pa.Table.from_batches(batches), columns, data.kinds)


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
        if "anomaly_prob_threshold" not in call.settings:
            raise StatementError(
                "ML.DETECT_ANOMALIES of new data needs STRUCT(… AS anomaly_prob_threshold)."
            )
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
    given = await _read(model, call, session)
    result: ResultTable | None = None
    for rows in given.series() or [_no_rows(given.columns)]:
        series = series_of(model).find(rows.id)
        found = {name: pa.nulls(len(rows.times), kind) for name, kind in _fields()}
        if series is not None and series.error_message is None and len(rows.times):
            found = _columns(arima.detect(series, rows.times, rows.values, threshold))
        part = _with_given(model, given, rows, found)
        kinds = {name: kind for name, kind in given.kinds.items() if name in part.schema.names}
        result = result or ResultTable(session, part.schema, kinds)
        result.append(part)
    assert result is not None
    return result


def _no_rows(columns: SeriesColumns) -> SeriesRows:
    ids = (None,) * len(columns.ids)
    return SeriesRows(ids, np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float64))


def _with_given(
    model: Model, given: _Given, rows: SeriesRows, found: dict[str, pa.Array]
) -> pa.RecordBatch:
    """Put ids, timestamp and data in front of the findings, and the other columns behind."""
    batch, columns = given.rows(rows.id), given.columns
    time, value, *ids = (column.name for column in model.inputs)
    first = {name: batch.column(at) for name, at in zip(ids, columns.ids, strict=True)}
    first |= {time: timestamps(rows.times), value: nullable(rows.values)}
    used = {columns.time, columns.value, *columns.ids}
    others = [at for at in range(batch.num_columns) if at not in used]
    return with_inputs({**first, **found}, batch.select(others))


async def evaluate(model: Model, call: Call, session: Session) -> ResultTable:
    """ML.EVALUATE of a time series model with data, by series or by point."""
    assert isinstance(model.options, TimeSeriesOptions)
    horizon = horizon_of(model, call, model.options.horizon)
    aggregated = flag(call, "perform_aggregation", True)
    if aggregated and "confidence_level" in call.settings:
        raise StatementError("confidence_level needs perform_aggregation = FALSE.")
    level = confidence_of(call)
    given = await _read(model, call, session)
    schema = with_ids(model, _evaluation_schema(model, aggregated))
    result = ResultTable(session, schema)
    for rows in given.series():
        series = series_of(model).find(rows.id)
        if series is None or series.error_message is not None:
            continue
        part = (_totals if aggregated else _points)(model, series, rows, horizon, level)
        result.append(part_of(schema, rows.id, part))
    return result


def _evaluation_schema(model: Model, aggregated: bool) -> pa.Schema:
    if aggregated:
        return pa.schema([(name, pa.float64()) for name in METRICS])
    time, value = model.inputs[0], model.inputs[1].name
    numbers = (
        *(value, f"forecasted_{value}", "lower_bound", "upper_bound"),
        *("absolute_error", "absolute_percentage_error"),
    )
    kind = types.arrow_type(time.type)  # of the training data, as the manual says
    return pa.schema([(time.name, kind), *((name, pa.float64()) for name in numbers)])


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
    time, value = model.inputs[0], model.inputs[1].name
    expected, lower, upper = _expected(series, rows, horizon, level)
    error = np.abs(expected - rows.values)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(rows.values != 0, error / np.abs(rows.values), np.nan)
    return {
        time.name: timestamps(rows.times).cast(types.arrow_type(time.type), safe=False),
        value: nullable(rows.values),
        f"forecasted_{value}": nullable(expected),
        "lower_bound": nullable(lower),
        "upper_bound": nullable(upper),
        "absolute_error": nullable(error),
        "absolute_percentage_error": nullable(share),
    }
