"""Names and comments of a GoogleSQL statement, without understanding the rest of it."""

from __future__ import annotations

import re

from sqlglot import exp

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
