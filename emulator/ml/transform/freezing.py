"""Computes a TRANSFORM clause's statistics over the training rows and keeps them.

The training query is copied first: it may be different each time it is run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
from sqlglot import exp

from emulator.ml.data import types
from emulator.ml.data.plain import columns_of as columns_of_query
from emulator.ml.data.plain import read_known
from emulator.ml.data.profile import Profile, profile_of_column
from emulator.ml.data.summary import Summary, summary_of_column
from emulator.ml.data.training_columns import InputColumn
from emulator.ml.errors import StatementError, TrainingDataError
from emulator.ml.options.base import SupervisedOptions, TrainingOptions
from emulator.ml.options.kmeans import KMeansOptions
from emulator.ml.preprocessing import write_out
from emulator.ml.preprocessing.arguments import Arguments, Function
from emulator.ml.results import ResultTable
from emulator.ml.transform.application import select_list, statistics_table
from emulator.ml.transform.clause import Clause, Projection, columns_of, read_projections
from emulator.ml.transform.parameters import (
    Output,
    Statistic,
    Transform,
    kept_type,
    statistic_name,
)
from emulator.session import Session


@dataclass(frozen=True)
class Frozen:
    """The query whose rows train the model, what prediction repeats, and the columns before it."""

    query: str
    transform: Transform
    profiles: tuple[Profile, ...]
    summaries: tuple[Summary, ...]


async def freeze(clause: Clause, query: str, options: TrainingOptions, session: Session) -> Frozen:
    """Run the training query once and compute what the clause needs of its rows.

    Raises
    ------
    StatementError
        If the clause holds what BigQuery does not allow there.
    """
    query = f"SELECT * FROM {await _copy(query, session)}"
    schema = (await session.query(f"{query} LIMIT 0")).schema
    projections = read_projections(clause, schema, session.is_function)
    passing = _passing(options)
    _check_passing(projections, schema, passing)
    needs = _Statistics()
    outputs = [_output(one, schema, needs, one.name.lower() in passing) for one in projections]
    statistics = await needs.compute(query, session) if needs.expressions else ()
    transform = Transform(_inputs(outputs, schema), tuple(outputs), statistics)
    table = statistics_table(transform, session)
    transformed = f"SELECT {select_list(transform.outputs, table)} FROM ({query})"
    typed = (await session.query(f"SELECT * FROM ({transformed}) LIMIT 0")).schema
    profiles, summaries = await _describe(transform, query, schema, session)
    return Frozen(transformed, _with_types(transform, typed), profiles, summaries)


async def _describe(
    transform: Transform, query: str, schema: pa.Schema, session: Session
) -> tuple[tuple[Profile, ...], tuple[Summary, ...]]:
    """Return profiles and summaries of the columns that the clause needs, before it."""
    known = {schema.names[one.path[0]] for one in columns_of_query(schema) if one.is_known}
    names = ", ".join(f"`{one.name}`" for one in transform.inputs if one.name in known)
    if not names:
        return (), ()
    plain, columns = await read_known(f"SELECT {names} FROM ({query})", session)
    return (
        tuple(profile_of_column(plain, at, one) for at, one in enumerate(columns)),
        tuple(summary_of_column(plain, at, one) for at, one in enumerate(columns)),
    )


@dataclass
class _Statistics:
    """The statistics that the clause's calls need, in the order of their names."""

    expressions: list[str] = field(default_factory=list)
    digits: list[int | None] = field(default_factory=list)

    def supply(self, function: Function, given: Arguments) -> Sequence[exp.Expr]:
        """Take a call's statistics and return the columns that will hold them."""
        assert function.aggregates is not None
        columns: list[exp.Expr] = []
        for one in function.statistics(given, function.aggregates(given)):
            columns.append(exp.column(statistic_name(len(self.expressions))))
            self.expressions.append(one.sql(dialect="bigquery"))
            self.digits.append(function.digits)
        return columns

    async def compute(self, query: str, session: Session) -> tuple[Statistic, ...]:
        parts = (f"{sql} AS {statistic_name(at)}" for at, sql in enumerate(self.expressions))
        table = await session.query(f"SELECT {', '.join(parts)} FROM ({query})")
        return tuple(
            _statistic(column, digits)
            for column, digits in zip(table.columns, self.digits, strict=True)
        )


def _statistic(column: pa.ChunkedArray, digits: int | None) -> Statistic:
    kind = kept_type(column.type)
    value = column[0].as_py()
    if value is not None and kind == "double":
        value = float(value) if digits is None else float(f"{value:.{digits}g}")
    return Statistic(value, kind)


def _output(one: Projection, schema: pa.Schema, needs: _Statistics, passes: bool) -> Output:
    columns = tuple(columns_of(one.expression, schema))
    written = one.expression.sql(dialect="bigquery")
    # Under a parent of its own, since a call that is the whole expression is replaced too.
    holder = exp.Paren(this=one.expression.copy())
    sql = write_out(holder, needs.supply).this.sql(dialect="bigquery")
    return Output(one.name, sql, written, columns, "", passes and one.is_column)


def _inputs(outputs: list[Output], schema: pa.Schema) -> tuple[InputColumn, ...]:
    used = {name for output in outputs if not output.passes for name in output.columns}
    return tuple(
        InputColumn(one.name, types.type_name(one.type)) for one in schema if one.name in used
    )


def _with_types(transform: Transform, schema: pa.Schema) -> Transform:
    outputs = tuple(
        Output(**{**vars(output), "type": types.type_name(schema.field(at).type)})
        for at, output in enumerate(transform.outputs)
    )
    return Transform(transform.inputs, outputs, transform.statistics)


def _passing(options: TrainingOptions) -> dict[str, str]:
    """Return the columns that must not be transformed, in lower case, with their role."""
    found: dict[str, str | None] = {}
    if isinstance(options, SupervisedOptions):
        found = {"label": options.label, "DATA_SPLIT_COL": options.data_split_col}
        found["INSTANCE_WEIGHT_COL"] = getattr(options, "instance_weight_col", None)
    if isinstance(options, KMeansOptions):
        found = {"KMEANS_INIT_COL": options.kmeans_init_col}
    return {name.lower(): role for role, name in found.items() if name is not None}


def _check_passing(
    projections: tuple[Projection, ...], schema: pa.Schema, passing: dict[str, str]
) -> None:
    present = {one.name.lower() for one in projections if one.is_column}
    for name in schema.names:
        role = passing.get(name.lower())
        if role is not None and name.lower() not in present:
            raise StatementError(
                f'The {role} column "{name}" must appear in the TRANSFORM clause as it is, '
                "outside of any expression and without an alias."
            )


async def _copy(query: str, session: Session) -> str:
    """Copy the query's rows to a table of the job; return its path."""
    table: ResultTable | None = None
    async with session.reader(query, session.parameters) as reader:
        table = ResultTable(session, reader.schema)
        rows = 0
        for batch in reader:
            rows += batch.num_rows
            table.append(batch)
    if rows == 0:
        raise TrainingDataError("The training query returned zero rows; a model needs data.")
    return table.path
