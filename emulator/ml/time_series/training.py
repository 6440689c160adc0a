"""Fits ARIMA_PLUS: one model a series, one after the other, all of one query in memory."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pyarrow as pa

from emulator.ml import arima
from emulator.ml.data.description import describe_numbers
from emulator.ml.data.training_columns import InputColumn
from emulator.ml.errors import TrainingDataError
from emulator.ml.model import Fitted, Iteration
from emulator.ml.options.time_series import TimeSeriesOptions
from emulator.ml.time_series.columns import SeriesColumns, find_columns, read_rows
from emulator.ml.time_series.parameters import SeriesSet


class SeriesCollector:
    """The three kinds of columns of a training query, filled batch by batch."""

    def __init__(self, schema: pa.Schema, options: TimeSeriesOptions) -> None:
        self.columns: SeriesColumns = find_columns(schema, column_names(options))
        places = [self.columns.time, self.columns.value, *self.columns.ids]
        self._names = [schema.names[at] for at in places]
        self._parts: list[pa.RecordBatch] = []
        self._schema = pa.schema([schema.field(at) for at in places])

    def append(self, batch: pa.RecordBatch) -> None:
        """Take the next batch of the query."""
        self._parts.append(batch.select(self._names))

    def finish(self) -> pa.Table:
        """Return all rows."""
        return pa.Table.from_batches(self._parts, self._schema)


def column_names(options: TimeSeriesOptions) -> list[str]:
    """Return the names of timestamp, data and id columns."""
    assert options.time_series_timestamp_col and options.time_series_data_col
    return [
        options.time_series_timestamp_col,
        options.time_series_data_col,
        *options.time_series_id_col,
    ]


def fit_time_series(
    collector: SeriesCollector,
    options: TimeSeriesOptions,
    holidays: tuple[arima.Holiday, ...] = (),
    *,
    needs_days: bool = False,
) -> Fitted:
    """Fit every series.

    Raises
    ------
    TrainingDataError
        If there is no row, a timestamp is NULL, no series can be fitted, or `needs_days` and
        the frequency of one is not daily.
    """
    started = time.perf_counter()
    table = collector.finish()
    if not table.num_rows:
        raise TrainingDataError("The training query returned zero rows; a model needs data.")
    found = collector.columns
    rows = read_rows(replace(found, time=0, value=1, ids=tuple(range(2, table.num_columns))), table)
    settings = replace(options.settings, holidays=holidays)
    fitted = tuple(arima.fit_series(one.times, one.values, settings) for one in rows)
    if len(fitted) == 1 and fitted[0].error_message is not None:
        raise TrainingDataError(fitted[0].error_message)
    if needs_days:
        _check_days(fitted)
    milliseconds = int(1000 * (time.perf_counter() - started))
    values = np.concatenate([one.values for one in rows])
    known = not np.isnan(values).all()
    feature = describe_numbers(found.names[1], found.types[1], values) if known else None
    return Fitted(
        options=options,
        parameters=SeriesSet(tuple(one.id for one in rows), found.types[2:], fitted),
        inputs=tuple(InputColumn(*pair) for pair in zip(found.names, found.types, strict=True)),
        features=() if feature is None else (feature,),
        iterations=(Iteration(0, 0.0, None, None, milliseconds),),
    )


def _check_days(fitted: tuple[arima.FittedSeries, ...]) -> None:
    for one in fitted:
        if one.grid is not None and one.grid.frequency != "DAILY":
            raise TrainingDataError(
                f"custom_holiday needs daily data; the frequency found is {one.grid.frequency}."
            )
