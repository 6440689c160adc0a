"""Collects the columns of a time series query, and groups them by series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from emulator.ml.data import types
from emulator.ml.data.columns import Floats, as_floats
from emulator.ml.errors import ModelError, TrainingDataError

TIMES = ("TIMESTAMP", "DATE", "DATETIME")
IDS = ("STRING", "INT64")
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class SeriesRows:
    """The rows of one series in the order of the query."""

    id: tuple[Any, ...]
    times: Integers
    values: Floats


@dataclass(frozen=True)
class SeriesColumns:
    """Where the columns of a time series are.

    Parameters
    ----------
    time, value : int
    ids : tuple of int
    names : tuple of str
        Of timestamp, data and id columns, as the query spells them.
    types : tuple of str
    """

    time: int
    value: int
    ids: tuple[int, ...]
    names: tuple[str, ...]
    types: tuple[str, ...]


def find_columns(
    schema: pa.Schema,
    names: Sequence[str],
    refuse: type[ModelError] = TrainingDataError,
    times: tuple[str, ...] = TIMES,
) -> SeriesColumns:
    """Find the timestamp column, the data column and the id columns, in that order.

    Raises
    ------
    ModelError
        Of the class `refuse`, if one is missing or has a type that it may not have.
    """
    places = {name.lower(): at for at, name in reversed(list(enumerate(schema.names)))}
    allowed = [times, tuple(sorted(types.NUMERIC)), *([IDS] * (len(names) - 2))]
    found: list[int] = []
    for name, kinds in zip(names, allowed, strict=True):
        if name.lower() not in places:
            raise refuse(
                f'The column "{name}" is not among the columns of the query: '
                f"{', '.join(schema.names)}."
            )
        at = places[name.lower()]
        kind = types.type_of(schema.field(at))
        if kind not in kinds:
            raise refuse(f'Column "{name}" has type {kind}; expected {" or ".join(kinds)}.')
        found.append(at)
    fields = [schema.field(at) for at in found]
    return SeriesColumns(
        found[0],
        found[1],
        tuple(found[2:]),
        tuple(field.name for field in fields),
        tuple(types.type_of(field) for field in fields),
    )


def read_rows(
    columns: SeriesColumns, table: pa.Table, refuse: type[ModelError] = TrainingDataError
) -> list[SeriesRows]:
    """Return the rows of each series, series by identifier.

    Raises
    ------
    ModelError
        Of the class `refuse`, if a timestamp or an identifier is NULL.
    """
    for at in (columns.time, *columns.ids):
        if table.column(at).null_count:
            raise refuse(f'Column "{table.column_names[at]}" has NULL values; leave them out.')
    times = as_microseconds(table.column(columns.time))
    values = as_floats(table.column(columns.value), table.column_names[columns.value], refuse)
    if not columns.ids:
        return [SeriesRows((), times, values)]
    keys = list(zip(*(table.column(at).to_pylist() for at in columns.ids), strict=True))
    distinct = sorted(set(keys))
    number = {key: at for at, key in enumerate(distinct)}
    codes = np.array([number[key] for key in keys], dtype=np.int64)
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(distinct) + 1))
    return [
        SeriesRows(key, times[order[first:last]], values[order[first:last]])
        for key, first, last in zip(distinct, bounds, bounds[1:], strict=False)
    ]


def as_microseconds(array: pa.ChunkedArray) -> Integers:
    """Return moments as microseconds since 1970-01-01 UTC."""
    if pa.types.is_string(array.type):
        array = pc.cast(pc.replace_substring_regex(array, r" UTC$", "Z"), pa.timestamp("us", "UTC"))
    moments = pc.cast(array, pa.timestamp("us"), safe=False)
    return np.asarray(pc.cast(moments, pa.int64()).to_numpy(), dtype=np.int64)


def timestamps(microseconds: Integers) -> pa.Array:
    """Return TIMESTAMP values."""
    return pa.array(microseconds, pa.int64()).cast(pa.timestamp("us", tz="UTC"))
