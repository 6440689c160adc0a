"""Columns of a data argument as FLOAT64 or STRING values, for statistics over any type."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from emulator.ml.data import types
from emulator.ml.data.lost_types import lost_type
from emulator.ml.errors import InputDataError
from emulator.ml.results import ResultTable
from emulator.session import Session

_INTEGER, _NUMBER, _TEXT = pa.int64(), pa.float64(), pa.string()


@dataclass(frozen=True)
class PlainColumn:
    """A column or a field of one: where it is, and its values' kind.

    `lost` is the type of its values if Arrow has none for it.
    """

    name: str
    path: tuple[int, ...]
    kind: pa.DataType
    lost: str | None = None

    @property
    def is_array(self) -> bool:
        """Whether its values are those of arrays."""
        return types.is_array(self.kind)

    @property
    def is_sparse(self) -> bool:
        """Whether those are pairs of index and number."""
        return self.is_array and pa.types.is_struct(self.kind.value_type)

    @property
    def value_kind(self) -> str:
        """BigQuery's type of one value."""
        if self.lost is not None:
            return self.lost
        if self.is_sparse:
            return types.type_name(self.kind.value_type.field(1).type)
        return types.type_name(self.kind.value_type if self.is_array else self.kind)

    @property
    def type(self) -> str:
        """BigQuery's type of the column."""
        if self.lost is not None:
            return f"ARRAY<{self.lost}>" if self.is_array else self.lost
        return types.type_name(self.kind)

    @property
    def is_known(self) -> bool:
        """Whether its values are numbers, texts or moments, or arrays of them."""
        return self.value_kind in types.LABELS and _is_pair(self)

    @property
    def is_numeric(self) -> bool:
        """Whether its values are numbers."""
        return self.value_kind in types.NUMERIC


async def read_plain(
    query: str, session: Session, function: str
) -> tuple[ResultTable, list[PlainColumn]]:
    """Return the rows of a query as plain values, and its columns.

    Column `n` is `cn` in the table; the indices of a sparse array are `in`.

    Raises
    ------
    InputDataError
        If a column has a type that the function does not take.
    """

    def keep(column: PlainColumn) -> bool:
        refuse_unknown(column, function)
        return True

    return await _read(query, session, keep)


def refuse_unknown(column: PlainColumn, function: str) -> None:
    """Refuse a column whose values are no numbers, texts or moments.

    Raises
    ------
    InputDataError
        Naming column, type and function.
    """
    if not column.is_known:
        raise InputDataError(
            f'Column "{column.name}" has type {column.type}, which '
            f"ML.{function} does not take; leave it out of the query."
        )


async def read_known(query: str, session: Session) -> tuple[ResultTable, list[PlainColumn]]:
    """Return the rows of a query as plain values, columns of other types left out."""
    return await _read(query, session, lambda column: column.is_known)


async def _read(
    query: str, session: Session, keeps: Callable[[PlainColumn], bool]
) -> tuple[ResultTable, list[PlainColumn]]:
    async with session.reader(query) as reader:
        columns = [column for column in columns_of(reader.schema) if keeps(column)]
        plain = ResultTable(session, pa.schema(_plain_fields(columns)))
        for batch in reader:
            plain.append(_plain(columns, batch))
    return plain, columns


def columns_of(schema: pa.Schema) -> Iterator[PlainColumn]:
    """Yield the columns of a query, each field of a STRUCT by itself."""
    for at, field in enumerate(schema):
        if not pa.types.is_struct(field.type):
            yield PlainColumn(field.name, (at,), field.type, lost_type(field))
            continue
        for place, inner in enumerate(field.type):
            name, lost = f"{field.name}_{inner.name}", lost_type(field, place)
            yield PlainColumn(name, (at, place), inner.type, lost)


def _is_pair(column: PlainColumn) -> bool:
    """Return whether a sparse column is an ARRAY<STRUCT<INT64, numerical>>."""
    if not column.is_sparse:
        return True
    element = column.kind.value_type
    names = [types.type_name(field.type) for field in element]
    return len(names) == 2 and names[0] == "INT64" and names[1] in types.NUMERIC


def _plain_fields(columns: list[PlainColumn]) -> list[tuple[str, pa.DataType]]:
    fields: list[tuple[str, pa.DataType]] = []
    for at, column in enumerate(columns):
        value = _NUMBER if column.is_numeric else _TEXT
        fields.append((f"c{at}", pa.list_(value) if column.is_array else value))
        if column.is_sparse:
            fields.append((f"i{at}", pa.list_(_INTEGER)))
    return fields


def _plain(columns: list[PlainColumn], batch: pa.RecordBatch) -> pa.Table:
    """Return the values as FLOAT64 or STRING, arrays of them, and indices of sparse ones."""
    arrays: list[pa.Array] = []
    for column in columns:
        array = batch.column(column.path[0])
        if len(column.path) == 2:
            array = pc.struct_field(array, [column.path[1]])
        if not column.is_array:
            arrays.append(_values(array, column))
            continue
        array = array.cast(pa.list_(column.kind.value_type))
        offsets, values = array.offsets, array.values
        if column.is_sparse:
            numbers, places = pc.struct_field(values, [1]), pc.struct_field(values, [0])
            arrays.append(_listed(offsets, _values(numbers, column), array))
            arrays.append(_listed(offsets, places.cast(_INTEGER), array))
        else:
            arrays.append(_listed(offsets, _values(values, column), array))
    return pa.Table.from_arrays(arrays, schema=pa.schema(_plain_fields(columns)))


def _listed(offsets: pa.Array, values: pa.Array, like: pa.Array) -> pa.Array:
    mask = like.is_null() if like.null_count else None
    return pa.ListArray.from_arrays(offsets, values, mask=mask)


def _values(array: pa.Array, column: PlainColumn) -> pa.Array:
    if column.is_numeric:
        return pc.cast(array, _NUMBER, safe=False)
    if column.value_kind == "BYTES":
        texts = [one if one is None else one.decode(errors="replace") for one in array.to_pylist()]
        return pa.array(texts, _TEXT)
    if column.value_kind == "TIMESTAMP":
        return written_timestamps(array)
    return types.as_text(array).cast(_TEXT)


def written_timestamps(array: pa.Array) -> pa.Array:
    """Return timestamps as CAST AS STRING writes them."""
    return pc.binary_join_element_wise(types.as_text(array).cast(_TEXT), "+00", "")
