"""Computes options that are expressions, such as `10 + 5`, `@n` or `CONCAT('a', 'b')`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import sqlglot
from sqlglot import exp

from emulator.ml.errors import NotEmulated, OptionError, StatementError
from emulator.ml.literals import LEAST_INT64, MOST_INT64, Expression
from emulator.ml.syntax import Source
from emulator.running import JobCancelled
from emulator.session import Session

_TUNING = "HPARAM_"  # a way to say several values, not a function


def check_parameters(source: Source, session: Session) -> None:
    """Check that the job has every named parameter of a statement.

    Raises
    ------
    StatementError
        Naming the first that it has not.
    """
    given = {str(one.get("name")).lower() for one in session.parameters or []}
    words = source.words
    for before, sign, name in zip((None, *words), words, words[1:], strict=False):
        is_system = before is not None and before.kind == "PARAMETER"  # @@name
        if sign.kind != "PARAMETER" or name.kind == "PARAMETER" or is_system:
            continue
        if sign.stop == name.start and name.text.lower() not in given:
            raise StatementError(f"Query parameter '{name.text}' not found.")


async def computed(options: dict[str, Any], session: Session) -> dict[str, Any]:
    """Return options with a value for every expression, once each.

    Raises
    ------
    OptionError
        If an expression is no constant.
    """
    return {name: await _value(name, value, session) for name, value in options.items()}


async def _value(name: str, value: Any, session: Session) -> Any:
    if isinstance(value, list | tuple):
        return type(value)([await _value(name, one, session) for one in value])
    if not isinstance(value, Expression) or value.text.upper().startswith(_TUNING):
        return value
    _check_constant(name, value.text)
    try:
        table = await session.query(f"SELECT ({value.text}) AS value")
        return _plain(table.column(0)[0].as_py())
    except JobCancelled:
        raise
    except Exception as error:  # DuckDB's, the translator's or Python's: none is the user's
        raise _no_constant(name, value.text) from error


def _check_constant(name: str, text: str) -> None:
    if any(word.kind == "PLACEHOLDER" for word in Source(text).words):
        raise NotEmulated("A positional ? parameter in OPTIONS", "Give it a name: @name works.")
    try:
        tree = sqlglot.parse_one(f"SELECT ({text})", read="bigquery")
    except sqlglot.errors.SqlglotError as error:
        raise _no_constant(name, text) from error
    inside = tree.expressions[0] if isinstance(tree, exp.Select) and tree.expressions else tree
    if inside.find(exp.Query, exp.AggFunc, exp.Window):
        raise _no_constant(name, text)


def _no_constant(name: str, text: str) -> OptionError:
    return OptionError(
        f"Invalid value for option {name.upper()}: {text}. It cannot be computed; expected a "
        "constant of literals, query parameters and scalar functions."
    )


def _plain(value: Any) -> Any:
    """Return a computed value as a literal would have been read."""
    if isinstance(value, Decimal):
        whole = value.as_tuple().exponent == 0 and LEAST_INT64 <= value <= MOST_INT64
        return int(value) if whole else float(value)
    if isinstance(value, dict):
        return tuple(_plain(one) for one in value.values())
    return [_plain(one) for one in value] if isinstance(value, list) else value
