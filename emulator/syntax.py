"""Names and comments of a GoogleSQL statement, without understanding the rest of it."""

from __future__ import annotations

import re
from typing import Any

from bqemulator.domain.errors import InvalidQueryError
from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery
from sqlglot.errors import TokenError

_LEADING = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|#[^\n]*(?:\n|$)|/\*.*?\*/)*", re.DOTALL)


def bare(statement: str) -> str:
    """Return the statement without leading comments and trailing semicolons."""
    match = _LEADING.match(statement)
    start = match.end() if match else 0
    return statement[start:].rstrip().rstrip(";").rstrip()


def table_path(table: exp.Expression) -> str:
    """Return a table reference's dotted path."""
    parts = [table.text("catalog"), table.text("db"), table.name]
    return ".".join(part for part in parts if part)


_SCRIPT_WORDS = re.compile(
    r"(DECLARE|SET|BEGIN|IF|WHILE|LOOP|REPEAT|FOR|CALL|EXECUTE|RAISE|RETURN|BREAK|LEAVE|CONTINUE"
    r"|ITERATE|CASE|CREATE\s+(OR\s+REPLACE\s+)?(TEMP\s+|TEMPORARY\s+|TABLE\s+|AGGREGATE\s+)*"
    r"(FUNCTION|PROCEDURE))\b",
    re.IGNORECASE,
)


def may_be_script(sql: str) -> bool:
    """Tell quickly whether the SQL could be a script; False is certain."""
    statement = bare(sql)
    return ";" in statement or _SCRIPT_WORDS.match(statement) is not None


_QUERIES = ("SELECT", "FROM", "WITH", "(")
_CHANGES = "INSERT UPDATE DELETE MERGE TRUNCATE CREATE DROP ALTER".split()


def check_query(sql: str) -> None:
    """Refuse what is not one query.

    Raises
    ------
    InvalidQueryError
        Naming the word at which another statement begins.
    """
    try:
        words = [_keyword(token) for token in BigQuery().tokenize(sql)]
    except TokenError as error:
        raise InvalidQueryError(f"Syntax error: {error}") from error
    depth, before = 0, ""
    for word in words:
        begins = depth == 0 and (not before or (before == ")" and word in _CHANGES))
        if word == ";" or (begins and word not in _QUERIES):
            raise InvalidQueryError(f'Syntax error: Expected a query but got "{word}".')
        depth += (word == "(") - (word == ")")
        before = word


def _keyword(token: Any) -> str:
    kind: str = token.token_type.name
    return "''" if kind.endswith("STRING") or kind == "IDENTIFIER" else token.text.upper()
