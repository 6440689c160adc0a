"""Writes the query that repeats a model's TRANSFORM clause on given rows."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pyarrow as pa

from emulator.ml.data import types
from emulator.ml.errors import InputDataError
from emulator.ml.results import ResultTable
from emulator.ml.transform.parameters import Output, Transform
from emulator.session import Session

TRANSFORMED = "_bqml_transformed"
_STATISTIC = re.compile(r"\b_statistic_\d+\b")


def statistics_table(transform: Transform, session: Session) -> str:
    """Put the statistics into a table of the job; return its path, empty if there are none."""
    if not transform.statistics:
        return ""
    table = ResultTable(session, transform.table.schema)
    table.append(transform.table)
    return table.path


def select_list(outputs: Iterable[Output], statistics: str) -> str:
    """Return the expressions of some outputs, each with its name."""
    return ", ".join(f"{_with(output.sql, statistics)} AS `{output.name}`" for output in outputs)


def _with(sql: str, statistics: str) -> str:
    return _STATISTIC.sub(lambda found: f"(SELECT {found.group()} FROM {statistics})", sql)


def transformed_query(transform: Transform, data: str, schema: pa.Schema, session: Session) -> str:
    """Return the query of given rows with one more column: a STRUCT of the outputs.

    Raises
    ------
    InputDataError
        If a column that the clause needs is missing, or has another type.
    """
    _check(transform, schema)
    present = {name.lower() for name in schema.names}
    outputs = [
        output
        for output in transform.outputs
        if not output.passes or all(name.lower() in present for name in output.columns)
    ]
    made = select_list(outputs, statistics_table(transform, session))
    return f"SELECT *, STRUCT({made}) AS {TRANSFORMED} FROM ({data})"


def _check(transform: Transform, schema: pa.Schema) -> None:
    found = {field.name.lower(): field for field in schema}
    for column in transform.inputs:
        field = found.get(column.name.lower())
        if field is None:
            raise InputDataError(
                f'The input misses the column "{column.name}" ({column.type}), which the '
                f"TRANSFORM clause of the model needs; it has: {', '.join(schema.names)}."
            )
        kind = types.type_name(field.type)
        both_numeric = kind in types.NUMERIC and column.type in types.NUMERIC
        if kind != column.type and not both_numeric:
            raise InputDataError(
                f'Column "{column.name}" has type {kind} in the input; '
                f"the model was trained with {column.type}."
            )
