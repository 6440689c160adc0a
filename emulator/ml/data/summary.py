"""Statistics of a column before a TRANSFORM clause: what ML.FEATURE_INFO says of it."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.ml.data import types
from emulator.ml.data.plain import PlainColumn
from emulator.ml.results import ResultTable


@dataclass(frozen=True)
class Summary:
    """One column of the training query.

    Parameters
    ----------
    name : str
    null_count : int
    min, max, mean, median, stddev : float or None
        Of a column of numbers that has any; the deviation is the sample's.
    category_count : int or None
        Of a column of categories.
    dimension : int or None
        Of an array.
    """

    name: str
    null_count: int
    min: float | None = None
    max: float | None = None
    mean: float | None = None
    median: float | None = None
    stddev: float | None = None
    category_count: int | None = None
    dimension: int | None = None


def summary_of_column(plain: ResultTable, at: int, column: PlainColumn) -> Summary:
    """Return the summary of column `at` of plain rows (see `plain`)."""
    name = f"c{at}"
    (row,) = plain.ask(f"count(*) - count({name}) AS null_count")
    return Summary(column.name, **row, **plain.ask(_statistics(at, column))[0])


def _statistics(at: int, column: PlainColumn) -> str:
    name = f"c{at}"
    if column.is_sparse:
        return f"max(list_max(i{at})) + 1 AS dimension"
    if column.is_array and column.is_numeric:
        return f"max(len({name})) AS dimension"
    if column.is_array:
        values = f"flatten(list(DISTINCT {name}))"
        return f"len(list_distinct({values})) AS dimension"
    if column.value_kind in types.CATEGORICAL:
        return f"count(DISTINCT {name}) AS category_count"
    if not column.is_numeric:  # moments are neither numbers nor categories
        return "NULL AS category_count"
    return (
        f"min({name}) AS min, max({name}) AS max, avg({name}) AS mean, "
        f"quantile_disc({name}, 0.5) AS median, "
        # DuckDB fails on what is no number.
        f"CASE WHEN count_if(NOT isfinite({name})) > 0 THEN CAST('nan' AS DOUBLE) "
        f"ELSE coalesce(stddev_samp({name}) FILTER (isfinite({name})), "
        f"CASE WHEN count({name}) > 0 THEN 0.0 END) END AS stddev"
    )
