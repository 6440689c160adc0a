"""Tables of one part a series, with its identifiers in front."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from emulator.ml.arima import FittedSeries
from emulator.ml.data import types
from emulator.ml.model import Model
from emulator.ml.results import ResultTable
from emulator.ml.time_series.parameters import SeriesSet
from emulator.session import Session

Part = dict[str, pa.Array]


def series_of(model: Model) -> SeriesSet:
    """Return the series of a time series model."""
    assert isinstance(model.parameters, SeriesSet)
    return model.parameters


def id_columns(model: Model) -> list[tuple[str, str]]:
    """Return name and type of each id column."""
    return [(column.name, column.type) for column in model.inputs[2:]]


def by_series(
    model: Model, session: Session, schema: pa.Schema, make: Callable[[FittedSeries], Part]
) -> ResultTable:
    """Return what `make` says of each series that was fitted."""
    found = series_of(model)
    whole = with_ids(model, schema)
    result = ResultTable(session, whole)
    for ids, series in zip(found.ids, found.series, strict=True):
        if series.error_message is None or "error_message" in schema.names:
            result.append(part_of(whole, ids, make(series)))
    return result


def with_ids(model: Model, schema: pa.Schema) -> pa.Schema:
    """Return a schema with the id columns in front."""
    ids = [pa.field(name, types.arrow_type(kind)) for name, kind in id_columns(model)]
    return pa.schema([*ids, *schema])


def part_of(schema: pa.Schema, ids: tuple[Any, ...], columns: Part) -> pa.Table:
    """Return the rows of one series."""
    count = len(next(iter(columns.values())))
    arrays = [
        pa.array([value] * count, field.type) for value, field in zip(ids, schema, strict=False)
    ]
    arrays += [columns[field.name].cast(field.type) for field in list(schema)[len(ids) :]]
    return pa.Table.from_arrays(arrays, schema=schema)
