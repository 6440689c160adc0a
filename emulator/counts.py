"""COUNTIF as a window function.

bqemulator wraps COUNTIF so that it is 0 without rows, and the OVER that follows stands behind the
wrapping, which DuckDB does not parse. A COUNT is never NULL and needs no wrapping.
"""

from __future__ import annotations

import sqlglot
from sqlglot import exp


def rewrite_counts(sql: str) -> str:
    """Return the statement with each `COUNTIF(p) OVER …` as a COUNT of what holds.

    Parameters
    ----------
    sql : str
        One GoogleSQL statement.
    """
    if "countif" not in sql.lower():
        return sql
    try:
        tree = sqlglot.parse_one(sql, read="bigquery")
    except sqlglot.errors.SqlglotError:
        return sql
    windows = [one for one in tree.find_all(exp.Window) if isinstance(one.this, exp.CountIf)]
    for window in windows:
        holds = exp.If(this=window.this.this, true=exp.Literal.number(1), false=exp.Null())
        window.set("this", exp.Count(this=holds))
    return tree.sql(dialect="bigquery") if windows else sql
