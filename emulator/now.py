"""CURRENT_TIMESTAMP and CURRENT_DATE under an alias of the same name.

DuckDB takes the word without brackets for the alias that it is about to define; as calls of
its own functions they are what BigQuery returns.
"""

from __future__ import annotations

import re

import sqlglot
from sqlglot import exp

_ALIAS = re.compile(r"\bas\s+`?current_(timestamp|date)\b", re.IGNORECASE)
_CALLS = {exp.CurrentTimestamp: "get_current_timestamp", exp.CurrentDate: "today"}


def rewrite_now(sql: str) -> str:
    """Return the statement with the two written as calls, if an alias has the name of one.

    Parameters
    ----------
    sql : str
        One GoogleSQL statement.
    """
    if _ALIAS.search(sql) is None:
        return sql
    try:
        tree = sqlglot.parse_one(sql, read="bigquery")
    except sqlglot.errors.SqlglotError:
        return sql
    for kind, name in _CALLS.items():
        for node in list(tree.find_all(kind)):
            if node.this is None:  # with a time zone it is a call in DuckDB too
                node.replace(exp.Anonymous(this=name))
    return tree.sql(dialect="bigquery")
