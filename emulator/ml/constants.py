"""Computes constants that are expressions, such as `10 + 5`, `@n` or `CONCAT('a', 'b')`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import sqlglot
from sqlglot import exp

from emulator.ml.errors import ModelError, NotEmulated, OptionError, StatementError
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
    found = {}
    for name, value in options.items():
        what = f"option {name.upper()}"
        found[name] = await constant(value, what, session, OptionError)
    return found


async def constant(
    value: Any, what: str, session: Session, refuse: type[ModelError] = StatementError
) -> Any:
    """Return a value that the literal reader found, its expressions computed.

    Parameters
    ----------
    what : str
        How a message names the value.
    refuse : type
        Class of the error.

    Raises
    ------
    ModelError
        Of the class `refuse`, if an expression is no constant.
    """
    if isinstance(value, list | tuple):
        return type(value)([await constant(one, what, session, refuse) for one in value])
    if not isinstance(value, Expression) or value.text.upper().startswith(_TUNING):
        return value
    if any(word.kind == "PLACEHOLDER" for word in Source(value.text).words):
        where = "OPTIONS" if refuse is OptionError else what
        raise NotEmulated(f"A positional ? parameter in {where}", "Give it a name: @name works.")
    if not _is_constant(value.text):
        raise _no_constant(what, value.text, refuse)
    try:
        table = await session.query(f"SELECT ({value.text}) AS value")
        return _plain(table.column(0)[0].as_py())
    except JobCancelled:
        raise
    except Exception as error:  # DuckDB's, the translator's or Python's: none is the user's
        raise _no_constant(what, value.text, refuse) from error


def _is_constant(text: str) -> bool:
    try:
        tree = sqlglot.parse_one(f"SELECT ({text})", read="bigquery")
    except sqlglot.errors.SqlglotError:
        return False
    inside = tree.expressions[0] if isinstance(tree, exp.Select) and tree.expressions else tree
    return inside.find(exp.Query, exp.AggFunc, exp.Window) is None


def _no_constant(what: str, text: str, refuse: type[ModelError]) -> ModelError:
    return refuse(
        f"Invalid value for {what}: {text}. It cannot be computed; expected a constant of "
        "literals, query parameters and scalar functions."
    )


def _plain(value: Any) -> Any:
    """Return a computed value as a literal would have been read."""
    if isinstance(value, Decimal):
        whole = value.as_tuple().exponent == 0 and LEAST_INT64 <= value <= MOST_INT64
        return int(value) if whole else float(value)
    if isinstance(value, dict):
        return tuple(_plain(one) for one in value.values())
    return [_plain(one) for one in value] if isinstance(value, list) else value
