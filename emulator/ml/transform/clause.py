"""Reads the TRANSFORM clause of CREATE MODEL into the columns that it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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


def read_projections(
    clause: Clause, schema: pa.Schema, is_function: Callable[[str], bool]
) -> tuple[Projection, ...]:
    """Return the columns of a clause over a query's columns.

    Parameters
    ----------
    clause : Clause
    schema : pyarrow.Schema
        Of the training query.
    is_function : callable
        Whether a name is that of a temporary function.

    Raises
    ------
    StatementError
        If the clause holds what BigQuery does not allow there.
    """
    found: list[Projection] = []
    for one in _select_list(clause):
        found.extend(_projections(one, schema))
    for projection in found:
        _check(projection)
        _check_functions(projection, is_function)
    names = [projection.name.lower() for projection in found]
    for name in names:
        if names.count(name) > 1:
            raise StatementError(f'The TRANSFORM clause makes the column "{name}" twice.')
    return tuple(found)


def _select_list(clause: Clause) -> list[exp.Expr]:
    head = f"Syntax error in TRANSFORM({clause.text})"
    try:
        tree = sqlglot.parse_one(f"SELECT {clause.text} FROM t", read="bigquery")
    except sqlglot.errors.ParseError as error:
        place = error.errors[0] if error.errors else {}
        raise StatementError(f'{head} near "{place.get("highlight") or ")"}".') from error
    except sqlglot.errors.SqlglotError as error:
        raise StatementError(f"{head}.") from error
    if not isinstance(tree, exp.Select) or not tree.expressions:
        raise StatementError(f"{head}.")
    for name, part in tree.args.items():
        if part and name not in ("expressions", "from_"):
            raise StatementError(f"{head}: only a list of expressions may stand there.")
    if tree.args["from_"].this.sql() != "t":
        raise StatementError(f"{head}: only a list of expressions may stand there.")
    return list(tree.expressions)


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
    if tree.find(exp.Unnest, exp.Explode):
        raise StatementError(f"UNNEST is not allowed {where}.")


def _check_functions(projection: Projection, is_function: Callable[[str], bool]) -> None:
    for call in projection.expression.find_all(exp.Anonymous):
        dot = call.parent
        owner = dot.this.name.upper() if isinstance(dot, exp.Dot) and dot.this is not call else ""
        if (owner and owner not in _NAMESPACES) or (not owner and is_function(call.name)):
            name = (dot if owner and dot is not None else call).sql(dialect="bigquery")
            raise StatementError(
                "User-defined functions are not allowed in the TRANSFORM clause, column "
                f'"{projection.name}": {name}.'
            )


_NAMESPACES = frozenset({"ML", "SAFE", "NET", "HLL_COUNT", "KLL_QUANTILES", "KEYS", "AEAD"})


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
