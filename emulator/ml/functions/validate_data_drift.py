"""ML.VALIDATE_DATA_DRIFT: how far each column of one table is from the same of another."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from emulator.ml.calls import Call
from emulator.ml.data.plain import PlainColumn, read_plain
from emulator.ml.distance import Histogram, histogram_divergence, jensen_shannon, l_infinity
from emulator.ml.errors import InputDataError, StatementError
from emulator.ml.functions.settings import choice, integer, share, shares
from emulator.ml.results import ResultTable
from emulator.session import Session

NAME = "VALIDATE_DATA_DRIFT"
TAKES_MODEL = False
TAKES_DATA = True
TAKES_STUDY = True
SETTINGS = frozenset(
    {
        *("num_histogram_buckets", "num_quantiles_histogram_buckets"),
        *("num_values_histogram_buckets", "num_rank_histogram_buckets"),
        *("categorical_default_threshold", "categorical_metric_type"),
        *("numerical_default_threshold", "numerical_metric_type", "thresholds"),
    }
)
JENSEN_SHANNON, L_INFINITY = "JENSEN_SHANNON_DIVERGENCE", "L_INFTY"

_SCHEMA = pa.schema(
    [
        ("input", pa.string()),
        ("metric", pa.string()),
        ("threshold", pa.float64()),
        ("value", pa.float64()),
        ("is_anomaly", pa.bool_()),
    ]
)


async def run(call: Call, session: Session) -> ResultTable:
    """Return one row per column; its value is NULL where one table has no value of it."""
    buckets = integer(call, "num_histogram_buckets", 10, 1000)
    for unused in ("num_quantiles_histogram_buckets", "num_values_histogram_buckets"):
        integer(call, unused, 10, 1000)  # they shape statistics that no metric reads
    ranks = integer(call, "num_rank_histogram_buckets", 50, 10_000)
    words = share(call, "categorical_default_threshold", 0.3)
    numbers = share(call, "numerical_default_threshold", 0.3)
    metric = choice(call, "categorical_metric_type", (L_INFINITY, JENSEN_SHANNON))
    choice(call, "numerical_metric_type", (JENSEN_SHANNON,))
    own = shares(call, "thresholds")
    if call.data is None or call.study is None:
        raise StatementError("ML.VALIDATE_DATA_DRIFT needs two tables or queries in brackets.")
    base, columns = await read_plain(call.data, session, NAME)
    study, others = await read_plain(call.study, session, NAME)
    places = _places(columns, others)
    _check_names(own, columns)
    rows = []
    for at, column in enumerate(columns):
        pair = (base, at), (study, places[at])
        threshold = own.get(column.name.lower(), numbers if column.is_numeric else words)
        if column.is_numeric:
            value = _number_distance(pair, column, buckets)
        else:
            value = _word_distance(pair, column, ranks, metric)
        rows.append(
            {
                "input": column.name,
                "metric": JENSEN_SHANNON if column.is_numeric else metric,
                "threshold": threshold,
                "value": value,
                "is_anomaly": None if value is None else value > threshold,
            }
        )
    result = ResultTable(session, _SCHEMA)
    result.append(pa.Table.from_pylist(rows, _SCHEMA))
    return result


_Pair = tuple[tuple[ResultTable, int], tuple[ResultTable, int]]


def _places(columns: list[PlainColumn], others: list[PlainColumn]) -> list[int]:
    """Return where each column of the base is in the study."""
    known = {column.name.lower(): at for at, column in enumerate(others)}
    for column in columns:
        at = known.get(column.name.lower())
        if at is None:
            raise InputDataError(
                f'Column "{column.name}" of the base data is not in the study data; select the '
                "same columns from both."
            )
        if others[at].is_numeric != column.is_numeric:
            raise InputDataError(
                f'Column "{column.name}" is {column.value_kind} in the base data and '
                f"{others[at].value_kind} in the study data; cast one of them."
            )
    return [known[column.name.lower()] for column in columns]


def _check_names(own: dict[str, float], columns: list[PlainColumn]) -> None:
    known = {column.name.lower() for column in columns}
    for name in own:
        if name not in known:
            raise StatementError(
                f"thresholds of ML.VALIDATE_DATA_DRIFT name the column {name}, which is not in the "
                "data."
            )


def _values(at: int, column: PlainColumn) -> str:
    return f"SELECT {f'unnest(c{at})' if column.is_array else f'c{at}'} AS v"


def _number_distance(pair: _Pair, column: PlainColumn, buckets: int) -> float | None:
    first, second = (_histogram(table, at, column, buckets) for table, at in pair)
    if first is None or second is None:
        return None
    return histogram_divergence(first, second)


def _histogram(table: ResultTable, at: int, column: PlainColumn, buckets: int) -> Histogram | None:
    finite = "v) FILTER (isfinite(v)"
    values = _values(at, column)
    (edges,) = table.ask(
        f"min({finite}) AS low, max({finite}) AS high, count(v) AS n, "
        "count(*) FILTER (v = '-inf'::DOUBLE) AS below, "
        "count(*) FILTER (v = 'inf'::DOUBLE) AS above, "
        "count(*) FILTER (isnan(v)) AS unknown",
        values,
    )
    if not edges["n"]:
        return None
    low = edges["low"] if edges["low"] is not None else 0.0
    high = edges["high"] if edges["high"] is not None else 0.0
    width = high - low
    place = f"least(CAST(floor((v - {low!r}) / {width!r} * {buckets}) AS BIGINT), {buckets - 1})"
    rows = table.ask(
        f"{place if width else '0'} AS bucket, count(*) AS n FROM ({values} FROM $rows) "
        "WHERE isfinite(v) GROUP BY 1",
        whole=True,
    )
    counts = np.zeros(buckets)
    for row in rows:
        counts[row["bucket"]] = row["n"]
    return Histogram(low, high, counts, edges["below"], edges["above"], edges["unknown"])


def _word_distance(pair: _Pair, column: PlainColumn, ranks: int, metric: str) -> float | None:
    first, second = (_ranks(table, at, column, ranks) for table, at in pair)
    if not first or not second:
        return None
    names = [*{**first, **second}]
    counts = [np.array([float(part.get(name, 0)) for name in names]) for part in (first, second)]
    return (l_infinity if metric == L_INFINITY else jensen_shannon)(*counts)


def _ranks(table: ResultTable, at: int, column: PlainColumn, ranks: int) -> dict[str, int]:
    """Return the counts of the most frequent values."""
    rows = table.ask(
        f"v, count(*) AS n FROM ({_values(at, column)} FROM $rows) WHERE v IS NOT NULL "
        f"GROUP BY v ORDER BY n DESC, v LIMIT {ranks}",
        whole=True,
    )
    return {row["v"]: row["n"] for row in rows}
