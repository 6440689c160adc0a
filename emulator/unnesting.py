"""UNNEST of an array of structs: its fields are columns, which DuckDB has under its alias alone.

GoogleSQL lets `FROM t, UNNEST(probs)` name `prob` by itself. Which fields there are is known
from the tables that the statement names; such a name gets the alias in front.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import sqlglot
from sqlglot import exp

# Column names in lower case of arrays of structs, and the fields of those.
Fields = dict[str, tuple[str, ...]]


def made_fields(schema: pa.Schema) -> Fields:
    """Return the arrays of structs of a result."""
    return {
        column.name.lower(): tuple(field.name for field in column.type.value_type)
        for column in schema
        if pa.types.is_list(column.type) and pa.types.is_struct(column.type.value_type)
    }


def stored_fields(entry: Any) -> Fields:
    """Return the arrays of structs of a table of bqemulator's catalogue, or of None."""
    return {
        column.name.lower(): tuple(field.name for field in column.fields)
        for column in (entry.schema_.fields if entry is not None else ())
        if column.mode == "REPEATED" and column.fields
    }


def rewrite_unnest(sql: str, fields_of: Callable[[exp.Table], Fields]) -> str:
    """Return the statement with the fields of unnested structs named in full.

    Parameters
    ----------
    sql : str
        One GoogleSQL statement.
    fields_of : callable
        From a table of the statement to its arrays of structs.
    """
    if "unnest" not in sql.lower():
        return sql
    try:
        tree = sqlglot.parse_one(sql, read="bigquery")
    except sqlglot.errors.SqlglotError:
        return sql
    known: Fields = {}
    for table in tree.find_all(exp.Table):
        known |= fields_of(table)
    for alias in tree.find_all(exp.Alias):
        if isinstance(alias.this, exp.Column) and alias.this.name.lower() in known:
            known.setdefault(alias.alias.lower(), known[alias.this.name.lower()])
    changed = [_rewrite(unnest, known, at) for at, unnest in enumerate(tree.find_all(exp.Unnest))]
    return tree.sql(dialect="bigquery") if any(changed) else sql


def _rewrite(unnest: exp.Unnest, known: Fields, number: int) -> bool:
    select = unnest.find_ancestor(exp.Select)
    array = unnest.expressions[0] if len(unnest.expressions) == 1 else None
    if array is None or select is None or not isinstance(unnest.parent, exp.From | exp.Join):
        return False
    fields = _literal_fields(array) or known.get(_name(array).lower())
    if not fields:
        return False
    alias = _alias(unnest, f"_unnest_{number}")
    for column in list(_own_columns(select)):
        if column.name.lower() in {field.lower() for field in fields}:
            column.set("table", exp.to_identifier(alias))
    _write_out_stars(select, unnest, alias, fields)
    return True


def _literal_fields(array: exp.Expr) -> tuple[str, ...]:
    """Return the fields of `[STRUCT(1 AS a, …), …]`, which its first element names."""
    first = array.expressions[0] if isinstance(array, exp.Array) and array.expressions else None
    if not isinstance(first, exp.Struct):
        return ()
    names = [one.name for one in first.expressions if isinstance(one, exp.PropertyEQ)]
    return tuple(names) if len(names) == len(first.expressions) else ()


def _name(array: exp.Expr) -> str:
    """Return the name of the column that an array is."""
    if isinstance(array, exp.Subquery) and isinstance(array.this, exp.Select):
        outputs = array.this.expressions
        return outputs[0].alias_or_name if len(outputs) == 1 else ""
    return array.name if isinstance(array, exp.Column | exp.Dot) else ""


def _alias(unnest: exp.Unnest, otherwise: str) -> str:
    """Return the alias of the elements, a new one if they have none."""
    alias = unnest.args.get("alias")
    if alias is None:
        alias = exp.TableAlias(columns=[exp.to_identifier(otherwise)])
        unnest.set("alias", alias)
    elif not alias.columns and alias.this is None:
        alias.set("columns", [exp.to_identifier(otherwise)])
    return str(alias.columns[0].name if alias.columns else alias.name)


def _own_columns(select: exp.Select) -> Iterator[exp.Column]:
    """Yield the columns of a select, without a table's name, that no output of it hides."""
    outputs = {one.alias.lower() for one in select.expressions if isinstance(one, exp.Alias)}
    for column in select.find_all(exp.Column):
        if column.table or column.is_star or column.find_ancestor(exp.Select) is not select:
            continue
        late = column.find_ancestor(exp.Order, exp.Having, exp.Qualify)
        if late is None or late.parent is not select or column.name.lower() not in outputs:
            yield column


def _write_out_stars(
    select: exp.Select, unnest: exp.Unnest, alias: str, fields: tuple[str, ...]
) -> None:
    """Put columns where `*` or `alias.*` stands for the fields too."""
    named: list[exp.Expr] = [exp.column(field, table=alias) for field in fields]
    for star in list(select.expressions):
        if isinstance(star, exp.Column) and star.is_star and star.table == alias:
            _replace(select, star, named)
        elif isinstance(star, exp.Star) and not any(star.args.values()):
            parts = _whole_tables(select)
            if parts is not None:
                offset = unnest.args.get("offset")
                more = [exp.column(offset.name)] if isinstance(offset, exp.Identifier) else []
                _replace(select, star, [*parts, *named, *more])


def _whole_tables(select: exp.Select) -> list[exp.Expr] | None:
    """Return `t.*` for each source that is no array; None if one of them has no name."""
    sources = [select.args["from_"].this, *(join.this for join in select.args.get("joins") or ())]
    tables = [one for one in sources if not isinstance(one, exp.Unnest)]
    if len(sources) - len(tables) > 1 or not all(one.alias_or_name for one in tables):
        return None
    return [exp.column(exp.Star(), table=one.alias_or_name) for one in tables]


def _replace(select: exp.Select, star: exp.Expr, columns: list[exp.Expr]) -> None:
    written: list[exp.Expr] = []
    for one in select.expressions:
        written.extend([column.copy() for column in columns] if one is star else [one])
    select.set("expressions", written)
