"""`create table t (columns) … as select`: dbt's contracts, which DuckDB has no statement for.

BigQuery matches the query's columns to the declared ones by position, coerces what can be
coerced without loss of kind, and refuses NULL where the declaration does. The statement
becomes a plain one with casts; what was declared (NOT NULL, descriptions) is put on after.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import sqlglot
from bqemulator.catalog.models import TableFieldSchema, TableSchema
from bqemulator.domain.errors import InvalidQueryError, NotFoundError
from bqemulator.storage.arrow_bridge import arrow_type_to_bq_type_name
from bqemulator.storage.sql_identifiers import quoted_table_ref
from sqlglot import exp

from emulator.external.definition import STANDARD_TYPES
from emulator.ml.data.lost_types import duckdb_type, lost_type
from emulator.options import option_value
from emulator.session import Outcome, Session
from emulator.syntax import table_path

COERCES = {
    "INT64": {"NUMERIC", "BIGNUMERIC", "FLOAT64"},
    "NUMERIC": {"BIGNUMERIC", "FLOAT64"},
    "BIGNUMERIC": {"FLOAT64"},
    "DATE": {"DATETIME", "TIMESTAMP"},
    "DATETIME": {"TIMESTAMP"},
}


async def handle(statement: str, session: Session) -> Outcome | None:
    """Run CREATE TABLE with columns and a query; None for anything else."""
    if not statement[:6].upper() == "CREATE":
        return None
    tree = _contract(statement)
    if tree is None:
        return None
    target = tree.this.this
    path = session.resolve(table_path(target))
    exists = session.context.catalog.get_table(*path) is not None
    if tree.args.get("exists") and exists:
        return Outcome(None, "CREATE_TABLE_AS_SELECT", "SKIP", path)
    declared = [column for column in tree.this.expressions if isinstance(column, exp.ColumnDef)]
    found = await _query_types(tree.expression, session)
    _check(declared, found)
    await session.query(_plain(tree, declared, list(found)))
    await _declare(path, declared, session)
    return Outcome(None, "CREATE_TABLE_AS_SELECT", "REPLACE" if exists else "CREATE", path)


def _contract(statement: str) -> exp.Create | None:
    try:
        tree = sqlglot.parse_one(statement, read="bigquery")
    except sqlglot.errors.SqlglotError:
        return None
    if not isinstance(tree, exp.Create) or tree.kind != "TABLE" or tree.expression is None:
        return None
    return tree if isinstance(tree.this, exp.Schema) else None


async def _query_types(query: exp.Expression, session: Session) -> dict[str, str]:
    """Return the query's column names and types, without its rows."""
    sql = f"SELECT * FROM ({_unwrapped(query).sql(dialect='bigquery')}) LIMIT 0"
    table = await session.query(sql)
    return {field.name: lost_type(field) or _type_of(field) for field in table.schema}


def _type_of(field: pa.Field) -> str:
    # DuckDB's sum of INT64, which Arrow has as a decimal without digits after the point.
    is_sum = duckdb_type(field) == "HUGEINT"
    return "INT64" if is_sum else _type_name(field.type)


def _type_name(kind: pa.DataType) -> str:
    if pa.types.is_list(kind) or pa.types.is_struct(kind):
        return "ARRAY"
    name = str(arrow_type_to_bq_type_name(kind))
    return STANDARD_TYPES.get(name, name)


def _unwrapped(query: exp.Expression) -> exp.Expression:
    while isinstance(query, exp.Subquery) and not query.alias:
        query = query.this
    return query


def _check(declared: list[exp.ColumnDef], found: dict[str, str]) -> None:
    if len(declared) != len(found):
        raise InvalidQueryError(
            f"Number of columns in the column definition list ({len(declared)}) does not match the "
            f"number of columns in the query ({len(found)})"
        )
    for column, (name, kind) in zip(declared, found.items(), strict=True):
        wanted = _kind(column)
        if "<" in wanted or kind in ("RECORD", "STRUCT", "ARRAY"):
            continue
        if kind != wanted and wanted not in COERCES.get(kind, ()):
            raise InvalidQueryError(
                f"Column {column.name} in the column definition list has type {wanted} which is "
                f"not coercible from the query's column {name} of type {kind}"
            )


def _kind(column: exp.ColumnDef) -> str:
    kind = column.kind.sql(dialect="bigquery").upper() if column.kind else "STRING"
    return kind.partition("(")[0] if "<" not in kind else kind


def _plain(tree: exp.Create, declared: list[exp.ColumnDef], found: list[str]) -> str:
    """Return the statement without column list, its query cast to the declared types."""
    plain = tree.copy()
    plain.set("this", plain.this.this)
    casts = [
        exp.alias_(exp.cast(exp.column(name, quoted=True), column.kind.copy()), column.name)
        if column.kind and "<" not in _kind(column)
        else exp.alias_(exp.column(name, quoted=True), column.name)
        for column, name in zip(declared, found, strict=True)
    ]
    source = exp.Subquery(this=_unwrapped(tree.expression).copy())
    plain.set("expression", exp.select(*casts).from_(source))
    return plain.sql(dialect="bigquery")


async def _declare(
    path: tuple[str, str, str], declared: list[exp.ColumnDef], session: Session
) -> None:
    """Put NOT NULL and descriptions on a table that was just made."""
    context = session.context
    table = quoted_table_ref(*path)
    for column in declared:
        if not _is_required(column):
            continue
        nulls = f'SELECT count(*) FROM {table} WHERE "{column.name}" IS NULL'
        found = context.engine.execute(nulls).fetchone()
        if found is not None and found[0]:
            await session.query(f"DROP TABLE `{'.'.join(path)}`")
            raise InvalidQueryError(
                f"Required field {column.name} cannot be null: the query of the table returns NULL"
            )
        context.engine.execute(f'ALTER TABLE {table} ALTER COLUMN "{column.name}" SET NOT NULL')
    entry = context.catalog.get_table(*path)
    if entry is None:
        raise NotFoundError(f"Not found: Table {'.'.join(path)}")
    fields = tuple(
        _described(field, column)
        for field, column in zip(entry.schema_.fields, declared, strict=True)
    )
    context.catalog.update_table(entry.model_copy(update={"schema_": TableSchema(fields=fields)}))


def _described(field: TableFieldSchema, column: exp.ColumnDef) -> TableFieldSchema:
    changes: dict[str, Any] = {}
    if _is_required(column):
        changes["mode"] = "REQUIRED"
    for constraint in column.constraints:
        if isinstance(constraint.kind, exp.Properties):
            for option in constraint.kind.expressions:
                if option.name.lower() == "description":
                    changes["description"] = option_value(option.args["value"])
    return field.model_copy(update=changes)


def _is_required(column: exp.ColumnDef) -> bool:
    return any(
        isinstance(constraint.kind, exp.NotNullColumnConstraint)
        and not constraint.kind.args.get("allow_null")
        for constraint in column.constraints
    )
