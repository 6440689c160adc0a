"""The value of an option in OPTIONS(…), from its literal."""

from __future__ import annotations

from typing import Any

from bqemulator.domain.errors import InvalidQueryError
from sqlglot import exp


def option_value(node: exp.Expression) -> Any:
    """Return a literal's Python value: text, number, truth, None, list or tuple.

    Raises
    ------
    InvalidQueryError
        If the option is no literal.
    """
    if isinstance(node, exp.Literal):
        return node.this if node.is_string else _number(node.this)
    if isinstance(node, exp.Neg):
        return -option_value(node.this)
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.Null):
        return None
    if isinstance(node, exp.RawString):
        return node.this
    if isinstance(node, exp.Array):
        return [option_value(element) for element in node.expressions]
    if isinstance(node, exp.Tuple | exp.Struct):
        return tuple(option_value(element) for element in node.expressions)
    if isinstance(node, exp.Paren):
        return option_value(node.this)
    raise InvalidQueryError(f"Option value '{node.sql(dialect='bigquery')}' must be a literal.")


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)
