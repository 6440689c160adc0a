"""sqlglot's parser with a memory: bqemulator parses each statement about fifteen times."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import sqlglot
from sqlglot import exp

REMEMBERED = 512
LONGEST = 100_000

_parse_one = sqlglot.parse_one


def parse_one(sql: str, read: Any = None, **options: Any) -> exp.Expr:
    """Parse one statement, into a tree of the caller's own; stands where sqlglot's stood."""
    if read != "bigquery" or options or not isinstance(sql, str) or len(sql) > LONGEST:
        tree: exp.Expr = _parse_one(sql, read=read, **options)
        return tree
    return _remembered(sql).copy()


@lru_cache(REMEMBERED)
def _remembered(sql: str) -> exp.Expr:
    return _parse_one(sql, read="bigquery")
