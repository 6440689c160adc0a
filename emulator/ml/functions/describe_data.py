"""ML.DESCRIBE_DATA: statistics of each column of a table, computed in DuckDB.

What BigQuery approximates (quantiles, distinct and top values) is exact here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from emulator.ml.calls import Call
from emulator.ml.data import types
from emulator.ml.errors import InputDataError, StatementError
from emulator.ml.functions.settings import integer
from emulator.ml.results import ResultTable
from emulator.session import Session

NAME = "DESCRIBE_DATA"
TAKES_MODEL = False
TAKES_DATA = True
SETTINGS = frozenset({"num_quantiles", "num_array_length_quantiles", "top_k"})
MOST_QUANTILES, MOST_TOP_VALUES = 100_000, 10_000

_INTEGER, _NUMBER, _TEXT = pa.int64(), pa.float64(), pa.string()
_TOP = pa.list_(pa.struct([("value", _TEXT), ("count", _INTEGER)]))
_SCHEMA = pa.schema(
    [
        ("name", _TEXT),
        *((name, _INTEGER) for name in ("num_rows", "num_nulls", "num_zeros")),
        *((name, _TEXT) for name in ("min", "max")),
        *((name, _NUMBER) for name in ("mean", "stdev", "median")),
        ("quantiles", pa.list_(_NUMBER)),
        ("unique", _INTEGER),
        ("avg_string_length", _NUMBER),
        ("num_values", _INTEGER),
        ("top_values", _TOP),
        *((name, _INTEGER) for name in ("min_array_length", "max_array_length")),
        ("avg_array_length", _NUMBER),
        ("total_array_length", _INTEGER),
        ("array_length_quantiles", pa.list_(_INTEGER)),
        ("dimension", _INTEGER),
    ]
)


@dataclass(frozen=True)
class _Column:
    """A column or a field of one: where it is, and its values' kind."""

    name: str
    path: tuple[int, ...]
    kind: pa.DataType

    @property
    def is_array(self) -> bool:
        return types.is_array(self.kind)

    @property
    def is_sparse(self) -> bool:
        return self.is_array and pa.types.is_struct(self.kind.value_type)

    @property
    def value_kind(self) -> str:
        """BigQuery's type of one value."""
        if self.is_sparse:
            return types.type_name(self.kind.value_type.field(1).type)
        return types.type_name(self.kind.value_type if self.is_array else self.kind)

    @property
    def is_numeric(self) -> bool:
        return self.value_kind in types.NUMERIC


async def run(call: Call, session: Session) -> ResultTable:
    """Return one row per column, fields of STRUCT columns each by itself."""
    quantiles = integer(call, "num_quantiles", 2, MOST_QUANTILES)
    lengths = integer(call, "num_array_length_quantiles", 10, MOST_QUANTILES)
    top = integer(call, "top_k", 1, MOST_TOP_VALUES)
    if call.data is None:
        raise StatementError("ML.DESCRIBE_DATA needs TABLE and a name, or a query in brackets.")
    async with session.reader(call.data) as reader:
        columns = list(_columns(reader.schema))
        plain = ResultTable(session, pa.schema(_plain_fields(columns)))
        for batch in reader:
            plain.append(_plain(columns, batch))
    rows = [_row(plain, at, column, quantiles, lengths, top) for at, column in enumerate(columns)]
    result = ResultTable(session, _SCHEMA)
    result.append(pa.Table.from_pylist(rows, _SCHEMA))
    return result


def _columns(schema: pa.Schema) -> Iterator[_Column]:
    for at, field in enumerate(schema):
        parts = [_Column(field.name, (at,), field.type)]
        if pa.types.is_struct(field.type):
            parts = [
                _Column(f"{field.name}_{inner.name}", (at, place), inner.type)
                for place, inner in enumerate(field.type)
            ]
        for column in parts:
            if column.value_kind not in types.LABELS or not _is_pair(column):
                raise InputDataError(
                    f'Column "{column.name}" has type {types.type_name(column.kind)}, which '
                    "ML.DESCRIBE_DATA does not take; leave it out of the query."
                )
            yield column


def _is_pair(column: _Column) -> bool:
    """Return whether a sparse column is an ARRAY<STRUCT<INT64, numerical>>."""
    if not column.is_sparse:
        return True
    element = column.kind.value_type
    names = [types.type_name(field.type) for field in element]
    return len(names) == 2 and names[0] == "INT64" and names[1] in types.NUMERIC


def _plain_fields(columns: list[_Column]) -> list[tuple[str, pa.DataType]]:
    fields: list[tuple[str, pa.DataType]] = []
    for at, column in enumerate(columns):
        value = _NUMBER if column.is_numeric else _TEXT
        fields.append((f"c{at}", pa.list_(value) if column.is_array else value))
        if column.is_sparse:
            fields.append((f"i{at}", pa.list_(_INTEGER)))
    return fields


def _plain(columns: list[_Column], batch: pa.RecordBatch) -> pa.Table:
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


def _values(array: pa.Array, column: _Column) -> pa.Array:
    if column.is_numeric:
        return pc.cast(array, _NUMBER, safe=False)
    if column.value_kind == "BYTES":
        texts = [one if one is None else one.decode(errors="replace") for one in array.to_pylist()]
        return pa.array(texts, _TEXT)
    texts = types.as_text(array).cast(_TEXT)
    if column.value_kind == "TIMESTAMP":
        texts = pc.binary_join_element_wise(texts, "+00", "")
    return texts


def _row(
    plain: ResultTable, at: int, column: _Column, quantiles: int, lengths: int, top: int
) -> dict[str, Any]:
    name = f"c{at}"
    row = plain.ask(f"count(*) AS num_rows, count(*) - count({name}) AS num_nulls")[0]
    row["name"] = column.name
    source = name
    if column.is_array:
        row |= plain.ask(_array_statistics(name, lengths))[0]
        source = f"unnest({name})"
    if column.is_sparse:
        found = plain.ask("max(v) + 1 AS dimension", f"SELECT unnest(i{at}) AS v")
        row["dimension"] = found[0]["dimension"]
    values = f"SELECT {source} AS v"
    if column.is_numeric:
        row |= plain.ask(_number_statistics(quantiles), values)[0]
        row |= {edge: _number_text(row[edge]) for edge in ("min", "max")}
    else:
        row |= plain.ask(_TEXT_STATISTICS, values)[0]
        counts = f"SELECT v AS value, count(*) AS n FROM ({values} FROM $rows) GROUP BY v"
        order = f"ORDER BY n DESC, value NULLS LAST LIMIT {top}"
        found = plain.ask(f"value, n AS count FROM ({counts}) {order}", whole=True)
        row["top_values"] = found
    return row


def _number_statistics(quantiles: int) -> str:
    steps = ", ".join(repr(step / quantiles) for step in range(quantiles + 1))
    return (
        "count_if(v = 0) AS num_zeros, min(v) AS min, max(v) AS max, avg(v) AS mean, "
        "CASE WHEN count_if(NOT isfinite(v)) > 0 THEN CAST('nan' AS DOUBLE) "
        "ELSE stddev_samp(v) FILTER (isfinite(v)) END AS stdev, quantile_disc(v, 0.5) AS median, "
        f"quantile_disc(v, [{steps}]) AS quantiles, count(v) AS num_values"
    )


_TEXT_STATISTICS = (
    'min(v) AS min, max(v) AS max, count(DISTINCT v) AS "unique", '
    "avg(length(v)) AS avg_string_length, count(v) AS num_values"
)


def _array_statistics(name: str, quantiles: int) -> str:
    steps = ", ".join(repr(step / quantiles) for step in range(quantiles + 1))
    length = f"coalesce(len({name}), 0)"
    return (
        f"min({length}) AS min_array_length, max({length}) AS max_array_length, "
        f"avg({length}) AS avg_array_length, CAST(sum({length}) AS BIGINT) AS total_array_length, "
        f"quantile_disc({length}, [{steps}]) AS array_length_quantiles"
    )


def _number_text(value: float | None) -> str | None:
    """Return what CAST(x AS STRING) makes of a FLOAT64."""
    if value is None:
        return None
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
