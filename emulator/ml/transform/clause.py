"""Reads the TRANSFORM clause of CREATE MODEL into the columns that it makes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import sqlglot
from sqlglot import exp

from emulator.ml.data import types
from emulator.ml.errors import StatementError
from emulator.ml.preprocessing import function_of


@dataclass(frozen=True)
class Clause:
    """The text between the brackets of TRANSFORM(…)."""

    text: str


@dataclass(frozen=True)
class Projection:
    """A column that the clause makes: its name, its expression, and whether it only passes."""

    name: str
    expression: exp.Expr
    is_column: bool


def read_projections(clause: Clause, schema: pa.Schema) -> tuple[Projection, ...]:
    """Return the columns of a clause over a query's columns.

    Raises
    ------
    StatementError
        If the clause holds what BigQuery does not allow there.
    """
    try:
        tree = sqlglot.parse_one(f"SELECT {clause.text} FROM t", read="bigquery")
    except sqlglot.errors.SqlglotError as error:
        raise StatementError(f"Syntax error in TRANSFORM({clause.text}): {error}") from error
    if not isinstance(tree, exp.Select) or len(tree.args) < 1 or not tree.expressions:
        raise StatementError(f"Syntax error in TRANSFORM({clause.text}).")
    found: list[Projection] = []
    for one in tree.expressions:
        found.extend(_projections(one, schema))
    for projection in found:
        _check(projection)
    names = [projection.name.lower() for projection in found]
    for name in names:
        if names.count(name) > 1:
            raise StatementError(f'The TRANSFORM clause makes the column "{name}" twice.')
    return tuple(found)


def _projections(one: exp.Expr, schema: pa.Schema) -> Iterator[Projection]:
    if isinstance(one, exp.Star):
        yield from _star(one, schema)
    elif isinstance(one, exp.Column) and isinstance(one.this, exp.Star):
        yield from _fields(one, schema)
    elif isinstance(one, exp.Alias):
        yield Projection(one.alias, one.this, False)
    elif isinstance(one, exp.Column):
        yield Projection(one.name, one, not one.table)
    else:
        raise StatementError(
            f'The TRANSFORM clause has a column without name: "{one.sql(dialect="bigquery")}". '
            "Write expression AS name."
        )


def _star(star: exp.Star, schema: pa.Schema) -> Iterator[Projection]:
    left_out = {one.name.lower() for one in star.args.get("except_") or ()}
    replaced = {one.alias.lower(): one.this for one in star.args.get("replace") or ()}
    for name in sorted({*left_out, *replaced} - {name.lower() for name in schema.names}):
        raise StatementError(f'Column "{name}" of * in the TRANSFORM clause is not in the query.')
    for name in schema.names:
        if name.lower() in replaced:
            yield Projection(name, replaced[name.lower()].copy(), False)
        elif name.lower() not in left_out:
            yield Projection(name, exp.column(exp.to_identifier(name, quoted=True)), True)


def _fields(one: exp.Column, schema: pa.Schema) -> Iterator[Projection]:
    for field in schema:
        if field.name.lower() == one.table.lower() and pa.types.is_struct(field.type):
            for inner in field.type:
                names = (exp.to_identifier(n, quoted=True) for n in (field.name, inner.name))
                yield Projection(inner.name, exp.Dot.build(list(names)), False)
            return
    raise StatementError(f'"{one.table}.*" in the TRANSFORM clause is not a STRUCT of the query.')


def _check(projection: Projection) -> None:
    tree = projection.expression
    where = f'in the TRANSFORM clause, column "{projection.name}"'
    for window in tree.find_all(exp.Window):
        if function_of(window.this) is None:
            raise StatementError(
                f"Analytic functions that are not BigQuery ML's are not allowed {where}."
            )
    if tree.find(exp.AggFunc):
        raise StatementError(f"Aggregate functions are not allowed {where}.")
    if tree.find(exp.Query):
        raise StatementError(f"Subqueries are not allowed {where}.")


def columns_of(expression: exp.Expr, schema: pa.Schema) -> Sequence[str]:
    """Return the query's columns that an expression names, as the query spells them.

    Raises
    ------
    StatementError
        If it names a column that the query has not.
    """
    known = {name.lower(): name for name in schema.names}
    found: list[str] = []
    for column in expression.find_all(exp.Column):
        first = column.parts[0].name.lower()
        if first not in known:
            raise StatementError(
                f"Unrecognized name in the TRANSFORM clause: {column.sql(dialect='bigquery')}. "
                f"The training query has: {', '.join(schema.names)}."
            )
        if known[first] not in found:
            found.append(known[first])
    return found


def type_of(schema: pa.Schema, name: str) -> str:
    """Return BigQuery's type of a column."""
    return types.type_name(schema.field(name).type)
