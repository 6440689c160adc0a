"""The manual's preprocessing functions, stand-alone in a query.

`rewrite_preprocessing` puts an expression of DuckDB macros where a call stands. The statistics
of an analytic function become windows over all rows. A sibling function is one entry in the
FUNCTIONS of its family's module.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import sqlglot
from sqlglot import exp

from emulator.ml.errors import NotEmulated, StatementError
from emulator.ml.preprocessing import (
    arguments,
    buckets,
    crossing,
    encoders,
    imputer,
    ngrams,
    scalers,
    vectors,
)
from emulator.ml.preprocessing.aliases import keep_windows, qualified, spell_out
from emulator.ml.preprocessing.arguments import Arguments, Function

FUNCTIONS: tuple[Function, ...] = (
    *buckets.FUNCTIONS,
    *scalers.FUNCTIONS,
    *imputer.FUNCTIONS,
    *encoders.FUNCTIONS,
    *crossing.FUNCTIONS,
    *ngrams.FUNCTIONS,
    *vectors.FUNCTIONS,
)
MACROS: tuple[str, ...] = (
    *arguments.MACROS,
    *vectors.MACROS,
    *buckets.MACROS,
    *scalers.MACROS,
    *imputer.MACROS,
    *encoders.MACROS,
    *crossing.MACROS,
    *ngrams.MACROS,
)
BY_NAME = {function.name: function for function in FUNCTIONS}
_MENTION = re.compile(rf"\bml\s*\.\s*({'|'.join(BY_NAME)})\b", re.IGNORECASE)


# Supplies the values of a function's statistics where a call stands.
Supply = Callable[[Function, Arguments], Sequence[exp.Expr]]


def rewrite_preprocessing(sql: str) -> str:
    """Return the statement with its preprocessing functions written as DuckDB's macros.

    Parameters
    ----------
    sql : str
        One GoogleSQL statement.

    Raises
    ------
    StatementError, NotEmulated
        As BigQuery refuses the call.
    """
    if _MENTION.search(sql) is None:
        return sql
    try:
        tree = sqlglot.parse_one(sql, read="bigquery")
    except sqlglot.errors.SqlglotError:
        return sql
    spell_out(tree, function_of)
    selects = qualified(tree)
    tree = write_out(tree, _statistics)
    keep_windows(selects)
    return tree.sql(dialect="bigquery")


def write_out(tree: exp.Expr, supply: Supply) -> exp.Expr:
    """Write each call in a tree as macros, its statistics as `supply` has them."""
    calls = [dot for dot in tree.find_all(exp.Dot) if function_of(dot) is not None]
    for dot in reversed(calls):  # found from the outside to the inside
        _rewrite(dot, supply)
    return tree


def function_of(dot: exp.Expr | None) -> Function | None:
    """Return the preprocessing function that an expression calls, if it does."""
    if not isinstance(dot, exp.Dot) or not isinstance(dot.expression, exp.Anonymous):
        return None
    return BY_NAME.get(dot.expression.name.upper()) if dot.this.name.lower() == "ml" else None


def _statistics(function: Function, given: Arguments) -> Sequence[exp.Expr]:
    """Return a query's statistics: windows over its rows, or queries of the same rows."""
    assert function.aggregates is not None
    if not function.collects:
        windows = [exp.Window(this=one, over="OVER") for one in function.aggregates(given)]
        return function.statistics(given, windows)
    rows = _rows_of(given.values[0], function)
    values = Arguments(given.function, [exp.column(_VALUE), *given.values[1:]])
    found = function.statistics(values, function.aggregates(values))
    return [_of_rows(one, rows) if one.find(exp.Column) else one for one in found]


def _of_rows(aggregate: exp.Expr, rows: exp.Select) -> exp.Expr:
    return exp.select(aggregate).from_(rows.copy().subquery(_ROWS)).subquery()


def _rows_of(argument: exp.Expr, function: Function) -> exp.Select:
    """Return a query of the argument over the rows of the query around it."""
    around = argument.find_ancestor(exp.Select)
    assert around is not None
    rows = exp.select(exp.alias_(argument.copy(), _VALUE))
    for part in ("from_", "joins", "laterals", "where", "group", "having"):
        found = around.args.get(part)
        if found:
            copies = [one.copy() for one in found] if isinstance(found, list) else found.copy()
            rows.set(part, copies)
    if rows.args.get("group"):
        _spell_out(rows.args["group"], around)
    if rows.find(*_CHANGING):
        raise NotEmulated(
            f"ML.{function.name} over rows that are drawn at random",
            "Write them to a table first.",
        )
    return rows


def _spell_out(group: exp.Group, around: exp.Select) -> None:
    """Put expressions where GROUP BY names an output by its number or alias."""
    outputs = {one.alias_or_name.lower(): one.unalias() for one in around.expressions}
    by_number = dict(enumerate(outputs.values(), start=1))
    for key in group.expressions:
        found = None
        if isinstance(key, exp.Literal) and key.is_int:
            found = by_number.get(int(key.this))
        elif isinstance(key, exp.Column) and not key.table:
            found = outputs.get(key.name.lower())
        if found is not None:
            key.replace(found.copy())


_ROWS, _VALUE = "_bqml_rows", "_bqml_value"
_CHANGING = (exp.Rand, exp.Uuid, exp.TableSample)


def _rewrite(dot: exp.Dot, supply: Supply) -> None:
    function = BY_NAME[dot.expression.name.upper()]
    given = Arguments(function.name, dot.expression.expressions)
    _check_count(function, given)
    window = dot.parent if isinstance(dot.parent, exp.Window) and dot.arg_key == "this" else None
    if function.aggregates is None:
        if window is not None:
            raise StatementError(f"ML.{function.name} is a scalar function: remove OVER().")
        dot.replace(function.write(given, ()))
        return
    _check_window(function, given, window)
    (window or dot).replace(function.write(given, supply(function, given)))


def _check_count(function: Function, given: Arguments) -> None:
    if not function.least <= len(given.values) <= function.most:
        takes = f"{function.least}"
        takes += f" to {function.most}" if function.most > function.least else ""
        raise StatementError(
            f"ML.{function.name} takes {takes} argument(s), found {len(given.values)}."
        )


def _check_window(function: Function, given: Arguments, window: exp.Window | None) -> None:
    parts = ("partition_by", "order", "spec", "alias")
    if window is None or any(window.args.get(part) for part in parts):
        raise StatementError(
            f"ML.{function.name} is an analytic function: write it with an empty OVER()."
        )
    if any(value.find(exp.Window) for value in given.values):
        raise StatementError(
            f"ML.{function.name}: an analytic function cannot be the argument of another one. "
            "Compute the inner one in a subquery."
        )
