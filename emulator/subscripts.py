"""OFFSET and SAFE_OFFSET with an index that is no literal: counted from 0, as BigQuery does.

sqlglot moves an index to DuckDB's count from 1 where it knows that it is an integer, and
leaves `words[OFFSET(n)]` as `words[n]`, the word before.
"""

from __future__ import annotations

import re

import sqlglot
from sqlglot import exp

_MENTION = re.compile(r"offset\s*\(", re.IGNORECASE)


def rewrite_subscripts(sql: str) -> str:
    """Return the statement with such offsets as ordinals.

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
    found = [one for one in tree.find_all(exp.Bracket) if _is_offset(one)]
    for bracket in found:
        index = exp.Paren(this=bracket.expressions[0])
        ordinal = exp.Add(this=index, expression=exp.Literal.number(1))
        bracket.set("expressions", [ordinal])
        bracket.set("offset", 1)
    return tree.sql(dialect="bigquery") if found else sql


def _is_offset(bracket: exp.Bracket) -> bool:
    counted = bracket.args.get("offset") == 0 and len(bracket.expressions) == 1
    return counted and not isinstance(bracket.expressions[0], exp.Literal)
