"""The pseudo column `_FILE_NAME`: the gs:// URI that a row of an external table came from.

It is there only for who names it: a SELECT that does reads the table's second view, and its
stars leave the column out.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlglot
from sqlglot import exp

from emulator.external.views import FILE_NAME, hidden_name


def rewrite_file_names(sql: str, is_external: Callable[[exp.Table], bool]) -> str:
    """Return the statement with each SELECT that names `_FILE_NAME` reading the second view.

    Parameters
    ----------
    sql : str
        One GoogleSQL statement.
    is_external : callable
        Tells whether a table reference is an external table.
    """
    if FILE_NAME not in sql.upper():
        return sql
    try:
        tree = sqlglot.parse_one(sql, read="bigquery")
    except sqlglot.errors.SqlglotError:
        return sql
    selects = {
        id(select): select
        for column in tree.find_all(exp.Column)
        if column.name.upper() == FILE_NAME
        and isinstance(select := column.find_ancestor(exp.Select), exp.Select)
    }
    changed = [_read_second_view(select, is_external) for select in selects.values()]
    return tree.sql(dialect="bigquery") if any(changed) else sql


def _read_second_view(select: exp.Select, is_external: Callable[[exp.Table], bool]) -> bool:
    sources = [select.args.get("from_") or select.args.get("from")]
    sources += select.args.get("joins") or []
    tables = [
        source.this
        for source in sources
        if source is not None and isinstance(source.this, exp.Table)
    ]
    external = [table for table in tables if is_external(table)]
    for table in external:
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
        _rename(table)
    if external:
        _leave_out_of_stars(select, {table.alias for table in external})
    return bool(external)


def _rename(table: exp.Table) -> None:
    name = table.this
    dotted = name.name.rpartition(".")
    name.set("this", f"{dotted[0]}{dotted[1]}{hidden_name(dotted[2])}")


def _leave_out_of_stars(select: exp.Select, aliases: set[str]) -> None:
    for projection in select.expressions:
        star = projection
        if isinstance(projection, exp.Column) and isinstance(projection.this, exp.Star):
            if projection.table not in aliases:
                continue
            star = projection.this
        if isinstance(star, exp.Star):
            excluded = list(star.args.get("except_") or star.args.get("except") or [])
            key = "except_" if "except_" in exp.Star.arg_types else "except"
            star.set(key, [*excluded, exp.to_identifier(FILE_NAME)])
