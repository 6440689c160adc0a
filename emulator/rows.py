"""`SELECT AS STRUCT *`: a row as one STRUCT, which bqemulator packs field by field.

What a star stands for is not known before DuckDB binds it, so the alias of a subquery stands
for the row: GoogleSQL and DuckDB both take it as a STRUCT of all columns.
"""

from __future__ import annotations

import re

import sqlglot
from sqlglot import exp

ROW = "_bq_row"
_MENTION = re.compile(r"\bselect\s+(all\s+|distinct\s+)?as\s+struct\b", re.IGNORECASE)


def rewrite_rows(sql: str) -> str:
    """Return the statement with rows as structs by the alias of a subquery.

    Parameters
    ----------
    sql : str
        One GoogleSQL statement.
    """
    if _MENTION.search(sql) is None:
        return sql
    try:
        tree = sqlglot.parse_one(sql, read="bigquery")
    except sqlglot.errors.SqlglotError:
        return sql
    found = [one for one in tree.find_all(exp.Select) if _has_star(one)]
    for select in reversed(found):  # found from the outside to the inside
        inner = select.copy()
        inner.set("kind", None)
        row = exp.select(exp.column(ROW)).from_(inner.subquery(ROW))
        if select is tree:
            tree = row
        else:
            select.replace(row)
    return tree.sql(dialect="bigquery") if found else sql


def _has_star(select: exp.Select) -> bool:
    return select.args.get("kind") == "STRUCT" and any(
        one.is_star or isinstance(one, exp.Star) for one in select.expressions
    )
