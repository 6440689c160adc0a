"""What a preprocessing function is, and how it reads its constant arguments.

A function turns argument expressions into one expression of DuckDB macros. An analytic one
first names its aggregates over all rows and makes statistics of them; who calls it decides
where these come from: windows in a query, or values that training kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from emulator.ml.errors import StatementError


@dataclass(frozen=True)
class Arguments:
    """The arguments of one call, and the function's name for messages."""

    function: str
    values: Sequence[exp.Expr]

    def __getitem__(self, index: int) -> exp.Expr:
        """Return a copy of the argument, to stand in an expression of its own."""
        return self.values[index].copy()

    def integer(self, index: int, name: str, default: int, least: int, most: int) -> int:
        """Return a constant INT64 within bounds."""
        if index >= len(self.values):
            return default
        value = self.values[index]
        sign = -1 if isinstance(value, exp.Neg) else 1
        literal = value.this if isinstance(value, exp.Neg) else value
        if not (isinstance(literal, exp.Literal) and literal.is_int):
            raise self.bad(index, name, "a constant INT64")
        number = sign * int(literal.this)
        if not least <= number <= most:
            raise self.bad(index, name, f"an INT64 from {least} to {most}")
        return number

    def boolean(self, index: int, name: str, default: bool) -> bool:
        """Return a constant BOOL."""
        if index >= len(self.values):
            return default
        value = self.values[index]
        if not isinstance(value, exp.Boolean):
            raise self.bad(index, name, "TRUE or FALSE")
        return bool(value.this)

    def choice(self, index: int, name: str, choices: Sequence[str]) -> str:
        """Return a constant STRING out of the choices, in their spelling; the first by default."""
        if index >= len(self.values):
            return choices[0]
        value = self.values[index]
        by_name = {choice.lower(): choice for choice in choices}
        if not value.is_string or value.name.lower() not in by_name:
            raise self.bad(index, name, f"one of {', '.join(map(repr, choices))}")
        return by_name[value.name.lower()]

    def bad(self, index: int, name: str, expected: str) -> StatementError:
        """Return the error of an argument that is not what it must be."""
        found = self.values[index].sql(dialect="bigquery")
        return StatementError(f'ML.{self.function}: {name} is "{found}", expected {expected}.')


Aggregates = Callable[[Arguments], tuple[exp.Expr, ...]]
Write = Callable[[Arguments, Sequence[exp.Expr]], exp.Expr]
Summary = Callable[[Arguments, Sequence[exp.Expr]], tuple[exp.Expr, ...]]


def _as_they_are(_: Arguments, aggregates: Sequence[exp.Expr]) -> tuple[exp.Expr, ...]:
    return tuple(aggregates)


@dataclass(frozen=True)
class Function:
    """One function of the manual.

    Parameters
    ----------
    name : str
        Without "ML.".
    least, most : int
        How many arguments it takes.
    write : callable
        From arguments and statistics to the expression.
    aggregates : callable or None
        From arguments to aggregates over all rows; None for a scalar function.
    statistics : callable
        From arguments and the aggregates' values to what `write` needs.
    digits : int or None
        Significant digits that a TRANSFORM clause keeps of its statistics; None for all.
    collects : bool
        Whether its statistics grow with the rows, such as a vocabulary: as windows they would be
        copied for each row.
    """

    name: str
    least: int
    most: int
    write: Write
    aggregates: Aggregates | None = None
    statistics: Summary = _as_they_are
    digits: int | None = None
    collects: bool = False


def call(name: str, *arguments: exp.Expr | str | int | float) -> exp.Expr:
    """Return a call; Python values become literals."""
    values = [one if isinstance(one, exp.Expr) else exp.convert(one) for one in arguments]
    return exp.Anonymous(this=name, expressions=values)


def number(value: exp.Expr) -> exp.Expr:
    """Return the argument as FLOAT64, an error if it is text or BOOL."""
    return call("bq_ml_number", value)


def text(value: exp.Expr) -> exp.Expr:
    """Return the argument if it is a STRING, an error if not."""
    return call("bq_ml_string", value)


def macro(head: str, body: str) -> str:
    """Return the statement that makes a DuckDB macro."""
    return f"create or replace macro main.{head} as {body}"


MACROS = (
    macro(
        "bq_ml_number(x)",
        "case when typeof(x) in ('VARCHAR', 'BOOLEAN') "
        "then cast(error('An ML preprocessing function needs a numerical expression, found ' "
        "|| typeof(x)) as double) else cast(x as double) end",
    ),
    macro(
        "bq_ml_string(x)",
        "case when typeof(x) not in ('VARCHAR', '\"NULL\"') "
        "then error('An ML preprocessing function needs a STRING expression, found ' "
        "|| typeof(x)) else cast(x as varchar) end",
    ),
)
