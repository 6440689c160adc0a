"""ML.DESCRIBE_DATA: statistics of each column of a table, computed in DuckDB.

What BigQuery approximates (quantiles, distinct and top values) is exact here.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from emulator.ml.calls import Call
from emulator.ml.data.plain import PlainColumn, read_plain
from emulator.ml.errors import StatementError
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


async def run(call: Call, session: Session) -> ResultTable:
    """Return one row per column, fields of STRUCT columns each by itself."""
    quantiles = integer(call, "num_quantiles", 2, MOST_QUANTILES)
    lengths = integer(call, "num_array_length_quantiles", 10, MOST_QUANTILES)
    top = integer(call, "top_k", 1, MOST_TOP_VALUES)
    if call.data is None:
        raise StatementError("ML.DESCRIBE_DATA needs TABLE and a name, or a query in brackets.")
    plain, columns = await read_plain(call.data, session, NAME)
    rows = [_row(plain, at, column, quantiles, lengths, top) for at, column in enumerate(columns)]
    result = ResultTable(session, _SCHEMA)
    result.append(pa.Table.from_pylist(rows, _SCHEMA))
    return result


def _row(
    plain: ResultTable, at: int, column: PlainColumn, quantiles: int, lengths: int, top: int
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
